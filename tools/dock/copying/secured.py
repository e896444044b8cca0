"""One file in one place: put there, and read back until it is the same.

Nothing that a place holds is ever lost by this: what is replaced is either the beginning of what replaces it (a log that has grown), or one
of a dock's own papers; anything else is kept under another name.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO, cast

from tools.dock import durable
from tools.dock.places.place import DiffersError, Place, PlaceError, Watch, Watched

ASIDE = "DAMAGED"
"""No camera can be named so: beside the devices, so that what a place has of them stays a store's tree."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a place is to hold: its key there, its path here, and the length and hash that somebody signed for (None: as it is now).

    ``paper``: a dock's own paper, of which the newest replaces the one before, as in the dock's store.
    """

    key: str
    path: Path
    length: int | None = None
    hash: str | None = None
    paper: bool = False


def secure(place: Place, wanted: Wanted, stopping: threading.Event) -> int:
    """Make sure that the place holds it, by reading it back from there; its length.

    ``PlaceError`` where the place cannot be used, ``DiffersError`` where it gives back other bytes, OSError where the file here cannot be read.
    """
    while True:
        before = state(wanted.path)
        length = _secure(place, wanted, stopping)
        if wanted.hash is not None or state(wanted.path) == before:
            return length  # else it has grown meanwhile, and somebody else's newer version may have been replaced by this one


def state(path: Path) -> tuple[int, int, int]:
    """What changes when a file is replaced or grows."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _secure(place: Place, wanted: Wanted, stopping: threading.Event) -> int:
    with wanted.path.open("rb") as file:
        length, sha256 = _identity(file, wanted)
        there = place.size(wanted.key)
        if there is not None:
            found = _read_back(place, wanted.key, there, stopping)
            if (there, found) == (length, sha256):
                return length
            grown = found == _hash(_first(file, there))
            # A place that finds out itself that an object has rotted may have put it away by now.
            if not wanted.paper and not grown and place.size(wanted.key) is not None:
                _set_aside(place, wanted.key)
        file.seek(0)
        watched = cast("BinaryIO", Watched(file, length, Watch(length, stopping)))
        place.put(wanted.key, watched, length)
        if _read_back(place, wanted.key, length, stopping) != sha256:
            file.seek(0)
            if _hash(_first(file, length)) != sha256:
                raise DiffersError(
                    f"{wanted.path.name}: the dock's own store reads differently than what was signed for"
                )
            raise DiffersError(f"{wanted.key} reads back differently than it was written")
    return length


def _identity(file: BinaryIO, wanted: Wanted) -> tuple[int, str]:
    """Length and hash: what was signed for, or else what the file is now: one that grows does so behind this length, or as another file of that name."""
    if wanted.length is not None and wanted.hash is not None:
        return wanted.length, wanted.hash
    length = file.seek(0, 2)
    return length, _hash(_first(file, length))


def _first(file: BinaryIO, length: int) -> Iterator[bytes]:
    file.seek(0)
    while length > 0 and (chunk := file.read(min(durable.CHUNK, length))):
        length -= len(chunk)
        yield chunk


def _hash(chunks: Iterable[bytes]) -> str:
    sha256 = hashlib.sha256()
    for chunk in chunks:
        sha256.update(chunk)
    return sha256.hexdigest()


def _read_back(place: Place, key: str, length: int, stopping: threading.Event) -> str:
    """The hash of what is there; ``PlaceError`` where it comes too slowly, or is endless."""
    watch, sha256, seen = Watch(length, stopping), hashlib.sha256(), 0
    with closing(place.read(key)) as chunks:
        for chunk in chunks:
            watch.check()
            seen += len(chunk)
            if seen > length:
                raise PlaceError(f"{key}: more than the {length} bytes that are said to be there")
            sha256.update(chunk)
    return sha256.hexdigest()


def _set_aside(place: Place, key: str) -> None:
    store, _, rest = key.partition("/")
    free = next(name for number in count(1) if place.size(name := f"{store}/{ASIDE}/{rest}.{number}") is None)
    place.set_aside(key, free)
