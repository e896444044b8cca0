"""Units in the order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hal.interface import Track, Unit


class Increasing:
    """Lets a unit pass only if its time lies after that of the unit before on its track.

    A source promises that; a faulty encoder breaks it.  A frame that stands still in time or runs back has no place in
    a media file, so it is left out and counted: ``repeated``.
    """

    def __init__(self) -> None:
        self.repeated = 0
        self._newest: dict[Track, int] = {}

    def accept(self, unit: Unit) -> bool:
        """Whether ``unit`` may pass."""
        newest = self._newest.get(unit.track)
        if newest is not None and unit.time_ns <= newest:
            self.repeated += 1
            return False
        self._newest[unit.track] = unit.time_ns
        return True

    def restart(self) -> None:
        """The source begins anew: whatever comes next may pass."""
        self._newest.clear()
