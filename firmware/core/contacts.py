"""From raw edges of wired inputs (an alarm line, a holster's sensor) to alerts that ask for a recording.

An input counts once it has been active for as long as no spark lasts, and then from its first edge: nothing is lost by that wait, since the
minute before is in the buffer.  What is active when the camera starts asks for nothing until it was at rest: a wire may be broken, or
the holster empty for the whole shift.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hal.interface import Signal

_NS: Final = 1_000_000_000
SETTLED_NS: Final = 20_000_000
"""A level that has stood for this long is no spark and no bounce."""
BOUNCE_NS: Final = 50_000_000
"""What becomes active again this soon was active all the time: a contact that bounces may rest longer than it touches."""
FLAPS: Final = 10
FLAPPING_NS: Final = 60 * _NS
"""Nobody draws, and no room is alarmed, so often in so short a time: the wire is loose."""
CALM_NS: Final = 60 * _NS
"""An input that flapped and has been still for this long may be believed again."""
STUCK_NS: Final[Mapping[str, int | None]] = MappingProxyType({"alarm": 600 * _NS, "holster": None})
"""How long an input may be active before it counts as broken; None: for ever.  No alarm is left standing for ten minutes, but a holster is
empty for a whole shift where nobody was given what belongs in it."""
NAMES: Final = tuple(STUCK_NS)
"""The inputs that mean something."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A sensor asks for a recording.  ``time_ns`` is when it first noticed."""

    name: str
    time_ns: int


class _Phase(Enum):
    REST = "rest"
    RISING = "rising"  # active, not yet for long enough
    ACTIVE = "active"
    IGNORED = "ignored"  # active since before anybody looked


class Contact:
    """One input.  Feed it every edge at once, and the time at least ten times a second.

    Edges may repeat, and their times may stand still or run back.  ``broken``: it stays active for longer than such an input ever does, or
    flaps.  One that flaps asks for nothing more until it has come to rest: what it asked for before that was recorded.
    """

    def __init__(self, name: str, *, active: bool, now_ns: int) -> None:
        """``active`` is the level now."""
        self.name = name
        self._stuck = self._flaps = False
        self._stuck_ns = STUCK_NS.get(name)
        self._phase = _Phase.IGNORED if active else _Phase.REST
        self._active = active
        self._now_ns = self._rose_ns = self._changed_ns = now_ns
        self._rises: deque[int] = deque(maxlen=FLAPS)

    @property
    def broken(self) -> bool:
        """Whether nobody should rely on it."""
        return self._stuck or self._flaps

    def edge(self, signal: Signal) -> list[Alert]:
        """What this edge amounts to, and what had come due before it."""
        now_ns = self._now_ns = max(signal.time_ns, self._now_ns)
        alerts = self._due(now_ns)
        if signal.active == self._active:
            return alerts
        self._active, self._changed_ns = signal.active, now_ns
        if signal.active and self._phase is _Phase.REST:
            self._phase, self._rose_ns = _Phase.RISING, now_ns
        return alerts

    def tick(self, now_ns: int) -> list[Alert]:
        """What has come due by ``now_ns``.  This is the clock's word: an edge that claimed to be later came now."""
        self._now_ns = now_ns
        self._rose_ns, self._changed_ns = min(self._rose_ns, now_ns), min(self._changed_ns, now_ns)
        return self._due(now_ns)

    def _due(self, now_ns: int) -> list[Alert]:
        """What the time alone brings about."""
        stood_ns = now_ns - self._changed_ns
        if self._active:
            self._stuck |= self._stuck_ns is not None and now_ns - self._rose_ns >= self._stuck_ns
            if self._phase is _Phase.RISING and stood_ns >= SETTLED_NS:
                self._phase = _Phase.ACTIVE
                return self._risen()
        elif self._phase is not _Phase.REST and stood_ns >= self._rest_ns:
            self._phase = _Phase.REST
        elif self.broken and stood_ns >= CALM_NS:
            self._stuck = self._flaps = False
            self._rises.clear()
        return []

    @property
    def _rest_ns(self) -> int:
        """How long it has to be inactive before it can rise again."""
        return BOUNCE_NS if self._phase is _Phase.RISING else SETTLED_NS

    def _risen(self) -> list[Alert]:
        """Count what became active; nothing where it did so too often."""
        self._rises.append(self._rose_ns)
        self._flaps |= len(self._rises) == FLAPS and self._rose_ns - self._rises[0] <= FLAPPING_NS
        return [] if self._flaps else [Alert(self.name, self._rose_ns)]
