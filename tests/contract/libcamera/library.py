"""What picamera2 does on the real libcamera that ours works around: tests/unit/hal/test_pi_library.py, on a camera that takes its own pictures.
A test that fails here is good news: read what its docstring names, and simplify."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from libcamera import controls
from picamera2.encoders.libav_h264_encoder import LibavH264Encoder
from picamera2.outputs.circularoutput2 import CircularOutput2
from picamera2.outputs.output import Output
from picamera2.outputs.pyavoutput import PyavOutput

from hal.pi.camera import BUFFERS, PIXELS
from tests.contract.libcamera import stand
from tests.contract.libcamera.scene import VIDEO

WAIT_S = 10.0
FRAME_US = 1_000_000 // VIDEO.fps
THREADS_DIE = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def camera() -> Iterator[stand.Virtual]:
    """picamera2 itself, set up as ours sets it up."""
    stand.plug()
    camera = stand.Virtual()
    form = {"format": PIXELS, "size": (VIDEO.width, VIDEO.height)}
    rate = {"FrameDurationLimits": (FRAME_US, FRAME_US)}
    camera.configure(
        camera.create_video_configuration(main=form, buffer_count=BUFFERS, raw=None, queue=False, controls=rate)
    )
    yield camera
    camera.close()
    stand.unplug()


def coder() -> LibavH264Encoder:
    """An encoder."""
    return LibavH264Encoder(bitrate=VIDEO.bitrate, iperiod=10, framerate=VIDEO.fps)


def loop_of(camera: stand.Virtual) -> threading.Thread:
    """picamera2's thread, on which frames are encoded."""
    preview: Any = camera._preview
    thread: threading.Thread = preview.thread
    return thread


def put_away(camera: stand.Virtual) -> None:
    """Close a camera whose thread is dead: its own way of stopping would wait for that."""
    camera.cancel_all_and_flush()
    for each in list(camera.encoders):
        if each.running:
            camera.stop_encoder(each)


def film(path: Path) -> list[int]:
    """The times in a film, in us."""
    with av.open(path) as opened:
        us = Fraction(1, 1_000_000)
        return [
            round(packet.pts * packet.time_base / us)
            for packet in opened.demux(video=0)
            if packet.size and packet.pts is not None and packet.time_base is not None
        ]


def test_its_ring_is_a_delay_line(camera: stand.Virtual, tmp_path: Path) -> None:
    """A second's ring, a press of a second: two seconds were promised, and no more than one is in the file."""
    ring, path = CircularOutput2(buffer_duration_ms=1000), tmp_path / "film.mp4"
    camera.start_recording(coder(), ring)
    time.sleep(1.5)
    ring.open_output(PyavOutput(str(path)))
    time.sleep(1.0)
    ring.close_output()
    camera.stop_recording()
    times = film(path)
    assert 0.5 < (times[-1] - times[0]) / 1e6 < 1.3


def test_its_muxer_ends_in_silence(camera: stand.Virtual, tmp_path: Path) -> None:
    """Two frames of one time, and nothing after them is in the file; no error is raised."""

    class Twice(LibavH264Encoder):
        number = -1

        def _timestamp(self, request: Any) -> int:
            self.number += 1
            return (self.number - (self.number >= 10)) * FRAME_US

    path, encoder = tmp_path / "film.mp4", Twice(bitrate=VIDEO.bitrate, iperiod=10, framerate=VIDEO.fps)  # type: ignore[no-untyped-call] # picamera2's
    encoder.threads = 1
    camera.start_recording(encoder, PyavOutput(str(path)))
    time.sleep(1.0)
    camera.stop_recording()
    assert 0 < len(film(path)) <= 11 < encoder.number


@THREADS_DIE
def test_what_an_output_raises_ends_its_thread(camera: stand.Virtual) -> None:
    """One error of one output, and libcamera's frames are taken by nobody any more."""

    class Full(Output):
        def outputframe(self, *_: object, **__: object) -> None:
            raise ValueError("a full disk, say")

    camera.start_recording(coder(), Full())  # type: ignore[no-untyped-call] # picamera2's
    loop = loop_of(camera)
    loop.join(WAIT_S)
    assert not loop.is_alive()
    count = len(camera.seen)
    time.sleep(0.5)
    assert len(camera.seen) - count <= BUFFERS
    for each in camera.encoders:
        each.output = Output()
    put_away(camera)


@THREADS_DIE
def test_it_cannot_force_a_keyframe(camera: stand.Virtual) -> None:
    """It raises in its own thread, which ends."""
    encoder = coder()
    camera.start_recording(encoder, Output())
    loop = loop_of(camera)
    loop.join(0.3)
    assert loop.is_alive()
    encoder.force_key_frame()
    loop.join(WAIT_S)
    assert not loop.is_alive()
    put_away(camera)


def test_what_was_asked_for_holds_for_one_start(camera: stand.Virtual) -> None:
    """The rate that a configuration asks for is handed to libcamera at the first start, and at no other: ours asks again each time."""
    asked: list[Any] = []
    start = camera.sensor.start

    def listen(values: dict[Any, Any]) -> None:
        asked.append(values.get(controls.FrameDurationLimits))
        start({controls.FrameDurationLimits: (FRAME_US, FRAME_US)})

    camera.sensor.start = listen  # type: ignore[method-assign] # in its place for this test
    for _ in range(2):
        camera.start_recording(coder(), Output())
        time.sleep(0.2)
        camera.stop_recording()
    assert asked == [(FRAME_US, FRAME_US), None]
