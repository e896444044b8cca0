"""The lens of a Raspberry Pi: picamera2 with the encoder that the board has.

picamera2's own outputs are no place for evidence: one hands frames on only once they leave its buffer, one ends in silence at two equal
times, and whatever an output raises ends the encoder's thread.  So ours takes the bytes, puts them in a queue, and returns.

The overlay is drawn into the camera's own buffer, before the encoder gets it; the sensor's time is kept there too, since outputs hear only
of microseconds since the first frame.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Final

from hal.interface import Clock, Overlay, Unit, VideoFormat
from hal.overlay.burner import Burner, planes
from hal.pi.feed import Feed, Stamps

if TYPE_CHECKING:
    from picamera2.encoders.encoder import Encoder
    from picamera2.outputs.output import Output
    from picamera2.picamera2 import Picamera2
    from picamera2.request import CompletedRequest

MS: Final = 1_000_000  # ns
STREAM: Final = "main"
PIXELS: Final = "YUV420"
BUFFERS: Final = 6
"""Of 3 MB each at 1080p, from the memory for devices, of which a board with 512 MB has little."""
PATIENCE_S: Final = 5.0
TROUBLE: Final = (OSError, RuntimeError, LookupError, CancelledError)
"""What picamera2 raises when a camera does not do as it is told."""


class PiCamera:
    """A ``VideoSource`` on picamera2.  ``start`` and ``stop`` are called by one thread."""

    def __init__(
        self,
        video: VideoFormat,
        clock: Clock,
        number: int = 0,
        patience_s: float = PATIENCE_S,
        *,
        turned: bool = False,
        hardware: bool | None = None,
    ) -> None:
        """Open camera ``number``, and claim it: a second service is refused.  ``patience_s``: how long picamera2 may take to start or stop.

        ``turned``: it is mounted upside down.  ``hardware``: whether the board's chip encodes, or libx264; None asks picamera2.
        """
        self._format, self._clock, self._number, self._patience_s = video, clock, number, patience_s
        self._turned, self._hardware = turned, hardware
        self._burner = Burner(video.width, video.height)
        self._overlay = Overlay("", recording=False, clock_set=False)
        self._stamps = Stamps()
        self._feed: Feed | None = None
        self._last_ns = -1
        self._stuck = ""
        self.unburnt = 0
        """Frames that went without their overlay, since their buffer could not be had."""
        self._camera: Picamera2 | None = None
        self._bounded("open", self._open)

    @property
    def format(self) -> VideoFormat:
        """The format of every unit."""
        return self._format

    def overlay(self, overlay: Overlay) -> None:
        """Burn this into the frames from now on."""
        self._overlay = overlay

    def start(self, sink: Callable[[Unit], None]) -> None:
        """Deliver units until ``stop``; ``ValueError`` while it runs, ``OSError`` if the camera or its encoder does not begin."""
        if self._feed is not None:
            raise ValueError("the camera runs already")
        self._stamps = Stamps()
        feed = self._feed = Feed(self._clock, sink, self._last_ns)
        try:
            self._bounded("start", lambda: self._begin(feed))
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Deliver nothing more once this returns.  ``OSError`` if nothing but a new process can help: picamera2 waits for a thread that hangs."""
        feed, self._feed = self._feed, None
        if feed is None:
            return
        try:
            self._bounded("stop", self._end)
        except OSError:
            self._stuck = ""
            self._bounded("close", self._drop)
        finally:
            feed.close()
            self._last_ns = feed.last_ns

    def close(self) -> None:
        """Stop, and let another have the camera."""
        self.stop()
        self._bounded("close", self._drop)

    def _open(self) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise OSError(f"no picamera2: {error}") from error
        camera = Picamera2(self._number)
        try:
            self._configure(camera)
        except TROUBLE:
            camera.close()
            raise
        camera.pre_callback = self._before
        self._camera = camera

    def _configure(self, camera: Picamera2) -> None:
        from libcamera import Transform

        frame_us = 1_000_000 // self._format.fps
        size = self._format.width, self._format.height
        camera.configure(
            camera.create_video_configuration(
                main={"format": PIXELS, "size": size},
                raw=None,  # it would double what the buffers take
                buffer_count=BUFFERS,
                controls={"FrameDurationLimits": (frame_us, frame_us)},
                transform=Transform(hflip=self._turned, vflip=self._turned),
                display=None,
                queue=False,  # nobody asks for single pictures: no buffer is kept for that
            )
        )
        given = camera.stream_configuration(STREAM)
        if (given["format"], given["size"]) != (PIXELS, size):
            raise RuntimeError(f"it has {given['format']} of {given['size']} instead of {PIXELS} of {size}")
        if self._turned and not camera.camera_configuration()["transform"].vflip:
            raise RuntimeError("it cannot turn its pictures")

    def _begin(self, feed: Feed) -> None:
        if self._camera is None:
            self._open()
        camera = self._camera
        if camera is None:
            raise RuntimeError("it is closed")
        camera.set_controls(camera.camera_configuration()["controls"])  # else they hold for the first start alone
        video = encoder(self._format, hardware=self._hardware)
        camera.start_recording(video, output(video, feed, self._stamps))

    def _end(self) -> None:
        if self._camera is not None:
            self._camera.stop_recording()

    def _drop(self) -> None:
        """Give the camera back, whatever state it is in; the next start opens it again."""
        camera, self._camera = self._camera, None
        if camera is None:
            return
        camera.cancel_all_and_flush()  # its loop may be dead, and then nobody does what is waited for
        for each in [each for each in camera.encoders if each.running]:
            camera.stop_encoder(each)
        camera.close()

    def _before(self, request: CompletedRequest) -> None:
        """A frame is about to be encoded.  What is raised here would end picamera2's loop."""
        from libcamera import controls
        from picamera2.request import MappedArray

        try:
            time_ns = int(request.request.metadata[controls.SensorTimestamp])
            self._stamps.saw(time_ns)
            with MappedArray(request, STREAM) as mapped:
                if mapped.array is not None:
                    y, u, v = planes(mapped.array, self._format.width)
                    self._burner.burn(y, u, v, self._overlay, self._utc_ns(time_ns))
        except (*TROUBLE, ValueError):
            self.unburnt += 1

    def _utc_ns(self, time_ns: int) -> int:
        """What the camera's clock has for when a frame was captured."""
        return self._clock.utc().utc_ms * MS - (self._clock.monotonic_ns() - time_ns)

    def _bounded(self, what: str, work: Callable[[], None]) -> None:
        """Do ``work``, which may wait for ever; ``OSError`` if it fails, or is not done in time, and from then on."""
        if self._stuck:
            raise OSError(f"the camera hangs since it was to {self._stuck}")
        failed: list[BaseException] = []

        def attempt() -> None:
            try:
                work()
            except TROUBLE as error:
                failed.append(error)

        thread = threading.Thread(target=attempt, name=f"pi-camera-{what}", daemon=True)
        thread.start()
        thread.join(self._patience_s)
        if thread.is_alive():
            self._stuck = what
            raise TimeoutError(f"the camera does not {what} within {self._patience_s} s")
        for error in failed:
            raise OSError(f"the camera does not {what}: {error}") from error


