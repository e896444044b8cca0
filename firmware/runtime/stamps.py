"""Readings of both clocks, as the evidence format writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firmware.runtime.work import Stamp
    from hal.interface import Clock

NS_PER_MS = 1_000_000


class Stamps:
    """Makes ``clock`` members: monotonic milliseconds, wall clock, its quality."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> Stamp:
        """Both clocks now."""
        return self.at(self._clock.monotonic_ns())

    def at(self, time_ns: int) -> Stamp:
        """Both clocks at a monotonic time that lies a little back, by the wall clock as it stands now."""
        wall = self._clock.utc()
        ago_ms = (self._clock.monotonic_ns() - time_ns) // NS_PER_MS
        return {"mono_ms": time_ns // NS_PER_MS, "utc_ms": wall.utc_ms - ago_ms, "quality": wall.quality.value}
