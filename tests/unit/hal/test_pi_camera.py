"""What is a Raspberry Pi's alone, beyond the contract of every lens: the real picamera2, above a sensor that takes its pictures from us."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import libcamera
import numpy as np
import picamera2.encoders.v4l2_encoder as v4l2
import pytest
import videodev2
from numpy.typing import NDArray
from picamera2 import platform
from picamera2.encoders.h264_encoder import H264Encoder
from picamera2.encoders.libav_h264_encoder import LibavH264Encoder
from picamera2.platform import Platform

from hal.interface import Overlay, Unit, VideoFormat
from hal.overlay.burner import Burner
from hal.pi.camera import BUFFERS, PiCamera, encoder, output
from hal.pi.feed import Feed, Stamps
from hal.sim.clock import VirtualClock
from tests.contract import pi_lens

ROOT = Path(__file__).parents[3]
VIDEO = VideoFormat(width=320, height=180, fps=30, bitrate=1_500_000, gop=10)
IMPATIENT_S = 0.3
CLOSING_S = 1.5  # picamera2 looks five times a second whether its threads are to end
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # picamera2's, where it cannot open
THREADS_DIE = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(params=Platform, ids=lambda platform: platform.name)
def sensor(request: pytest.FixtureRequest) -> Iterator[pi_lens.Sensor]:
    """Each kind of board, with one camera that nobody has opened: VC4 has an encoder chip, PISP has none."""
    yield pi_lens.plugged(VIDEO, request.param)
    pi_lens.give_back()
    gc.collect()


def opened(sensor: pi_lens.Sensor, patience_s: float = 10.0) -> PiCamera:
    """The camera of ``sensor``, closed when the test ends."""
    lens = PiCamera(VIDEO, sensor.clock, patience_s=patience_s)
    pi_lens.OPEN.append(lens)
    return lens


def pictures(units: list[Unit]) -> list[NDArray[np.uint8]]:
    """What a decoder that is not ours makes of them: the luma of each."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit.data))]
    return [np.asarray(frame.to_ndarray()[: VIDEO.height], np.uint8) for frame in [*frames, *decoder.decode(None)]]


@pytest.mark.parametrize("turned", [False, True])
def test_a_lens_that_is_mounted_upside_down(sensor: pi_lens.Sensor, turned: bool) -> None:  # noqa: FBT001 - a row
    """What libcamera is asked for: turned pictures, and only then."""
    pi_lens.OPEN.append(PiCamera(VIDEO, sensor.clock, turned=turned))
    asked = sensor.camera.configured
    assert asked is not None
    assert asked.orientation is (libcamera.Orientation.Rotate180 if turned else libcamera.Orientation.Rotate0)


def test_a_sensor_that_cannot_turn_its_pictures_is_refused() -> None:
    """Its pictures would come as they are, without a word: evidence that stands on its head."""
    sensor = pi_lens.plugged(VIDEO, Platform.VC4)
    sensor.camera.turns = False
    with pytest.raises(OSError, match="cannot turn its pictures"):
        PiCamera(VIDEO, sensor.clock, turned=True)
    pi_lens.OPEN.append(PiCamera(VIDEO, sensor.clock))
    pi_lens.give_back()


def test_importing_needs_no_driver() -> None:
    """The package is imported on a desk, and in the tests of everything else, without any of them."""
    program = "import sys, hal.pi.camera; sys.exit(bool({'picamera2', 'libcamera', 'av'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_each_picture_has_its_own_time(sensor: pi_lens.Sensor) -> None:
    """The unit in which a decoder finds frame n bears the sensor's stamp of frame n, to the nanosecond."""
    lens, units, stamps = opened(sensor), list[Unit](), list[int]()
    lens.start(units.append)
    for odd_ns in range(40):
        sensor.clock.advance(33_000_000 + odd_ns * 7)
        stamps.append(sensor.clock.monotonic_ns())
        sensor.take({libcamera.controls.SensorTimestamp: stamps[-1]})
    sensor.settle()
    lens.stop()
    middle = VIDEO.height // 2
    places = [int(np.argmax(picture[middle].astype(np.int16) > 180)) for picture in pictures(units)]
    assert all(abs(place - pi_lens.bar(number, VIDEO.width)) <= 2 for number, place in enumerate(places))
    assert [unit.time_ns for unit in units] == stamps[: len(units)]
    assert len(units) >= 39


