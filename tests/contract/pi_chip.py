"""The encoder chip of a Zero 2 W and a Pi 4, as picamera2 sees it: a V4L2 device that takes pictures by descriptor and gives H.264 back.

What drives it is picamera2's own V4L2Encoder.  Below are the calls that it makes; the pictures are encoded by libx264, with what the chip was
told.
"""

from __future__ import annotations

import io
import mmap
import select
import threading
from collections import deque
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import picamera2.encoders.v4l2_encoder as v4l2
import videodev2

from hal.interface import VideoFormat
from hal.overlay.burner import planes
from hal.sim.video import encoder

NUMBER = 211  # no descriptor of anybody's
BUFFER = 512 << 10
IN, OUT = videodev2.V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE, videodev2.V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE


class Memory(io.BytesIO):
    """A buffer of the chip's, as it is mapped."""


class Chip:
    """One opened device."""

    closed = False
    silent = False
    """It gives nothing back any more, as where its firmware hangs."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._changed = threading.Condition()
        self._told: dict[int, int] = {}
        self._form = (0, 0, 0)
        self._codec: av.VideoCodecContext | None = None
        self._taken: deque[int] = deque()
        self._empty: deque[int] = deque()
        self._made: deque[tuple[Any, bytes, bool]] = deque()
        self._memory: dict[int, Memory] = {}
        self._calls = {
            videodev2.VIDIOC_S_CTRL: self._control,
            videodev2.VIDIOC_S_EXT_CTRLS: self._controls,
            videodev2.VIDIOC_S_FMT: self._set_form,
            videodev2.VIDIOC_QUERYBUF: self._describe,
            videodev2.VIDIOC_QBUF: self._queue,
            videodev2.VIDIOC_DQBUF: self._give,
        }

    def fileno(self) -> int:
        """What it goes by."""
        return NUMBER

    def close(self) -> None:
        """It is not used any more."""
        self.closed = True

    def ioctl(self, _device: object, request: int, argument: Any) -> int:
        """One call; those that only make ready are not heeded."""
        with self._changed:
            self._calls.get(request, lambda _: None)(argument)
            self._changed.notify_all()
        return 0

    def map(self, _number: int, _size: int, *_: object, offset: int) -> Memory:
        """The buffer at ``offset``."""
        return self._memory.setdefault(offset // BUFFER, Memory())

    def poll(self, timeout_ms: int) -> list[tuple[int, int]]:
        """What there is to fetch, within the timeout."""
        with self._changed:
            self._changed.wait_for(lambda: not self.silent and (self._taken or self._ready()), timeout_ms / 1000)
            if self.silent:
                return []
            ready = select.POLLOUT * bool(self._taken) | select.POLLIN * self._ready()
        return [(NUMBER, ready)] if ready else []

    def _ready(self) -> bool:
        return bool(self._made and self._empty)

    def _control(self, control: Any) -> None:
        self._told[control.id] = control.value

    def _controls(self, controls: Any) -> None:
        for index in range(controls.count):
            self._control(controls.controls[index])

    def _set_form(self, form: Any) -> None:
        if form.type == IN:
            pixels = form.fmt.pix_mp
            assert pixels.pixelformat == videodev2.V4L2_PIX_FMT_YUV420
            self._form = pixels.width, pixels.height, pixels.plane_fmt[0].bytesperline

    def _describe(self, buffer: Any) -> None:
        buffer.m.planes[0].length = BUFFER
        buffer.m.planes[0].m.mem_offset = buffer.index * BUFFER

    def _queue(self, buffer: Any) -> None:
        if buffer.type == OUT:
            self._empty.append(buffer.index)
            return
        width, height, stride = self._form
        with mmap.mmap(buffer.m.planes[0].m.fd, buffer.m.planes[0].bytesused) as memory:
            picture = np.frombuffer(memory[:], np.uint8).reshape(height * 3 // 2, stride)
        whole = np.concatenate([plane.reshape(-1) for plane in planes(picture, width)])
        frame = av.VideoFrame.from_ndarray(whole.reshape(height * 3 // 2, width), format="yuv420p")
        for packet in self._encoder().encode(frame):
            self._made.append((buffer.timestamp, bytes(packet), bool(packet.is_keyframe)))
        self._taken.append(buffer.index)

    def _encoder(self) -> av.VideoCodecContext:
        assert self._told[videodev2.V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER] == 1
        if self._codec is None:
            width, height, _ = self._form
            bitrate = self._told[videodev2.V4L2_CID_MPEG_VIDEO_BITRATE]
            gop = self._told[videodev2.V4L2_CID_MPEG_VIDEO_H264_I_PERIOD]
            self._codec = encoder(VideoFormat(width, height, self._fps, bitrate, gop))
        return self._codec

    def _give(self, buffer: Any) -> None:
        if buffer.type == IN:
            buffer.index = self._taken.popleft()
            return
        time, data, key = self._made.popleft()
        buffer.index = self._empty.popleft()
        memory = self._memory[buffer.index]
        memory.seek(0)
        memory.write(data)
        memory.seek(0)
        buffer.timestamp.tv_sec, buffer.timestamp.tv_usec = time.tv_sec, time.tv_usec
        buffer.flags = videodev2.V4L2_BUF_FLAG_KEYFRAME * key
        buffer.m.planes[0].bytesused = len(data)
        buffer.m.planes[0].length = BUFFER


def fitted(fps: int) -> list[Chip]:
    """Each device that picamera2's encoder opens from now on is a ``Chip``: those that were, the newest last."""
    chips: list[Chip] = []

    def opened(path: str, *_: object, **__: object) -> Chip:
        assert path == "/dev/video11"
        chips.append(Chip(fps))
        return chips[-1]

    def ioctl(*arguments: Any) -> int:
        return chips[-1].ioctl(*arguments)

    def poll(timeout_ms: int) -> list[tuple[int, int]]:
        return chips[-1].poll(timeout_ms)

    replaced = {
        "open": opened,
        "fcntl": SimpleNamespace(ioctl=ioctl),
        "mmap": SimpleNamespace(
            mmap=lambda *arguments, offset: chips[-1].map(*arguments, offset=offset),
            MAP_SHARED=mmap.MAP_SHARED,
            PROT_READ=mmap.PROT_READ,
            PROT_WRITE=mmap.PROT_WRITE,
        ),
        "select": SimpleNamespace(
            poll=lambda: SimpleNamespace(register=lambda *_: None, poll=poll),
            POLLIN=select.POLLIN,
            POLLOUT=select.POLLOUT,
        ),
    }
    for name, value in replaced.items():
        setattr(v4l2, name, value)
    return chips
