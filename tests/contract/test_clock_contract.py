"""What every clock must do."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from hal.interface import ClockQuality
from tests.contract.rigs import ClockRig

NOON_MS = 1_800_000_000_000
CLOSE_MS = 500


@pytest.fixture
def at_most_ms() -> Callable[[], float]:
    """What can have passed since the test began: what this machine says, which a slow disk may hold up, and a little."""
    began = time.monotonic()
    return lambda: (time.monotonic() - began) * 1000 + CLOSE_MS


def test_monotonic_runs_with_time(clock: ClockRig, at_most_ms: Callable[[], float]) -> None:
    """The monotonic clock is positive, never runs back, and keeps time."""
    before_ns = clock.clock.monotonic_ns()
    clock.wait(0.05)
    assert before_ns > 0
    assert 0.04e9 < clock.clock.monotonic_ns() - before_ns < at_most_ms() * 1e6
    stamps = [clock.clock.monotonic_ns() for _ in range(1000)]
    assert stamps == sorted(stamps)


def test_dock_sets_the_wall_clock(clock: ClockRig, at_most_ms: Callable[[], float]) -> None:
    """After ``set_utc`` the wall clock runs on from there with ``DOCK`` quality, and the monotonic one is untouched."""
    before_ns = clock.clock.monotonic_ns()
    clock.clock.set_utc(NOON_MS)
    assert clock.clock.monotonic_ns() - before_ns < at_most_ms() * 1e6
    clock.wait(0.02)
    reading = clock.clock.utc()
    assert reading.quality is ClockQuality.DOCK
    assert 19 <= reading.utc_ms - NOON_MS < at_most_ms()


def test_wall_clock_can_be_set_back(clock: ClockRig, at_most_ms: Callable[[], float]) -> None:
    """A dock may also move the clock into the past: the wall clock may jump."""
    clock.clock.set_utc(NOON_MS)
    clock.clock.set_utc(NOON_MS - 86_400_000)
    assert 0 <= clock.clock.utc().utc_ms - (NOON_MS - 86_400_000) < at_most_ms()


@pytest.mark.parametrize("utc_ms", [-1, 1 << 60])
def test_impossible_times_are_refused(clock: ClockRig, utc_ms: int) -> None:
    """A time before 1970 or beyond all calendars is a wrong call, and changes nothing."""
    before = clock.clock.utc()
    with pytest.raises(ValueError, match="utc_ms"):
        clock.clock.set_utc(utc_ms)
    assert clock.clock.utc().quality is before.quality


def test_dock_quality_ends_with_the_power(clock: ClockRig, at_most_ms: Callable[[], float]) -> None:
    """After a power cycle nobody vouches for the time any more; a clock that ran on still has it."""
    clock.clock.set_utc(NOON_MS)
    reading = clock.again().utc()
    assert reading.quality in {ClockQuality.RTC, ClockQuality.UNSET}
    if reading.quality is ClockQuality.RTC:
        assert 0 <= reading.utc_ms - NOON_MS < at_most_ms()
