"""The boxes that an MP4 file is made of (ISO/IEC 14496-12, 4.2)."""

from __future__ import annotations

import struct
from typing import Final

HEADER: Final = 8
"""Bytes of a box's header: length and type."""


def box_header(kind: bytes, size: int) -> bytes:
    """The header of a box around ``size`` bytes."""
    return struct.pack(">I4s", HEADER + size, kind)


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box around its content."""
    return b"".join((box_header(kind, sum(map(len, parts))), *parts))


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with a version and 24 flags before its content."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)
