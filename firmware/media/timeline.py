"""From capture times to media times, and the hash that ties samples to the journal."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from firmware.media.fmp4 import Sample

_NS: Final = 1_000_000_000
SNAP_NS: Final = 5_000_000
"""Sound that begins this close to where the sound before it ends continues it exactly: clocks jitter."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The media time of one track: ticks of 1/``rate`` s since ``epoch_ns``, the first video frame of the recording."""

    epoch_ns: int
    rate: int

    def ticks(self, time_ns: int) -> int:
        """The tick nearest to ``time_ns``; negative before the epoch."""
        return (2 * (time_ns - self.epoch_ns) * self.rate + _NS) // (2 * _NS)


class Placer:
    """Gives the samples of one track their media times, one after the other.

    A sample stands at the tick nearest to its capture time, or where the one before ends if that is within ``snap_ns``;
    and always after the one before, be it by one tick.
    """

    def __init__(self, timeline: Timeline, snap_ns: int = 0) -> None:
        self._timeline = timeline
        self._snap = snap_ns * timeline.rate // _NS
        self._last = -1
        self._expected: int | None = None

    def place(self, time_ns: int, length: int = 0) -> int:
        """The media time of the next sample, which by its nature lasts ``length`` ticks."""
        time = self._timeline.ticks(time_ns)
        if self._expected is not None and abs(time - self._expected) <= self._snap:
            time = self._expected
        self._last = max(time, self._last + 1)
        self._expected = self._last + length
        return self._last


def sample_hash(samples: Iterable[Sample]) -> str:
    """The hash of samples as a journal line holds it: time (u64), length (u32), bytes of each in order; hexadecimal."""
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(struct.pack(">QI", sample.time, sample.size))
        for piece in sample.pieces:
            digest.update(piece)
    return digest.hexdigest()
