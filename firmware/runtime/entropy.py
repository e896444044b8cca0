"""Randomness for keys, in buffers that whoever holds the key can overwrite: ``os.urandom`` leaves a copy that nobody can."""

from __future__ import annotations

import os
from pathlib import Path

SOURCE = Path("/dev/urandom")


def draw(size: int) -> bytearray:
    """``size`` secret random bytes from the kernel; ``OSError`` if there are none."""
    os.getrandom(1)  # waits, early in a boot, until the kernel has gathered enough: reading the device may not
    drawn = bytearray(size)
    with SOURCE.open("rb", buffering=0) as source:
        if source.readinto(drawn) != size:
            message = f"{SOURCE}: fewer than {size} bytes"
            raise OSError(message)
    return drawn
