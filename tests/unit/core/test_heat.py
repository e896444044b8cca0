"""How warm is warm, and which thermometers are believed."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

import pytest

from firmware.core.heat import LASTS_NS, LIMITS, TRUSTED_NS, Heat, Level, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

NS = 1_000_000_000
LASTS_S, TRUSTED_S = LASTS_NS // NS, TRUSTED_NS // NS


def felt(readings: Iterable[tuple[float | None, float | None]]) -> list[Level]:
    """The level after each reading of battery and processor, a second apart."""
    heat = Heat()
    return [heat.see(battery, processor, second * NS) for second, (battery, processor) in enumerate(readings)]


def ramp(one: float, other: float, seconds: int) -> list[float]:
    """From one to the other."""
    return [one + (other - one) * second / seconds for second in range(seconds + 1)]


@pytest.mark.parametrize(
    ("battery", "processor", "level"),
    [
        (24.0, 60.0, Level.COOL),
        (49.9, 79.9, Level.COOL),
        (50.0, 60.0, Level.WARM),
        (24.0, 80.0, Level.WARM),
        (55.0, 60.0, Level.HOT),
        (24.0, 85.0, Level.HOT),
        (60.0, 70.0, Level.OVER),
        (60.0, 50.0, Level.OVER),
        (60.0, 49.0, Level.HOT),  # in the same case the processor cannot be so much cooler
        (55.0, 90.0, Level.OVER),
        (49.0, 90.0, Level.HOT),
        (-30.0, 20.0, Level.COOL),
        (None, None, Level.COOL),
    ],
)
def test_levels(battery: float | None, processor: float | None, level: Level) -> None:
    """The warmer of the two decides; the last level takes half a minute and the other sensor's word."""
    levels = felt(repeat((battery, processor), LASTS_S + 1))
    assert levels[-1] is level
    assert levels[0] is (Level.HOT if level is Level.OVER else level)
    assert levels[-2] is levels[0]


@pytest.mark.parametrize("place", Place)
def test_a_lonely_sensor_has_to_have_been_cool(place: Place) -> None:
    """Hot from the start it may hang; one that was seen to rise is believed."""
    limits = LIMITS[place]

    def pair(celsius: float) -> tuple[float | None, float | None]:
        return (celsius, None) if place is Place.BATTERY else (None, celsius)

    assert felt(pair(limits.over) for _ in range(300))[-1] is Level.HOT
    rising = [*ramp(limits.warm - 5, limits.over, 100), *[limits.over] * LASTS_S]
    assert felt(map(pair, rising))[-1] is Level.OVER


def test_a_sensor_that_jumps_warns_and_no_more() -> None:
    """From 24 to 70 degrees in a second is no heat; after ten calm minutes, and once it was seen cool, it counts again."""
    jumped = [(24.0, None)] * 10 + [(70.0, None)] * (TRUSTED_S - 10)
    assert set(felt(jumped)[10:]) == {Level.WARM}
    stays = jumped + [(70.0, None)] * 300
    assert felt(stays)[-1] is Level.HOT
    calm = [*stays, *((each, None) for each in [*ramp(70, 40, 100), *ramp(40, 62, 100), *[62.0] * LASTS_S])]
    assert felt(calm)[-1] is Level.OVER


@pytest.mark.parametrize("value", [-40.0, -273.0, 125.0, 999.0])
def test_what_no_sensor_can_mean_is_no_reading(value: float) -> None:
    """Torn off or shorted."""
    assert set(felt(repeat((value, value), 100))) == {Level.COOL}


def test_a_moment_below_begins_anew() -> None:
    """Half a minute in a row."""
    rising = [*ramp(40, 60, 50), *[60.0] * (LASTS_S - 1), 59.9, *[60.0] * (LASTS_S - 1)]
    assert Level.OVER not in felt((each, 60.0) for each in rising)


def test_the_limits_rise() -> None:
    """Told before anything waits, and that before anything ends."""
    assert all(limits.warm < limits.hot < limits.over for limits in LIMITS.values())
