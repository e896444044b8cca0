"""The simulated clock lies on demand, and forgets over a power cycle what a real one forgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.interface import ClockQuality
from hal.sim.clock import BOOT_NS, MS, NS, SimClock, VirtualClock

YEAR_2100_MS = 4_102_444_800_000


def test_each_boot_starts_the_monotonic_clock_anew() -> None:
    """Monotonic times of two boots cannot be compared, as on a board."""
    assert BOOT_NS <= SimClock().monotonic_ns() < BOOT_NS + NS
    assert VirtualClock().monotonic_ns() == BOOT_NS


def test_new_camera_has_the_hosts_time(tmp_path: Path) -> None:
    """A camera that was never handled has a clock that somebody set in the factory."""
    assert SimClock(tmp_path / "clock").utc().quality is ClockQuality.RTC


@pytest.mark.parametrize(
    ("kind", "utc_ms", "quality"),
    [("unset", 0, ClockQuality.UNSET), ("1970", 0, ClockQuality.RTC), ("2100", YEAR_2100_MS, ClockQuality.RTC)],
)
def test_lies_are_kept_over_a_power_cycle(tmp_path: Path, kind: str, utc_ms: int, quality: ClockQuality) -> None:
    """A clock that is unset or wrong is so after the next boot too."""
    SimClock(tmp_path / "clock").faults()[kind]({})
    reading = SimClock(tmp_path / "clock").utc()
    assert reading.quality is quality
    assert 0 <= reading.utc_ms - utc_ms < 500


def test_right_ends_the_lies(tmp_path: Path) -> None:
    """A clock that was lied with can be put right again."""
    clock = SimClock(tmp_path / "clock")
    right_ms = clock.utc().utc_ms
    clock.faults()["2100"]({})
    clock.faults()["right"]({})
    assert abs(clock.utc().utc_ms - right_ms) < 500


@pytest.mark.parametrize("memory", ["", "{", "[]", '{"quality": "dock"}', '{"off_ns": 1, "quality": "best"}'])
def test_broken_memory_is_an_empty_battery(tmp_path: Path, memory: str) -> None:
    """What cannot be read is a clock that was never set, not a crash."""
    (tmp_path / "clock").write_text(memory)
    reading = SimClock(tmp_path / "clock").utc()
    assert reading.quality is ClockQuality.UNSET
    assert reading.utc_ms < 500


def test_jump_moves_the_wall_clock_alone() -> None:
    """A jump keeps the quality's claim and the monotonic clock."""
    clock = VirtualClock()
    clock.faults()["jump"]({"ms": -86_400_000})
    assert clock.utc().utc_ms == VirtualClock().utc().utc_ms - 86_400_000
    assert clock.utc().quality is ClockQuality.RTC
    assert clock.monotonic_ns() == BOOT_NS


def test_virtual_clock_stands_still() -> None:
    """Time passes only when it is let pass, forwards, on both clocks alike."""
    clock = VirtualClock()
    before = clock.utc().utc_ms
    clock.advance(1500 * MS)
    assert clock.monotonic_ns() == BOOT_NS + 1500 * MS
    assert clock.utc().utc_ms == before + 1500
    with pytest.raises(ValueError, match="never runs back"):
        clock.advance(-1)


def test_virtual_power_cycle() -> None:
    """The virtual clock forgets what the real one forgets."""
    clock = VirtualClock()
    clock.set_utc(YEAR_2100_MS)
    assert clock.power_cycle().utc().utc_ms == YEAR_2100_MS
    assert clock.power_cycle().utc().quality is ClockQuality.RTC
    clock.faults()["unset"]({})
    assert (clock.power_cycle().utc().utc_ms, clock.power_cycle().utc().quality) == (0, ClockQuality.UNSET)
