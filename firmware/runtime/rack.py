"""What standing in a dock, and being taken out of one, mean for recording, as the authority sets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.core.machine import Place

if TYPE_CHECKING:
    from firmware.settings import Settings
    from hal.interface import Power

DOCKED: Final = frozenset({Place.DOCKED, Place.OFFLOADING})


class Rack:
    """Remembers whether the camera has stood in a dock since it was taken out last.  Every doubt is decided for recording."""

    def __init__(self, power: Power, settings: Settings) -> None:
        self._power = power
        self._settings = settings
        self.stood = False

    def put_in(self) -> None:
        """It stands in a dock of its authority."""
        self.stood = True

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
