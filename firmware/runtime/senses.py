"""Battery, heat and clock, looked at once a second: what is wrong with them, and whether the camera has to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.core.charge import Charge, Reserve, warnings
from firmware.core.heat import Heat, Level
from firmware.core.indications import Trouble, worst
from hal.interface import ClockQuality

if TYPE_CHECKING:
    from firmware.runtime.log import Log
    from hal.interface import Battery, Clock, Power

LOOK_NS: Final = 1_000_000_000


class Senses:
    """What a camera knows of itself.  A gauge that cannot be read says nothing, and stops nothing.

    ``battery`` is what was read last, None while nobody could; ``left_s`` for how many seconds it lasts, None while nobody can say;
    ``heat`` how warm the camera is.
    """

    def __init__(self, power: Power, clock: Clock, log: Log) -> None:
        self._power = power
        self._clock = clock
        self._log = log
        self._looked_ns: int | None = None
        self._charge = Charge()
        self._heat = Heat()
        self._reserve = Reserve()
        self._found: frozenset[Trouble] = frozenset()
        self._told: set[Trouble] = set()
        self._told_s: int | None = None
        self._fresh: list[str] = []
        self.battery: Battery | None = None
        self.left_s: int | None = None
        self.heat = Level.COOL
        self.answers: bool | None = None
        """Whether the gauge answered when it was asked last; None before that."""
        self.ends: str | None = None
        """Why the camera has to end: ``battery`` or ``heat``; None while it need not."""

    def look(self, now_ns: int, *, running: bool, docked: bool) -> None:
        """Read everything once a second; ``running``: whether a recording is being made."""
        if self._looked_ns is not None and now_ns - self._looked_ns < LOOK_NS:
            return
        self._looked_ns = now_ns
        unset = self._clock.utc().quality is ClockQuality.UNSET
        found = frozenset({Trouble.CLOCK_UNSET} if unset else ())
        try:
            found |= self._read(now_ns, running=running, docked=docked)
            self.answers = True
        except OSError as error:
            if self.answers is not False:
                self._log.warning("gauge-failed", trouble=str(error))
            self.answers = False
            self.left_s = self._charge.left_s(now_ns)
            found |= self._found - {Trouble.CLOCK_UNSET}
        self._found = found

    def _read(self, now_ns: int, *, running: bool, docked: bool) -> frozenset[Trouble]:
        battery = self.battery = self._power.battery()
        powered = docked or self._power.contact()
        self._charge.see(battery, now_ns)
        left_s = self.left_s = self._charge.left_s(now_ns)
        self.heat = self._heat.see(battery.celsius, self._power.processor(), now_ns)
        empty = self._reserve.see(battery, left_s, powered=powered, running=running)
        over = self.heat is Level.OVER and not powered and not battery.charging
        self.ends = "battery" if empty else "heat" if over else None
        found = warnings(battery, left_s, self._found)
        if battery.charging:
            self._told.clear()
        if (fresh := worst(found - self._told)) is not None:
            self._told |= found
            self._fresh.append(fresh.value)
            self._log.event("battery-warning", percent=battery.percent, left_s=left_s, warning=fresh.value)
        self._tell(battery, left_s)
        return found | (frozenset() if self.heat is Level.COOL else frozenset({Trouble.HOT}))

    def _tell(self, battery: Battery, left_s: int | None) -> None:
        """Each tenth of the time that is left, as it is told of storage; and where there is a forecast no more."""
        before = self._told_s
        if before is None or left_s is None:
            changed = left_s is not before
        else:
            changed = abs(left_s - before) >= max(60, before // 10)
        if changed:
            self._told_s = left_s
            self._log.event("battery", percent=battery.percent, left_s=left_s)

    @property
    def hot(self) -> bool:
        """Whether what can wait has to."""
        return self.heat.value >= Level.HOT.value

    @property
    def troubles(self) -> frozenset[Trouble]:
        """What they said last."""
        return self._found

    def felt(self) -> list[str]:
        """The cues of the warnings that came since this was asked last: each is felt once, until it was charged."""
        fresh, self._fresh = self._fresh, []
        return fresh
