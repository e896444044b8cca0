"""Storage on real files under a directory of the host, with a capacity of its own and trouble on demand."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from pathlib import Path

from hal.interface import Directory, Space
from hal.sim.disk import Trouble, blocks, fail, single
from hal.sim.logtap import LogTap

_KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE
_OPEN = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
_FILE_MODE = 0o600
_DIRECTORY_MODE = 0o700


class FileStorage:
    """A partition that is a directory.  A full host file system shows as a full partition."""

    def __init__(self, path: Path, capacity: int | None = None, tap: LogTap | None = None) -> None:
        """The partition at ``path``, made if it is missing, of ``capacity`` bytes (None: what the host has).  ``tap`` is told of the
        audit log."""
        path.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
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


class FileDirectory:
    """A directory by its path: not promised is that a handle follows its directory when that is renamed."""

    def __init__(self, path: Path, trouble: Trouble, tap: LogTap | None = None) -> None:
        """The directory at ``path``, which exists."""
        self._path = path
        self._trouble = trouble
        self._tap = tap

    def names(self) -> list[str]:
        """The names in it, sorted."""
        return sorted(entry.name for entry in self._path.iterdir())

    def create(self, name: str) -> StoredFile:
        """A new, empty file."""
        path = self.at(name)
        self._trouble.before_change(name)
        return StoredFile(os.open(path, os.O_CREAT | os.O_EXCL | _OPEN, _FILE_MODE), name, self._trouble, self._tap)

    def open(self, name: str) -> StoredFile:
        """An existing file.  After a failed sync the system shows what only its memory holds: it is asked to forget that first."""
        descriptor = os.open(self.at(name), _OPEN)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        return StoredFile(descriptor, name, self._trouble, self._tap)

    def enter(self, name: str, *, create: bool = False) -> FileDirectory:
        """A directory in it; ``create`` makes it where it is missing."""
        path = self.at(name)
        if create and not path.exists():
            self._trouble.before_change(name)
            path.mkdir(mode=_DIRECTORY_MODE)
        if not path.is_dir():
            fail(errno.ENOTDIR if path.exists() else errno.ENOENT, name)
        return FileDirectory(path, self._trouble, self._tap)

    def rename(self, name: str, new: str, into: Directory | None = None) -> None:
        """Move a file or directory to ``new`` here or in ``into``, atomically; a file in the way is replaced."""
        target = self._sibling(into).at(new)
        self._trouble.before_change(name)
        replaced = target.stat().st_ino if target.is_file() else None
        kept = self.at(name).stat().st_ino
        self.at(name).rename(target)
        if replaced is not None and replaced != kept:
            self._trouble.release(replaced)

    def remove(self, name: str) -> None:
        """Remove a file, or a directory that is empty."""
        path = self.at(name)
        self._trouble.before_change(name)
        if path.is_dir():
            path.rmdir()
            return
        number = path.stat().st_ino
        path.unlink()
        self._trouble.release(number)

    def sync(self) -> None:
        """Make the names durable."""
        self._trouble.before_sync(self._path.name)
        descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def at(self, name: str) -> Path:
        """Where ``name`` would be; ``ValueError`` if it is not a single component."""
        return self._path / single(name)

    def _sibling(self, into: Directory | None) -> FileDirectory:
        if into is None:
            return self
        if not isinstance(into, FileDirectory):
            raise ValueError("not a directory of this storage")  # noqa: TRY004 - a wrong call is ValueError
        return into


class StoredFile:
    """An open file that only grows."""

    def __init__(self, descriptor: int, name: str, trouble: Trouble, tap: LogTap | None = None) -> None:
        """The file behind ``descriptor``, which it owns from now on."""
        self._descriptor: int | None = descriptor
        self._tap = tap if tap is not None and tap.wants(name) else None
        self._name = name
        self._trouble = trouble
        self._number = os.fstat(descriptor).st_ino
        self._spoilt = False

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of ``data`` behind the last byte; on a full storage what fits, and then ``OSError`` (ENOSPC)."""
        descriptor, size = self._open(), self.size()
        self._trouble.before_append(self._name)
        rest = memoryview(data).cast("B")
        wanted = size + len(rest)
        fits = self._trouble.room(self._number, wanted)
        self._trouble.charge(self._number, fits)
        rest = rest[: max(0, fits - size)]
        if self._tap is not None:
            self._tap.appended(self._number, bytes(rest))
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if fits < wanted:
            fail(errno.ENOSPC, self._name)

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset``; fewer only at the end."""
        descriptor, pieces = self._open(), []
        while size and (piece := os.pread(descriptor, size, offset)):
            pieces.append(piece)
            size, offset = size - len(piece), offset + len(piece)
        return b"".join(pieces)

    def size(self) -> int:
        """Bytes written."""
        return os.fstat(self._open()).st_size

    def reserve(self, size: int) -> None:
        """Set space aside without changing the size, or give it back; nothing happens where there is not enough, or the host cannot."""
        descriptor = self._open()
        self._trouble.before_change(self._name)
        if not size:
            os.ftruncate(descriptor, self.size())
            self._trouble.settle(self._number, self.size())
        if size <= 0 or self._trouble.room(self._number, size) < size:
            return
        self._trouble.charge(self._number, size)
        fallocate = getattr(ctypes.CDLL(None), "fallocate", None)
        if fallocate is not None:
            fallocate(descriptor, _KEEP_SIZE, ctypes.c_int64(0), ctypes.c_int64(blocks(size)))

    def sync(self) -> None:
        """Make the bytes and the size durable; after a failure it fails for ever."""
        descriptor = self._open()
        if self._spoilt:
            fail(errno.EIO, self._name)
        self._spoilt = True
        self._trouble.before_sync(self._name)
        os.fdatasync(descriptor)
        self._spoilt = False
        if self._tap is not None:
            self._tap.synced(self._number, self._name)

    def close(self) -> None:
        """Give the handle back; once more is harmless."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _open(self) -> int:
        if self._descriptor is None:
            raise ValueError(f"{self._name} is closed")
        return self._descriptor
