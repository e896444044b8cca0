"""A Raspberry Pi's lens without the board: the real picamera2, above a sensor that takes its pictures from the tests."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

import libcamera
import numpy as np
import picamera2.picamera2 as library
import picamera2.platform
from numpy.typing import NDArray
from picamera2.platform import Platform

from hal.interface import VideoFormat
from hal.overlay.burner import planes
from hal.pi.camera import BUFFERS, PiCamera
from hal.sim.clock import NS, VirtualClock
from tests.contract import pi_chip, rigs
from tests.contract.pi_memory import MemoryAllocator

WAIT_S = 60.0
GREY = 128
OPEN: list[PiCamera] = []


def scene(index: int, y: NDArray[np.uint8]) -> None:
    """A grey ramp, with a white bar that moves by eight pixels a frame and is where ``bar`` says."""
    y[:] = np.linspace(40, 120, y.shape[1], dtype=np.uint8)
    left = bar(index, y.shape[1])
    y[y.shape[0] // 2 - 8 : y.shape[0] // 2 + 8, left : left + 8] = 235


def bar(index: int, width: int) -> int:
    """Where the bar begins in frame ``index``."""
    return index * 8 % (width - 8)


@dataclass
class Sensor:
    """Takes pictures as its clock goes on."""

    camera: libcamera.Camera
    clock: VirtualClock
    fps: int
    chips: list[pi_chip.Chip]
    index: int = 0

    def run(self, seconds: float) -> None:
        """So many seconds of pictures, each once the one before has been encoded: the encoder keeps one."""
        for _ in range(round(seconds * self.fps)):
            self.clock.advance(NS // self.fps)
            if self.camera.started is not None:
                self.take({libcamera.controls.SensorTimestamp: self.clock.monotonic_ns()})

    def take(self, metadata: dict[libcamera.ControlId, object]) -> None:
        """One picture, which says of itself what ``metadata`` has."""
        assert self.camera.await_queued(BUFFERS - 1, WAIT_S), "picamera2 keeps its buffers"
        self.camera.frame(self._draw, metadata)
        self.index += 1

    def settle(self) -> None:
        """Wait until all pictures but the last have left the encoder."""
        assert self.camera.await_queued(BUFFERS - 1, WAIT_S), "picamera2 keeps its buffers"

    def _draw(self, descriptor: int, form: libcamera.StreamConfiguration) -> None:
        with mmap.mmap(descriptor, form.frame_size) as memory:
            picture = np.full((form.size.height * 3 // 2, form.stride), GREY, np.uint8)
            scene(self.index, planes(picture, form.size.width)[0])
            memory[:] = picture.tobytes()


def plugged(video: VideoFormat, platform: Platform, *, widest: int = 4096) -> Sensor:
    """A board of that kind with one camera, which nobody has opened."""
    give_back()
    library.DmaAllocator = MemoryAllocator  # type: ignore[misc,assignment] # what closes a camera makes a new one by this name
    picamera2.platform._platform = platform
    camera = libcamera.Camera(widest)
    libcamera.CameraManager.singleton().cameras[:] = [camera]
    return Sensor(camera, VirtualClock(), video.fps, pi_chip.fitted(video.fps))


def give_back() -> None:
    """Close what is open."""
    while OPEN:
        OPEN.pop().close()


def lens(video: VideoFormat, platform: Platform) -> rigs.VideoRig:
    """The lens of a board as the contract's tests want it.  A process has one: who takes it gets it from who had it."""
    sensor = plugged(video, platform)
    OPEN.append(PiCamera(video, sensor.clock))
    return rigs.VideoRig(OPEN[-1], sensor.clock, sensor.run)
