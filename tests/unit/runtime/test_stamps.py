"""Both clocks, and what is said of one that moved."""

from __future__ import annotations

import pytest

from firmware.runtime.stamps import JUMP_MS, Stamps
from hal.interface import ClockQuality
from hal.sim.clock import NS, VirtualClock

NOW_MS = 1_790_000_000_000


@pytest.mark.parametrize("jump_ms", [JUMP_MS + 1, -JUMP_MS - 1, 86_400_000, -86_400_000])
def test_a_jump_is_told_once_with_what_the_clock_would_have_shown(jump_ms: int) -> None:
    """Forward or back."""
    clock = VirtualClock(NOW_MS)
    stamps = Stamps(clock)
    clock.advance(10 * NS)
    clock.jump(jump_ms)
    expected = {"before_ms": NOW_MS + 10_000, "after_ms": NOW_MS + 10_000 + jump_ms, "source": "jump"}
    assert stamps.jumped() == expected
    assert stamps.jumped() is None


def test_a_clock_that_is_disciplined_does_not_jump() -> None:
    """Steps of two seconds and less are no jump, wherever they lead."""
    clock = VirtualClock(NOW_MS)
    stamps = Stamps(clock)
    for step_ms in (JUMP_MS, JUMP_MS, JUMP_MS, -JUMP_MS, -JUMP_MS // 2):
        clock.jump(step_ms)
        assert stamps.jumped() is None


def test_a_dock_that_sets_the_clock_is_no_jump() -> None:
    """It is told as what it is."""
    clock = VirtualClock(0, ClockQuality.UNSET)
    stamps = Stamps(clock)
    assert stamps.set_utc(NOW_MS) == {"before_ms": 0, "after_ms": NOW_MS, "source": "dock"}
    assert stamps.jumped() is None
    assert clock.utc().quality is ClockQuality.DOCK
