"""A film is handed out as its encoder made it: every unit whole, in order, on an exact grid, and as memory of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hal.interface import Unit, VideoFormat
from hal.sim.build import build
from hal.sim.clip import AudioClip, VideoClip
from hal.sim.clock import NS
from hal.sim.film import FilmedSound, FilmedVideo, access_units, frames
from hal.sim.scene import SyntheticScene
from tests.oracles import needs

VIDEO = VideoFormat(width=64, height=48, fps=10, bitrate=100_000, gop=5)
START_NS = 3 * NS


def adts(frame: bytes, config: bytes) -> bytes:
    """An AAC frame behind the header that its AudioSpecificConfig asks for (ISO/IEC 13818-7), without a checksum."""
    head = int.from_bytes(config[:2], "big")
    profile, rate, channels = (head >> 11) - 1, head >> 7 & 0xF, head >> 3 & 0xF
    word = 0xFFF1 << 40 | profile << 38 | rate << 34 | channels << 30 | (len(frame) + 7) << 13 | 0x7FF << 2
    return word.to_bytes(7, "big") + frame


def taken(feed: VideoClip | AudioClip | FilmedVideo | FilmedSound, count: int) -> list[Unit]:
    """So many units."""
    feed.begin(START_NS)
    units = [unit for _ in range(count) if (unit := feed.take()) is not None]
    feed.end()
    return units


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two groups of pictures, and sound."""
    path = tmp_path_factory.mktemp("film") / "film.h264"
    pictures, sound = VideoClip(SyntheticScene(VIDEO), VIDEO, gops=2), AudioClip()
    path.write_bytes(b"".join(unit.data for unit in taken(pictures, 10)))
    path.with_suffix(".aac").write_bytes(b"".join(adts(unit.data, sound.format.config) for unit in taken(sound, 8)))
    return path


def test_units_are_those_of_the_encoder(film: Path) -> None:
    """Bytes, keyframes and times are those of what was encoded, also when it comes round again."""
    assert taken(FilmedVideo(film, VIDEO), 25) == taken(VideoClip(SyntheticScene(VIDEO), VIDEO, gops=2), 25)
    sound, encoded = FilmedSound(film.with_suffix(".aac")), AudioClip()
    assert taken(sound, 20) == taken(encoded, 20)
    described = encoded.format
    assert (sound.format.rate, sound.format.channels, sound.format.samples_per_unit) == (48_000, 1, 1024)
    assert sound.format.config == described.config[:2]


def test_each_unit_is_memory_of_its_own(film: Path) -> None:
    """A buffer of a film weighs what a buffer of an encoder's pictures does: the same picture is never the same bytes."""
    units = taken(FilmedVideo(film, VIDEO), 20)
    assert len({id(unit.data) for unit in units}) == 20


def test_times_are_those_of_the_grid(film: Path) -> None:
    """What is left out is left out of the grid too; sound comes once its last sample was captured."""
    picture, sound = FilmedVideo(film, VIDEO), FilmedSound(film.with_suffix(".aac"))
    picture.begin(START_NS)
    sound.begin(START_NS)
    assert (picture.due_ns(), sound.due_ns()) == (START_NS, START_NS + 1024 * NS // 48_000)
    picture.skip()
    unit = picture.take()
    assert unit is not None
    assert unit.time_ns == START_NS + NS // 10
    for feed in (picture, sound):
        feed.end()
        assert feed.take() is None


@pytest.mark.parametrize(
    "data", [b"", b"no film", b"\x00\x00\x01\x67\x42\x00\x1e"], ids=["empty", "text", "no picture"]
)
def test_what_is_no_film_is_refused(data: bytes, tmp_path: Path) -> None:
    """The error names the file."""
    path = tmp_path / "x.h264"
    path.write_bytes(data)
    for feed in (lambda: FilmedVideo(path, VIDEO), lambda: FilmedSound(path)):
        with pytest.raises(OSError, match="no film") as refused:
            feed()
        assert refused.value.filename == str(path)


def test_film_begins_with_a_keyframe(film: Path, tmp_path: Path) -> None:
    """A camera's first unit is one."""
    data, path = film.read_bytes(), tmp_path / "x.h264"
    second = list(access_units(data))[1]
    path.write_bytes(data[second.offset :])
    with pytest.raises(OSError, match="keyframe"):
        FilmedVideo(path, VIDEO)


def test_film_that_shrinks_gives_nothing(film: Path, tmp_path: Path) -> None:
    """A unit is whole or is none."""
    path = tmp_path / "x.h264"
    path.write_bytes(film.read_bytes())
    feed = FilmedVideo(path, VIDEO)
    feed.begin(START_NS)
    with path.open("ab") as file:
        file.truncate(10)
    assert feed.take() is None
    feed.end()


def test_sound_ends_where_it_is_cut_off(film: Path) -> None:
    """Half a frame is none, and neither is what follows something else."""
    data = film.with_suffix(".aac").read_bytes()
    whole = list(frames(data))
    assert list(frames(data[:-1])) == whole[:-1]
    assert list(frames(data + b"\x00" * 20)) == whole
    assert list(frames(b"\xff\xf1" + bytes(20))) == []


@needs("ffprobe")
def test_ffprobe_counts_the_same(film: Path) -> None:
    """A judge of others finds as many pictures and as much sound, and keyframes where we do."""
    for path, split in ((film, access_units), (film.with_suffix(".aac"), frames)):
        entries = ["-show_entries", "packet=flags", "-of", "csv=p=0", "-count_packets"]
        told = subprocess.run(
            ["ffprobe", "-v", "error", *entries, str(path)], capture_output=True, text=True, check=True
        )
        found = ["K" in line for line in told.stdout.split()]
        assert found == [place.key for place in split(path.read_bytes())]


def test_camera_of_a_film(film: Path, tmp_path: Path) -> None:
    """It has a microphone where the film has sound, and only what ends in ``.aac`` beside it is that."""
    with_sound = build(tmp_path / "a", film=film, video=VIDEO).hal
    assert with_sound.audio is not None
    mute = tmp_path / "mute.h264"
    mute.write_bytes(film.read_bytes())
    assert build(tmp_path / "b", film=mute, video=VIDEO).hal.audio is None
    with pytest.raises(FileNotFoundError):
        build(tmp_path / "c", film=tmp_path / "none.h264", video=VIDEO)


def test_no_encoder_is_loaded_for_a_film() -> None:
    """Neither PyAV nor numpy: what they weigh is no part of what the service weighs."""
    code = "import sys, firmware.__main__, hal.sim.build; print(*{'av', 'numpy', 'PIL'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_units_of_a_stream_with_delimiters_and_long_codes() -> None:
    """A delimiter, SEI and parameter sets belong to the picture behind them; a picture in two slices is one."""
    long, short = b"\x00\x00\x00\x01", b"\x00\x00\x01"
    first = (
        long
        + b"\x09\xf0"
        + long
        + b"\x67\x42"
        + short
        + b"\x68\xce"
        + short
        + b"\x65\x88\x11"
        + short
        + b"\x65\x11\x22"
    )
    second = long + b"\x09\xf0" + short + b"\x06\x05" + short + b"\x41\x9a\x33"
    third = short + b"\x41\x9a\x44"
    found = list(access_units(first + second + third))
    assert [place.size for place in found] == [len(first), len(second), len(third)]
    assert [place.key for place in found] == [True, False, False]
