"""What the officer sees and feels: troubles gathered from all who tell of any, lights, and cues.

It shows what it is told and decides nothing.  The one thing that it withholds is a light that would claim more than anybody knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.core.indications import Trouble, felt, indicate, worst
from firmware.core.machine import RUNNING, Recording
from firmware.core.telling import telling
from firmware.runtime.rack import DOCKED
from firmware.runtime.senses import Senses
from firmware.runtime.troubles import of_storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.core.flags import Flag
    from firmware.core.machine import Place
    from firmware.runtime.log import Log
    from firmware.runtime.work import Health
    from hal.interface import Battery, Hal, Lights

BARS: Final = frozenset({Trouble.NOT_ENROLLED, Trouble.RECALLED, Trouble.STORAGE_FULL})
"""Only a camera that is nobody's, or full of evidence, may deny a recording; one that has no storage at all cannot but do so."""
NOTHING_TOLD: Final = -3600
_WARNINGS: Final = frozenset({Trouble.STORAGE_LOW, Trouble.STORAGE_CRITICAL})
"""Felt once, when they come."""


class Face:
    """Lights and cues of one camera.  ``troubles`` are those shown last."""

    def __init__(self, hal: Hal, log: Log, *, bar: Trouble | None, hush_front: bool = False) -> None:
        """``bar``: why the camera cannot record at all, if it cannot.  ``hush_front``: whether hush may darken the front light too."""
        self.troubles: frozenset[Trouble] = frozenset()
        self._flags: frozenset[Flag] = frozenset()
        self._hush_front = hush_front
        self._indicators = hal.indicators
        self._log = log
        self._standing: frozenset[Trouble] = frozenset() if bar is None else frozenset({bar})
        self._storage: frozenset[Trouble] = frozenset()
        self._told_s = NOTHING_TOLD
        self._left_s: int | None = None
        self.senses = Senses(hal.power, hal.clock, log)
        self._dark = (
            bar is None
        )  # until the volume is mounted nobody knows whether it can record: no light then says so
        self._lights: Lights | None = None
        self._meant: tuple[tuple[Recording, Place, frozenset[Trouble], frozenset[Flag]], Lights] | None = None
        self._mute = False

    @property
    def battery(self) -> Battery | None:
        """The battery as it was when somebody last looked; None while nobody could."""
        return self.senses.battery

    @property
    def bars(self) -> frozenset[Trouble]:
        """What forbids a recording right now."""
        return self._standing | (self._storage | self.troubles) & BARS

    def hear(self, health: Health) -> None:
        """The writer's word on the storage; its first one means that the volume is mounted."""
        self._dark, self._left_s = False, health.left_s
        before, self._storage = self._storage, of_storage(health, self._storage)
        if abs(health.left_s - self._told_s) >= max(60, self._told_s // 10):
            self._told_s = health.left_s
            self._log.event("storage", left_s=health.left_s, free=health.free)
        fresh = worst((self._storage & _WARNINGS) - before)
        if fresh is not None and not health.full:
            self.cue(fresh.value)

    def look(
        self,
        recording: Recording,
        place: Place,
        sources: frozenset[Trouble],
        flags: frozenset[Flag],
        now_ns: int,
    ) -> None:
        """Gather all troubles, beside those of the ``sources``, and show what follows."""
        self.senses.look(now_ns, running=recording in RUNNING, docked=place in DOCKED)
        for name in self.senses.felt():
            self.cue(name)
        troubles = self._standing | self._storage | sources | self.senses.troubles
        if troubles != self.troubles:
            first = worst(troubles)
            self._log.event("troubles", worst=first and first.value, all=sorted(trouble.value for trouble in troubles))
            self.troubles = troubles
        self.show(recording, place, flags)

    def show(self, recording: Recording, place: Place, flags: frozenset[Flag]) -> bool:
        """Show a state at once, with the troubles known by now; whether it is shown."""
        self._flags = flags
        if self._dark and recording is Recording.IDLE:
            return False
        state = recording, place, self.troubles, flags
        if self._meant is None or self._meant[0] != state:
            self._meant = state, indicate(*state, hush_front=self._hush_front)
        lights = self._meant[1]
        if lights != self._lights and self._tell(lambda: self._indicators.show(lights)):
            self._lights = lights
        return lights == self._lights

    def cue(self, name: str) -> None:
        """Play a cue of that name; under hush it is only felt."""
        cue = felt(name, self._flags)
        self._tell(lambda: self._indicators.play(cue))

    def count(self) -> None:
        """Tell battery and storage in ticks."""
        battery = self.battery
        cue = telling(None if battery is None else battery.percent, self._left_s)
        self._tell(lambda: self._indicators.play(cue))

    def _tell(self, act: Callable[[], None]) -> bool:
        """Show or play something; a broken lamp never keeps the camera from recording, and is tried again."""
        try:
            act()
        except OSError as error:
            if not self._mute:
                self._log.error("indicators-failed", trouble=str(error))
            self._mute = True
            return False
        self._mute = False
        return True
