"""What only the real library can show of our lens: its times, its pictures, its errors, and that it can be taken, lost and had again."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import libcamera
import numpy as np
import pytest
from numpy.typing import NDArray
from picamera2.encoders.libav_h264_encoder import LibavH264Encoder

from hal.interface import Overlay, Unit, VideoFormat
from hal.overlay.burner import Burner, planes
from hal.pi.camera import BUFFERS, PiCamera
from tests.contract import rigs
from tests.contract.libcamera import stand
from tests.contract.libcamera.scene import BAR, BLUE, LARGE, PICTURES, VIDEO, left, shown

FRAME_NS = 1_000_000_000 // VIDEO.fps
IMPATIENT_S = 1.0
GREY = 128
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # picamera2's, where it cannot open


def decoded(units: list[Unit]) -> list[tuple[NDArray[np.uint8], ...]]:
    """What FFmpeg's decoder makes of them: Y, U and V of each."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit.data))]
    return [planes(np.asarray(frame.to_ndarray(), np.uint8), frame.width) for frame in [*frames, *decoder.decode(None)]]


def pictures(units: list[Unit]) -> list[NDArray[np.uint8]]:
    """The luma of each."""
    return [each[0] for each in decoded(units)]


def seen(units: list[Unit]) -> list[stand.Seen]:
    """What libcamera says of these units' frames, found by their times; KeyError where one has no frame's time."""
    frames = {each.time_ns: each for each in stand.OPENED[-1].seen}
    return [frames[unit.time_ns] for unit in units]


def test_it_is_the_real_library() -> None:
    """Not the stand-in of the other tests: its bindings are compiled, and the camera is its own virtual one."""
    assert Path(str(libcamera._libcamera.__file__)).suffix == ".so"
    manager = libcamera.CameraManager.singleton()
    (camera,) = manager.cameras
    assert [value for control, value in camera.properties.items() if control.name == "PipelineHandler"] == ["virtual"]


def test_times_are_the_librarys(video: rigs.VideoRig) -> None:
    """To the nanosecond, and no frame is missing in between; through a restart too, whose frames are later."""
    last_ns = 0
    for _ in range(2):
        units = video.record(1.0).units
        numbers = [each.sequence for each in seen(units)]
        assert numbers == [*range(numbers[0], numbers[0] + len(units))]
        assert len(units) > 5
        assert units[0].time_ns > last_ns
        last_ns = units[-1].time_ns


def test_each_picture_has_its_own_time(video: rigs.VideoRig) -> None:
    """The picture that a decoder finds in a unit is the one that libcamera drew into the frame of that time."""
    units = video.record(2.5).units
    middle = VIDEO.height // 2
    places = [int(np.argmax(picture[middle] > 180)) for picture in pictures(units)]
    expected = [left(shown(each.sequence)) for each in seen(units)]
    assert len(places) == len(units)
    assert all(abs(place - wanted) <= 2 for place, wanted in zip(places, expected, strict=True))
    assert len(set(expected)) == PICTURES


