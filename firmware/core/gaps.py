"""Finding what a part did not deliver, by the times of what it did, and whether its own clock keeps time."""

from __future__ import annotations

from typing import Final

PATIENCE_NS: Final = 1_000_000_000
"""What is on its way at the end of a stream is younger than this; no encoder may take longer."""
WINDOW_NS: Final = 10_000_000_000
"""How long the shortest way is looked for: one late wake-up of a thread is no drift."""


class GapMeter:
    """Counts the units missing from a stream that should come every ``period_ns``.

    Units are missing where two neighbours lie more than one and a half periods apart: encoders lose frames without notice.  A unit whose
    time stands still or runs back has no place in a file, so it is missing too; the hole in the times that it leaves is not counted again.
    """

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._last_ns: int | None = None
        self._misplaced = 0
        self.missing = 0

    def see(self, time_ns: int) -> int:
        """Note a unit; the number of units that are missing now and were not before."""
        last = self._last_ns
        if last is not None and time_ns <= last:
            self._misplaced += 1
            return self._lose(1)
        self._last_ns, misplaced, self._misplaced = time_ns, self._misplaced, 0
        if last is None or 2 * (time_ns - last) <= 3 * self._period_ns:
            return 0
        return self._lose(max(0, round((time_ns - last) / self._period_ns) - 1 - misplaced))

    def end(self, time_ns: int) -> int:
        """The stream is cut off at ``time_ns``: what should have come by then and is not just on its way is missing."""
        if self._last_ns is None or time_ns - self._last_ns <= PATIENCE_NS:
            return 0
        return self._lose(max(0, (time_ns - self._last_ns) // self._period_ns - self._misplaced))

    def restart(self) -> None:
        """The stream pauses on purpose: what follows is not measured against what came before."""
        self._last_ns, self._misplaced = None, 0

    def _lose(self, count: int) -> int:
        self.missing += count
        return count


class DriftMeter:
    """How far the stamps of a source have moved against the clock since its first seconds.

    A unit takes some time from its capture to us; its shortest way stays the same.  Where that grows or shrinks, the source counts
    samples on a crystal of its own instead of keeping in step with the clock.
    """

    def __init__(self) -> None:
        self._begun_ns: int | None = None
        self._shortest_ns = 0
        self._first_ns: int | None = None

    def see(self, time_ns: int, now_ns: int) -> int:
        """Note a unit of ``time_ns`` that came at ``now_ns``; by how many ns it is later than at first, 0 within a window."""
        way_ns = now_ns - time_ns
        if self._begun_ns is None:
            self._begun_ns, self._shortest_ns = now_ns, way_ns
        self._shortest_ns = min(self._shortest_ns, way_ns)
        if now_ns - self._begun_ns < WINDOW_NS:
            return 0
        shortest_ns, self._begun_ns = self._shortest_ns, None
        self._first_ns = shortest_ns if self._first_ns is None else self._first_ns
        return shortest_ns - self._first_ns

    def restart(self) -> None:
        """The source begins anew, in step again."""
        self._begun_ns = self._first_ns = None
