"""ISO/IEC 14496-12 boxes: a walk that trusts no length."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tools.verify.findings import need

_HEADER = 8
_LARGE_HEADER = 16


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its type, where it and its body begin and end in the data that was walked, and the body."""

    type: str
    start: int
    body_start: int
    end: int
    body: memoryview


class Reader:
    """Takes big-endian fields from a box's body; ``Refused`` at its end."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._at = 0

    def take(self, layout: str) -> tuple[int, ...]:
        """Fields by a ``struct`` layout (without the byte order)."""
        size = struct.calcsize(">" + layout)
        need(self._at + size <= len(self._box.body), f"the {self._box.type} box is too short")
        fields = struct.unpack_from(">" + layout, self._box.body, self._at)
        self._at += size
        return fields

    def one(self, layout: str) -> int:
        """One field."""
        return self.take(layout)[0]

    def full(self) -> tuple[int, int]:
        """Version and flags of a full box."""
        word = self.one("I")
        return word >> 24, word & 0xFFFFFF

    def rows(self, count: int, layout: str) -> list[tuple[int, ...]]:
        """``count`` rows; checked against what is there before anything is allocated."""
        size = struct.calcsize(">" + layout)
        need(count * size <= len(self._box.body) - self._at, f"the {self._box.type} box is too short for its rows")
        end = self._at + count * size
        found = list(struct.iter_unpack(">" + layout, self._box.body[self._at : end])) if count else []
        self._at = end
        return found

    def finish(self) -> None:
        """``Refused`` unless everything was taken."""
        need(self._at == len(self._box.body), f"the {self._box.type} box is longer than its fields")


def read_header(head: bytes) -> tuple[str, int, int]:
    """Type, header size and total size (0: to the end) from the first 16 bytes of a box, or fewer at the end of the
    data."""
    need(len(head) >= _HEADER, "a box is cut off")
    size, kind = struct.unpack_from(">I4s", head)
    name = kind.decode("latin-1")
    if size != 1:
        need(size == 0 or size >= _HEADER, f"the {name!r} box is shorter than its header")
        return name, _HEADER, size
    need(len(head) >= _LARGE_HEADER, "a box is cut off")
    size = int.from_bytes(head[_HEADER:_LARGE_HEADER], "big")
    need(size >= _LARGE_HEADER, f"the {name!r} box is shorter than its header")
    return name, _LARGE_HEADER, size


def walk(data: memoryview, start: int = 0) -> Iterator[Box]:
    """The boxes that fill ``data`` from ``start`` to its end, without a byte over."""
    at = start
    while at < len(data):
        kind, header, size = read_header(bytes(data[at : at + _LARGE_HEADER]))
        end = len(data) if size == 0 else at + size
        need(end <= len(data), f"the {kind!r} box goes on behind the end")
        yield Box(kind, at, at + header, end, data[at + header : end])
        at = end


def children(box: Box, skip: int = 0) -> list[Box]:
    """The boxes inside a box, behind ``skip`` bytes of its own fields."""
    return list(walk(box.body[skip:]))


def only(boxes: list[Box], kind: str) -> Box:
    """The one box of a type."""
    found = [box for box in boxes if box.type == kind]
    need(len(found) == 1, f"{len(found)} {kind} boxes where one must be")
    return found[0]


def path(box: Box, *kinds: str) -> Box:
    """The one box at a path of types."""
    for kind in kinds:
        box = only(children(box), kind)
    return box
