"""Directories and append-only files on real file systems, as both cameras keep them: nothing here lies or fails on demand."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path
from typing import Final, NoReturn

from hal.interface import Directory

BLOCK: Final = 4096
_NAME_BYTES: Final = 255
_KEEP_SIZE: Final = 1  # FALLOC_FL_KEEP_SIZE
_OPEN: Final = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
_FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700


def single(name: str) -> str:
    """``name`` if it is one component of a path; ``ValueError`` if it leads anywhere else."""
    if name in {"", ".", ".."} or "/" in name or "\0" in name or len(os.fsencode(name)) > _NAME_BYTES:
        raise ValueError(f"not a name of a file or directory: {name!r}")
    return name


def blocks(size: int) -> int:
    """The room that ``size`` bytes take up."""
    return -(-size // BLOCK) * BLOCK


def fail(code: int, name: str) -> NoReturn:
    """Raise the ``OSError`` that the system would raise for ``name``."""
    raise OSError(code, os.strerror(code), name)


class FolderOf:
    """A directory by its path: not promised is that a handle follows its directory when that is renamed."""

    def __init__(self, path: Path) -> None:
        """The directory at ``path``, which exists."""
        self._path = path

    def names(self) -> list[str]:
        """The names in it, sorted."""
        return sorted(os.listdir(self._path))  # noqa: PTH208 - a card may have ten thousand: a Path of each takes five times as long

    def make(self, name: str) -> int:
        """The descriptor of a new, empty file."""
        return os.open(self.at(name), os.O_CREAT | os.O_EXCL | _OPEN, _FILE_MODE)

    def find(self, name: str) -> int:
        """The descriptor of an existing file."""
        return os.open(f"{self._path}/{single(name)}", _OPEN)  # at each flush: a Path takes longer than the call

    def folder(self, name: str, *, create: bool) -> Path:
        """Where a directory in it is; ``create`` makes it where it is missing."""
        path = self.at(name)
        if create and not path.exists():
            path.mkdir(mode=DIRECTORY_MODE)
        if not path.is_dir():
            fail(errno.ENOTDIR if path.exists() else errno.ENOENT, name)
        return path

    def rename(self, name: str, new: str, into: Directory | None = None) -> None:
        """Move a file or directory to ``new`` here or in ``into``, atomically; a file in the way is replaced."""
        self.at(name).rename(self._sibling(into).at(new))

    def remove(self, name: str) -> None:
        """Remove a file, or a directory that is empty."""
        path = self.at(name)
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()

    def sync(self) -> None:
        """Make the names durable."""
        descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def at(self, name: str) -> Path:
        """Where ``name`` would be; ``ValueError`` if it is not a single component."""
        return self._path / single(name)

    def _sibling(self, into: Directory | None) -> FolderOf:
        if into is None:
            return self
        if not isinstance(into, FolderOf):
            raise ValueError("not a directory of this storage")  # noqa: TRY004 - a wrong call is ValueError
        return into


class GrowingFile:
    """An open file that only grows."""

    def __init__(self, descriptor: int, name: str) -> None:
        """The file behind ``descriptor``, which it owns from now on."""
        self._descriptor: int | None = descriptor
        self._name = name
        self._spoilt = False
        self._fresh = False

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of ``data`` behind the last byte; on a full storage what fits, and then ``OSError`` (ENOSPC)."""
        descriptor, rest = self._open(), memoryview(data).cast("B")
        while rest:
            try:
                rest = rest[os.write(descriptor, rest) :]
            except OSError as error:  # the system does not say of which file
                raise OSError(error.errno, error.strerror, self._name) from error

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset``; fewer only at the end."""
        descriptor, pieces = self._card(), []
        while size and (piece := os.pread(descriptor, size, offset)):
            pieces.append(piece)
            size, offset = size - len(piece), offset + len(piece)
        return b"".join(pieces)

    def size(self) -> int:
        """Bytes written."""
        return os.fstat(self._open()).st_size

    def reserve(self, size: int) -> None:
        """Set space aside without changing the size, or give it back; nothing happens where there is not enough, or the system cannot."""
        descriptor = self._open()
        if not size:
            os.ftruncate(descriptor, self.size())
        elif 0 < size <= self._room(descriptor):
            libc = ctypes.CDLL(None)
            fallocate = getattr(libc, "fallocate64", None) or getattr(
                libc, "fallocate", None
            )  # musl has the latter alone
            if fallocate is not None:
                fallocate(descriptor, _KEEP_SIZE, ctypes.c_int64(0), ctypes.c_int64(blocks(size)))

    def sync(self) -> None:
        """Make the bytes and the size durable; after a failure it fails for ever."""
        descriptor = self._open()
        if self._spoilt:
            fail(errno.EIO, self._name)
        self._spoilt = True
        self._flush(descriptor)
        self._spoilt = False

    def path(self) -> Path:
        """Where it lies, for a program that is to read it; ``OSError`` where the system does not say."""
        return Path(f"/proc/self/fd/{self._card()}").readlink()

    def close(self) -> None:
        """Give the handle back; once more is harmless."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _flush(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def _room(self, descriptor: int) -> int:
        """What the file can hold: file systems keep what they had set aside when the rest was not to be had."""
        whole, own = os.fstatvfs(descriptor), os.fstat(descriptor)
        return whole.f_bavail * whole.f_frsize + own.st_blocks * 512

    def _card(self) -> int:
        """The descriptor to read by.  After a failed sync the system shows what only its memory holds: it is asked to forget that, once for each
        handle and no sooner than something is read, since what is being written would have to come from the card again."""
        descriptor = self._open()
        if not self._fresh:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            self._fresh = True
        return descriptor

    def _open(self) -> int:
        if self._descriptor is None:
            raise ValueError(f"{self._name} is closed")
        return self._descriptor
