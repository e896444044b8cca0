"""What lies on the card, recording by recording: known to the writer, read by the dock thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware.runtime.names import recording

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording with a manifest: the hash of that manifest, its files with their lengths, whether somebody marked it, and
    time and hash of its receipt, None while it has none."""

    number: int
    manifest: str
    files: Mapping[str, int]
    priority: bool
    receipted_ms: int | None = None
    receipt: str | None = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


class Inventory:
    """Entries by number.  Changed by the writer alone; others get copies."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._receipted: dict[int, int] = {}
        self._returnable = 0
        self._lock = threading.Lock()

    def put(self, entry: Entry) -> None:
        """Add or replace an entry."""
        with self._lock:
            self._entries[entry.number] = entry
            self._let_go(entry.number)
            if entry.receipt is not None:
                self._receipted[entry.number] = entry.size
                self._returnable += entry.size

    def drop(self, number: int) -> None:
        """Forget an erased recording."""
        with self._lock:
            self._entries.pop(number, None)
            self._let_go(number)

    def get(self, number: int) -> Entry | None:
        """One entry."""
        return self._entries.get(number)

    def returnable(self, but: Collection[str]) -> int:
        """Bytes of all recordings with a receipt, without those in the directories ``but``.  For the writer alone, which asks at each flush."""
        if not but:
            return self._returnable
        return self._returnable - sum(size for number, size in self._receipted.items() if recording(number) in but)

    def receipted(self) -> list[Entry]:
        """Entries with a receipt, by number."""
        with self._lock:
            return [self._entries[number] for number in sorted(self._receipted)]

    def _let_go(self, number: int) -> None:
        self._returnable -= self._receipted.pop(number, 0)

    def all(self) -> list[Entry]:
        """All entries by number."""
        with self._lock:
            return [self._entries[number] for number in sorted(self._entries)]
