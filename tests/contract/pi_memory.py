"""Memory for a camera's frames where no board's heap for devices is: the process's own."""

from __future__ import annotations

import mmap
import os

import libcamera
from picamera2.allocators.allocator import Allocator, Sync


class MemorySync(Sync):
    """Memory needs none."""

    def __init__(self, allocator: MemoryAllocator, buffer: libcamera.FrameBuffer, _write: object) -> None:
        self._memory = allocator.mapped_buffers[buffer]

    def __enter__(self) -> mmap.mmap:
        return self._memory

    def __exit__(self, *_: object) -> None:
        """Nothing to do."""


class MemoryAllocator(Allocator):
    """Gives a camera memory of the process."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # picamera2's
        self.sync = MemorySync
        self.mapped_buffers: dict[libcamera.FrameBuffer, mmap.mmap] = {}
        self._streams: dict[libcamera.Stream, list[libcamera.FrameBuffer]] = {}
        self._descriptors: list[int] = []

    def allocate(self, libcamera_config: libcamera.CameraConfiguration, use_case: object) -> None:
        """Buffers for each stream."""
        for each in libcamera_config:
            self._streams[each.stream] = [self._buffer(each) for _ in range(each.buffer_count)]

    def lengths(self, form: libcamera.StreamConfiguration) -> list[int]:
        """How long each plane of a frame is: a Raspberry Pi's is one."""
        return [form.frame_size]

    def _buffer(self, form: libcamera.StreamConfiguration) -> libcamera.FrameBuffer:
        descriptor = os.memfd_create("frame")
        self._descriptors.append(descriptor)
        os.ftruncate(descriptor, form.frame_size)
        planes, at = [], 0
        for length in self.lengths(form):
            plane = libcamera.FrameBuffer.Plane()
            plane.fd, plane.offset, plane.length = descriptor, at, length
            planes.append(plane)
            at += length
        buffer = libcamera.FrameBuffer(planes)
        self.mapped_buffers[buffer] = mmap.mmap(descriptor, form.frame_size)
        return buffer

    def buffers(self, stream: libcamera.Stream) -> list[libcamera.FrameBuffer]:
        """The buffers of one."""
        return self._streams[stream]

    def close(self) -> None:
        """Close what was opened; maps that are still looked at end with those who look."""
        while self._descriptors:
            os.close(self._descriptors.pop())
        self.mapped_buffers.clear()

    def __del__(self) -> None:
        self.close()
