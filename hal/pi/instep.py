"""Keeps what a sound card captures in step with the monotonic clock.

A card counts samples by a crystal of its own, and a block of them arrives late by whatever the processor was busy with, but never early.
So the line of capture times is drawn below the arrivals, and bent so slowly that nobody hears it.  Pure: blocks and times come in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 48_000
UNIT: Final = 1024  # samples
NS: Final = 1_000_000_000
SETTLE: Final = RATE // 10
"""Samples that are heard before the first capture time is told: the earliest of several arrivals is the best."""
WINDOW: Final = RATE
"""Samples between two corrections, each by the earliest arrival among them."""
PHASE_S: Final = 8.0
"""An error is gone in some times this; 200 ppm out of the blue are never off by more than 1.2 ms."""
MOST_PPM: Final = 1000.0
"""No crystal is so far off, and speech this much faster or slower sounds the same."""
LATE_NS: Final = 60_000_000
"""Later than this, and sound was lost, or waits to be read: the next blocks tell which."""
PROOF: Final = RATE // 10
"""Samples over which a backlog would have shrunk."""
SHRUNK: Final = 0.1

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples in a row: the first was captured at ``first_ns``, the others each ``step_ns`` after the one before.

    ``fresh``: it does not follow what came before; sound was lost between.
    """

    first_ns: float
    step_ns: float
    samples: Samples
    fresh: bool


@dataclass(slots=True)
class _Block:
    samples: Samples
    arrival_ns: int
    late_ns: float = 0.0


@dataclass
class Reckoner:
    """Says when a card's samples were captured.  ``ppm``: by how much the card's crystal is slow, as far as is known."""

    ppm: float = 0.0
    gaps: int = 0
    """Times that sound was lost: an overrun, as a rule."""
    _held: list[_Block] = field(default_factory=list)
    _end_ns: float | None = None
    _step_ns: float = NS / RATE
    _seen: int = 0
    _best_ns: float = np.inf

    def __post_init__(self) -> None:
        """Begin with what is known of the crystal."""
        self._bend(self.ppm)

    def take(self, samples: Samples, arrival_ns: int) -> list[Stretch]:
        """A block of ``samples`` was there at ``arrival_ns``.  What is known by now of this block and of those that were held back."""
        block = _Block(samples, arrival_ns)
        self._held.append(block)
        held = sum(len(each.samples) for each in self._held)
        if self._end_ns is None:
            if held < SETTLE:
                return []
            return self._release(fresh=True)
        block.late_ns = arrival_ns - (self._end_ns + held * self._step_ns)
        if block.late_ns > LATE_NS and not self._lost():
            return []
        fresh = abs(block.late_ns) > LATE_NS
        self.gaps += fresh
        return self._release(fresh=fresh)

    def _lost(self) -> bool:
        """Whether the newest block is as late as those before it: then no backlog is being read."""
        newest, later = self._held[-1], 0
        for block in reversed(self._held):
            if later >= PROOF:
                return block.late_ns - newest.late_ns < SHRUNK * PROOF / RATE * NS
            later += len(block.samples)
        return False

    def _release(self, *, fresh: bool) -> list[Stretch]:
        end_ns = self._end_ns
        if end_ns is None or fresh:
            counts = np.cumsum([len(block.samples) for block in self._held])
            arrivals = np.array([block.arrival_ns for block in self._held], dtype=np.float64)
            end_ns = float(np.min(arrivals - counts * self._step_ns))
            self._seen, self._best_ns = 0, np.inf
        stretches = []
        for block in self._held:
            stretches.append(Stretch(end_ns, self._step_ns, block.samples, fresh))
            end_ns += len(block.samples) * self._step_ns
            fresh = False
            self._watch(len(block.samples), block.arrival_ns - end_ns)
        self._held.clear()
        self._end_ns = end_ns
        return stretches

    def _watch(self, count: int, late_ns: float) -> None:
        """Correct the rate once a window, by the integral of the error and the error itself: critically damped."""
        self._best_ns, self._seen = min(self._best_ns, late_ns), self._seen + count
        if self._seen < WINDOW:
            return
        error_ppm = self._best_ns / NS / PHASE_S * 1e6
        self.ppm = _bounded(self.ppm + error_ppm / (4 * PHASE_S) * self._seen / RATE)
        self._bend(self.ppm + error_ppm)
        self._seen, self._best_ns = 0, np.inf

    def _bend(self, ppm: float) -> None:
        self._step_ns = NS / RATE * (1 + _bounded(ppm) / 1e6)


class Grid:
    """Draws units of ``UNIT`` samples, ``RATE`` a second by the monotonic clock, from stretches of a card's."""

    def __init__(self, after_ns: int = -1) -> None:
        """Nothing heard.  The first unit begins after ``after_ns``."""
        self._times = self._samples = np.empty(0)
        self._start_ns, self._units = after_ns + 1, 0

    def put(self, stretch: Stretch) -> list[tuple[int, Samples]]:
        """The units that are whole now, each with the time of its first sample in ns.

        What is left before a gap is filled up with silence, so that nothing heard is lost, and nothing is glued.
        """
        units = self._begin(stretch.first_ns) if stretch.fresh else []
        numbers = np.arange(len(stretch.samples))
        self._times = np.append(self._times, stretch.first_ns + numbers * stretch.step_ns)
        self._samples = np.append(self._samples, stretch.samples)
        while len(self._times) > 1 and (grid := self._next())[-1] < self._times[-2]:
            units.append(self._unit(self._drawn(grid)))
            used = max(0, int(np.searchsorted(self._times, grid[-1])) - 4)
            self._times, self._samples = self._times[used:], self._samples[used:]
        return units

    def _begin(self, first_ns: float) -> list[tuple[int, Samples]]:
        """What there is before a gap; and the grid begins anew behind it."""
        units = []
        grid = self._next()
        if len(self._times) and (heard := grid[grid <= self._times[-1]]).size:
            units.append(self._unit(np.append(self._drawn(heard), np.zeros(UNIT - len(heard)))))
        self._start_ns, self._units = max(int(np.ceil(first_ns)), self._time_ns(self._units)), 0
        self._times = self._samples = np.empty(0)
        return units

    def _unit(self, samples: Samples) -> tuple[int, Samples]:
        self._units += 1
        return self._time_ns(self._units - 1), samples

    def _time_ns(self, number: int) -> int:
        return self._start_ns + number * UNIT * NS // RATE

    def _next(self) -> Samples:
        return self._time_ns(self._units) + np.arange(UNIT, dtype=np.float64) * (NS / RATE)

    def _drawn(self, grid: Samples) -> Samples:
        """The curve through four samples around each point of ``grid``."""
        last = len(self._times) - 1
        at = np.interp(grid, self._times, np.arange(last + 1))
        whole = at.astype(np.int64)
        part = at - whole
        before, here, after, beyond = (self._samples[np.clip(whole + shift, 0, last)] for shift in (-1, 0, 1, 2))
        drawn: Samples = (
            here
            + part * (after - before / 3 - here / 2 - beyond / 6)
            + part**2 * ((before + after) / 2 - here)
            + part**3 * ((here - after) / 2 + (beyond - before) / 6)
        )
        return drawn


def _bounded(ppm: float) -> float:
    return max(-MOST_PPM, min(MOST_PPM, ppm))
