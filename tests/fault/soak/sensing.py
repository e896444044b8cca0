"""What wires, an accelerometer, a battery and its gauge, and thermometers may do in a shift."""

from __future__ import annotations

from typing import Final

from hal.sim.traces import TRACES
from tests.fault.soak.shift import Shift

MINUTE_S: Final = 60.0
PERCENT: Final = 5
"""Charge that is left when a battery begins to drain."""


def wire(shift: Shift, seconds: float) -> None:
    """The alarm's wire is active for so long: pressed, stuck, or broken."""
    shift.camera(lambda rig: rig.triggers.set("alarm", active=True))
    shift.run(seconds)
    shift.camera(lambda rig: rig.triggers.set("alarm", active=False))
    shift.run(1)


def loose(shift: Shift, times: float) -> None:
    """A loose wire."""
    for _ in range(round(times)):
        shift.camera(lambda rig: rig.triggers.set("holster", active=True))
        shift.run(0.25)
        shift.camera(lambda rig: rig.triggers.set("holster", active=False))
        shift.run(0.25)


def move(shift: Shift, which: float) -> None:
    """Whoever wears it falls, runs, lies."""
    name = tuple(TRACES)[round(which)]
    shift.camera(lambda rig: rig.motion.play("walk"))
    shift.run(12)
    shift.camera(lambda rig: rig.motion.play(name))
    shift.run(45)
    shift.camera(lambda rig: rig.motion.play("still"))


def drain(shift: Shift, minutes: float) -> None:
    """The last percents of a battery; what it then does is the camera's.  A board without power is off."""
    shift.camera(lambda rig: rig.power.voltmeter(on=minutes % 2 == 0))
    shift.camera(lambda rig: rig.power.put(PERCENT))
    shift.camera(lambda rig: rig.power.drain(minutes / MINUTE_S * 100 / PERCENT))
    until = shift.seconds + minutes * MINUTE_S
    boot = shift.counts["boots"]
    while shift.counts["boots"] == boot and shift.seconds < until:
        shift.run(10)
    if shift.counts["boots"] == boot:
        shift.power_cut()
    shift.run(4 * MINUTE_S)


def gauge(shift: Shift, lie: float) -> None:
    """A gauge that lies, alone, ends nothing."""
    told = {
        0: lambda rig: rig.power.stick(on=True),
        1: lambda rig: rig.power.skew(-80),
        2: lambda rig: rig.power.skew(20),
        3: lambda rig: rig.power.die(on=True),
    }[round(lie)]
    offs = shift.counts["offs"]
    shift.camera(told)
    shift.run(2 * MINUTE_S)
    shift.need(shift.counts["offs"] == offs, "a gauge that lies switched the camera off")
    for mend in (
        lambda rig: rig.power.stick(on=False),
        lambda rig: rig.power.skew(0),
        lambda rig: rig.power.die(on=False),
    ):
        shift.camera(mend)


def heat(shift: Shift, celsius: float) -> None:
    """It becomes warmer by a few degrees a second, and cools down again."""
    warm, offs = 45.0, shift.counts["offs"]
    while warm < celsius:
        warm = min(celsius, warm + 5)
        shift.camera(lambda rig, warm=warm: rig.power.warm(warm))  # type: ignore[misc]  # mypy knows no type for a lambda's default
        shift.camera(lambda rig, warm=warm: rig.power.heat(warm * 2 / 3))  # type: ignore[misc]  # mypy knows no type for a lambda's default
        shift.run(1)
    shift.run(MINUTE_S)
    shift.need(shift.counts["offs"] == offs or celsius >= 90, f"{celsius} degrees switched the camera off")
    shift.camera(lambda rig: rig.power.warm(45.0))
    shift.camera(lambda rig: rig.power.heat(24.0))
    shift.run(2)
