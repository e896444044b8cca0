"""A sound card with a crystal of its own, and what keeps its sound in step with the monotonic clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hal.sim.clock import NS, SimTime

RATE = 48_000
BEEP_HZ = 1000
BEEP_SAMPLES = RATE // 10
_KEPT = 4  # samples kept behind the last block, to interpolate from

Samples = NDArray[np.float64]


class SoundCard:
    """Hears a beep on each whole second of the wall clock over faint noise, and counts samples by its own crystal."""

    def __init__(self, clock: SimTime, start_ns: int, ppm: float = 0) -> None:
        """A card opened at ``start_ns``, whose crystal runs fast by ``ppm`` millionths."""
        self._clock = clock
        self._start_ns = start_ns
        self._rate = RATE * (1 + ppm / 1_000_000)
        self._next = 0
        self._second = _one_second()

    def skip(self, until_ns: int) -> None:
        """Let what it captures before ``until_ns`` pass by unheard."""
        self._next = max(self._next, self._captured(until_ns))

    def read(self, until_ns: int) -> tuple[Samples, Samples]:
        """What it captured up to ``until_ns`` and gave nobody yet: the samples' times in seconds since the start, and the samples."""
        numbers = np.arange(self._next, max(self._next, self._captured(until_ns)))
        self._next += len(numbers)
        times = numbers / self._rate
        at = (self._clock.utc_ns(self._start_ns) % NS / NS + times) % 1 * RATE
        before = at.astype(np.int64)
        heard = self._second[before] + (at - before) * (self._second[before + 1] - self._second[before])
        return times, heard

    def _captured(self, time_ns: int) -> int:
        return int((time_ns - self._start_ns) * self._rate / NS)


class InStep:
    """Resamples what a card captures to the grid of the monotonic clock, so that no drift is left.

    A card's driver says when it captured what, so the grid needs no estimate: a block's samples are drawn between those of the card.
    """

    def __init__(self, card: SoundCard) -> None:
        """Read from this card."""
        self._card = card
        self._times = self._samples = np.empty(0)

    def skip(self, until_ns: int) -> None:
        """Let everything before ``until_ns`` pass by unheard."""
        self._card.skip(until_ns)
        self._times = self._samples = np.empty(0)

    def block(self, first: int, count: int, until_ns: int) -> Samples:
        """Samples ``first`` to ``first + count`` of the grid, of which the last was captured before ``until_ns``."""
        times, samples = self._card.read(until_ns)
        self._times, self._samples = np.append(self._times, times), np.append(self._samples, samples)
        grid = np.arange(first, first + count) / RATE
        block = np.interp(grid, self._times, self._samples)
        used = max(0, int(np.searchsorted(self._times, grid[-1])) - _KEPT)
        self._times, self._samples = self._times[used:], self._samples[used:]
        return block


def _one_second() -> Samples:
    """What is heard in a second: 100 ms of 1 kHz, its ends rounded off over 2 ms, and noise at -60 dB; and the next one's first sample."""
    sound = np.random.default_rng(3).normal(0, 0.001, RATE)
    beep = 0.5 * np.sin(2 * np.pi * BEEP_HZ * np.arange(BEEP_SAMPLES) / RATE)
    ramp = np.minimum(np.arange(BEEP_SAMPLES) / (RATE // 500), 1)
    sound[:BEEP_SAMPLES] += beep * ramp * ramp[::-1]
    return np.append(sound, sound[0])
