"""What a volume's log says of it as a whole, as values: what is there, when it was what, and what people did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One record of the audit log's private part: in which boot, when by the camera's clock, and what it says in plain words."""

    boot: int
    kind: str
    utc_ms: int
    text: str


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
