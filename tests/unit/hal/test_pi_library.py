"""What picamera2 does that ours works around.  A test that fails here is good news: read what its docstring names, and simplify."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import av
import libcamera
import numpy as np
import picamera2.encoders.libav_h264_encoder as libav
import pytest
from numpy.typing import NDArray
from picamera2 import Picamera2
from picamera2.encoders.libav_h264_encoder import LibavH264Encoder
from picamera2.outputs.circularoutput2 import CircularOutput2
from picamera2.outputs.output import Output
from picamera2.outputs.pyavoutput import PyavOutput
from picamera2.platform import Platform

from hal.interface import Unit, VideoFormat
from hal.pi.camera import BUFFERS, PiCamera
from tests.contract import pi_lens

VIDEO = VideoFormat(width=320, height=180, fps=30, bitrate=500_000, gop=10)
FRAME_US = 33_333


@pytest.fixture
def sensor() -> Iterator[pi_lens.Sensor]:
    """A board with one camera that nobody has opened."""
    yield pi_lens.plugged(VIDEO, Platform.PISP)
    pi_lens.give_back()


class Kept(Output):
    """Keeps the times that it is given."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # picamera2's
        self.times_us: list[int] = []

    def outputframe(
        self,
        frame: bytes,
        keyframe: bool = True,  # noqa: FBT001, FBT002 - picamera2's signature
        timestamp: int | None = None,
        packet: object = None,
        audio: bool = False,  # noqa: FBT001, FBT002 - the same
    ) -> None:
        """One frame."""
        self.times_us.append(timestamp or 0)


def test_its_ring_is_a_delay_line() -> None:
    """`CircularOutput2` hands frames on only as they leave its buffer, and drops the rest when the output is closed: a press of four seconds
    would end up with none of its last five.  Ours is `firmware/core/ring.py`, fed by `hal/pi/feed.py`."""
    ring, kept = CircularOutput2(buffer_duration_ms=5000), Kept()
    ring.start()
    pressed, released = 210, 330
    for number in range(released):
        if number == pressed:
            ring.open_output(kept)
        ring.outputframe(b"frame", keyframe=number % 30 == 0, timestamp=number * FRAME_US)
    ring.close_output()
    ring.stop()
    length_s = (kept.times_us[-1] - kept.times_us[0]) / 1e6
    assert length_s < (released - pressed) / 30, "it holds no more than the press, where 9 s were promised"


def test_its_muxer_ends_in_silence(sensor: pi_lens.Sensor, tmp_path: Path) -> None:
    """Two frames of one time end a `PyavOutput`: nothing is raised, and what comes after is lost.  Ours is `firmware/media`."""
    units: list[Unit] = []
    pi_lens.OPEN.append(PiCamera(VIDEO, sensor.clock))
    pi_lens.OPEN[-1].start(units.append)
    sensor.run(1.0)
    pi_lens.OPEN[-1].stop()
    path = tmp_path / "film.mp4"
    muxer = PyavOutput(str(path))
    muxer.start()
    muxer._add_stream("video", "h264", width=VIDEO.width, height=VIDEO.height)
    for number, unit in enumerate(units):
        time_us = (number if number != 10 else 9) * FRAME_US
        muxer.outputframe(unit.data, unit.key, time_us)
    muxer.stop()
    with av.open(path) as film:
        packets = [packet for packet in film.demux(video=0) if packet.size]
    assert len(packets) <= 10 < len(units)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_an_output_raises_ends_its_thread(sensor: pi_lens.Sensor) -> None:
    """One error of one output, and no frame is encoded any more.  `hal/pi/camera.py` has an output that raises nothing."""

    class Raises(Kept):
        full = True

        def outputframe(self, *_: object, **__: object) -> None:
            if self.full:
                raise ValueError("a full disk, say")

    camera = Picamera2()
    form = {"format": "YUV420", "size": (VIDEO.width, VIDEO.height)}
    camera.configure(camera.create_video_configuration(main=form, buffer_count=BUFFERS, raw=None, queue=False))
    raises = Raises()
    camera.start_recording(LibavH264Encoder(bitrate=500_000), raises)
    loop = next(thread for thread in threading.enumerate() if "thread_func" in thread.name)
    while loop.is_alive() and sensor.camera.await_queued(1, 5):
        sensor.clock.advance(33_333_333)
        sensor.camera.frame(lambda *_: None, {libcamera.controls.SensorTimestamp: sensor.clock.monotonic_ns()})
        loop.join(0.2)
    assert not loop.is_alive()
    raises.full = False
    camera.stop_encoder()
    camera.close()


class Mapped:
    """The picture of a request that has one."""

    def __init__(self, request: SimpleNamespace, _stream: str) -> None:
        self.array: NDArray[np.uint8] = request.picture

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to do."""


def test_it_cannot_force_a_keyframe(monkeypatch: pytest.MonkeyPatch) -> None:
    """`LibavH264Encoder.force_key_frame` raises at the next frame, with each PyAV that installs here; so ours never asks for one, and a
    recording begins with the last keyframe before the press."""
    monkeypatch.setattr(libav, "MappedArray", Mapped)
    coder = LibavH264Encoder(bitrate=500_000)
    coder.size, coder.format = (VIDEO.width, VIDEO.height), "YUV420"
    coder.output = Kept()
    coder.start()
    request = SimpleNamespace(
        picture=np.zeros((VIDEO.height * 3 // 2, VIDEO.width), np.uint8),
        request=SimpleNamespace(metadata={libcamera.controls.SensorTimestamp: 1_000_000}),
        acquire=lambda: None,
        release=lambda: None,
    )
    coder.encode("main", request)
    coder.force_key_frame()
    request.request.metadata[libcamera.controls.SensorTimestamp] = 34_000_000
    with pytest.raises(TypeError):
        coder.encode("main", request)
    coder.stop()
