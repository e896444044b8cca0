"""What others took of the processors meanwhile: on a busy machine a ratio that falls short may be theirs.

Figures of Linux's ``/proc/stat``; elsewhere nobody is seen.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

STAT: Final = Path("/proc/stat")
_BUSY: Final = (0, 1, 2, 5, 6, 7)
"""Of its fields for all processors together (proc(5)): user, nice, system, irq, softirq, and what a host took from its guest."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment: by the clock, how long all processors together were at work until then, and how long for us, all in seconds."""

    clock_s: float
    busy_s: float
    ours_s: float

    @classmethod
    def now(cls) -> Self:
        """This one.  Ours is what this process took, and those that it began and that have ended."""
        times = os.times()
        return cls(time.monotonic(), _busy(), times.user + times.system + times.children_user + times.children_system)

    def others_since(self, before: Moment) -> float:
        """The share of all processors that others took since then, of 1."""
        elapsed = (self.clock_s - before.clock_s) * (os.cpu_count() or 1)
        theirs = (self.busy_s - before.busy_s) - (self.ours_s - before.ours_s)
        return min(1.0, max(0.0, theirs / elapsed)) if elapsed > 0 else 0.0


def _busy() -> float:
    try:
        fields = STAT.read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    except OSError:
        return 0.0
    return sum(int(fields[index]) for index in _BUSY) / os.sysconf("SC_CLK_TCK")
