"""Whose shift it is: 14 hours at most, and how long it has run after a start in the middle."""

from __future__ import annotations

from typing import Any

import pytest

from firmware.core.duty import LONGEST_MS, Duty, ran_ms
from firmware.core.starts import SAME_MS

HOUR_MS = 3_600_000
UTC_MS = 1_800_000_000_000


def clock(mono_ms: int, utc_ms: int, quality: str = "rtc") -> dict[str, Any]:
    """A reading of both clocks."""
    return {"mono_ms": mono_ms, "utc_ms": utc_ms, "quality": quality}


def test_it_runs_for_fourteen_hours() -> None:
    """Not a millisecond longer, and not less."""
    assert LONGEST_MS == 14 * HOUR_MS
    duty = Duty().begin("S-1", 1000)
    assert duty.at(1000 + LONGEST_MS - 1).running == "S-1"
    assert duty.at(1000 + LONGEST_MS).running is None
    assert duty.end().running is None
    assert Duty().at(10**12) == Duty()


@pytest.mark.parametrize(("ran_h", "running"), [(0, True), (13, True), (14, False), (900, False)])
def test_a_start_in_the_middle(ran_h: int, *, running: bool) -> None:
    """What had run already counts; what is over does not begin again."""
    duty = Duty().begin("S-1", 5000, ran_h * HOUR_MS)
    assert (duty.running is not None) is running
    if running:
        assert duty.at(5000 + (14 - ran_h) * HOUR_MS).running is None


@pytest.mark.parametrize(
    ("began", "now", "expected_ms"),
    [
        (clock(5000, UTC_MS), clock(65_000, UTC_MS + 60_000), 60_000),  # the same power-on
        (clock(5000, 0, "unset"), clock(65_000, 60_000, "unset"), 60_000),  # the same, without any wall clock
        (clock(500_000, UTC_MS), clock(5000, UTC_MS + HOUR_MS), HOUR_MS),  # switched off and on
        (
            clock(5000, UTC_MS),
            clock(8000, UTC_MS + HOUR_MS),
            HOUR_MS,
        ),  # the same, though the monotonic clock could be that of one
        (clock(5000, UTC_MS, "dock"), clock(5000, UTC_MS - HOUR_MS), 0),  # a clock that ran back proves nothing
        (clock(5000, UTC_MS), clock(65_000, UTC_MS + 60_000 + SAME_MS), 60_000),  # set a little meanwhile
        (clock(5000, UTC_MS), clock(65_000, UTC_MS + 60_000 - SAME_MS), 60_000),
        (
            clock(5000, UTC_MS),
            clock(65_000, UTC_MS + 60_000 + SAME_MS + 1),
            60_001 + SAME_MS,
        ),  # it cannot be told from another power-on
        (clock(5000, UTC_MS), clock(4000, UTC_MS - 1000), 0),
        (clock(5000, UTC_MS), clock(4000, 4000, "unset"), 0),  # lost with the power: counted from now on
        (clock(5000, 5000, "unset"), clock(4000, UTC_MS), 0),
    ],
)
def test_how_long_it_ran(began: dict[str, Any], now: dict[str, Any], expected_ms: int) -> None:
    """By the monotonic clock where that is one, else by the wall clock where that was set."""
    assert ran_ms(began, now) == expected_ms
