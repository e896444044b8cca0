"""Finding what a part did not deliver, by the times of what it did."""

from __future__ import annotations


class GapMeter:
    """Counts the units missing from a stream that should come every ``period_ns``.

    A unit is missing where two neighbours lie more than one and a half periods apart: encoders lose frames without notice.
    """

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._last_ns: int | None = None
        self.missing = 0

    def see(self, time_ns: int) -> int:
        """Note a unit; the number of units missing before it."""
        last = self._last_ns
        if last is not None and time_ns <= last:
            return 0  # a time that stands still or runs back says nothing about what is missing
        self._last_ns = time_ns
        if last is None or 2 * (time_ns - last) <= 3 * self._period_ns:
            return 0
        lost = round((time_ns - last) / self._period_ns) - 1
        self.missing += lost
        return lost

    def restart(self) -> None:
        """The stream pauses on purpose: what follows is not measured against what came before."""
        self._last_ns = None
