"""What a dock tells while it works: the same events for people, for machines and for the demo."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Kind(StrEnum):
    """What happened."""

    LISTENING = "listening"
    UNUSABLE = "unusable"
    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"
    FULL = "full"
    ACCEPTED = "accepted"
    JOINED = "joined"
    """One more link of a camera that is here."""
    LEADS = "leads"
    """It goes on over this link: the one that led is gone."""
    LEFT = "left"
    """A link of a camera that is still here over another one."""
    REFUSED = "refused"
    CLOCK = "clock"
    SETTINGS = "settings"
    ORDER = "order"
    ASSIGNED = "assigned"
    STOCK = "stock"
    FORECAST = "forecast"
    FETCHING = "fetching"
    PROGRESS = "progress"
    STORED = "stored"
    RECEIPTED = "receipted"
    REJECTED = "rejected"
    CONFLICT = "conflict"
    DAMAGED = "damaged"
    WAITING = "waiting"
    LOG_RECEIPTED = "log-receipted"
    ANCHORED = "anchored"
    COPIED = "copied"
    UNCOPIED = "uncopied"
    WITHHELD = "withheld"
    STAMPED = "stamped"
    UNSTAMPED = "unstamped"
    BUNDLE = "bundle"
    DONE = "done"
    LOST = "lost"
    FAILED = "failed"
    KNOWN = "known"
    STATUS = "status"
    GATE = "gate"
    UNDOCKED = "undocked"


TROUBLE = frozenset(
    {
        Kind.UNUSABLE,
        Kind.FULL,
        Kind.REFUSED,
        Kind.REJECTED,
        Kind.CONFLICT,
        Kind.DAMAGED,
        Kind.UNCOPIED,
        Kind.WITHHELD,
        Kind.FAILED,
    }
)
"""What makes the exit status 1."""


@dataclass(frozen=True, slots=True)
class DockEvent:
    """One event; ``device`` is empty where no camera is known, ``slot`` where it is about no slot; ``utc_ms`` is when it happened, by
    the dock's clock.

    Facts by kind: ``listening``, ``unusable``, ``plugged`` and ``unplugged`` ``port``; ``stock`` ``items``, ``size``; ``forecast`` ``seconds``, ``size`` (what is
    left), ``rate`` (bytes a second), ``loss`` (damaged frames of a million), ``basis``, ``slow``; ``fetching``, ``stored``, ``stamped`` and ``unstamped`` ``item``; ``progress`` ``done``, ``total``
    (bytes of this round); ``clock`` ``before_ms``, ``after_ms``, ``dock_ms``, ``quality``, ``taken``; ``order`` ``order`` (``recall``, ``release``, ``consent``), ``taken``, ``recalled``; ``receipted``
    ``item``, ``hash``; ``copied`` ``item``, ``place``, ``files``, ``size``; ``uncopied`` ``item``, ``place``; ``withheld``
    ``items``; ``bundle`` ``item``, ``serial``, ``state`` (``offered``, ``taken``, ``declined``, ``failed``); ``log-receipted`` ``boot``, ``items``, ``hash``; ``accepted``, ``joined``, ``leads`` and ``status`` ``percent``, ``charging``, ``number``, ``update``, the latter
    ``busy``; ``known`` ``seen_ms``, ``missing``; ``gate`` ``light``; ``undocked`` ``early``, ``missing``; everything may have ``text``.
    """

    kind: Kind
    device: str = ""
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)
    slot: str = ""
    utc_ms: int | None = None

    @property
    def text(self) -> str:
        """Words for people, if there are any."""
        return str(self.facts.get("text", ""))

    def json(self) -> str:
        """One line for machines."""
        time = {} if self.utc_ms is None else {"utc_ms": self.utc_ms}
        return json.dumps({"event": self.kind, "device": self.device, "slot": self.slot, **time, **self.facts})


Emit = Callable[[DockEvent], None]


def at_slot(emit: Emit, slot: str) -> Emit:
    """The same, for whatever happens at one slot."""
    return lambda event: emit(replace(event, slot=slot))


def timed(emit: Emit, utc_ms: Callable[[], int]) -> Emit:
    """The same, told with the time."""
    return lambda event: emit(replace(event, utc_ms=utc_ms()))
