"""The simulated battery and charging contacts: it drains and charges on the clock, warms up, and its gauge lies on demand."""

from __future__ import annotations

import errno
from collections.abc import Callable
from itertools import pairwise

from hal.interface import Battery, Clock
from hal.sim.calls import Call, Flag, Number
from hal.sim.clock import NS

HOUR_NS = 3600 * NS
VOLTS = ((0, 3.0), (2, 3.2), (5, 3.45), (10, 3.6), (20, 3.7), (50, 3.85), (80, 4.05), (100, 4.2))
"""Of a lithium-ion cell under a light load, at some percents; straight between them."""


class SimPower:
    """A battery that has the charge it is told to have.  With a clock it can drain and charge; by default it does neither."""

    def __init__(self, percent: int = 80, clock: Clock | None = None, out: Callable[[], None] = lambda: None) -> None:
        """Away from the charger.  ``out`` is called when it has drained to nothing: the power goes."""
        self._out = out
        self._clock = clock
        self._charge = float(percent)
        self._at_ns = self._now_ns()
        self._drain_h = self._fill_h = 0.0  # from full to empty, and back; 0 for never
        self._contact = False
        self._celsius: float | None = 24.0
        self._processor: float | None = 45.0
        self._voltmeter = False
        self._offset = 0
        self._stuck: Battery | None = None
        self._dead = False
        self.is_off = False
        """Whether the board was switched off."""

    def battery(self) -> Battery:
        """The battery now, as its gauge has it."""
        if self._drain_h and not self._contact and self.charge == 0:
            self._out()
        if self._dead:
            raise OSError(errno.EIO, "the gauge does not answer")
        return self._stuck or self._true()

    def contact(self) -> bool:
        """Whether the charging contacts have power."""
        return self._contact

    def processor(self) -> float | None:
        """The processor's temperature."""
        return self._processor

    def off(self) -> None:
        """Switch the board off."""
        self.is_off = True

    @property
    def charge(self) -> float:
        """What there really is, in percent: 0 is when a camera goes out."""
        hours = (self._now_ns() - self._at_ns) / HOUR_NS
        rate = 100 / self._fill_h if self._contact and self._fill_h else 0.0
        if not self._contact and self._drain_h:
            rate = -100 / self._drain_h
        return max(0.0, min(100.0, self._charge + rate * hours))

    def put(self, percent: float) -> None:
        """Make the charge this much."""
        self._charge, self._at_ns = float(percent), self._now_ns()

    def touch(self, on: bool) -> None:  # noqa: FBT001 - it is called by name
        """Put power on the contacts, or take it away."""
        self.put(self.charge)
        self._contact = on

    def drain(self, hours: float) -> None:
        """From now on a full battery lasts for so many hours; 0: for ever."""
        self.put(self.charge)
        self._drain_h = hours

    def fill(self, hours: float) -> None:
        """From now on an empty battery is full after so many hours on the charger; 0: never."""
        self.put(self.charge)
        self._fill_h = hours

    def heat(self, celsius: float) -> None:
        """Make the battery this warm."""
        self._celsius = celsius

    def warm(self, celsius: float) -> None:
        """Make the processor this warm."""
        self._processor = celsius

    def blind(self, battery: bool, processor: bool) -> None:  # noqa: FBT001 - it is called by name
        """Take thermometers away."""
        self._celsius = None if battery else self._celsius
        self._processor = None if processor else self._processor

    def voltmeter(self, on: bool) -> None:  # noqa: FBT001 - it is called by name
        """Have the gauge say the voltage too, or no longer."""
        self._voltmeter = on

    def stick(self, on: bool) -> None:  # noqa: FBT001 - it is called by name
        """Let the gauge say what it says now, whatever becomes of the battery."""
        self._stuck = self._true() if on else None

    def skew(self, percent: int) -> None:
        """Let the gauge jump: from now on it says so much more, or less, than there is."""
        self._offset = percent

    def die(self, on: bool) -> None:  # noqa: FBT001 - it is called by name
        """Let the gauge answer no more, or again."""
        self._dead = on

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        on = {"on": Flag(default=True)}
        celsius = {"celsius": Number(-40, 120, real=True)}
        hours = {"hours": Number(0, 1000, real=True)}
        return {
            "battery": Call(self.put, {"percent": Number(0, 100)}),
            "contact": Call(self.touch, on),
            "heat": Call(self.heat, celsius),
            "warm": Call(self.warm, celsius),
            "blind": Call(self.blind, {"battery": Flag(default=True), "processor": Flag(default=True)}),
            "drain": Call(self.drain, hours),
            "fill": Call(self.fill, hours),
            "voltmeter": Call(self.voltmeter, on),
            "stick": Call(self.stick, on),
            "skew": Call(self.skew, {"percent": Number(-100, 100)}),
            "die": Call(self.die, on),
        }

    def _true(self) -> Battery:
        charge = self.charge
        percent = max(0, min(100, int(charge) + self._offset))
        volts = round(_volts(charge), 3) if self._voltmeter else None
        return Battery(percent, charging=self._contact, celsius=self._celsius, volts=volts)

    def _now_ns(self) -> int:
        return self._clock.monotonic_ns() if self._clock is not None else 0


def _volts(charge: float) -> float:
    for (low, least), (high, most) in pairwise(VOLTS):
        if charge <= high:
            return least + (most - least) * (charge - low) / (high - low)
    return VOLTS[-1][1]