def test_the_overlay_is_in_what_a_decoder_finds(video: rigs.VideoRig) -> None:
    """It was drawn into libcamera's own buffer, before the encoder had it, with the time of capture; and nothing else of the picture moved."""
    overlay, units = Overlay("lapel-0001", recording=True, clock_set=True), list[Unit]()
    video.source.overlay(overlay)
    for _ in range(2):
        units = video.record(0.7).units
        drawn = np.full((VIDEO.height * 3 // 2, VIDEO.width), GREY, np.uint8)
        burner = Burner(VIDEO.width, VIDEO.height)
        utc_ns = video.clock.utc().utc_ms * 1_000_000 - video.clock.monotonic_ns() + units[-1].time_ns
        burner.burn(*planes(drawn, VIDEO.width), overlay, utc_ns)
        found = decoded(units)[-1]
        below = slice(VIDEO.height // 2 + BAR, burner.foot.box[0].start)
        for plane, wanted, colour, scale in zip(found, planes(drawn, VIDEO.width), ycbcr(BLUE), (1, 2, 2), strict=True):
            for rows, columns in (burner.head.box, burner.foot.box):
                strip = halved(rows, scale), halved(columns, scale)
                assert np.abs(plane[strip].astype(int) - wanted[strip]).mean() < 12
            assert np.abs(plane[halved(below, scale)].astype(int) - colour).mean() < 6
    assert stand.LENSES[-1].unburnt == 0


def halved(part: slice, by: int) -> slice:
    """The same part of a plane that has as many rows or columns, or half of them."""
    return slice(part.start // by, part.stop // by)


def ycbcr(rgb: tuple[int, int, int]) -> tuple[float, float, float]:
    """A colour as JPEG files have it, and libcamera passes it on."""
    red, green, blue = rgb
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return luma, GREY + 0.564 * (blue - luma), GREY + 0.713 * (red - luma)


def test_the_largest_picture(tmp_path: Path) -> None:
    """As many buffers of 3 MB as a board gives us, at the product's highest rate: each unit is whole, and has its words."""
    stand.plug()
    video = stand.lens(tmp_path, LARGE)
    video.source.overlay(Overlay("lapel-0001", recording=True, clock_set=True))
    units = video.record(1.0).units
    found = pictures(units)
    assert len(found) == len(units) > 3
    assert {picture.shape for picture in found} == {(LARGE.height, LARGE.width)}
    assert [each.sequence for each in seen(units)] == sorted(each.sequence for each in seen(units))
    assert min(picture[:100].max() for picture in found) > 200
    assert stand.LENSES[-1].unburnt == 0
    stand.unplug()


def test_keyframes_come_every_second(video: rigs.VideoRig) -> None:
    """By the sensor's own times, which is what a court's player goes by."""
    keys = [unit for unit in video.record(3.3).units if unit.key]
    assert len(keys) >= 3  # a machine that is too busy to be a sensor has fewer frames
    assert {after.sequence - before.sequence for before, after in pairwise(seen(keys))} == {VIDEO.fps}
    assert all(after.time_ns - before.time_ns > 1_000_000_000 - 2 * FRAME_NS for before, after in pairwise(keys))


def test_frames_that_are_lost_are_a_gap_in_the_times(video: rigs.VideoRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder that is too slow keeps libcamera's buffers, and picamera2 says nothing: how many frames were lost is in the times alone, and
    what comes after them is whole."""
    encode, units = LibavH264Encoder._encode, list[Unit]()
    frames = iter(range(10_000))

    def slow(coder: LibavH264Encoder, stream: object, request: object) -> None:
        if next(frames) == 15:
            blind.wait(0.5)
        encode(coder, stream, request)  # type: ignore[no-untyped-call] # picamera2's

    blind = threading.Event()
    monkeypatch.setattr(LibavH264Encoder, "_encode", slow)
    video.source.start(units.append)
    video.run(1.5)
    video.source.stop()
    steps = [round((after.time_ns - before.time_ns) / FRAME_NS) for before, after in pairwise(units)]
    missing = sum(steps) - len(steps)
    assert missing >= 0.5 * VIDEO.fps - BUFFERS - 1
    assert missing >= stand.OPENED[-1].sensor.lost - 2
    assert len(pictures(units)) == len(units)


def test_a_lens_that_sees_nothing_can_be_had_again(video: rigs.VideoRig) -> None:
    """A sensor whose cable is loose gives no frame and no error.  It can be stopped all the same, and started once it sees again."""
    units = list[Unit]()
    video.source.start(units.append)
    video.run(0.5)
    stand.OPENED[-1].sensor.blind.set()
    video.run(0.5)
    count = len(units)
    video.run(0.3)
    assert len(units) == count > 0
    video.source.stop()
    stand.OPENED[-1].sensor.blind.clear()
    after = video.record(0.6).units
    assert after[0].key
    assert after[0].time_ns > units[-1].time_ns
    assert len(after) > 8


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_starts_again_after_picamera2_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in picamera2's thread ends it while libcamera runs on, and its own stop waits for ever: within our patience the camera is torn
    from it, given back to libcamera and opened anew, with its overlay."""
    stand.plug()
    video, units = stand.lens(tmp_path, patience_s=IMPATIENT_S), list[Unit]()
    video.source.overlay(Overlay("lapel-0001", recording=True, clock_set=True))
    video.source.start(units.append)
    video.run(0.5)
    with monkeypatch.context() as broken:
        broken.setattr(LibavH264Encoder, "_encode", breaks)
        preview: Any = stand.OPENED[-1]._preview
        preview.thread.join(60)
        assert not preview.thread.is_alive()
        video.source.stop()
    after = video.record(0.7).units
    assert len(stand.OPENED) == 2
    assert after[0].key
    assert after[0].time_ns > units[-1].time_ns
    assert [each.sequence for each in seen(after)] == [*range(len(after))]
    assert pictures(after)[-1][:20].max() > 200
    stand.unplug()


def breaks(*_: object) -> None:
    """What an encoder of ours never does."""
    raise RuntimeError("out of memory, say")


def test_a_second_opening_is_refused(video: rigs.VideoRig) -> None:
    """One program has the camera, says libcamera: the second is told, and the first goes on as if nothing had been."""
    units = list[Unit]()
    video.source.start(units.append)
    with pytest.raises(OSError, match="does not open"):
        PiCamera(VIDEO, video.clock)
    video.run(0.5)
    video.source.stop()
    assert [each.sequence for each in seen(units)] == [*range(len(units))]
    assert len(units) > 5


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[rigs.VideoRig]:
    """A clock, and nothing open."""
    stand.plug()
    video = stand.lens(tmp_path)
    stand.LENSES.pop().close()
    yield video
    stand.unplug()


def test_what_the_camera_cannot_do_is_refused(bare: rigs.VideoRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Size and format are adjusted by libcamera, and picamera2 goes on with what it got; ours does not, and gives the camera back."""
    wide = VideoFormat(width=640, height=360, fps=30, bitrate=1_000_000, gop=30)
    with pytest.raises(OSError, match=r"YUV420 of \(1920, 1080\) instead of YUV420 of \(640, 360\)"):
        PiCamera(wide, bare.clock)
    monkeypatch.setattr(stand, "HAS", "")  # the stand takes nothing for anything else
    with pytest.raises(OSError, match=r"NV12 of \(320, 180\) instead of YUV420 of \(320, 180\)"):
        PiCamera(VIDEO, bare.clock)
    (camera,) = libcamera.CameraManager.singleton().cameras
    camera.acquire()
    camera.release()


def test_there_is_one_camera(bare: rigs.VideoRig) -> None:
    """The second is missed by its number."""
    with pytest.raises(OSError, match="No camera number 1"):
        PiCamera(VIDEO, bare.clock, number=1)


def test_a_camera_that_is_none_of_a_boards_is_an_oserror(bare: rigs.VideoRig) -> None:
    """picamera2 as it is takes the virtual camera for a broken one: whatever it raises, the service is told by the error that it expects."""
    stand.unplug()
    with pytest.raises(OSError, match="does not open"):
        PiCamera(VIDEO, bare.clock)


def test_a_turned_lens_is_asked_of_the_library(bare: rigs.VideoRig) -> None:
    """By the library's own transform, which comes back from its configuration."""
    lens = PiCamera(VIDEO, bare.clock, turned=True)
    stand.LENSES.append(lens)
    turned: Any = stand.OPENED[-1].camera_configuration()["transform"]
    assert (turned.hflip, turned.vflip, turned.transpose) == (True, True, False)


def test_opening_again_and_again_keeps_nothing(bare: rigs.VideoRig) -> None:
    """What a camera opened is closed with it: a service that loses its lens every minute goes on for days."""
    counts = []
    for _ in range(5):
        PiCamera(VIDEO, bare.clock).close()
        stand.OPENED.clear()
        gc.collect()
        counts.append(sum(_open(number) for number in range(512)))
    assert counts[-1] == counts[1]


def _open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