def test_overlay_is_in_the_pictures(sensor: pi_lens.Sensor) -> None:
    """What a decoder finds is what the burner draws, over rows that are padded; it holds through a restart, and shows the time of capture."""
    lens, units = opened(sensor), list[Unit]()
    overlay = Overlay("lapel-0001", recording=True, clock_set=True)
    lens.overlay(overlay)
    for _ in range(2):
        units.clear()
        lens.start(units.append)
        sensor.run(0.4)
        sensor.settle()
        lens.stop()
        drawn = np.zeros((VIDEO.height, VIDEO.width), np.uint8)
        colours = np.zeros((2, VIDEO.height // 2, VIDEO.width // 2), np.uint8)
        burner = Burner(VIDEO.width, VIDEO.height)
        utc_ns = sensor.clock.utc().utc_ms * 1_000_000 - sensor.clock.monotonic_ns() + units[-1].time_ns
        burner.burn(drawn, colours[0], colours[1], overlay, utc_ns)
        seen = pictures(units)[-1]
        for strip in (burner.head, burner.foot):
            off = np.abs(seen[strip.box].astype(int) - drawn[strip.box])
            assert off.mean() < 12
        assert lens.unburnt == 0


def test_a_second_service_is_refused(sensor: pi_lens.Sensor) -> None:
    """Two services on one camera: the second is told, and the first goes on."""
    lens, units = opened(sensor), list[Unit]()
    lens.start(units.append)
    with pytest.raises(OSError, match="does not open"):
        PiCamera(VIDEO, sensor.clock)
    sensor.run(0.2)
    lens.stop()
    assert units


def test_starting_twice_is_a_wrong_call(sensor: pi_lens.Sensor) -> None:
    """It is the caller's mistake, and harms nothing."""
    lens, units = opened(sensor), list[Unit]()
    lens.start(units.append)
    with pytest.raises(ValueError, match="runs already"):
        lens.start(units.append)
    sensor.run(0.2)
    lens.stop()
    assert units


def test_no_camera_is_an_oserror(sensor: pi_lens.Sensor) -> None:
    """A part that is missing at boot is said, by the error that the service expects."""
    libcamera.CameraManager.singleton().cameras.clear()
    with pytest.raises(OSError, match="No camera number 0"):
        PiCamera(VIDEO, sensor.clock)


def test_no_picamera2_is_an_oserror(sensor: pi_lens.Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a library that is not installed."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(OSError, match="no picamera2"):
        PiCamera(VIDEO, sensor.clock)


def test_another_size_than_asked_for_is_refused(sensor: pi_lens.Sensor) -> None:
    """Libcamera adjusts what a camera cannot do; the firmware would label the recording with what it asked for."""
    libcamera.CameraManager.singleton().cameras[:] = [libcamera.Camera(widest=160)]
    with pytest.raises(OSError, match=r"YUV420 of \(160, 180\) instead of"):
        PiCamera(VIDEO, sensor.clock)
    libcamera.CameraManager.singleton().cameras[0].acquire()  # it was given back


def test_the_rate_is_asked_of_the_sensor(sensor: pi_lens.Sensor) -> None:
    """The sensor is told how long a frame takes, at each start: picamera2 keeps what a configuration asks for until the first one alone."""
    lens = opened(sensor)
    for _ in range(2):
        lens.start(lambda _: None)
        assert sensor.camera.started == {libcamera.controls.FrameDurationLimits: (33_333, 33_333)}
        lens.stop()


@THREADS_DIE
def test_starts_again_after_picamera2_died(sensor: pi_lens.Sensor) -> None:
    """An error in picamera2's loop ends its thread, and its own `stop` would wait for ever: the camera is opened anew, with its overlay."""
    lens, units = opened(sensor, CLOSING_S), list[Unit]()
    lens.overlay(Overlay("lapel-0001", recording=True, clock_set=True))
    lens.start(units.append)
    sensor.run(0.2)
    loop = next(thread for thread in threading.enumerate() if "thread_func" in thread.name)
    sensor.take({})
    loop.join(60)
    assert not loop.is_alive()
    lens.stop()
    before = len(units)
    lens.start(units.append)
    sensor.run(0.4)
    lens.stop()
    assert units[before].key
    assert all(earlier.time_ns < later.time_ns for earlier, later in pairwise(units))
    assert pictures(units[before:])[-1][:20].max() > 200
    assert lens.unburnt == 1


def test_a_hang_is_told_and_does_not_hang_us(sensor: pi_lens.Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder that blocks holds picamera2's lock: nothing in this process helps, and the service is told so within its patience."""
    blocked, let = threading.Event(), threading.Event()

    def hang(_encoder: object, _stream: object, _request: object) -> None:
        blocked.set()
        let.wait(60)

    monkeypatch.setattr(LibavH264Encoder, "_encode", hang)
    monkeypatch.setattr(v4l2.V4L2Encoder, "_encode", hang)
    lens = PiCamera(VIDEO, sensor.clock, patience_s=IMPATIENT_S)
    lens.start(lambda _: None)
    sensor.run(1 / VIDEO.fps)
    assert blocked.wait(60)
    with pytest.raises(TimeoutError, match="does not close within"):
        lens.stop()
    with pytest.raises(OSError, match="hangs since it was to close"):
        lens.start(lambda _: None)
    lens.stop()
    hung = [thread for thread in threading.enumerate() if thread.name.startswith("pi-camera-")]
    let.set()
    for thread in hung:
        thread.join(60)


def test_starts_again_after_the_chip_fell_silent() -> None:
    """A chip that gives nothing back keeps all buffers of the camera: no frame comes, until the source is started again with a new chip."""
    sensor = pi_lens.plugged(VIDEO, Platform.VC4)
    lens, units = opened(sensor), list[Unit]()
    lens.start(units.append)
    sensor.run(0.2)
    assert sensor.camera.await_queued(BUFFERS, 10)  # the chip has none
    sensor.chips[-1].silent = True
    for _ in range(BUFFERS):
        sensor.clock.advance(33_333_333)
        assert sensor.camera.await_queued(1, 10)
        sensor.camera.frame(lambda *_: None, {libcamera.controls.SensorTimestamp: sensor.clock.monotonic_ns()})
    lens.stop()
    before = len(units)
    lens.start(units.append)
    sensor.run(0.4)
    lens.stop()
    assert [chip.closed for chip in sensor.chips] == [True, True]
    assert units[before].key
    assert all(earlier.time_ns < later.time_ns for earlier, later in pairwise(units))
    assert len(pictures(units[before:])) == len(units) - before > 8


class TestEncoders:
    """Which encoder a board gets, and how it is set."""

    def test_the_chip_where_there_is_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Zero 2 W and Pi 4: a keyframe a GOP, with its parameter sets, and a profile with which the Zero 2 W can be stopped."""
        monkeypatch.setattr(platform, "_platform", Platform.VC4)
        chip = encoder(VideoFormat(width=1920, height=1080, fps=30, bitrate=8_000_000, gop=30))
        assert isinstance(chip, H264Encoder)
        chip.size, chip.format, chip.stride = (1920, 1080), "YUV420", 1920
        monkeypatch.setattr(v4l2, "open", missing, raising=False)
        with pytest.raises(FileNotFoundError, match="/dev/video11"):
            chip.start()
        assert dict(chip._controls) == {
            videodev2.V4L2_CID_MPEG_VIDEO_H264_PROFILE: videodev2.V4L2_MPEG_VIDEO_H264_PROFILE_BASELINE,
            videodev2.V4L2_CID_MPEG_VIDEO_H264_I_PERIOD: 30,
            videodev2.V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER: 1,
        }
        assert (chip.bitrate, chip.framerate) == (8_000_000, 30)

    def test_software_where_there_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The Pi 5 has no encoder."""
        monkeypatch.setattr(platform, "_platform", Platform.PISP)
        assert isinstance(encoder(VIDEO), LibavH264Encoder)

    @pytest.mark.parametrize("asked", Platform)
    def test_a_board_may_decide_it(self, monkeypatch: pytest.MonkeyPatch, asked: Platform) -> None:
        """What the board's file says counts, whatever platform picamera2 takes this for."""
        monkeypatch.setattr(platform, "_platform", asked)
        assert isinstance(encoder(VIDEO, hardware=True), H264Encoder)
        assert isinstance(encoder(VIDEO, hardware=False), LibavH264Encoder)

    def test_the_lens_takes_the_one_that_it_was_given(self, sensor: pi_lens.Sensor) -> None:
        """libx264 encodes on every platform where the board's file says so: no chip is opened."""
        lens, units = PiCamera(VIDEO, sensor.clock, hardware=False), list[Unit]()
        pi_lens.OPEN.append(lens)
        lens.start(units.append)
        sensor.run(0.5)
        lens.stop()
        assert units
        assert sensor.chips == []

    def test_an_encoder_that_is_gone_is_an_oserror(
        self, sensor: pi_lens.Sensor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is said at each start, and a start works once the encoder is back."""
        lens, units = opened(sensor), list[Unit]()
        monkeypatch.setattr(platform, "_platform", Platform.VC4)
        monkeypatch.setattr(v4l2, "open", missing, raising=False)
        for _ in range(2):
            with pytest.raises(OSError, match="/dev/video11"):
                lens.start(units.append)
        monkeypatch.setattr(platform, "_platform", Platform.PISP)
        lens.start(units.append)
        sensor.run(0.2)
        lens.stop()
        assert units

    def test_what_the_chip_hands_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Times since the first frame become the sensor's; sound and what has no time is nothing of ours."""
        units, stamps, clock = list[Unit](), Stamps(), VirtualClock()
        chip = H264Encoder(bitrate=1_000_000)
        feed = Feed(clock, units.append, -1)
        out = output(chip, feed, stamps)
        key = b"\0\0\0\1\x67s\0\0\0\1\x68p\0\0\0\1\x65k"
        out.outputframe(key, keyframe=True, timestamp=0)  # before any frame went in
        chip.firsttimestamp = 5_000_000
        stamps.saw(5_000_000_321)
        stamps.saw(5_033_333_654)
        monkeypatch.setattr(clock, "_now_ns", 6_000_000_000)
        out.outputframe(key, keyframe=True, timestamp=0)
        out.outputframe(b"\0\0\0\1\x41i", keyframe=False, timestamp=33_333)
        out.outputframe(b"", keyframe=True, timestamp=40_000, audio=True)
        out.outputframe(b"\0\0\0\1\x41i", keyframe=False)
        feed.close()
        assert [(unit.time_ns, unit.key) for unit in units] == [(5_000_000_321, True), (5_033_333_654, False)]


def missing(path: str, *_: object, **__: object) -> None:
    """A board without the device."""
    raise FileNotFoundError(2, "No such file or directory", path)
