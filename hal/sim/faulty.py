"""A storage that fails at its n-th operation: every call is counted, and the one that a test points at goes wrong.

It wraps a storage in memory and goes by paths, as files on a real system do: a directory that vanished is gone for whoever held it, while a
file that is open lives on without a name.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

from hal.files import fail
from hal.interface import Directory, Space
from hal.sim.memory import MemoryDirectory, MemoryFile, MemoryStorage

Path = tuple[str, ...]


class Op(Enum):
    """What may be asked of a storage."""

    SPACE = "space"
    NAMES = "names"
    CREATE = "create"
    OPEN = "open"
    ENTER = "enter"
    MAKE = "make"  # a directory
    RENAME = "rename"
    REMOVE = "remove"
    SYNC_NAMES = "sync-names"
    APPEND = "append"
    READ = "read"
    SIZE = "size"
    RESERVE = "reserve"
    SYNC = "sync"


GROWING = frozenset({Op.CREATE, Op.MAKE, Op.RENAME, Op.APPEND, Op.SYNC, Op.SYNC_NAMES})
"""What needs room; a sync too, where the file system books room late."""
CHANGING = GROWING | {Op.REMOVE, Op.RESERVE}


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: what, on which path."""

    op: Op
    path: Path

    def __str__(self) -> str:
        return f"{self.op.value} {'/'.join(self.path)}"


Fault = Callable[["FaultyStorage", Call], None]
"""Called before an operation: raises ``OSError``, takes time, does harm, or lets it pass."""


@dataclass
class FaultyStorage:
    """Counts the calls on ``inner``.  From the call with index ``at`` on, and only there if it is not ``lasting``, ``fault`` is asked.

    ``calls``: what was called so far.  ``synced``: told the path of each file that a sync has made durable under a name.  ``abuses``:
    syncs that were asked for once more after they had failed.
    """

    inner: MemoryStorage
    fault: Fault | None = None
    at: int = -1
    lasting: bool = False
    loses: bool = False
    """Whether what a failed sync was for is gone: reads as zeros, as from a card that never got it."""
    calls: list[Call] = field(default_factory=list)
    abuses: list[Call] = field(default_factory=list)
    synced: Callable[[Path], None] = lambda _: None
    pause: Callable[[float], None] = lambda _: None
    promise: Space | None = None
    """What ``space`` says, true or not."""
    spoilt: set[Path] = field(default_factory=set)

    def root(self) -> FaultyDirectory:
        """Its top directory."""
        return FaultyDirectory(self, ())

    def space(self) -> Space:
        """What there is and what is left, or what it claims."""
        self.before(Op.SPACE, ())
        return self.promise or self.inner.space()

    def before(self, op: Op, path: Path) -> None:
        """Count an operation, and let it fail if it is its turn."""
        call, index = Call(op, path), len(self.calls)
        self.calls.append(call)
        if self.fault is not None and (index == self.at or (self.lasting and index > self.at >= 0)):
            self.fault(self, call)

    def heal(self) -> None:
        """Behave from now on."""
        self.fault, self.promise = None, None

    def restarted(self) -> None:
        """The service starts anew: what failed before is looked at afresh."""
        self.spoilt.clear()

    def find(self, path: Path) -> MemoryDirectory:
        """The directory at ``path``; ``FileNotFoundError`` if it is gone."""
        directory = self.inner.root()
        for name in path:
            directory = directory.enter(name)
        return directory

    def vanish(self, path: Path) -> None:
        """Take a directory and all that is in it away, behind everybody's back."""
        with suppress(OSError):
            _clear(self.find(path))
            self.find(path[:-1]).remove(path[-1])


class FaultyDirectory:
    """A directory by its path."""

    def __init__(self, storage: FaultyStorage, path: Path) -> None:
        self.storage = storage
        self.path = path

    def names(self) -> list[str]:
        """The names in it, sorted."""
        return self._ready(Op.NAMES).names()

    def create(self, name: str) -> FaultyFile:
        """A new, empty file."""
        file = self._ready(Op.CREATE, name).create(name)
        self.storage.spoilt.discard((*self.path, name))
        return FaultyFile(self.storage, file, (*self.path, name))

    def open(self, name: str) -> FaultyFile:
        """An existing file."""
        return FaultyFile(self.storage, self._ready(Op.OPEN, name).open(name), (*self.path, name))

    def enter(self, name: str, *, create: bool = False) -> FaultyDirectory:
        """A directory in it; ``create`` makes it where it is missing."""
        made = False
        if create:
            with suppress(OSError):
                made = name not in self.storage.find(self.path).names()
        self._ready(Op.MAKE if made else Op.ENTER, name).enter(name, create=create)
        return FaultyDirectory(self.storage, (*self.path, name))

    def rename(self, name: str, new: str, into: Directory | None = None) -> None:
        """Move a file or directory to ``new`` here or in ``into``, atomically; a file in the way is replaced."""
        if into is not None and not (isinstance(into, FaultyDirectory) and into.storage is self.storage):
            raise ValueError("not a directory of this storage")
        here = self._ready(Op.RENAME, name)
        here.rename(name, new, None if into is None else self.storage.find(into.path))

    def remove(self, name: str) -> None:
        """Remove a file, or a directory that is empty."""
        self._ready(Op.REMOVE, name).remove(name)

    def sync(self) -> None:
        """Make the names durable."""
        self._ready(Op.SYNC_NAMES).sync()

    def _ready(self, op: Op, *name: str) -> MemoryDirectory:
        self.storage.before(op, (*self.path, *name))
        return self.storage.find(self.path)


class FaultyFile:
    """An open file."""

    def __init__(self, storage: FaultyStorage, file: MemoryFile, path: Path) -> None:
        self._storage = storage
        self._file = file
        self._path = path

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of ``data`` behind the last byte; where that fails, half of it."""
        try:
            self._storage.before(Op.APPEND, self._path)
        except OSError:
            self._file.append(bytes(data)[: len(data) // 2])
            raise
        self._file.append(data)

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset``; fewer only at the end."""
        self._storage.before(Op.READ, self._path)
        return self._file.read(offset, size)

    def size(self) -> int:
        """Bytes written."""
        self._storage.before(Op.SIZE, self._path)
        return self._file.size()

    def reserve(self, size: int) -> None:
        """Set space aside without changing the size, or give it back."""
        self._storage.before(Op.RESERVE, self._path)
        self._file.reserve(size)

    def sync(self) -> None:
        """Make the bytes and the size durable; after a failure it fails until the service starts anew."""
        storage = self._storage
        if self._path in storage.spoilt:
            storage.abuses.append(Call(Op.SYNC, self._path))
            fail(errno.EIO, self._path[-1])
        try:
            storage.before(Op.SYNC, self._path)
        except OSError:
            storage.spoilt.add(self._path)
            if storage.loses:
                self._file.forget()
            raise
        self._file.sync()
        if self._named():
            storage.synced(self._path)

    def close(self) -> None:
        """Give the handle back; once more is harmless."""
        self._file.close()

    def _named(self) -> bool:
        """Whether it is still what its path leads to."""
        try:
            return self._path[-1] in self._storage.find(self._path[:-1]).names()
        except OSError:
            return False


def _clear(directory: MemoryDirectory) -> None:
    for name in directory.names():
        with suppress(NotADirectoryError):
            _clear(directory.enter(name))
        directory.remove(name)


def error(code: int, *ops: Op) -> Fault:
    """The fault that fails these operations, or all, with this error."""

    def fault(_: FaultyStorage, call: Call) -> None:
        if not ops or call.op in ops:
            fail(code, call.path[-1] if call.path else "the storage")

    return fault
