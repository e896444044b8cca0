"""Whoever looks sees what the lens sees; nobody waits for a picture, and while nobody looks none is made."""

from __future__ import annotations

import io
import queue
import threading

import numpy as np
from PIL import Image

from hal.interface import Overlay, VideoFormat
from hal.sim.clip import SEEN, VideoClip
from hal.sim.clock import NS, VirtualClock
from hal.sim.jpeg import as_jpeg, kept, shrunk
from hal.sim.paint import Planes
from hal.sim.preview import EVERY_NS, Picture, Preview
from hal.sim.scene import SyntheticScene
from hal.sim.video import EncodedVideo

VIDEO = VideoFormat(width=320, height=180, fps=30, bitrate=500_000, gop=30)


def grey(width: int, height: int, luma: int) -> Planes:
    """A picture of one grey."""
    planes = Planes.blank(width, height)
    planes.y[:] = luma
    return planes


def opened(picture: Picture) -> Image.Image:
    """What a viewer makes of it."""
    return Image.open(io.BytesIO(picture.jpeg))


def test_large_pictures_shrink_and_small_ones_stay() -> None:
    """About 640 pixels wide, both sides even; the copy does not follow what is drawn over afterwards."""
    sizes = {
        size: shrunk(Planes.blank(*size)).y.shape[::-1] for size in ((1280, 720), (1920, 1080), (640, 480), (66, 50))
    }
    assert sizes == {(1280, 720): (640, 360), (1920, 1080): (640, 360), (640, 480): (640, 480), (66, 50): (66, 50)}
    planes = grey(64, 48, 100)
    copy = shrunk(planes)
    planes.y[:] = 16
    assert copy.y.min() == 100


def test_colours_are_those_of_the_camera() -> None:
    """Limited range and the matrix of BT.709 are undone: white is white, and red is red."""
    red = Planes.blank(64, 48)
    red.y[:], red.u[:], red.v[:] = 63, 102, 240  # BT.709, limited range
    for planes, wanted in ((grey(64, 48, 235), (255, 255, 255)), (grey(64, 48, 16), (0, 0, 0)), (red, (255, 0, 0))):
        picture = np.asarray(Image.open(io.BytesIO(as_jpeg(planes))))
        assert np.abs(picture.reshape(-1, 3).mean(0) - wanted).max() < 6


def test_nothing_is_made_while_nobody_looks() -> None:
    """No thread and no copy before the first who looks, and none behind the last."""
    preview, seen = Preview(kept), queue.SimpleQueue[Picture]()
    before = threading.active_count()
    preview.offer(grey(64, 48, 100), 0)
    assert threading.active_count() == before
    end = preview.watch(seen.put)
    preview.offer(grey(64, 48, 235), NS)
    assert opened(seen.get(timeout=60)).size == (64, 48)
    (worker,) = [thread for thread in threading.enumerate() if thread.name == "sim-preview"]
    end()
    worker.join(60)
    assert not worker.is_alive()
    preview.offer(grey(64, 48, 235), 9 * NS)
    assert seen.empty()
    again = preview.watch(seen.put)
    preview.offer(grey(64, 48, 235), 10 * NS)
    assert seen.get(timeout=60).time_ns == 10 * NS
    again()


def test_no_more_than_eight_a_second() -> None:
    """Frames in between are left out, also where a clock ran back."""
    preview, seen = Preview(kept), queue.SimpleQueue[Picture]()
    end = preview.watch(seen.put)
    for frame in range(9):
        preview.offer(grey(64, 48, 100), NS + frame * EVERY_NS // 8)
        if frame in {0, 8}:
            assert seen.get(timeout=60).time_ns == NS + frame * EVERY_NS // 8
    assert seen.empty()
    preview.offer(grey(64, 48, 100), 0)
    assert seen.get(timeout=60).time_ns == 0
    end()


def test_lens_never_waits_for_who_looks() -> None:
    """Frames that come while a picture is being made replace each other: the newest is next."""
    preview, seen, go = Preview(kept), queue.SimpleQueue[int](), threading.Event()

    def slow(picture: Picture) -> None:
        seen.put(picture.time_ns)
        go.wait(60)

    end = preview.watch(slow)
    preview.offer(grey(64, 48, 100), NS)
    assert seen.get(timeout=60) == NS
    for second in range(2, 9):
        preview.offer(grey(64, 48, 100), second * NS)
    go.set()
    assert seen.get(timeout=60) == 8 * NS
    assert seen.empty()
    end()


def test_lens_shows_what_it_encodes() -> None:
    """Each picture is shown once its overlay is drawn."""
    shown = list[tuple[Planes, int]]()
    feed = EncodedVideo(
        SyntheticScene(VIDEO), VIDEO, VirtualClock(), lambda picture, time_ns: shown.append((shrunk(picture), time_ns))
    )
    feed.burn(Overlay("cam-1", recording=True, clock_set=True))
    feed.begin(NS)
    units = [feed.take() for _ in range(3)]
    assert [time_ns for _, time_ns in shown] == [unit.time_ns for unit in units if unit is not None]
    plain = SyntheticScene(VIDEO).picture(NS)
    assert np.any(shown[0][0].y != plain.y)


def test_clip_shows_its_own_pictures_again() -> None:
    """A clip has something to look at too: what was drawn when it was encoded, round and round, with the times of now."""
    shown = list[tuple[Planes, int]]()
    clip = VideoClip(SyntheticScene(VIDEO), VIDEO, seen=lambda picture, time_ns: shown.append((picture, time_ns)))
    clip.begin(NS)
    times = [clip.take().time_ns for _ in range(VIDEO.gop + 1)]
    assert [time_ns for _, time_ns in shown] == times
    assert shown[0][0] is shown[SEEN - 1][0]
    assert shown[0][0] is not shown[SEEN][0]
    assert any(shown[VIDEO.gop][0] is picture for picture, _ in shown[: VIDEO.gop])


def test_covered_lens_of_a_clip() -> None:
    """From a keyframe on it is dark, and light again from another one: no decoder sees a picture that follows from another scene."""
    shown = list[Planes]()
    clip = VideoClip(SyntheticScene(VIDEO), VIDEO, seen=lambda picture, _: shown.append(picture))
    clip.begin(NS)
    units = [clip.take() for _ in range(5)]
    clip.faults()["dark"]({})
    units += [clip.take() for _ in range(2 * VIDEO.gop - 10)]
    clip.faults()["dark"]({"on": False})
    units += [clip.take() for _ in range(VIDEO.gop + 5)]
    bright = [float(picture.y.mean()) for picture in shown]
    assert min(bright[: VIDEO.gop]) > 40 > max(bright[VIDEO.gop : 2 * VIDEO.gop])
    assert min(bright[2 * VIDEO.gop :]) > 40
    assert [index for index, unit in enumerate(units) if unit.key] == [0, VIDEO.gop, 2 * VIDEO.gop]
    assert (
        sum(len(unit.data) for unit in units[VIDEO.gop : 2 * VIDEO.gop])
        < sum(len(unit.data) for unit in units[: VIDEO.gop]) / 2
    )
