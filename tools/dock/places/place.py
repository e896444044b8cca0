"""What every place offers in which a dock keeps copies: six methods, and errors in words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import BinaryIO, Protocol

CHUNK = 1 << 16
"""Bytes that are read from a place at once: little, so that a slow one is noticed."""

LEAST_RATE = 64 * 1024
"""Bytes a second.  A place that is slower than this over a whole file counts as failed."""
GRACE_S = 60.0
"""What is granted beside that, for a file however small."""


class PlaceError(Exception):
    """A place cannot be used now; the message says in words why, and holds no secret."""


class AddressError(Exception):
    """A place cannot be used as it was named: its address, its settings or its credentials are not as they should be."""


class DiffersError(PlaceError):
    """The place can be used, but what it gives back is not what was given to it."""


AWAY = "it cannot be reached"
SILENT = "it does not answer in time"
BROKEN = "the connection broke off"
"""What any network can do to a place."""


class Place(Protocol):
    """Somewhere that keeps files under keys (``a/b/c``: names of a store, separated by slashes).

    Methods raise ``PlaceError``, may be called from several threads, and come back: each wait for the other side has an end.
    """

    name: str
    """Its address, as people and the dock's records call it; no secret is in it."""

    def size(self, key: str) -> int | None:
        """Bytes under this key, None where there is nothing."""

    def put(self, key: str, file: BinaryIO, length: int) -> None:
        """Keep ``length`` bytes of a file that stands at its start.  They appear whole or not at all, instead of what was there."""

    def read(self, key: str) -> Generator[bytes]:
        """What is there, from where it is kept, in small chunks; ``PlaceError`` in the middle if it breaks off."""

    def set_aside(self, key: str, aside: str) -> None:
        """Keep what is there under another key, which is free."""

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with this one."""

    def close(self) -> None:
        """Let go of connections."""


class Watch:
    """Ends a transfer where the dock stops, or where the place is too slow to be of use."""

    def __init__(
        self,
        length: int,
        stopping: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
        grace_s: float = GRACE_S,
    ) -> None:
        """For a transfer of so many bytes that begins now."""
        self._stopping = stopping
        self._monotonic = monotonic
        self._allowed_s = grace_s + length / LEAST_RATE
        self._until = monotonic() + self._allowed_s

    def check(self) -> None:
        """``PlaceError`` where it is to end."""
        if self._stopping.is_set():
            raise PlaceError("the dock is stopping")
        if self._monotonic() > self._until:
            raise PlaceError(f"too slow: not done after {self._allowed_s:.0f} s")


class Watched:
    """A file that is given to a library, as far as libraries read files."""

    def __init__(self, file: BinaryIO, length: int, watch: Watch) -> None:
        """Its first ``length`` bytes."""
        self._file = file
        self._length = length
        self._watch = watch

    def __len__(self) -> int:
        """How many bytes there are, for libraries that ask this way."""
        return self._length

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        self._watch.check()
        left = self._length - self._file.tell()
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go somewhere."""
        if whence == 2:
            return self._file.seek(self._length + offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()
