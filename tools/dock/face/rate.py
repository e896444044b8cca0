"""How fast a session is, and how long it will need for what it is at."""

from __future__ import annotations

import math
from collections.abc import Callable

TELLING = 64 * 1024
"""Bytes from which on a file says something about a session's rate."""
EARLY_S = 1.0
"""For so long a file says nothing about itself yet."""
STALLED_S = 5.0
"""A session from which nothing has come for so long will need for ever."""
MUCH = 2.0
"""A file changes hands for less than half the time."""


class Hand:
    """One session, as far as it fetches files.  ``rate``: bytes a second; 0 while nothing is known."""

    def __init__(self) -> None:
        self.rate = 0.0

    def much_faster(self, other: Pace, left: int) -> bool:
        """Whether this session would bring the rest, ``left`` bytes, in less than half the time; where nothing is known of this one, whether
        the other has stalled."""
        own = left / self.rate if self.rate else math.inf
        return other.stalled or MUCH * own < other.seconds(left)


class Pace:
    """A session at one file."""

    def __init__(self, hand: Hand, now: Callable[[], float]) -> None:
        """It begins now."""
        self.hand = hand
        self._now = now
        self._began = self._heard = now()
        self._size = 0

    def heard(self, size: int) -> None:
        """So many bytes have come."""
        self._size += size
        self._heard = self._now()

    def end(self) -> None:
        """Keep in mind how fast it was."""
        passed = self._heard - self._began
        if self._size >= TELLING and passed > 0:
            rate = self._size / passed
            self.hand.rate = (self.hand.rate + rate) / 2 if self.hand.rate else rate

    @property
    def stalled(self) -> bool:
        """Whether nothing has come for long."""
        return self._now() - self._heard >= STALLED_S

    def seconds(self, left: int) -> float:
        """How long it will need for ``left`` bytes, as it looks by now; 0 while nobody can know."""
        if self.stalled:
            return math.inf
        passed = self._now() - self._began
        known = left / self.hand.rate if self.hand.rate else 0.0
        here = left * passed / self._size if self._size else math.inf
        return max(known, here if passed >= EARLY_S else 0.0)
