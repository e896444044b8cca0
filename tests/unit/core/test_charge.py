"""Forecasts from a gauge's history, honest ones and others, and what they may end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.charge import (
    AGREED,
    EMPTY_VOLTS,
    LAST_S,
    MARKS,
    RESERVE_S,
    SILENT_NS,
    Charge,
    Reserve,
    warnings,
)
from firmware.core.indications import Trouble
from hal.interface import Battery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NS = 1_000_000_000
ALL = frozenset(MARKS)


def at(percent: int, *, charging: bool = False, volts: float | None = None) -> Battery:
    """A reading."""
    return Battery(percent, charging, 24.0, volts)


def drained(hours: float, start: float, until_s: int, gauge: Callable[[float], int] = int) -> tuple[Charge, int]:
    """A discharge from ``start`` percent, read once a second, and its end."""
    charge = Charge()
    for second in range(until_s + 1):
        charge.see(at(gauge(max(0.0, start - second * 100 / (hours * 3600)))), second * NS)
    return charge, until_s * NS


@pytest.mark.parametrize("hours", [1.0, 2.5, 6.0, 12.0, 24.0])
@pytest.mark.parametrize("start", [100.0, 63.7, 20.2])
@pytest.mark.no_cover
def test_the_forecast_is_right(hours: float, start: float) -> None:
    """Once it can say anything it is right to a percent's time, and within a tenth of it at the end."""
    charge, said = Charge(), 0
    whole_s = int(start / 100 * hours * 3600)
    for second in range(whole_s):
        percent = int(start - second * 100 / (hours * 3600))
        charge.see(at(percent), second * NS)
        left = charge.left_s(second * NS)
        if left is None:
            assert second <= max(3.1 * hours * 36, 4 * 60 + 2 * hours * 36), "it takes three falls over four minutes"
            continue
        said += 1
        assert abs(left - (whole_s - second)) <= max(3.0, 0.02 * (whole_s - second))
    assert said > 0


def test_a_change_of_load_is_followed() -> None:
    """A recording takes twice as much: after twelve falls nothing of the old rate is left."""
    charge, percent, second = Charge(), 100.0, 0
    while percent > 30:
        percent -= 100 / ((12 if percent > 60 else 4) * 3600)
        second += 1
        charge.see(at(int(percent)), second * NS)
    left = charge.left_s(second * NS)
    assert left is not None
    assert left == pytest.approx(30 / 100 * 4 * 3600, rel=0.05)


def test_no_forecast_without_enough() -> None:
    """Not before three falls, nor over less than four minutes: one glance at a gauge says nothing about a rate."""
    assert Charge().left_s(0) is None
    charge, now = drained(12, 80.5, 14 * 60)
    assert charge.left_s(now) is None
    quick = Charge()
    for second, percent in enumerate((80, 79, 78, 77, 76)):
        quick.see(at(percent), second * NS)
    assert quick.left_s(5 * NS) is None


def test_charging_says_nothing_and_begins_anew() -> None:
    """While it fills there is no end to tell of, and what it drained before says nothing of later."""
    charge, now = drained(5, 60, 1200)
    assert charge.left_s(now) is not None
    charge.see(at(54, charging=True), now + NS)
    assert charge.left_s(now + NS) is None
    charge.see(at(54), now + 2 * NS)
    assert charge.left_s(now + 2 * NS) is None


@pytest.mark.parametrize("jump", [-40, -6, 6, 40])
def test_a_jump_begins_anew(jump: int) -> None:
    """No battery does that: what the gauge said before, and what it says now, are not one history."""
    charge, now = drained(5, 60, 1200)
    charge.see(at(53 + jump), now + NS)
    assert charge.left_s(now + NS) is None


def test_a_twitch_changes_nothing() -> None:
    """A gauge that goes up by a percent and comes back has not charged."""
    charge, now = drained(5, 60, 1200)
    before = charge.left_s(now)
    for second, percent in enumerate((54, 55, 53, 54, 53)):
        charge.see(at(percent), now + second * NS)
    after = charge.left_s(now + 4 * NS)
    assert before is not None
    assert after is not None
    assert abs(after - before) < 10


def test_a_gauge_that_stands_still_has_no_forecast() -> None:
    """One percent lasts three times as long as it should: nobody knows what is left.  And until then never less than what it shows."""
    charge, now = drained(5, 60, 1200)  # a percent takes three minutes
    for second in range(1, 1200):
        charge.see(at(53), now + second * NS)
        left = charge.left_s(now + second * NS)
        assert left is None or left >= 53 * 175
    assert charge.left_s(now + 1200 * NS) is None


def test_a_gauge_that_does_not_answer_has_no_forecast_soon() -> None:
    """For five minutes the last word counts."""
    charge, now = drained(50, 60, 3 * 3600)
    assert charge.left_s(now + SILENT_NS) is not None
    assert charge.left_s(now + SILENT_NS + 1) is None


