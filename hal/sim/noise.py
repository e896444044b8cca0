"""What a bad line does to bytes: loses, alters and invents them, and in the end breaks.  Pure: a seed decides."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each byte is to be lost, to have one bit flipped, or to be followed by one that nobody sent."""

    drop: float = 0
    flip: float = 0
    invent: float = 0

    def __bool__(self) -> bool:
        """Whether anything can happen."""
        return bool(self.drop or self.flip or self.invent)


class Noise:
    """One direction of a line.  The same seed and bytes give the same result, however the bytes are cut."""

    def __init__(self, chances: Chances, seed: int | str) -> None:
        """A direction with these chances."""
        self._chances = chances
        self._random = random.Random(seed)  # noqa: S311 - noise, not a secret

    def spoil(self, data: bytes) -> bytes:
        """What comes out for ``data``."""
        return b"".join(map(self._one, data)) if self._chances else data

    def _one(self, byte: int) -> bytes:
        if self._random.random() < self._chances.drop:
            return b""
        if self._random.random() < self._chances.flip:
            byte ^= 1 << self._random.randrange(8)
        if self._random.random() < self._chances.invent:
            return bytes((byte, self._random.randrange(256)))
        return bytes((byte,))


class Fuse:
    """Breaks a line after a number of bytes, counted over both directions."""

    def __init__(self, after: int | None = None) -> None:
        """A fuse that lets ``after`` bytes through; None never breaks."""
        self._lock = threading.Lock()
        self._left = after

    @property
    def broken(self) -> bool:
        """Whether nothing passes any more."""
        return self._left == 0

    def let(self, data: bytes) -> bytes:
        """As much of ``data`` as still passes."""
        if self._left is None:
            return data
        with self._lock:
            passed = data[: self._left]
            self._left -= len(passed)
            return passed
