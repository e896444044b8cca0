"""The simulated firmware slots: a bundle is kept in a file, and nothing is ever booted from it."""

from __future__ import annotations

import errno
from pathlib import Path

from hal.interface import File

_PIECE = 1 << 20


class SimUpdater:
    """Two slots of which one runs."""

    def __init__(self, slots: Path, version: str = "sim") -> None:
        """Slots under the directory ``slots``, made when something is installed."""
        self._slots = slots
        self._version = version
        self.confirmed = False

    def version(self) -> str:
        """The running system's version."""
        return self._version

    def confirm(self) -> None:
        """The running slot works."""
        self.confirmed = True

    @property
    def other(self) -> Path:
        """Where an installed bundle is."""
        return self._slots / "other.bundle"

    def install(self, bundle: File) -> None:
        """Keep a copy of the bundle; ``OSError`` if it is empty.  Not done here: checking its signature."""
        if bundle.size() == 0:
            raise OSError(errno.EINVAL, "the bundle is empty")
        self._slots.mkdir(parents=True, exist_ok=True)
        fresh = self.other.with_suffix(".new")
        with fresh.open("wb") as slot:
            for offset in range(0, bundle.size(), _PIECE):
                slot.write(bundle.read(offset, _PIECE))
        fresh.replace(self.other)
