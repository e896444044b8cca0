"""Lines of a GPIO chip through the kernel's own interface (version 2 of its character device), with nothing but the standard library.

Source: the kernel's ``include/uapi/linux/gpio.h``.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Sequence
from pathlib import Path

RISING = 1
_GET_LINE = 0xC250B407
_GET_VALUES = 0xC010B40E
_SET_VALUES = 0xC010B40F
_INPUT = 1 << 2 | 1 << 4 | 1 << 5  # both edges are told
_OUTPUT = 1 << 3
_REQUEST = struct.Struct("=64I32sQI5I240sII5Ii")
_VALUES = struct.Struct("=QQ")
_EVENT = struct.Struct("=QIIII24s")
_MOST = 16  # events at once


class Lines:
    """Some lines of one chip, all of them inputs or all outputs; ``fd`` becomes readable when an input changes."""

    def __init__(self, chip: Path, offsets: Sequence[int], name: str, *, output: bool = False) -> None:
        """Take the lines; ``OSError`` where the chip, or one of them, is not to be had."""
        handle = os.open(chip, os.O_RDWR | os.O_CLOEXEC)
        padded = [*offsets, *[0] * (64 - len(offsets))]
        flags = _OUTPUT if output else _INPUT
        asked = _REQUEST.pack(*padded, name.encode(), flags, 0, *[0] * 5, bytes(240), len(offsets), 0, *[0] * 5, -1)
        try:
            self.fd: int = _REQUEST.unpack(fcntl.ioctl(handle, _GET_LINE, asked))[-1]
        finally:
            os.close(handle)
        self._offsets = tuple(offsets)

    def set(self, levels: Sequence[bool]) -> None:
        """Drive all of them."""
        bits = sum(1 << index for index, level in enumerate(levels) if level)
        fcntl.ioctl(self.fd, _SET_VALUES, _VALUES.pack(bits, (1 << len(self._offsets)) - 1))

    def get(self) -> list[bool]:
        """The level of each."""
        mask = (1 << len(self._offsets)) - 1
        bits, _ = _VALUES.unpack(fcntl.ioctl(self.fd, _GET_VALUES, _VALUES.pack(0, mask)))
        return [bool(bits >> index & 1) for index in range(len(self._offsets))]

    def edges(self) -> list[tuple[int, bool]]:
        """The edges that wait: which line, and whether it rose."""
        told = os.read(self.fd, _EVENT.size * _MOST)
        return [(event[2], event[1] == RISING) for event in _EVENT.iter_unpack(told)]
