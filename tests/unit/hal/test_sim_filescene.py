"""A film of any size, rate and codec becomes the scene, and a bad one says what is wrong with it."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from hal.interface import VideoFormat
from hal.sim.clock import MS, NS
from hal.sim.filescene import DeviceScene, FileScene, open_scene
from hal.sim.paint import Planes

VIDEO = VideoFormat(width=160, height=90, fps=30, bitrate=500_000, gop=30)


def film(path: Path, shades: list[int], size: tuple[int, int] = (160, 90), rate: int = 10, codec: str = "mpeg4") -> str:
    """A film of grey pictures, one for each shade of luma."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number, shade in enumerate(shades):
            frame = av.VideoFrame.from_ndarray(np.full((size[1] * 3 // 2, size[0]), 128, np.uint8), format="yuv420p")
            np.asarray(frame.planes[0])[:] = shade
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        container.mux(stream.encode(None))
    return str(path)


def shade(planes: Planes | None) -> int:
    """The shade in the middle of a picture."""
    assert planes is not None
    height, width = planes.y.shape
    return int(planes.y[height // 2 - 4 : height // 2 + 4, width // 2 - 4 : width // 2 + 4].mean())


def near(found: int, wanted: int) -> bool:
    """Whether two shades are the same, but for the codec's loss."""
    return abs(found - wanted) < 6


def test_nearest_picture_is_shown(tmp_path: Path) -> None:
    """At each moment the picture whose time is nearest is seen, whatever the rates are."""
    scene = FileScene(film(tmp_path / "a.mp4", [40, 80, 120, 160, 200]), VIDEO)
    seen = [shade(scene.picture(7 * NS + at * MS)) for at in (0, 33, 66, 100, 145, 155, 233, 400)]
    wanted = [40, 40, 80, 80, 80, 120, 120, 200]
    assert all(map(near, seen, wanted)), seen
    scene.close()


def test_film_loops_in_time(tmp_path: Path) -> None:
    """After the last picture the first one follows at the usual distance, again and again."""
    scene = FileScene(film(tmp_path / "a.mp4", [40, 120, 200]), VIDEO)
    seen = [shade(scene.picture(at * 100 * MS)) for at in range(9)]
    assert all(map(near, seen, [40, 120, 200] * 3)), seen


def test_film_waits_while_nobody_looks(tmp_path: Path) -> None:
    """After a long stop the film goes on where it was, instead of being wound through."""
    scene = FileScene(film(tmp_path / "a.mp4", [40, 120, 200]), VIDEO)
    assert near(shade(scene.picture(0)), 40)
    assert near(shade(scene.picture(100 * MS)), 120)
    assert near(shade(scene.picture(3600 * NS)), 120)
    assert near(shade(scene.picture(3600 * NS + 100 * MS)), 200)


@pytest.mark.parametrize(
    ("size", "dark", "bright"),
    [
        ((160, 90), [], [(0, 0), (45, 80)]),
        ((320, 180), [], [(2, 2), (88, 158)]),
        ((90, 90), [(45, 10), (45, 150)], [(2, 80), (88, 80)]),
        ((240, 66), [(4, 80), (86, 80)], [(45, 2), (45, 158)]),
        ((64, 400), [(45, 4), (45, 156)], [(2, 80), (87, 80)]),
    ],
)
def test_film_is_fitted_with_bars(
    tmp_path: Path, size: tuple[int, int], dark: list[tuple[int, int]], bright: list[tuple[int, int]]
) -> None:
    """A film of any shape is scaled without being stretched, and black is where it does not reach."""
    scene = FileScene(film(tmp_path / "a.mkv", [200], size), VIDEO)
    planes = scene.picture(0)
    assert planes is not None
    assert planes.y.shape == (90, 160)
    assert {int(planes.y[at]) for at in dark} <= {16}
    assert all(near(int(planes.y[at]), 200) for at in bright)


@pytest.mark.parametrize(("codec", "name"), [("libx264", "a.mp4"), ("mjpeg", "a.avi"), ("libvpx", "a.webm")])
def test_codecs(tmp_path: Path, codec: str, name: str) -> None:
    """What PyAV can decode can be looked at, full-range colours included."""
    scene = FileScene(film(tmp_path / name, [120] * 12, codec=codec), VIDEO)
    assert near(shade(scene.picture(NS // 2)), 120)


def test_drawing_on_a_picture_does_not_stay(tmp_path: Path) -> None:
    """A picture that is shown twice comes clean the second time."""
    scene = FileScene(film(tmp_path / "a.mp4", [120, 120]), VIDEO)
    first = scene.picture(0)
    assert first is not None
    first.y[:] = 16
    assert near(shade(scene.picture(MS)), 120)


def test_size_that_changes_in_the_middle(tmp_path: Path) -> None:
    """A film that turns to another size goes on, fitted anew."""
    parts = [film(tmp_path / f"{width}.h264", [120] * 5, (width, 90), codec="libx264") for width in (160, 90)]
    joined = tmp_path / "joined.h264"
    joined.write_bytes(b"".join(Path(part).read_bytes() for part in parts))
    scene = FileScene(str(joined), VIDEO)
    corners = {int(picture.y[45, 4]) for at in range(30) if (picture := scene.picture(at * 33 * MS)) is not None}
    assert any(near(corner, 120) for corner in corners)
    assert 16 in corners


def test_broken_tail_ends_the_film(tmp_path: Path) -> None:
    """A film that was cut off plays as far as it goes, and begins again."""
    whole = Path(film(tmp_path / "a.mkv", [40, 80, 120, 160, 200] * 4))
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    scene = FileScene(str(torn), VIDEO)
    assert all(scene.picture(at * 100 * MS) for at in range(30))


def test_film_that_goes_away_stands_still(tmp_path: Path) -> None:
    """A film that was deleted is seen up to its end, and then its last picture."""
    scene = FileScene(film(tmp_path / "a.mp4", [40, 200]), VIDEO)
    (tmp_path / "a.mp4").unlink()
    assert near(shade(scene.picture(0)), 40)
    assert [near(shade(scene.picture(at * 100 * MS)), 200) for at in range(1, 20)] == [True] * 19


def test_film_of_one_picture(tmp_path: Path) -> None:
    """A single picture is a scene too."""
    scene = FileScene(film(tmp_path / "a.mp4", [120]), VIDEO)
    assert all(near(shade(scene.picture(at * 33 * MS)), 120) for at in range(10))


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """A missing file, a folder, no film, and a film without a picture are ``OSError``, with the path."""
    (tmp_path / "text").write_text("no film")
    (tmp_path / "empty").touch()
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
    for name, said in (
        ("missing", "cannot open the video source: No such file"),
        (".", "cannot open the video source"),
        ("text", "cannot open the video source"),
        ("empty", "cannot open the video source"),
        ("sound.wav", "no picture"),
    ):
        with pytest.raises(OSError, match=said) as caught:
            open_scene(str(tmp_path / name), VIDEO)
        assert caught.value.filename == str(tmp_path / name)
    with pytest.raises(OSError, match="cannot open the video source"):
        open_scene("/dev/null", VIDEO)


def test_device_that_ends_has_no_picture(tmp_path: Path) -> None:
    """A device shows its newest picture; when nothing comes for a second there is none: a stall."""
    scene = DeviceScene(film(tmp_path / "a.mp4", [40, 120, 200]), VIDEO, None)
    until = time.monotonic() + 5
    while (picture := scene.picture(0)) is None or not near(shade(picture), 200):
        assert time.monotonic() < until
        time.sleep(0.005)
    assert near(shade(scene.picture(900 * MS)), 200)
    assert scene.picture(1100 * MS) is None
    scene.close()


def test_device_that_was_closed_reads_no_more(tmp_path: Path) -> None:
    """Closing ends the reading at the next picture."""
    scene = DeviceScene(film(tmp_path / "a.mp4", [40, 120, 200]), VIDEO, None)
    scene.close()
    assert open_scene(film(tmp_path / "b.mp4", [40]), VIDEO).picture(0) is not None
