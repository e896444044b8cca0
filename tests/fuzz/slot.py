"""What a process that tries inputs shares with the one that watches it: so no way of dying hides the input that it died of."""

from __future__ import annotations

import mmap
import struct
from typing import Final

_HEAD: Final = struct.Struct("<QIi")
_MOST: Final = 1 << 20
_WORDS: Final = 4096


class Slot:
    """How many inputs were begun, the newest of them, and what it broke."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, _HEAD.size + _MOST + _WORDS)

    @property
    def count(self) -> int:
        """How many inputs were begun."""
        count: int = _HEAD.unpack_from(self._map)[0]
        return count

    @property
    def data(self) -> bytes:
        """The newest of them."""
        _, size, _ = _HEAD.unpack_from(self._map)
        return self._map[_HEAD.size : _HEAD.size + size]

    @property
    def words(self) -> str:
        """What it broke; empty for nothing."""
        _, _, size = _HEAD.unpack_from(self._map)
        start = _HEAD.size + _MOST
        return self._map[start : start + size].decode("utf-8", "replace")

    def begin(self, data: bytes) -> int:
        """Note an input that is tried now; how many there were before it."""
        count = self.count
        size = min(len(data), _MOST)
        self._map[_HEAD.size : _HEAD.size + size] = data[:size]
        _HEAD.pack_into(self._map, 0, count + 1, size, 0)
        return count

    def broken(self, words: str) -> None:
        """Note what the newest input broke."""
        text = words.encode("utf-8", "replace")[:_WORDS]
        start = _HEAD.size + _MOST
        self._map[start : start + len(text)] = text
        count, size, _ = _HEAD.unpack_from(self._map)
        _HEAD.pack_into(self._map, 0, count, size, len(text))

    def close(self) -> None:
        """Give it back."""
        self._map.close()
