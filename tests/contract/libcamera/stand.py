"""libcamera's virtual camera in the place of a Raspberry Pi's: what it lacks for ``hal/pi/camera.py`` to run on it unchanged.

* It has NV12 alone: the colours of a frame are parted where they lie, before picamera2 looks at it.
* It has no raw modes, of which picamera2 wants one.
* It is ready with a frame the moment that it is asked for one: it is asked at the pace of a sensor.
* It writes luma and colours into planes of memory that need not be a device's.

Times, numbers, states, errors and pictures are libcamera's own.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import libcamera
import numpy as np
import picamera2
import picamera2.picamera2 as library
import picamera2.platform
from libcamera import controls
from picamera2 import Picamera2
from picamera2.platform import Platform
from picamera2.request import CompletedRequest

from hal.interface import VideoFormat
from hal.pi.camera import PIXELS, PiCamera
from hal.pi.clock import PiClock
from tests.contract import rigs
from tests.contract.libcamera.scene import VIDEO
from tests.contract.pi_memory import MemoryAllocator

HAS: Final = "NV12"


@dataclass(frozen=True, slots=True)
class Seen:
    """What libcamera says of a frame: its number since the camera was configured, and when it was captured."""

    sequence: int
    time_ns: int


class Memory(MemoryAllocator):
    """Frames in the memory of the process."""

    def lengths(self, form: libcamera.StreamConfiguration) -> list[int]:
        """Luma, and both colours in pairs behind it."""
        luma = form.stride * form.size.height
        return [luma, form.frame_size - luma]


class Finished(CompletedRequest):
    """A frame that came from libcamera: noted, and its colours parted."""

    def __init__(self, request: libcamera.Request, picam2: Virtual) -> None:
        for buffer in request.buffers.values():
            picam2.seen.append(Seen(buffer.metadata.sequence, request.metadata[controls.SensorTimestamp]))
            colours = np.frombuffer(picam2.memory.mapped_buffers[buffer], np.uint8)[buffer.planes[0].length :]
            colours[:] = colours.reshape(-1, 2).T.ravel()
        super().__init__(request, picam2)


class Sensor:
    """The virtual camera at the pace that it is told: each frame time it gets one of the buffers that wait.  Where none waits a frame is lost."""

    def __init__(self, camera: libcamera.Camera) -> None:
        self._camera = camera
        self._waiting: deque[libcamera.Request] = deque()
        self._ended = threading.Event()
        self._thread = threading.Thread()
        self.blind = threading.Event()
        """While this is set it takes no pictures."""
        self.lost = 0
        """Frame times that went by without one."""

    def __getattr__(self, name: str) -> Any:
        """All else is the camera's."""
        return getattr(self._camera, name)

    def start(self, values: dict[libcamera.ControlId, Any]) -> None:
        """Begin."""
        self._camera.start(values)
        self._ended.clear()
        frame_s = values[controls.FrameDurationLimits][0] / 1e6
        self._thread = threading.Thread(target=self._run, args=(frame_s,), name="sensor", daemon=True)
        self._thread.start()

    def queue_request(self, request: libcamera.Request) -> None:
        """It may have this buffer."""
        self._waiting.append(request)

    def stop(self) -> None:
        """End; libcamera gives back what it has."""
        self._ended.set()
        self._thread.join()
        self._waiting.clear()
        self._camera.stop()

    def _run(self, frame_s: float) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + frame_s, time.monotonic() + 0.75 * frame_s)  # who was late does not hurry: no sensor does
            if self._waiting and not self.blind.is_set():
                self._camera.queue_request(self._waiting.popleft())
            else:
                self.lost += 1


class Virtual(Picamera2):
    """picamera2, which takes the virtual camera for a Raspberry Pi's."""

    def __init__(self, camera_num: int = 0) -> None:
        self.memory = Memory()
        self.seen: list[Seen] = []
        super().__init__(camera_num, allocator=self.memory)  # type: ignore[no-untyped-call] # picamera2's
        OPENED.append(self)

    def _grab_camera(self, idx: int) -> Any:
        self.sensor = Sensor(super()._grab_camera(idx))  # type: ignore[no-untyped-call] # picamera2's
        return self.sensor

    def _get_raw_modes(self) -> list[dict[str, Any]]:
        return [{"format": HAS, "size": (VIDEO.width, VIDEO.height)}]

    def _make_libcamera_config(self, camera_config: dict[str, Any]) -> libcamera.CameraConfiguration:
        config: libcamera.CameraConfiguration = super()._make_libcamera_config(camera_config)  # type: ignore[no-untyped-call] # picamera2's
        if camera_config["main"]["format"] == PIXELS:
            config.at(0).pixel_format = libcamera.PixelFormat(HAS)
        return config

    def _update_stream_config(self, stream_config: dict[str, Any], given: libcamera.StreamConfiguration) -> None:
        asked = stream_config["format"]
        super()._update_stream_config(stream_config, given)  # type: ignore[no-untyped-call] # picamera2's
        if (asked, stream_config["format"]) == (PIXELS, HAS):
            stream_config["format"] = PIXELS


OPENED: list[Virtual] = []
"""Every one that the product opened, in order."""
LENSES: list[PiCamera] = []


def plug() -> None:
    """From now on the product finds the virtual camera, on a board that has no encoder chip."""
    unplug()
    picamera2.Picamera2 = Virtual  # type: ignore[misc,assignment] # the product imports it as it opens a camera
    library.CompletedRequest = Finished  # type: ignore[misc,assignment] # what listens to libcamera makes one of each frame
    library.DmaAllocator = Memory  # type: ignore[misc,assignment] # what closes a camera makes a new one by this name
    picamera2.platform._platform = Platform.PISP


def unplug() -> None:
    """Close what is open, also what the product forgot: one test's mistake is not the next one's."""
    while LENSES:
        LENSES.pop().close()
    for each in OPENED:
        each.cancel_all_and_flush()
        each.close()
    OPENED.clear()
    picamera2.Picamera2 = Picamera2  # type: ignore[misc] # as it was
    library.CompletedRequest = CompletedRequest  # type: ignore[misc] # as it was
    gc.collect()  # buffers in it hold descriptors


def lens(place: Path, video: VideoFormat = VIDEO, patience_s: float = 10.0) -> rigs.VideoRig:
    """The product's lens on the virtual camera.  ``place``: a directory of its clock's own."""
    boot = place / "boot"
    boot.write_text("one\n", encoding="ascii")
    # libcamera's virtual camera stamps by the clock that stands still in suspend
    clock = PiClock(place / "note", None, boot=boot, monotonic_ns=time.monotonic_ns)
    LENSES.append(PiCamera(video, clock, patience_s=patience_s))
    return rigs.VideoRig(LENSES[-1], clock, time.sleep)
