"""Copies in another directory: another disk of this machine, or a network file system."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tools.dock import durable
from tools.dock.places.address import Address
from tools.dock.places.place import CHUNK, AddressError, PlaceError

UNFINISHED = ".unfinished"


def open_place(address: Address, store: Path | None) -> DirectoryPlace:
    """``dir:PATH``: an existing directory on another file system than the store's, or with ``?disk=same`` on any."""
    root = Path(address.root)
    if not address.root or not root.is_dir():
        raise AddressError(f"{address.text}: there is no such directory; is the disk mounted?")
    if address.settings.get("disk", "same") != "same":
        raise AddressError(f"{address.text}: disk is {address.settings['disk']!r}; only disk=same means something")
    if store is not None and "disk" not in address.settings and root.stat().st_dev == store.stat().st_dev:
        raise AddressError(
            f"{address.text}: on the same file system as the store; is the disk mounted?  (?disk=same takes it)"
        )
    return DirectoryPlace(f"dir:{root}", root)


class DirectoryPlace:
    """A directory with a store's tree in it.  What was written is on the disk: files, then names."""

    def __init__(self, name: str, root: Path) -> None:
        """In an existing directory."""
        self.name = name
        self._root = root
        self._device = root.stat().st_dev

    def size(self, key: str) -> int | None:
        """Bytes of this file."""
        with self._in_words():
            path = self._root / key
            return path.stat().st_size if path.exists() else None

    def put(self, key: str, file: BinaryIO, length: int) -> None:
        """Write beside, sync, rename, sync the names."""
        with self._in_words():
            path = self._root / key
            unfinished = path.with_name(path.name + UNFINISHED)
            durable.make_directory(path.parent)
            with unfinished.open("wb") as copy:
                shutil.copyfileobj(file, copy, durable.CHUNK)
                copy.flush()
                os.fsync(copy.fileno())
                if copy.tell() != length:
                    raise PlaceError(f"{copy.tell()} of {length} bytes of {key}")
            unfinished.replace(path)
            durable.sync_names(path.parent)

    def read(self, key: str) -> Generator[bytes]:
        """What the disk has, as far as the system can be told to forget what it has in memory."""
        with self._in_words(), (self._root / key).open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while chunk := file.read(CHUNK):
                yield chunk

    def set_aside(self, key: str, aside: str) -> None:
        """Rename."""
        with self._in_words():
            durable.make_directory((self._root / aside).parent)
            durable.move(self._root / key, self._root / aside)

    def keys(self, prefix: str) -> Iterator[str]:
        """All files but unfinished ones."""
        with self._in_words():
            for path in sorted(self._root.rglob("*")):
                key = path.relative_to(self._root).as_posix()
                if path.is_file() and key.startswith(prefix) and not key.endswith(UNFINISHED):
                    yield key

    def close(self) -> None:
        """Nothing is open."""

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """A disk that was taken out leaves a directory of the same name behind: that is not the place."""
        try:
            if self._root.stat().st_dev != self._device:
                raise PlaceError("another disk than at the start is mounted there, or none")
            yield
        except OSError as error:
            raise PlaceError(f"{error.filename or 'write'}: {error.strerror or error}") from None
