"""How long an officer waited: from the edge of the button to ``starting``, and to ``recording``.

Times are those at which the lights had been told, on the monotonic clock, so they count everything between contact and lamp but the lamp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firmware.core.indications import Trouble
from firmware.core.machine import Recording

STARTING_NS: Final = 50_000_000
"""``starting`` is shown within this time of the edge."""
RECORDING_NS: Final = 1_500_000_000
"""``recording`` is shown within this time of it; what takes longer is late, and shown as trouble."""
SHOWN_NS: Final = 10_000_000_000
"""For how long a recording that began late shows that."""
_NS_PER_MS: Final = 1_000_000
_LATE: Final = frozenset({Trouble.START_LATE})
_NONE: Final[frozenset[Trouble]] = frozenset()


@dataclass(frozen=True, slots=True)
class Waited:
    """What a start took, in ms from its edge at ``edge_ns``; ``starting_ms`` is None where no light said so, being broken or hushed."""

    edge_ns: int
    starting_ms: int | None
    recording_ms: int


class Latency:
    """Follows one start after the other."""

    def __init__(self) -> None:
        self._edge_ns: int | None = None
        self._measured = False
        self._starting_ns: int | None = None
        self._late_until_ns: int | None = None

    def begun(self, edge_ns: int, *, measured: bool) -> None:
        """A recording was asked for.  Not ``measured``: by nobody's hand and by no sensor, so that there is no edge to measure from.

        Asked again for the same edge, since storage took the first attempt away, what was shown stands.
        """
        if edge_ns != self._edge_ns:
            self._starting_ns = None
        self._edge_ns, self._measured, self._late_until_ns = edge_ns, measured, None

    def shown(self, recording: Recording, now_ns: int, *, lit: bool) -> Waited | None:
        """A new state is shown, or, where not ``lit``, would be; what that start took, once it is known."""
        if recording is Recording.IDLE:
            self._late_until_ns = None
        edge_ns = self._edge_ns
        if edge_ns is None:
            return None
        if recording is Recording.STARTING:
            if lit and self._starting_ns is None:
                self._starting_ns = now_ns
            return None
        self._edge_ns = None
        if recording is not Recording.RECORDING:
            return None
        if now_ns - edge_ns > RECORDING_NS:
            self._late_until_ns = now_ns + SHOWN_NS
        starting_ns = self._starting_ns
        starting_ms = None if starting_ns is None else _ms(starting_ns - edge_ns)
        return Waited(edge_ns, starting_ms, _ms(now_ns - edge_ns)) if self._measured else None

    def troubles(self, now_ns: int) -> frozenset[Trouble]:
        """Whether a recording has not begun in time and still does not, or began late a moment ago."""
        waits = self._edge_ns is not None and now_ns - self._edge_ns > RECORDING_NS
        waited = self._late_until_ns is not None and now_ns < self._late_until_ns
        return _LATE if waits or waited else _NONE


def _ms(span_ns: int) -> int:
    """Whole ms, rounded up; an edge that claims to be later than what followed it came at once."""
    return max(0, -(-span_ns // _NS_PER_MS))
