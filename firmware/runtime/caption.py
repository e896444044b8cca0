"""What stands in the picture: which camera, whose shift, whether it is being recorded, and what its clock is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hal.interface import ClockQuality, Overlay, OverlayField

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.runtime.log import Log
    from firmware.runtime.vault import Vault
    from firmware.settings import Settings
    from hal.interface import Hal

UNASSIGNED: Final = "unassigned"
"""Burnt in where it is nobody's shift; an id of a shift may be the same word and then means as little."""


class Caption:
    """Keeps the lens told.  A lens that will not hear is told again with each look, and refuses no incident."""

    def __init__(
        self, hal: Hal, vault: Vault, settings: Settings, facts: Callable[[], tuple[str | None, bool]], log: Log
    ) -> None:
        """``facts``: the id of the shift that is running, and whether a recording is."""
        self._hal = hal
        self._device = vault.session.device
        self._fields = frozenset(OverlayField(word) for word in settings.burnt_in)
        self._facts = facts
        self._log = log
        self._told: tuple[str | None, bool, bool] | None = None
        self._failed = False
        self.look()

    def look(self) -> None:
        """Tell the lens what has changed, if anything: a press, a stop, a shift, the clock.  Microseconds, where nothing has."""
        shift, recording = self._facts()
        facts = shift, recording, self._hal.clock.utc().quality is not ClockQuality.UNSET
        if facts == self._told:
            return
        overlay = Overlay(self._device, recording, facts[2], shift or UNASSIGNED, self._fields)
        try:
            self._hal.video.overlay(overlay)
        except OSError as error:
            if not self._failed:
                self._log.error("caption-failed", trouble=str(error))
            self._failed = True
            return
        self._told, self._failed = facts, False
