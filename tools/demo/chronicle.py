"""What happened when: the demo's own notes, for the time line and the report."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """Who did it, or showed it."""

    DEMO = "demo"
    OFFICER = "officer"
    CAMERA = "camera"
    DOCK = "dock"
    FATE = "fate"


@dataclass(frozen=True, slots=True)
class Entry:
    """One happening: when in UTC, who, what in words, and a name by which it is found again."""

    utc_ms: int
    who: Who
    text: str
    name: str = ""


class Chronicle:
    """Entries from all threads."""

    def __init__(self) -> None:
        """Nothing happened."""
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def note(self, utc_ms: int, who: Who, text: str, name: str = "") -> None:
        """Add one."""
        with self._lock:
            self._entries.append(Entry(utc_ms, who, text, name))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them, in the order of their times."""
        with self._lock:
            return tuple(sorted(self._entries, key=lambda entry: entry.utc_ms))

    def all(self, name: str) -> tuple[int, ...]:
        """When everything of this name happened."""
        return tuple(entry.utc_ms for entry in self.entries if entry.name == name)

    def at(self, name: str) -> int:
        """When the first of this name happened; ``LookupError`` if it did not."""
        found = self.all(name)
        if not found:
            raise LookupError(f"{name} did not happen")
        return found[0]
