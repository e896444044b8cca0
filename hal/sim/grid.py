"""Units that exist already, given new times: an exact grid from the moment on at which their source was started."""

from __future__ import annotations

from hal.sim.calls import Call
from hal.sim.clock import NS


class Grid:
    """The half of a ``Feed`` that counts: ``count`` units in ``seconds``, evenly."""

    def __init__(self, count: int, seconds: int) -> None:
        """A grid that has not begun."""
        self._count = count
        self._seconds = seconds
        self._start_ns = 0
        self._index = 0

    def begin(self, time_ns: int) -> None:
        """Start with the first unit again."""
        self._start_ns, self._index = time_ns, 0

    def skip(self) -> None:
        """Leave the next unit out."""
        self._index += 1

    def end(self) -> None:
        """Nothing is open."""

    def faults(self) -> dict[str, Call]:
        """Nothing is encoded, so nothing goes wrong there."""
        return {}

    def _time_ns(self, index: int) -> int:
        return self._start_ns + index * NS * self._seconds // self._count
