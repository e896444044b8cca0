"""The private part of one boot's audit log: records wait for each other, and become durable a batch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from firmware.evidence.log_private import MOST, log_batch, log_record
from firmware.evidence.private import END
from firmware.runtime.beside import Beside
from firmware.runtime.sealedfile import SealedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firmware.evidence.age import AgeWriter
    from hal.interface import Directory

BATCH_NS: Final = 10_000_000_000
"""A record waits at most so long: what a cut may take of the log's private part."""
SPARING_NS: Final = 600_000_000_000
"""So long where the card is full: each batch takes 64 KiB."""


class LogNotes:
    """Records about people and conduct, in a file of its own beside a boot's file of the log.

    The file is made with its first batch.  ``OSError`` from ``batch`` ends it: after a failed sync nobody knows what of it is on the card.
    """

    def __init__(self, directory: Directory, name: str, age: Callable[[], AgeWriter]) -> None:
        self.name = name
        self.length = 0
        """Bytes that a line of the log vouches for; set by whoever wrote that line."""
        self._directory = directory
        self._age = age
        self._file: SealedFile | None = None
        self._waiting: list[bytes] = []
        self._since_ns = 0
        self._dropped = 0
        self._clock: Mapping[str, Any] = {}
        self._over = False

    def add(self, record: Mapping[str, Any], now_ns: int) -> None:
        """Take one record.  More than a batch has room for are counted, and only their number is kept."""
        if self._over:
            return
        if not self._waiting:
            self._since_ns = now_ns
        if len(self._waiting) < MOST - 1:
            self._waiting.append(log_record(record))
        else:
            self._dropped += 1
            self._clock = record["clock"]

    def due(self, now_ns: int, wait_ns: int) -> bool:
        """Whether the oldest record has waited for so long."""
        return bool(self._waiting) and now_ns - self._since_ns >= wait_ns

    def batch(self, *, last: bool) -> Mapping[str, Any] | None:
        """Make durable what waits, and with ``last`` close the file; what the log's line says of it, None where there is nothing to say."""
        waiting, self._waiting = self._waiting, []
        if self._dropped:
            waiting.append(log_record({"kind": "dropped", "clock": self._clock, "count": self._dropped}))
            self._dropped = 0
        if self._over or not (waiting or (last and self._file)):
            return None
        if self._file is None:
            file = self._directory.create(self.name)
            self._directory.sync()
            self._file = SealedFile(self.name, file, self._age(), Beside("log-hashing"))
        plain = log_batch(waiting) if waiting else b""
        cipher, whole = self._file.append(plain, END if last else b"")
        self._over = last
        return {"last": last, "cipher": cipher.as_json(), "plain": whole.as_json()}

    def abandon(self) -> None:
        """Write nothing more, and forget the key."""
        if self._file is not None:
            self._file.abandon()
        self._over = True
