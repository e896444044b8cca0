"""How the camera tells its state to a hand: ticks to count, first of the battery, then of the storage.

It is made of patterns that mean the same elsewhere (``firmware.core.indications``): a tick counts, two long buzzes say that it records no
more.  The ticks come slowly enough to be counted, and slower than any two buzzes of one pattern.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.core.indications import CUES
from hal.interface import Cue

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = "state"
TICK: Final = CUES["hold-1"].buzz_ms
NONE: Final = CUES["stopped"].buzz_ms
APART_MS: Final = 300
"""Between two ticks."""
PAUSE_MS: Final = 1000
"""Between battery and storage."""
_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Scale:
    """What is counted: one tick from ``least`` on, and one more from each step on."""

    what: str
    least: int
    steps: tuple[int, ...]
    each: str

    def ticks(self, value: int | None) -> int:
        """One to four; 0 where nothing is left, or nobody knows how much."""
        return 0 if value is None or value < self.least else 1 + bisect_right(self.steps, value)


BATTERY: Final = Scale("battery", 1, (25, 50, 75), "a quarter of its charge")
"""In percent."""
STORAGE: Final = Scale("storage", 60, (2 * _HOUR_S, 4 * _HOUR_S, 6 * _HOUR_S), "two hours of recording")
"""In seconds that a recording can go on: four ticks are enough for most of a shift."""


def telling(percent: int | None, left_s: int | None) -> Cue:
    """The battery's charge in percent and how long the storage lasts in seconds, each None where it is not known, for a hand to count."""
    battery, storage = _counted(BATTERY.ticks(percent)), _counted(STORAGE.ticks(left_s))
    return Cue(NAME, (*battery, PAUSE_MS, *storage))


def _counted(ticks: int) -> Sequence[int]:
    """So many ticks; two long buzzes for none."""
    return [*TICK, *(ms for _ in range(ticks - 1) for ms in (APART_MS, *TICK))] if ticks else NONE
