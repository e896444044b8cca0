"""The simulated battery follows the clock, and its gauge lies only where it is told to."""

from __future__ import annotations

import pytest

from hal.sim.clock import NS, VirtualClock
from hal.sim.power import SimPower

HOUR = 3600 * NS


def test_it_drains_and_fills_on_the_clock() -> None:
    """Down to nothing and up to full, and no further; the gauge rounds down."""
    clock = VirtualClock()
    power = SimPower(80, clock)
    clock.advance(10 * HOUR)
    assert power.battery().percent == 80
    power.drain(10)
    clock.advance(HOUR + HOUR // 20)
    assert power.charge == pytest.approx(69.5)
    assert (power.battery().percent, power.battery().charging) == (69, False)
    power.fill(2)
    power.touch(on=True)
    clock.advance(HOUR // 2)
    assert power.charge == pytest.approx(94.5)
    assert power.battery().charging
    clock.advance(HOUR)
    assert power.battery().percent == 100
    power.touch(on=False)
    clock.advance(20 * HOUR)
    assert power.charge == 0


def test_an_empty_battery_is_told_to_whoever_ends_the_camera() -> None:
    """When it has drained to nothing, and not where a slider says so, or with the charger."""
    clock, ends = VirtualClock(), list[int]()
    power = SimPower(10, clock, lambda: ends.append(clock.monotonic_ns()))
    power.put(0)
    power.battery()
    power.put(10)
    power.drain(10)
    clock.advance(HOUR - NS)
    assert power.battery().percent == 0
    assert ends == []
    clock.advance(NS)
    power.touch(on=True)
    power.battery()
    assert ends == []
    power.touch(on=False)
    power.battery()
    assert len(ends) == 1


def test_its_voltage_falls_with_the_charge() -> None:
    """Only where it has a voltmeter; steeply at the end."""
    power = SimPower()
    assert power.battery().volts is None
    power.voltmeter(on=True)
    volts = []
    for percent in range(101):
        power.put(percent)
        volts.append(power.battery().volts or 0)
    assert volts == sorted(volts)
    assert (volts[0], volts[100]) == (3.0, 4.2)
    assert volts[5] - volts[0] > 4 * (volts[50] - volts[45])


def test_its_gauge_lies_on_demand() -> None:
    """It stands still, jumps, or does not answer, whatever becomes of the battery; and is right again after that."""
    power = SimPower(50)
    power.stick(on=True)
    power.put(10)
    assert power.battery().percent == 50
    power.stick(on=False)
    power.skew(-20)
    assert power.battery().percent == 0
    power.skew(7)
    assert power.battery().percent == 17
    power.skew(0)
    power.die(on=True)
    with pytest.raises(OSError, match="does not answer"):
        power.battery()
    power.die(on=False)
    assert power.battery().percent == 10


def test_its_thermometers() -> None:
    """They say what they are told, and may be missing."""
    power = SimPower()
    power.heat(51.5)
    power.warm(77.0)
    assert (power.battery().celsius, power.processor()) == (51.5, 77.0)
    power.blind(battery=True, processor=False)
    assert (power.battery().celsius, power.processor()) == (None, 77.0)
    power.blind(battery=False, processor=True)
    assert power.processor() is None
