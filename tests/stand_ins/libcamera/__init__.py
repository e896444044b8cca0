"""In place of libcamera's Python bindings, which come with the system of a camera: as much of them as picamera2 needs to run one.

Names and behaviour are theirs.  ``Camera`` is a sensor whose pictures the tests make: ``Camera.frame`` completes the oldest request that is
queued, as the pipeline does when the sensor has delivered, and the rest of the way is picamera2's own.
"""

from __future__ import annotations

import enum
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

STRIDE = 128  # bytes that a row is a multiple of: more than the boards have, so that rows are padded


class StreamRole(enum.Enum):
    Raw = 0
    StillCapture = 1
    VideoRecording = 2
    Viewfinder = 3


class Orientation(enum.Enum):
    Rotate0 = 1
    Rotate0Mirror = 2
    Rotate180 = 3
    Rotate180Mirror = 4
    Rotate90Mirror = 5
    Rotate270 = 6
    Rotate270Mirror = 7
    Rotate90 = 8


class ControlType(enum.Enum):
    Null = 0
    Bool = 1
    Integer32 = 5
    Integer64 = 6
    Rectangle = 9
    Size = 10


class Transform:
    def __init__(self, other: Transform | None = None, hflip: int = 0, vflip: int = 0, transpose: int = 0) -> None:
        source = (other.hflip, other.vflip, other.transpose) if other else (hflip, vflip, transpose)
        self.hflip, self.vflip, self.transpose = map(bool, source)

    def __str__(self) -> str:
        return f"hflip {self.hflip}, vflip {self.vflip}, transpose {self.transpose}"


class ColorSpace:
    class Primaries(enum.Enum):
        Smpte170m = 1
        Rec709 = 2

    class TransferFunction(enum.Enum):
        Srgb = 1
        Rec709 = 2

    class YcbcrEncoding(enum.Enum):
        Null = 0
        Rec601 = 1
        Rec709 = 2

    class Range(enum.Enum):
        Full = 0
        Limited = 1

    def __init__(self, other: ColorSpace) -> None:
        self.__dict__.update(other.__dict__)

    def __str__(self) -> str:
        return str(self.__dict__)

    @staticmethod
    def _made(primaries: Primaries, transfer: TransferFunction, encoding: YcbcrEncoding, span: Range) -> ColorSpace:
        space = ColorSpace.__new__(ColorSpace)
        space.__dict__.update(primaries=primaries, transferFunction=transfer, ycbcrEncoding=encoding, range=span)
        return space

    @staticmethod
    def Sycc() -> ColorSpace:
        kind = ColorSpace
        return kind._made(kind.Primaries.Rec709, kind.TransferFunction.Srgb, kind.YcbcrEncoding.Rec601, kind.Range.Full)

    @staticmethod
    def Smpte170m() -> ColorSpace:
        kind = ColorSpace
        return kind._made(
            kind.Primaries.Smpte170m, kind.TransferFunction.Rec709, kind.YcbcrEncoding.Rec601, kind.Range.Limited
        )

    @staticmethod
    def Rec709() -> ColorSpace:
        kind = ColorSpace
        return kind._made(
            kind.Primaries.Rec709, kind.TransferFunction.Rec709, kind.YcbcrEncoding.Rec709, kind.Range.Limited
        )


class Size:
    def __init__(self, width: int = 0, height: int = 0) -> None:
        self.width, self.height = width, height


class Rectangle:
    def __init__(self, x: int = 0, y: int = 0, width: int = 0, height: int = 0) -> None:
        self.x, self.y, self.width, self.height = x, y, width, height


class PixelFormat(str):
    __slots__ = ()


class ControlId:
    def __init__(self, name: str, kind: ControlType = ControlType.Integer64) -> None:
        self.name, self.type = name, kind


class ControlInfo:
    def __init__(self, low: int, high: int, default: int) -> None:
        self.min, self.max, self.default = low, high, default


class controls:
    SensorTimestamp = ControlId("SensorTimestamp")
    FrameDurationLimits = ControlId("FrameDurationLimits")
    ExposureTime = ControlId("ExposureTime")
    ExposureTimeMode = ControlId("ExposureTimeMode")
    AnalogueGain = ControlId("AnalogueGain")
    AnalogueGainMode = ControlId("AnalogueGainMode")

    class draft:
        NoiseReductionMode = ControlId("NoiseReductionMode")

        class NoiseReductionModeEnum(enum.IntEnum):
            Off = 0
            Fast = 1
            HighQuality = 2
            Minimal = 3


class properties:
    Model = ControlId("Model")

    class draft:
        ColorFilterArrangement = ControlId("ColorFilterArrangement")


class FrameMetadata:
    class Status(enum.Enum):
        Success = 0
        Error = 1
        Cancelled = 2

    status = Status.Success
    sequence = timestamp = 0


class FrameBuffer:
    class Plane:
        fd = -1
        offset = 0
        length = 0

    def __init__(self, planes: list[Plane]) -> None:
        self.planes, self.metadata = planes, FrameMetadata()


class Stream:
    configuration: StreamConfiguration


