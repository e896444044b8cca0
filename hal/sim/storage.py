"""Storage on real files under a directory of the host, with a capacity of its own and trouble on demand."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from hal.files import DIRECTORY_MODE, FolderOf, GrowingFile, fail
from hal.interface import Directory, Space
from hal.sim.disk import Trouble
from hal.sim.logtap import LogTap


class FileStorage:
    """A partition that is a directory.  A full host file system shows as a full partition."""

    def __init__(self, path: Path, capacity: int | None = None, tap: LogTap | None = None) -> None:
        """The partition at ``path``, made if it is missing, of ``capacity`` bytes (None: what the host has).  ``tap`` is told of the
        audit log."""
        path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        self.trouble = Trouble(capacity)
        self._tap = tap
        self._path = path
        for found in path.rglob("*"):
            facts = found.lstat()
            if stat.S_ISREG(facts.st_mode):
                self.trouble.charge(facts.st_ino, max(facts.st_size, facts.st_blocks * 512))

    def root(self) -> FileDirectory:
        """Its top directory."""
        return FileDirectory(self._path, self.trouble, self._tap)

    def space(self) -> Space:
        """What there is and what is left, counted in blocks of 4 KiB a file."""
        host = os.statvfs(self._path)
        free = host.f_bavail * host.f_frsize
        if self.trouble.capacity is None:
            return Space(host.f_blocks * host.f_frsize, free)
        return Space(self.trouble.capacity, max(0, min(free, self.trouble.capacity - self.trouble.used)))


class FileDirectory(FolderOf):
    """A directory that asks for trouble before it changes anything."""

    def __init__(self, path: Path, trouble: Trouble, tap: LogTap | None = None) -> None:
        """The directory at ``path``, which exists."""
        super().__init__(path)
        self._trouble = trouble
        self._tap = tap

    def create(self, name: str) -> StoredFile:
        """A new, empty file."""
        self.at(name)
        self._trouble.before_change(name)
        return StoredFile(self.make(name), name, self._trouble, self._tap)

    def open(self, name: str) -> StoredFile:
        """An existing file."""
        return StoredFile(self.find(name), name, self._trouble, self._tap)

    def enter(self, name: str, *, create: bool = False) -> FileDirectory:
        """A directory in it; ``create`` makes it where it is missing."""
        if create and not self.at(name).exists():
            self._trouble.before_change(name)
        return FileDirectory(self.folder(name, create=create), self._trouble, self._tap)

    def rename(self, name: str, new: str, into: Directory | None = None) -> None:
        """Move a file or directory to ``new`` here or in ``into``, atomically; a file in the way is replaced."""
        target = self._sibling(into).at(new)
        self._trouble.before_change(name)
        replaced = target.stat().st_ino if target.is_file() else None
        kept = self.at(name).stat().st_ino
        super().rename(name, new, into)
        if replaced is not None and replaced != kept:
            self._trouble.release(replaced)

    def remove(self, name: str) -> None:
        """Remove a file, or a directory that is empty."""
        path = self.at(name)
        self._trouble.before_change(name)
        number = None if path.is_dir() else path.stat().st_ino
        super().remove(name)
        if number is not None:
            self._trouble.release(number)

    def sync(self) -> None:
        """Make the names durable."""
        self._trouble.before_sync(self._path.name)
        super().sync()


class StoredFile(GrowingFile):
    """An open file that keeps to the capacity of its storage, and asks for trouble."""

    def __init__(self, descriptor: int, name: str, trouble: Trouble, tap: LogTap | None = None) -> None:
        """The file behind ``descriptor``, which it owns from now on."""
        super().__init__(descriptor, name)
        self._tap = tap if tap is not None and tap.wants(name) else None
        self._trouble = trouble
        self._number = os.fstat(descriptor).st_ino

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of ``data`` behind the last byte; on a full storage what fits, and then ``OSError`` (ENOSPC)."""
        size = self.size()
        self._trouble.before_append(self._name)
        rest = memoryview(data).cast("B")
        wanted = size + len(rest)
        fits = self._trouble.room(self._number, wanted)
        self._trouble.charge(self._number, fits)
        rest = rest[: max(0, fits - size)]
        if self._tap is not None:
            self._tap.appended(self._number, bytes(rest))
        super().append(rest)
        if fits < wanted:
            fail(errno.ENOSPC, self._name)

    def reserve(self, size: int) -> None:
        """Set space aside without changing the size, or give it back; nothing happens where there is not enough, or the host cannot."""
        self._open()
        self._trouble.before_change(self._name)
        if size > 0 and self._trouble.room(self._number, size) < size:
            return
        super().reserve(size)
        if size > 0:
            self._trouble.charge(self._number, size)
        elif not size:
            self._trouble.settle(self._number, self.size())

    def sync(self) -> None:
        """Make the bytes and the size durable; after a failure it fails for ever."""
        super().sync()
        if self._tap is not None:
            self._tap.synced(self._number, self._name)

    def _flush(self, descriptor: int) -> None:
        self._trouble.before_sync(self._name)
        super()._flush(descriptor)
