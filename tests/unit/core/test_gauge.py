"""How often the battery's state stands in the log."""

from __future__ import annotations

from typing import Any

import pytest

from firmware.core.gauge import MINUTE_NS, RARELY_NS, Gauge, reading
from hal.interface import Battery

BASE = {"percent": 80, "charging": False, "celsius": 24}


def told() -> Gauge:
    """One that has read once."""
    gauge = Gauge()
    assert not gauge.worth(BASE, 0)
    return gauge


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({}, False),
        ({"percent": 76}, False),
        ({"percent": 75}, True),
        ({"percent": 85}, True),
        ({"charging": True}, True),
        ({"celsius": 28}, False),
        ({"celsius": 29}, True),
        ({"celsius": 19}, True),
        ({"celsius": None}, True),
    ],
)
def test_steps_are_told_and_at_most_once_a_minute(change: dict[str, Any], moved: bool) -> None:  # noqa: FBT001
    """5 %, 5 degrees, or the charger; no sooner than a minute after the last one."""
    assert MINUTE_NS == 60 * 10**9
    gauge = told()
    assert not gauge.worth({**BASE, **change}, MINUTE_NS - 1)
    assert gauge.worth({**BASE, **change}, MINUTE_NS) is moved


def test_it_is_told_every_half_an_hour() -> None:
    """Even where nothing moves; and then it counts from there."""
    gauge = told()
    assert not gauge.worth(BASE, RARELY_NS - 1)
    assert gauge.worth(BASE, RARELY_NS)
    assert not gauge.worth(BASE, 2 * RARELY_NS - 1)


@pytest.mark.parametrize(("celsius", "shown"), [(None, None), (23.6, 24), (-11.5, -12), (4000.0, 200), (-4000.0, -100)])
def test_a_reading_fits_the_log(celsius: float | None, shown: int | None) -> None:
    """Whole degrees within bounds: a broken sensor keeps no line from being written."""
    assert reading(Battery(50, charging=True, celsius=celsius)) == {"percent": 50, "charging": True, "celsius": shown}
