"""A file that grows as it arrives, with the hash of all of it.

What arrives is hashed and written at once, as long as it is warm in the processor's cache; the syncs on the way go on beside the conversation, so
that a camera waits for the disk only where that is slower than the line.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Final

from tools.dock.durable import read_chunks

SYNC_EVERY: Final = 16 << 20
"""Bytes after which a sync begins; no more than twice as many are written and not durable."""


class Partial:
    """``length`` counts what was added.  All of it is durable after ``close``, and much of it before.

    ``add``, ``digest`` and ``close`` raise ``OSError``: their own, or that of a sync before.  For one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        """Go on behind what is there; that is made durable first, since nobody knows what a break left."""
        self.path = path
        self.length = self._unsynced = 0
        self._sha256 = hashlib.sha256()
        self._syncing: threading.Thread | None = None
        self._trouble: OSError | None = None
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            os.fsync(self._file)
            for chunk in read_chunks(path):
                self._sha256.update(chunk)
                self.length += len(chunk)
        except OSError:
            os.close(self._file)
            raise

    def add(self, data: bytes) -> None:
        """Write behind the end."""
        self._sha256.update(data)
        self.length += len(data)
        self._unsynced += len(data)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        if self._unsynced >= SYNC_EVERY:
            self._settle()
            self._unsynced = 0
            self._syncing = threading.Thread(target=self._sync, name="dock sync", daemon=True)
            self._syncing.start()

    def digest(self) -> str:
        """The hash of all that was added, in hexadecimal."""
        return self._sha256.hexdigest()

    def close(self) -> None:
        """Make it durable."""
        try:
            self._settle()
            os.fsync(self._file)
        finally:
            os.close(self._file)

    def _settle(self) -> None:
        """Wait for the sync that is under way."""
        if self._syncing is not None:
            self._syncing.join()
            self._syncing = None
        if self._trouble is not None:
            raise self._trouble

    def _sync(self) -> None:
        try:
            os.fsync(self._file)
        except OSError as error:
            self._trouble = error
