"""A file or a webcam as the scene: whatever its size, rate and codec, fitted into the camera's format."""

from __future__ import annotations

import errno
import stat
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from hal.interface import VideoFormat
from hal.sim.clock import NS
from hal.sim.paint import BLACK_Y, GREY_C, Planes
from hal.sim.scene import Scene

# A scene that nobody looked at for so long goes on where it was, instead of catching up.
_PAUSE_NS = 5 * NS
# A device without a new picture for so long has none.
_PATIENCE_NS = NS


def open_scene(source: str, video: VideoFormat) -> Scene:
    """The scene behind a path: a device such as ``/dev/video0``, or a file; ``OSError`` says what is wrong with it."""
    try:
        is_device = stat.S_ISCHR(Path(source).stat().st_mode)
    except OSError as problem:
        raise OSError(problem.errno, f"cannot open the video source: {problem.strerror}", source) from None
    return DeviceScene(source, video, "v4l2") if is_device else FileScene(source, video)


class FileScene:
    """A file that plays in real time and begins again at its end; each moment shows the picture nearest to it."""

    def __init__(self, source: str, video: VideoFormat) -> None:
        """Open it and decode the first picture; ``OSError`` if there is none."""
        self._source = source
        self._container = _open(source, None)
        self._fit = _Fit(video, self._container)
        self._film = _pictures(self._container)
        self._here = self._first()
        self._next = next(self._film, None)
        self._origin_ns: int | None = None
        self._loop_ns = 0
        self._step_ns = NS // 25
        self._last_ns = 0

    def picture(self, time_ns: int) -> Planes | None:
        """The picture nearest to this time."""
        if self._origin_ns is None:
            self._origin_ns = time_ns
        elif time_ns - self._last_ns > _PAUSE_NS:
            self._origin_ns += time_ns - self._last_ns
        self._last_ns = time_ns
        self._wind(time_ns - self._origin_ns)
        return self._fit.show(self._here[1])

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _first(self) -> tuple[int, VideoFrame]:
        first = next(self._film, None)
        if first is None:
            self._container.close()
            raise OSError(errno.EINVAL, "the video source has no picture that can be decoded", self._source)
        return first

    def _wind(self, place_ns: int) -> None:
        """Go on while the next picture is nearer to the place than this one."""
        while True:
            if self._next is None:
                self._rewind()
            here_ns, (next_ns, _) = self._here[0], self._next or self._here
            if abs(next_ns - place_ns) > abs(place_ns - here_ns) or next_ns <= here_ns:
                return
            self._step_ns = next_ns - here_ns
            self._here, self._next = self._next or self._here, self._following()

    def _following(self) -> tuple[int, VideoFrame] | None:
        following = next(self._film, None)
        return None if following is None else (following[0] + self._loop_ns, following[1])

    def _rewind(self) -> None:
        """Begin again, the first picture following the last by the usual distance; a file that is gone stands still."""
        self._loop_ns = self._here[0] + self._step_ns
        self._container.close()
        try:
            self._container = _open(self._source, None)
        except OSError:
            return
        self._film = _pictures(self._container)
        self._next = self._following()


class DeviceScene:
    """A webcam: the newest picture it gave.  A device that gives nothing for a second, or ends, has no picture."""

    def __init__(self, source: str, video: VideoFormat, container_format: str | None) -> None:
        """Open it and begin to read on a thread; ``OSError`` if it cannot be opened."""
        self._container = _open(source, container_format)
        self._fit = _Fit(video, self._container)
        self._newest: VideoFrame | None = None
        self._seen: VideoFrame | None = None
        self._seen_ns: int | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, name="sim-webcam", daemon=True)
        self._thread.start()

    def picture(self, time_ns: int) -> Planes | None:
        """The newest picture; None if there was none lately."""
        newest = self._newest
        if newest is not self._seen or self._seen_ns is None:
            self._seen, self._seen_ns = newest, time_ns
        if newest is None or time_ns - self._seen_ns > _PATIENCE_NS:
            return None
        return self._fit.show(newest)

    def close(self) -> None:
        """Stop reading at the next picture."""
        self._closing.set()

    def _read(self) -> None:
        for _, frame in _pictures(self._container):
            self._newest = frame
            if self._closing.is_set():
                break
        self._container.close()


class _Fit:
    """Scales pictures into the format, bars at the sides or above and below."""

    def __init__(self, video: VideoFormat, container: InputContainer) -> None:
        self._frame = Planes.blank(video.width, video.height)
        self._clean = Planes.blank(video.width, video.height)
        self._pixel_aspect = container.streams.video[0].sample_aspect_ratio or Fraction(1)
        self._scaler = VideoReformatter()
        self._fitted: VideoFrame | None = None

    def show(self, frame: VideoFrame) -> Planes:
        """The picture in the format, to draw on."""
        if frame is not self._fitted:
            self._scale(frame)
            self._fitted = frame
        np.copyto(self._frame.whole, self._clean.whole)
        return self._frame

    def _scale(self, frame: VideoFrame) -> None:
        full_height, full_width = self._clean.y.shape
        quarters = round(frame.rotation / 90) % 4  # to the left: a telephone may be held on its side
        aspect = Fraction(frame.width, frame.height) * self._pixel_aspect
        aspect = 1 / aspect if quarters % 2 else aspect
        width = min(full_width, _even(full_height * aspect))
        height = min(full_height, _even(full_width / aspect))
        size = (height, width) if quarters % 2 else (width, height)
        scaled = self._scaler.reformat(
            frame, *size, "yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        ).to_ndarray()
        self._clean.whole[:] = GREY_C
        self._clean.y[:] = BLACK_Y
        left, top = (full_width - width) // 4 * 2, (full_height - height) // 4 * 2
        parts = Planes.over(scaled.astype(np.uint8))
        for (plane, unit), (part, _) in zip(self._clean.each(), parts.each(), strict=True):
            into = plane[top // unit : (top + height) // unit, left // unit : (left + width) // unit]
            into[:] = np.rot90(part, quarters)


def _pictures(container: InputContainer) -> Iterator[tuple[int, VideoFrame]]:
    """Each picture with its time from the first one, in nanoseconds; without one it follows by the usual distance."""
    stream = container.streams.video[0]
    step_ns = int(NS / (stream.average_rate or 25))
    first_ns: int | None = None
    time_ns = -step_ns
    try:
        for frame in container.decode(stream):
            stamp_ns = None if frame.pts is None or frame.time_base is None else int(frame.pts * frame.time_base * NS)
            if stamp_ns is None or (first_ns is not None and stamp_ns - first_ns <= time_ns):
                time_ns += step_ns
            else:
                first_ns = stamp_ns if first_ns is None else first_ns
                time_ns = stamp_ns - first_ns
            yield time_ns, frame
    except (av.error.FFmpegError, OSError):
        return  # a broken tail ends the film where it breaks


def _open(source: str, container_format: str | None) -> InputContainer:
    try:
        container = av.open(source, format=container_format)
    except (av.error.FFmpegError, OSError) as problem:
        code = problem.errno if problem.errno in errno.errorcode else errno.EINVAL
        raise OSError(code, f"cannot open the video source: {problem.strerror}", source) from None
    if not container.streams.video:
        container.close()
        raise OSError(errno.EINVAL, "the video source has no picture", source)
    container.streams.video[0].thread_type = "AUTO"
    return container


def _even(value: float | Fraction) -> int:
    return max(2, int(value) // 2 * 2)
