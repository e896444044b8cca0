"""A firmware bundle on its way into the camera: bytes, one after the other, that have to be those of its paper."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from firmware.dock.bundlerule import UnwantedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from firmware.evidence.bundle import Bundle
    from hal.interface import File

PIECE: Final = 1 << 20
"""Bytes that are read in one go, and that may wait for a sync: a recording never waits for more."""


class Intake:
    """Implements ``firmware.dock.shelf.Intake`` on a file that may have the beginning already."""

    def __init__(self, bundle: Bundle, file: File, kept: Callable[[], None], thrown: Callable[[], None]) -> None:
        """``kept`` is called once all bytes are here, right and synced, ``thrown`` where they are of no use; both with ``file`` closed."""
        self._bundle = bundle
        self._file = file
        self._kept = kept
        self._thrown = thrown
        self._sha256 = hashlib.sha256()
        self._offset = 0
        self._closed = False
        self._unsynced = 0

    @property
    def offset(self) -> int:
        """Bytes that are here and were read."""
        return self._offset

    def catch_up(self) -> Iterator[None]:
        """Read what is there, a piece at each step."""
        while piece := self._file.read(self._offset, PIECE):
            self._sha256.update(piece)
            self._offset += len(piece)
            yield

    def take(self, data: bytes) -> None:
        """Keep the next bytes; ``OSError`` where the storage fails, and then nothing is left of them all."""
        if self._closed:
            raise UnwantedError("waiting", "the bundle was offered anew, over another link")
        if not 0 < len(data) <= self._bundle.length - self._offset:
            raise UnwantedError("range", f"{len(data)} bytes at {self._offset} of {self._bundle.length}")
        self._sha256.update(data)
        try:
            self._file.append(data)
            self._offset += len(data)
            self._unsynced += len(data)
            if self._unsynced >= PIECE:
                self._sync()
        except OSError:
            self._throw()  # what a failed sync left of it cannot be known
            raise

    def complete(self) -> bool:
        """Whether it is whole, and durable; ``UnwantedError`` if it is something else."""
        if self._offset < self._bundle.length:
            return False
        if self._sha256.hexdigest() != self._bundle.hash:
            self._throw()
            raise UnwantedError("hash", "hash: what arrived is not what the paper says, and was thrown away")
        try:
            self._sync()
        except OSError:
            self._throw()
            raise
        self.close()
        self._kept()
        return True

    def close(self) -> None:
        """Let go of the file.  What was taken stays, as far as it was synced."""
        self._closed = True
        self._file.close()

    def _sync(self) -> None:
        self._file.sync()
        self._unsynced = 0

    def _throw(self) -> None:
        self.close()
        self._thrown()
