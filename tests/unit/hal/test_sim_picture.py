"""The simulated picture: what is drawn, what is burnt in, and what it costs the encoder."""

from __future__ import annotations

import numpy as np
import pytest

from hal.interface import Overlay, VideoFormat
from hal.overlay.burner import Burner
from hal.sim.aids import Aids, flash_square
from hal.sim.clock import MS, NS, VirtualClock
from hal.sim.paint import Canvas, Planes, to_planes
from hal.sim.scene import DarkScene, SyntheticScene
from hal.sim.video import EncodedVideo

VIDEO = VideoFormat(width=320, height=180, fps=30, bitrate=500_000, gop=30)
NOON_NS = 1_800_000_000 * NS
SET = Overlay("lapel-0001", recording=False, clock_set=True)


def burnt(overlay: Overlay, utc_ns: int) -> Planes:
    """A black picture with this burnt in."""
    planes = Planes.blank(VIDEO.width, VIDEO.height)
    Aids(VIDEO).draw(planes, utc_ns)
    Burner(VIDEO.width, VIDEO.height).burn(planes.y, planes.u, planes.v, overlay, utc_ns)
    return planes


@pytest.mark.parametrize("size", [(320, 180), (1280, 720), (1920, 1080), (64, 48), (180, 320)])
def test_scene_moves_at_any_size(size: tuple[int, int]) -> None:
    """The scene fills the format, looks different a moment later, and never leaves the limited range."""
    video = VideoFormat(*size, fps=30, bitrate=500_000, gop=30)
    scene = SyntheticScene(video)
    first = scene.picture(5 * NS).y.copy()
    later = scene.picture(6 * NS).y
    assert first.shape == (size[1], size[0])
    assert np.mean(first != later) > 0.02
    assert first.min() >= 16
    assert first.max() <= 235
    picture = scene.picture(7 * NS)
    Aids(video).draw(picture, NOON_NS)
    Burner(*size).burn(picture.y, picture.u, picture.v, SET, NOON_NS)


@pytest.mark.parametrize("size", [(0, 2), (3, 2), (2, 5), (-2, 2)])
def test_odd_pictures_are_refused(size: tuple[int, int]) -> None:
    """Colour comes in squares of two by two pixels: other sizes are a wrong call."""
    with pytest.raises(ValueError, match="even"):
        Planes.blank(*size)


def test_grey_has_no_colour() -> None:
    """A white canvas becomes white in limited range, without a tint."""
    canvas = Canvas(4, 4)
    canvas.box((-1, -1, 6, 6), (1, 1, 1))
    planes = to_planes(canvas.rgb)
    assert set(planes.y.flat) == {235}
    assert set(planes.u.flat) == set(planes.v.flat) == {128}


def test_each_fact_changes_the_picture() -> None:
    """Device, shift, recording, a clock that is not set, and each tenth of a second can be seen."""
    looks = [
        (SET, NOON_NS),
        (SET, NOON_NS + 100 * MS),
        (Overlay("lapel-0001", recording=False, clock_set=True, shift="7"), NOON_NS),
        (Overlay("lapel-0002", recording=False, clock_set=True), NOON_NS),
        (Overlay("lapel-0001", recording=True, clock_set=True), NOON_NS),
        (Overlay("lapel-0001", recording=False, clock_set=False), NOON_NS),
    ]
    assert len({burnt(*look).whole.tobytes() for look in looks}) == len(looks)


def test_long_names_and_odd_times_fit() -> None:
    """A name of 32 characters and a time before 1970 are drawn without trouble."""
    burnt(Overlay("x" * 32, recording=True, clock_set=False), -NS)


@pytest.mark.parametrize(("ms", "lit"), [(-20, False), (-16, True), (0, True), (80, True), (84, False), (500, False)])
def test_flash_at_each_second(ms: int, *, lit: bool) -> None:
    """The mark is white for 100 ms from each whole second, to the nearest frame, and black else."""
    square = flash_square(VIDEO).of(burnt(SET, NOON_NS + ms * MS).y)
    assert square.size > 100
    assert set(square.flat) == {235 if lit else 16}


def test_darkness_is_cheap() -> None:
    """A covered lens makes a few bytes a frame, whatever the rate was meant to be."""
    feed = EncodedVideo(SyntheticScene(VIDEO), VIDEO, VirtualClock())
    sizes = {}
    for dark in (False, True):
        feed.faults()["dark"]({"on": dark})
        feed.begin(5 * NS)
        units = [feed.take() for _ in range(VIDEO.gop)]
        sizes[dark] = sum(len(unit.data) for unit in units if unit)
    feed.end()
    assert sizes[True] < sizes[False] / 3
    assert isinstance(DarkScene(VIDEO).picture(0), Planes)


def test_scene_without_a_picture_is_a_gap() -> None:
    """While the scene has nothing to show no unit comes, and the times go on."""

    class Blinking:
        """Sees something in every second frame."""

        count = 0

        def picture(self, time_ns: int) -> Planes | None:
            """Something or nothing."""
            self.count += 1
            return Planes.blank(VIDEO.width, VIDEO.height) if self.count % 2 else None

        def close(self) -> None:
            """Nothing is open."""

    feed = EncodedVideo(Blinking(), VIDEO, VirtualClock())
    feed.begin(0)
    times = [unit.time_ns for unit in (feed.take() for _ in range(6)) if unit]
    assert times == [0, NS * 2 // 30, NS * 4 // 30]
    feed.end()
    assert feed.take() is None
