"""How long a slot waits for another handshake after a refusal: the dock's half of the limit on attempts.

It is the camera's rule (``docs/dock-protocol.md``, section 2), so that a camera that waits as it should is never kept
waiting by the dock as well; who does not wait gains nothing by it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""After the first refusal in a row, the second, ..."""

MOST_SLOTS = 1024
"""Of how many slots refusals are remembered; the one that was refused longest ago is forgotten first."""

_NANO = 1_000_000_000


@dataclass(slots=True)
class _Record:
    refusals: int
    until_ns: int


class Attempts:
    """Counts refusals by slot.  May be used from any thread."""

    def __init__(self) -> None:
        """No slot was refused."""
        self._lock = threading.Lock()
        self._records: dict[str, _Record] = {}

    def refused(self, slot: str, now_ns: int) -> float:
        """Note a refusal; for how many seconds the slot waits now."""
        with self._lock:
            before = self._records.pop(slot, None)  # put in again at the end: the oldest refusal stands first
            refusals = before.refusals + 1 if before else 1
            pause = PAUSES_S[min(refusals, len(PAUSES_S)) - 1]
            self._records[slot] = _Record(refusals, now_ns + round(pause * _NANO))
            if len(self._records) > MOST_SLOTS:
                del self._records[next(iter(self._records))]
            return pause

    def wait_ns(self, slot: str, now_ns: int) -> int:
        """How long this slot has to wait yet; 0 for one that may begin."""
        with self._lock:
            record = self._records.get(slot)
            return max(0, record.until_ns - now_ns) if record else 0

    def suspicious(self, slot: str) -> bool:
        """Whether the slot was refused since it was last accepted or plugged in."""
        with self._lock:
            return slot in self._records

    def forget(self, slot: str) -> None:
        """Begin anew: a docking was accepted, or something else is plugged in."""
        with self._lock:
            self._records.pop(slot, None)
