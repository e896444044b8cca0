"""What a volume's log says of it as a whole, as values: what is there, when it was what, and what people did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tools.verify.latency import Start


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One record of the audit log's private part: in which boot, when by the camera's clock, and what it says in plain words; ``start``
    where it says how long the wearer waited."""

    boot: int
    kind: str
    utc_ms: int
    text: str
    start: Start | None = None

    def to_json(self) -> dict[str, Any]:
        """The machine form."""
        return {"boot": self.boot, "kind": self.kind, "utc_ms": self.utc_ms, "text": self.text}


def starts(entries: Iterable[LogEntry] | None) -> list[Start]:
    """How long the wearer waited at each start, in the order of the log; nothing without a key."""
    return [each.start for each in entries or () if each.start is not None]


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which the camera was ``off``, ``on``, ``recording`` (``number``) or ``docked`` (``dock``), by its own clock; the last one
    has no end."""

    state: str
    number: int | None
    dock: str | None
    from_ms: int
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is there of a volume's recordings, as runs of numbers or numbers.

    ``elsewhere``: told of by lines of the log that are not here.  ``proven_to``: the newest recording that the newest anchor knows, signed
    at ``since_ms``; None without one.  ``unproven``: something follows that no anchor vouches for.  ``openings`` that the log here has;
    ``counter_ahead``: by how many more the hardware's counter ran.
    """

    present: tuple[tuple[int, int], ...] = ()
    missing: tuple[int, ...] = ()
    erased: tuple[tuple[int, int], ...] = ()
    elsewhere: tuple[tuple[int, int], ...] = ()
    proven_to: int | None = None
    since_ms: int | None = None
    unproven: bool = True
    openings: int = 0
    counter_ahead: int = 0
