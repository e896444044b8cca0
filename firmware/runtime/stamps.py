"""Readings of both clocks, as the evidence format writes them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from firmware.runtime.work import Stamp
    from hal.interface import Clock

NS_PER_MS = 1_000_000
JUMP_MS: Final = 2000
"""A wall clock that moved further in one step was set, or its oscillator stopped; less is a clock being disciplined."""


class Stamps:
    """Makes ``clock`` members: monotonic milliseconds, wall clock, its quality."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moving = threading.Lock()
        self._ahead_ms = self._ahead()

    def now_ns(self) -> int:
        """The monotonic clock now, in nanoseconds."""
        return self._clock.monotonic_ns()

    def now(self) -> Stamp:
        """Both clocks now."""
        return self.at(self._clock.monotonic_ns())

    def at(self, time_ns: int) -> Stamp:
        """Both clocks at a monotonic time that lies a little back, by the wall clock as it stands now."""
        wall = self._clock.utc()
        ago_ms = (self._clock.monotonic_ns() - time_ns) // NS_PER_MS
        return {"mono_ms": time_ns // NS_PER_MS, "utc_ms": wall.utc_ms - ago_ms, "quality": wall.quality.value}

    def set_utc(self, utc_ms: int, source: str = "dock") -> dict[str, object]:
        """Set the wall clock on the word of ``source``; what the audit log says of that, but for the drift."""
        with self._moving:
            before_ms = self._clock.utc().utc_ms
            self._clock.set_utc(utc_ms)
            self._ahead_ms = self._ahead()
        return {"before_ms": before_ms, "after_ms": utc_ms, "source": source}

    def jumped(self) -> dict[str, object] | None:
        """What the audit log says of a wall clock that moved by itself since it was last asked; None if it did not."""
        with self._moving:
            expected_ms, self._ahead_ms = self._ahead_ms, self._ahead()
            ahead_ms = self._ahead_ms
            if abs(ahead_ms - expected_ms) <= JUMP_MS:
                return None
            after_ms = self._clock.utc().utc_ms
        return {"before_ms": after_ms - ahead_ms + expected_ms, "after_ms": after_ms, "source": "jump"}

    def _ahead(self) -> int:
        """How far the wall clock is ahead of the monotonic one."""
        return self._clock.utc().utc_ms - self._clock.monotonic_ns() // NS_PER_MS