class StreamFormats:
    pixel_formats: ClassVar = [PixelFormat("SBGGR10_CSI2P")]

    def sizes(self, _pixel_format: PixelFormat) -> list[Size]:
        return [Size(1920, 1080)]


class StreamConfiguration:
    def __init__(self) -> None:
        self.size, self.pixel_format, self.buffer_count = Size(), PixelFormat("YUV420"), 4
        self.stride = self.frame_size = 0
        self.color_space: ColorSpace | None = None
        self.formats = StreamFormats()
        self.stream = Stream()
        self.stream.configuration = self


class SensorConfiguration:
    bit_depth = 0
    output_size = Size()


class CameraConfiguration:
    class Status(enum.Enum):
        Valid = 0
        Adjusted = 1
        Invalid = 2

    def __init__(self, roles: list[StreamRole], widest: int, *, turns: bool = True) -> None:
        self._streams, self._widest, self._turns = [StreamConfiguration() for _ in roles], widest, turns
        self.orientation = Orientation.Rotate0
        self.sensor_config: SensorConfiguration | None = None

    def __iter__(self) -> Iterator[StreamConfiguration]:
        return iter(self._streams)

    def at(self, index: int) -> StreamConfiguration:
        return self._streams[index]

    def validate(self) -> Status:
        adjusted = self.orientation is not Orientation.Rotate0 and not self._turns
        if adjusted:
            self.orientation = Orientation.Rotate0
        for each in self._streams:
            if each.size.width > self._widest:
                each.size, adjusted = Size(self._widest, each.size.height), True
            each.stride = -(-each.size.width // STRIDE) * STRIDE
            each.frame_size = each.stride * each.size.height * 3 // 2
        return self.Status.Adjusted if adjusted else self.Status.Valid


class Request:
    class Status(enum.Enum):
        Pending = 0
        Complete = 1
        Cancelled = 2

    def __init__(self, cookie: int) -> None:
        self.cookie, self.status = cookie, self.Status.Pending
        self.buffers: dict[Stream, FrameBuffer] = {}
        self.metadata: dict[ControlId, Any] = {}

    def add_buffer(self, stream: Stream, buffer: FrameBuffer) -> None:
        self.buffers[stream] = buffer

    def reuse(self) -> None:
        self.status, self.metadata = self.Status.Pending, {}

    def set_control(self, control: ControlId, value: object) -> None:
        """Nothing here heeds it."""


class Camera:
    """A sensor whose pictures the tests make."""

    def __init__(self, widest: int = 4096) -> None:
        self.id = "/base/soc/i2c0mux/i2c@1/imx219@10"
        self.properties = {properties.Model: "imx219", properties.draft.ColorFilterArrangement: 0}
        self.controls = {controls.FrameDurationLimits: ControlInfo(11_111, 1_000_000, 33_333)}
        self.started: dict[ControlId, object] | None = None
        """The controls that it runs with; None while it does not run."""
        self.turns = True
        """Whether sensor and ISP can turn pictures upside down."""
        self.configured: CameraConfiguration | None = None
        self._widest, self._taken = widest, False
        self._queued: deque[Request] = deque()
        self._changed = threading.Condition()

    def acquire(self) -> None:
        if self._taken:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self._taken = True

    def release(self) -> None:
        self._taken = False

    def generate_configuration(self, roles: list[StreamRole]) -> CameraConfiguration:
        return CameraConfiguration(roles, self._widest, turns=self.turns)

    def configure(self, configuration: CameraConfiguration) -> int:
        self.configured = configuration
        return 0

    def create_request(self, cookie: int) -> Request:
        return Request(cookie)

    def queue_request(self, request: Request) -> None:
        with self._changed:
            self._queued.append(request)
            self._changed.notify_all()

    def start(self, values: dict[ControlId, object]) -> None:
        self.started = values

    def stop(self) -> None:
        self.started = None
        with self._changed:
            self._queued.clear()

    def await_queued(self, count: int, timeout_s: float) -> bool:
        """Wait until so many requests wait for a picture."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._queued) >= count, timeout_s)

    def frame(self, draw: Callable[[int, StreamConfiguration], None], metadata: dict[ControlId, Any]) -> None:
        """Take a picture: ``draw`` gets the file descriptor of the buffer and what lies in it."""
        with self._changed:
            request = self._queued.popleft()
        for stream, buffer in request.buffers.items():
            draw(buffer.planes[0].fd, stream.configuration)
        request.metadata, request.status = metadata, Request.Status.Complete
        CameraManager.singleton().complete(request)


class CameraManager:
    _only: ClassVar[CameraManager | None] = None

    def __init__(self) -> None:
        self.cameras: list[Camera] = []
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK)
        self._ready: list[Request] = []
        self._lock = threading.Lock()

    @classmethod
    def singleton(cls) -> CameraManager:
        cls._only = cls._only or CameraManager()
        return cls._only

    def complete(self, request: Request) -> None:
        with self._lock:
            self._ready.append(request)
        os.eventfd_write(self.event_fd, 1)

    def get_ready_requests(self) -> list[Request]:
        with self._lock:
            ready, self._ready = self._ready, []
            if ready:
                os.eventfd_read(self.event_fd)
        return ready


_libcamera = sys.modules[__name__]
