"""The simulated battery and charging contacts."""

from __future__ import annotations

from dataclasses import replace

from hal.interface import Battery
from hal.sim.calls import Call, Flag, Number


class SimPower:
    """A battery that has the charge it is told to have."""

    def __init__(self, percent: int = 80) -> None:
        """Away from the charger."""
        self._battery = Battery(percent, charging=False, celsius=24.0)
        self._contact = False

    def battery(self) -> Battery:
        """The battery now."""
        return self._battery

    def contact(self) -> bool:
        """Whether the charging contacts have power."""
        return self._contact

    def put(self, percent: int) -> None:
        """Make the charge this much."""
        self._battery = replace(self._battery, percent=percent)

    def touch(self, on: bool) -> None:  # noqa: FBT001 - it is called by name
        """Put power on the contacts, or take it away."""
        self._contact = on
        self._battery = replace(self._battery, charging=on)

    def heat(self, celsius: float) -> None:
        """Make the battery this warm."""
        self._battery = replace(self._battery, celsius=celsius)

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        return {
            "battery": Call(self.put, {"percent": Number(0, 100)}),
            "contact": Call(self.touch, {"on": Flag(default=True)}),
            "heat": Call(self.heat, {"celsius": Number(-40, 120, real=True)}),
        }
