"""When a running recording is felt again, so that nobody forgets that it runs."""

from __future__ import annotations

from typing import Final

from firmware.core.machine import RUNNING, Recording

_NS: Final = 1_000_000_000
_GOES_ON: Final = RUNNING - {Recording.STARTING}
"""Shown as recording, and nobody has ended it."""


class Reminder:
    """One camera's.  Feed it the state and the time at least as often as it shall be on time."""

    def __init__(self, every_s: int) -> None:
        """0 reminds of nothing."""
        self._every_ns = every_s * _NS
        self._next_ns: int | None = None

    def due(self, recording: Recording, now_ns: int) -> bool:
        """Whether it is felt now, counted from when a recording was first seen to run.

        It waits while a stop has been asked for: what is felt then is about that.  One that was missed is not made up for.
        """
        if recording not in _GOES_ON or not self._every_ns:
            self._next_ns = None
            return False
        if self._next_ns is None:
            self._next_ns = now_ns + self._every_ns
        if now_ns < self._next_ns or recording is Recording.STOP_ASKED:
            return False
        self._next_ns = now_ns + self._every_ns
        return True
