"""Where the camera is, and what standing in a dock and being taken out of one mean for recording, as the authority sets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.core.machine import Move, Place, move

if TYPE_CHECKING:
    from firmware.runtime.docklink import DockNews
    from firmware.runtime.flow import Flow
    from firmware.runtime.log import Log
    from firmware.settings import Settings
    from hal.interface import Power

DOCKED: Final = frozenset({Place.DOCKED, Place.OFFLOADING})


class Rack:
    """Remembers whether the camera has stood in a dock since it was taken out last.  Every doubt is decided for recording."""

    def __init__(self, power: Power, settings: Settings, flow: Flow, log: Log) -> None:
        self.place = Place.WORN
        self._flow = flow
        self._log = log
        self._power = power
        self._settings = settings
        self.stood = False

    @property
    def docked(self) -> bool:
        """Whether a dock of the authority has stood."""
        return self.place in DOCKED

    def hear(self, news: DockNews) -> bool:
        """What a link tells; whether it is that a dock of the authority stands."""
        before, self.place = self.place, move(self.place, news.move)
        if self.place is not before:
            self._log.event("place", place=self.place.value, dock=news.dock, text=news.text)
        if self.docked is not (before in DOCKED):
            self._flow.sign("place", {"place": "docked" if self.docked else "worn", "dock": news.dock})
        self.stood |= news.move is Move.STOOD
        return news.move is Move.STOOD

    def taken_out(self) -> bool:
        """It was taken out; whether it then records by itself."""
        stood, self.stood = self.stood, False
        return stood and self._settings.record_on_undock

    def refuses(self, place: Place) -> bool:
        """Whether a press records nothing here.

        Only where the authority wants that, and where the charging contacts have power as well: when a camera is pulled out the link takes
        its time to notice, and an incident does not wait for that.
        """
        if self._settings.record_in_dock or place not in DOCKED:
            return False
        try:
            return self._power.contact()
        except OSError:
            return False
