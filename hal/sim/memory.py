"""Storage in memory that knows what would survive a power cut.

Every change is an ``Operation``, a plain value, kept in ``log`` in order; the state is what the operations made of
it.  So a test can cut the power (``crash``), or replay any part of the log into a storage of its own.
"""

from __future__ import annotations

import errno
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Self

from hal.files import fail, single
from hal.interface import Directory, Space
from hal.sim.crashes import Image
from hal.sim.disk import Trouble
from hal.sim.volume import (
    ROOT,
    Append,
    Create,
    DirectoryNode,
    FileNode,
    Mark,
    Node,
    Operation,
    Remove,
    Rename,
    Sync,
    Volume,
)

_PLENTY = 1 << 40


class MemoryStorage:
    """A partition that keeps through a crash what was synced, and nothing else."""

    def __init__(
        self,
        operations: Iterable[Operation] = (),
        capacity: int | None = None,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """A partition on which ``operations`` took place, of ``capacity`` bytes; ``pause`` is how it waits in a stall."""
        self.trouble = Trouble(capacity, pause)
        self.log: list[Operation] = []
        self.held: Counter[int] = Counter()
        """How many handles are open on each file, by its number: what is never closed stays here."""
        self.lock = threading.RLock()
        self.before: Callable[[Operation], None] = lambda _: None
        """Hears of each operation before it takes place: a test's clock may run meanwhile."""
        self._volume = Volume()
        self._crashed = False
        for operation in operations:
            self.apply(operation)

    @classmethod
    def holding(cls, image: Image, capacity: int | None = None) -> Self:
        """A partition that holds ``image``, all of it synced."""
        storage = cls(capacity=capacity)
        nodes: dict[int, Node] = {number: DirectoryNode(dict(n), dict(n)) for number, n in image.directories.items()}
        nodes |= {number: FileNode(bytearray(data), len(data)) for number, data in image.files.items()}
        storage._volume = Volume(nodes)
        for number, data in image.files.items():
            storage.trouble.charge(number, len(data))
        return storage

    def root(self) -> MemoryDirectory:
        """Its top directory."""
        return MemoryDirectory(self, ROOT)

    def space(self) -> Space:
        """What there is and what is left."""
        total = _PLENTY if self.trouble.capacity is None else self.trouble.capacity
        return Space(total, max(0, total - self.trouble.used))

    def mark(self, note: str) -> None:
        """Put a note into the log."""
        self.apply(Mark(note))

    def crash(self) -> MemoryStorage:
        """Cut the power: a storage with what was durable, all of it synced.  This one fails from now on."""
        with self.lock:
            self._crashed = True
            return MemoryStorage(self._volume.durable(), self.trouble.capacity)

    @property
    def volume(self) -> Volume:
        """Files and directories; ``OSError`` after a crash."""
        if self._crashed:
            raise OSError(errno.EIO, "the power was cut")
        return self._volume

    def apply(self, operation: Operation) -> None:
        """Carry an operation out that is known to be possible, and log it."""
        with self.lock:
            self.before(operation)
            gone = self.volume.apply(operation)
            self.log.append(operation)
            if gone is not None:
                self.trouble.release(gone)
            if isinstance(operation, Append):
                self.trouble.charge(operation.node, len(self.volume.file(operation.node).data))


class MemoryDirectory:
    """A directory of a ``MemoryStorage``."""

    def __init__(self, storage: MemoryStorage, number: int) -> None:
        """The directory with this number."""
        self.storage = storage
        self.number = number

    def names(self) -> list[str]:
        """The names in it, sorted."""
        with self.storage.lock:
            return sorted(self.storage.volume.directory(self.number).names)

    def create(self, name: str) -> MemoryFile:
        """A new, empty file."""
        return MemoryFile(self.storage, self._new(name, is_directory=False), name)

    def open(self, name: str) -> MemoryFile:
        """An existing file."""
        number, node = self._get(name)
        if not isinstance(node, FileNode):
            fail(errno.EISDIR, name)
        return MemoryFile(self.storage, number, name)

    def enter(self, name: str, *, create: bool = False) -> MemoryDirectory:
        """A directory in it; ``create`` makes it where it is missing."""
        with self.storage.lock:
            if create and single(name) not in self.storage.volume.directory(self.number).names:
                return MemoryDirectory(self.storage, self._new(name, is_directory=True))
            number, node = self._get(name)
        if not isinstance(node, DirectoryNode):
            fail(errno.ENOTDIR, name)
        return MemoryDirectory(self.storage, number)

    def rename(self, name: str, new: str, into: Directory | None = None) -> None:
        """Move a file or directory to ``new`` here or in ``into``, atomically; a file in the way is replaced."""
        target = self._sibling(into)
        with self.storage.lock:
            self.storage.trouble.before_change(name)
            number, node = self._get(name)
            there = target.storage.volume.directory(target.number).names.get(single(new))
            if there == number:
                return
            if there is not None:
                self._may_replace(new, node, self.storage.volume[there])
            self.storage.apply(Rename(self.number, name, target.number, new))

    def remove(self, name: str) -> None:
        """Remove a file, or a directory that is empty."""
        with self.storage.lock:
            self.storage.trouble.before_change(name)
            _, node = self._get(name)
            if isinstance(node, DirectoryNode) and node.names:
                fail(errno.ENOTEMPTY, name)
            self.storage.apply(Remove(self.number, name))

    def sync(self) -> None:
        """Make the names durable."""
        self.storage.trouble.before_sync("a directory")
        self.storage.apply(Sync(self.number))

    def _sibling(self, into: Directory | None) -> MemoryDirectory:
        if into is None:
            return self
        if not isinstance(into, MemoryDirectory) or into.storage is not self.storage:
            raise ValueError("not a directory of this storage")
        return into

    def _new(self, name: str, *, is_directory: bool) -> int:
        with self.storage.lock:
            self.storage.trouble.before_change(name)
            if single(name) in self.storage.volume.directory(self.number).names:
                fail(errno.EEXIST, name)
            number = self.storage.volume.new_number()
            self.storage.apply(Create(self.number, name, number, is_directory))
            return number

    def _get(self, name: str) -> tuple[int, Node]:
        with self.storage.lock:
            number = self.storage.volume.directory(self.number).names.get(single(name))
            if number is None:
                fail(errno.ENOENT, name)
            return number, self.storage.volume[number]

    @staticmethod
    def _may_replace(name: str, node: Node, there: Node) -> None:
        if isinstance(there, DirectoryNode):
            if isinstance(node, FileNode):
                fail(errno.EISDIR, name)
            if there.names:
                fail(errno.ENOTEMPTY, name)
        elif isinstance(node, DirectoryNode):
            fail(errno.ENOTDIR, name)


class MemoryFile:
    """An open file of a ``MemoryStorage``."""

    def __init__(self, storage: MemoryStorage, number: int, name: str) -> None:
        """The file with this number."""
        self._storage = storage
        self._number = number
        self._name = name
        self._spoilt = False
        self._closed = False
        storage.held[number] += 1

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of ``data`` behind the last byte; on a full storage what fits, and then ``OSError`` (ENOSPC)."""
        self._usable().trouble.before_append(self._name)
        with self._storage.lock:
            size, wanted = self.size(), self.size() + len(data)
            fits = self._storage.trouble.room(self._number, wanted)
            self._storage.apply(Append(self._number, bytes(data)[: max(0, fits - size)]))
        if fits < wanted:
            fail(errno.ENOSPC, self._name)

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset``; fewer only at the end."""
        with self._usable().lock:
            return bytes(self._storage.volume.file(self._number).data[offset : offset + size])

    def size(self) -> int:
        """Bytes written."""
        return len(self._usable().volume.file(self._number).data)

    def reserve(self, size: int) -> None:
        """Set space aside without changing the size, where there is enough, or give it back."""
        trouble = self._usable().trouble
        trouble.before_change(self._name)
        if not size:
            trouble.settle(self._number, self.size())
        elif trouble.room(self._number, size) == size:
            trouble.charge(self._number, size)

    def sync(self) -> None:
        """Make the bytes durable; after a failure it fails for ever."""
        storage = self._usable()
        if self._spoilt:
            fail(errno.EIO, self._name)
        self._spoilt = True
        storage.trouble.before_sync(self._name)
        storage.apply(Sync(self._number))
        self._spoilt = False

    def forget(self) -> None:
        """Lose what was never synced, as a card does that a sync has failed on: zeros stand in its place."""
        with self._usable().lock:
            node = self._storage.volume.file(self._number)
            node.data[node.durable :] = bytes(len(node.data) - node.durable)

    def close(self) -> None:
        """Give the handle back; once more is harmless."""
        if not self._closed:
            self._closed = True
            self._storage.held -= Counter((self._number,))

    def _usable(self) -> MemoryStorage:
        if self._closed:
            raise ValueError(f"{self._name} is closed")
        return self._storage
