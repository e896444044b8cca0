"""The plaintext of a file, cut where the journal's flushes end, each flush checked against its hash before it is
handed on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from tools.verify import age
from tools.verify.findings import Refused, need
from tools.verify.model import Extent, Flush

MAX_FLUSH = 64 << 20
"""Bytes of plaintext that one flush may hold."""


class Vouching(Protocol):
    """A line that vouches for a file: its index, whether it is the file's last, and the plaintext from its first byte on."""

    @property
    def line(self) -> int:
        """Its index."""

    @property
    def last(self) -> bool:
        """Whether the file is closed with it."""

    @property
    def plain(self) -> Extent:
        """The plaintext."""


PartT = TypeVar("PartT", bound=Vouching)


class PlainReader(Generic[PartT]):
    """Where a file's plaintext is written to.  ``unsigned`` counts what comes behind the last flush."""

    def __init__(self, flushes: Sequence[PartT], deliver: Callable[[PartT, bytes], None]) -> None:
        self._pending = list(reversed(flushes))
        self._deliver = deliver
        self._pieces: list[memoryview] = []
        self._held = 0
        self._hash = hashlib.sha256()
        self._reached = 0
        self.unsigned = 0

    @property
    def complete(self) -> bool:
        """Whether every flush came."""
        return not self._pending

    def write(self, data: bytes) -> int:
        """Take the next piece of plaintext."""
        rest = memoryview(data)
        while rest and self._pending:
            flush = self._pending[-1]
            size = flush.plain.length - self._reached
            need(size <= MAX_FLUSH, f"journal line {flush.line}: a flush of {size} bytes is longer than any")
            piece = rest[: size - self._held]
            self._pieces.append(piece)
            self._held += len(piece)
            rest = rest[len(piece) :]
            if self._held == size:
                self._end(flush)
        self.unsigned += len(rest)
        return len(data)

    def flush(self) -> None:
        """Nothing to do: a flush ends where the journal says."""

    def _end(self, flush: PartT) -> None:
        data = b"".join(self._pieces)
        self._hash.update(data)
        need(self._hash.hexdigest() == flush.plain.hash, f"what it holds is not what journal line {flush.line} signs")
        self._reached += len(data)
        self._pieces, self._held = [], 0
        self._pending.pop()
        self._deliver(flush, data)


def read_flushes(
    path: Path, keys: Sequence[age.Key], flushes: Sequence[PartT], deliver: Callable[[PartT, bytes], None]
) -> int:
    """Decrypt a file and hand on each flush that the journal vouches for, once its plaintext hash was checked.

    Returns how many bytes of readable plaintext lie behind the last of them.  ``Refused`` where one is missing or
    altered, and where a file that the journal closes has another end.
    """
    reader = PlainReader(flushes, deliver)
    opened = age.decrypt(path, keys, reader)
    need(reader.complete, f"can be read for {opened.length} bytes only, the journal vouches for more")
    closed = bool(flushes) and flushes[-1].last
    need(not closed or (opened.whole and not reader.unsigned), "is closed in the journal, and does not end there")
    return reader.unsigned


class _Enough(Exception):  # noqa: N818 - no error
    """The first flush was read."""


def read_first(path: Path, keys: Sequence[age.Key], first: Flush) -> bytes:
    """The plaintext of a file's first flush, read and checked no further than it goes."""
    found: list[bytes] = []

    def deliver(_flush: Flush, data: bytes) -> None:
        found.append(data)
        raise _Enough

    try:
        age.decrypt(path, keys, PlainReader([first], deliver))
    except _Enough:
        return found[0]
    raise Refused(f"is cut off before journal line {first.line}")