@pytest.mark.parametrize(
    ("left_min", "percent", "expected"),
    [
        (61, 1, []),  # a forecast, where there is one, is the better word
        (59, 90, [Trouble.BATTERY_LOW]),
        (29, 90, [Trouble.BATTERY_LOW, Trouble.BATTERY_CRITICAL]),
        (9, 90, [Trouble.BATTERY_LOW, Trouble.BATTERY_CRITICAL, Trouble.BATTERY_ENDING]),
        (None, 21, []),
        (None, 20, [Trouble.BATTERY_LOW]),
        (None, 5, [Trouble.BATTERY_LOW, Trouble.BATTERY_CRITICAL]),
        (None, 2, [Trouble.BATTERY_LOW, Trouble.BATTERY_CRITICAL, Trouble.BATTERY_ENDING]),
    ],
)
def test_warnings(left_min: int | None, percent: int, expected: list[Trouble]) -> None:
    """At an hour, half an hour and ten minutes; by percents where nobody can say; none on the charger."""
    left_s = None if left_min is None else left_min * 60
    assert warnings(at(percent), left_s, frozenset()) == frozenset(expected)
    assert warnings(at(percent, charging=True), left_s, ALL) == frozenset()


def test_warnings_do_not_flicker() -> None:
    """One goes only with a quarter more than where it came."""
    low = frozenset({Trouble.BATTERY_LOW})
    assert warnings(at(50), 74 * 60, low) == low
    assert warnings(at(50), 75 * 60, low) == frozenset()
    assert warnings(at(21), None, low) == low
    assert warnings(at(22), None, low) == frozenset()


def test_an_empty_cell_warns_whatever_its_gauge_says() -> None:
    """A gauge that stands at 50 % cannot hide a voltage of 3.3."""
    assert warnings(at(50, volts=EMPTY_VOLTS), 9000, frozenset()) == ALL
    assert warnings(at(50, volts=EMPTY_VOLTS + 0.01), 9000, frozenset()) == frozenset()


def ends(readings: Iterable[tuple[Battery, int | None]], *, running: bool = True, powered: bool = False) -> bool:
    """Whether any of these readings ends it."""
    reserve = Reserve()
    seen = [reserve.see(battery, left, powered=powered, running=running) for battery, left in readings]
    return any(seen)


@pytest.mark.parametrize(
    ("percent", "volts", "left_s", "expected"),
    [
        (0, None, RESERVE_S, True),
        (0, None, RESERVE_S + 1, False),
        (5, None, RESERVE_S, True),
        (6, None, RESERVE_S, False),  # the percentage contradicts
        (0, 3.5, RESERVE_S, True),
        (0, 3.51, 0, False),  # so does the voltage
        (0, None, None, False),  # a gauge alone ends nothing
        (0, 3.3, None, True),  # a gauge and a voltage do
        (1, 3.3, None, True),
        (2, 3.3, None, False),
        (0, 3.31, None, False),
        (50, 3.0, None, False),  # nor does a voltage alone: the gauge says that there is half of it
        (100, 3.0, 0, False),
    ],
)
def test_what_ends_a_recording(percent: int, volts: float | None, left_s: int | None, expected: bool) -> None:  # noqa: FBT001 - a column
    """Forecast, percentage and voltage have to agree, ten times in a row; a charger or a dock keeps it on."""
    reading = (at(percent, volts=volts), left_s)
    assert ends([reading] * AGREED) is expected
    assert not ends([reading] * (AGREED - 1))
    assert not ends([reading] * 100, powered=True)
    charging = (at(percent, volts=volts, charging=True), left_s)
    assert not ends([charging] * 100)


def test_one_reading_that_differs_begins_the_count_anew() -> None:
    """Nine, a contradiction, nine: no end."""
    yes, no = (at(0), 100), (at(0), 200)
    assert not ends([*[yes] * (AGREED - 1), no, *[yes] * (AGREED - 1)])
    assert ends([*[yes] * (AGREED - 1), no, *[yes] * AGREED])


def test_what_begins_in_the_reserve_goes_on_to_the_last_minute() -> None:
    """A camera that only buffered is not switched off three minutes early, and a press in these minutes records until one is left."""
    reserve = Reserve()
    assert not any(reserve.see(at(0), RESERVE_S - second, powered=False, running=False) for second in range(30))
    pressed = [reserve.see(at(0), RESERVE_S - second, powered=False, running=True) for second in range(30, 180)]
    assert pressed.index(True) == RESERVE_S - 30 - LAST_S + AGREED - 1


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans(), st.integers(1, 400)), max_size=80))
def test_any_gauge(readings: list[tuple[int, bool, int]]) -> None:
    """Whatever it says, the forecast is none or no less than nothing, and never counts more percents than it shows, and one."""
    charge, now = Charge(), 0
    for percent, charging, seconds in readings:
        now += seconds * NS
        charge.see(at(percent, charging=charging), now)
        left = charge.left_s(now)
        assert left is None or left >= 0
        if charging:
            assert left is None
