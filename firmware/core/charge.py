"""How long the battery lasts, from its gauge's own history, and when that is worth a warning or the end.

A gauge says whole percents, rounded down, and may lie: jump, stand still, or not answer.  Only the moments at which it fell by themselves say
anything exact; a slope through these is the drain.  Without enough of them there is no forecast, and percents alone warn.  Nothing but
several words that agree, over several readings, ends a recording.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from firmware.core.indications import Trouble

if TYPE_CHECKING:
    from hal.interface import Battery

_NS: Final = 1_000_000_000
MINUTE_S: Final = 60
STEPS: Final = 3
"""So many falls at least make a slope, over at least so long: two whole percents."""
SPAN_NS: Final = 4 * MINUTE_S * _NS
REMEMBERED: Final = 12
"""Falls: older ones say how much it drained before, not now."""
JUMP: Final = 5
"""Percents between two readings that no battery gains, or loses, by itself."""
SILENT_NS: Final = 5 * MINUTE_S * _NS
STANDS: Final = 3
"""A percent that lasts so many times as long as it should is one at which the gauge stands still."""
RESERVE_S: Final = 3 * MINUTE_S
"""What is kept for sealing, and for what a forecast is wrong by."""
LAST_S: Final = MINUTE_S
"""Where nobody recorded when the reserve was reached, what begins in it may go on until here."""
EMPTY_PERCENT: Final = 5
LOW_VOLTS: Final = 3.5
"""A cell that still has more is not about to be empty, whatever the gauge says: at the currents of a camera that is some 5 %."""
EMPTY_VOLTS: Final = 3.3
"""A cell that has no more is, whatever the gauge says: from here on it falls by 0.1 V in a few minutes, and boards give up at 3.0."""
AGREED: Final = 10
"""Readings in a row, one a second, that have to say the same."""


class Charge:
    """The history of one discharge."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._seen_ns: int | None = None
        self._restart()

    def _restart(self) -> None:
        self._falls: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)  # when it fell, and to what
        self._least: int | None = None
        self._newest = 0

    def see(self, battery: Battery, now_ns: int) -> None:
        """One reading."""
        self._seen_ns = now_ns
        before, self._newest = self._newest, battery.percent
        if battery.charging or self._least is None or abs(battery.percent - before) > JUMP:
            self._restart()
            self._least, self._newest = battery.percent, battery.percent
        elif battery.percent < self._least:
            self._least = battery.percent
            self._falls.append((now_ns, battery.percent))

    def left_s(self, now_ns: int) -> int | None:
        """For how many seconds it lasts; None while nobody can say."""
        if self._seen_ns is None or now_ns - self._seen_ns > SILENT_NS or len(self._falls) < STEPS:
            return None
        per_percent = self._slope()
        fell_ns, percent = self._falls[-1]
        lasted = now_ns - fell_ns
        if per_percent is None or lasted > STANDS * per_percent:
            return None
        # Just fallen to a percent there is one more, all but nothing; as long as it shows this one, there is at least that.
        return round(max((percent + 1) * per_percent - lasted, percent * per_percent) / _NS)

    def _slope(self) -> float | None:
        """Nanoseconds a percent, by least squares; None over too short a time."""
        if self._falls[-1][0] - self._falls[0][0] < SPAN_NS:
            return None
        times = [time_ns - self._falls[0][0] for time_ns, _ in self._falls]
        percents = [percent for _, percent in self._falls]
        middle, centre = sum(times) / len(times), sum(percents) / len(percents)
        spread = sum((percent - centre) ** 2 for percent in percents)
        tilt = sum((time - middle) * (percent - centre) for time, percent in zip(times, percents, strict=True))
        return -tilt / spread if tilt < 0 else None


@dataclass(frozen=True, slots=True)
class _Mark:
    """A warning stands below so many seconds, or, where nobody can say these, at so many percents."""

    below_s: int
    percent: int


MARKS: Final[Mapping[Trouble, _Mark]] = MappingProxyType(
    {
        Trouble.BATTERY_ENDING: _Mark(10 * MINUTE_S, 2),
        Trouble.BATTERY_CRITICAL: _Mark(30 * MINUTE_S, 5),
        Trouble.BATTERY_LOW: _Mark(60 * MINUTE_S, 20),
    }
)


def warnings(battery: Battery, left_s: int | None, before: frozenset[Trouble]) -> frozenset[Trouble]:
    """The warnings that stand; ``before``: those that stood.  One goes only once there is a quarter more than where it came, or the charger.

    A voltage that says that it is empty warns by itself, whatever the gauge says: it may stand still.
    """
    if battery.charging:
        return frozenset()
    if battery.volts is not None and battery.volts <= EMPTY_VOLTS:
        return frozenset(MARKS)
    return frozenset(trouble for trouble, mark in MARKS.items() if _stands(mark, battery, left_s, trouble in before))


def _stands(mark: _Mark, battery: Battery, left_s: int | None, stood: bool) -> bool:  # noqa: FBT001 - the last column of the table
    if left_s is None:
        return battery.percent <= mark.percent + stood
    return left_s < (mark.below_s * 5 // 4 if stood else mark.below_s)


class Reserve:
    """Whether the end has come: the last minutes, by words that agree.

    A recording that runs when the reserve is reached ends in good order.  A camera that only buffers then goes on, since a press must record;
    what begins in the reserve, and what only buffers, ends a minute before the battery does.
    """

    def __init__(self) -> None:
        """Far from it."""
        self._agreed = 0
        self._spared = False

    def see(self, battery: Battery, left_s: int | None, *, powered: bool, running: bool) -> bool:
        """One reading, a second after the one before.  ``powered``: the charger has power, or a dock says that it is there.  True: end now."""
        if powered or battery.charging or not _within(battery, left_s, RESERVE_S):
            self._agreed, self._spared = 0, False
            return False
        self._spared |= not running
        if self._spared and not _within(battery, left_s, LAST_S):
            return False
        self._agreed += 1
        return self._agreed >= AGREED


def _within(battery: Battery, left_s: int | None, limit_s: int) -> bool:
    """Whether all that is known agrees that it lasts no longer.

    By the forecast, with a percentage that is next to nothing, and a voltage, where there is one, that does not contradict.  Without a
    forecast only voltage and percentage together say so: a gauge alone ends nothing.
    """
    if battery.percent > EMPTY_PERCENT or (battery.volts is not None and battery.volts > LOW_VOLTS):
        return False
    if left_s is None:
        return battery.volts is not None and battery.volts <= EMPTY_VOLTS and battery.percent <= 1
    return left_s <= limit_s