def encoder(video: VideoFormat, *, hardware: bool | None = None) -> Encoder:
    """A new encoder: the board's chip, or libx264; None for the chip where picamera2 says that there is one.  Neither makes B-frames; both repeat
    SPS and PPS."""
    from picamera2.encoders.h264_encoder import H264Encoder
    from picamera2.encoders.libav_h264_encoder import LibavH264Encoder
    from picamera2.platform import Platform, get_platform

    if get_platform() is Platform.VC4 if hardware is None else hardware:
        return H264Encoder(
            bitrate=video.bitrate,
            iperiod=video.gop,  # else the driver's own, 60
            framerate=video.fps,
            enable_sps_framerate=True,  # else the chip shares out its bits as for another rate
            profile="baseline",  # with `main` at 1080p and a constant rate the Zero 2 W's hangs as it is stopped
            repeat=True,
        )
    software = LibavH264Encoder(bitrate=video.bitrate, iperiod=video.gop, framerate=video.fps, repeat=True)
    software.threads = 2  # one frame of delay, and picamera2's loop, which waits for it, has half its time left
    return software


def output(video: Encoder, feed: Feed, stamps: Stamps) -> Output:
    """What ``video`` writes to: it copies, enqueues and returns."""
    from picamera2.outputs.output import Output

    class Enqueue(Output):
        def outputframe(
            self,
            frame: bytes,
            keyframe: bool = True,  # noqa: ARG002, FBT001, FBT002 - picamera2's signature
            timestamp: int | None = None,
            packet: object = None,  # noqa: ARG002 - the same
            audio: bool = False,  # noqa: FBT001, FBT002 - the same
        ) -> None:
            first_us = video.firsttimestamp
            if not audio and timestamp is not None and first_us is not None:
                feed.put(bytes(frame), stamps.of(first_us + timestamp))

    return Enqueue()  # type: ignore[no-untyped-call] # picamera2's constructor
