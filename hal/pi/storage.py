"""Storage on a partition of the card: real files, their bytes durable by ``fdatasync``, their names by ``fsync`` of the directory."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from hal.files import FolderOf, GrowingFile
from hal.interface import Space


class PiStorage:
    """The partition that is mounted at ``path``."""

    def __init__(self, path: Path, *, partition: bool = True) -> None:
        """Find it.  ``OSError`` where nothing is mounted: evidence would otherwise land in the system's own partition, and be gone with the next
        firmware.  Without ``partition`` any directory will do."""
        if not path.is_dir():
            raise OSError(errno.ENOENT, "there is no such directory", str(path))
        if partition and not path.is_mount():
            raise OSError(errno.ENODEV, "no partition is mounted there", str(path))
        self._path = path

    def root(self) -> PiDirectory:
        """Its top directory."""
        return PiDirectory(self._path)

    def space(self) -> Space:
        """What there is, and what is left for the service, which may not be root."""
        whole = os.statvfs(self._path)
        return Space(whole.f_blocks * whole.f_frsize, whole.f_bavail * whole.f_frsize)


class PiDirectory(FolderOf):
    """A directory of it."""

    def create(self, name: str) -> GrowingFile:
        """A new, empty file."""
        return GrowingFile(self.make(name), name)

    def open(self, name: str) -> GrowingFile:
        """An existing file."""
        return GrowingFile(self.find(name), name)

    def enter(self, name: str, *, create: bool = False) -> PiDirectory:
        """A directory in it; ``create`` makes it where it is missing."""
        return PiDirectory(self.folder(name, create=create))
