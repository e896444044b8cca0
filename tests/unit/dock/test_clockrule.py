"""The clock rule: an unset clock takes the dock's word, a set one moves by at most a day, further where somebody vouches for it, and
never back while recording."""

from __future__ import annotations

import pytest

from firmware.dock.clockrule import judge
from firmware.dock.facts import ClockReading
from firmware.evidence.timetoken import Vouched

NOW = 1_800_000_000_000
DAY = 86_400_000
MINUTE = 60_000
Y2100 = 4_102_444_800_000


@pytest.mark.parametrize(
    ("utc_ms", "quality", "recording", "take", "why"),
    [
        (0, "unset", False, True, "not set"),
        (Y2100, "unset", False, True, "not set"),
        (Y2100, "unset", True, False, "back while"),
        (0, "unset", True, True, "not set"),
        (NOW, "rtc", False, True, "0 ms"),
        (NOW - DAY, "rtc", False, True, "step"),
        (NOW + DAY, "dock", False, True, "step"),
        (NOW - DAY - 1, "rtc", False, False, "no token"),
        (NOW + DAY + 1, "dock", False, False, "no token"),
        (0, "rtc", False, False, "500000 h"),
        (Y2100, "rtc", False, False, "no token"),
        (NOW + 1, "dock", True, False, "1 ms back"),
        (NOW - 1, "dock", True, True, "1 ms"),
        (NOW, "dock", True, True, "0 ms"),
    ],
)
def test_rule(utc_ms: int, quality: str, *, recording: bool, take: bool, why: str) -> None:
    """Each case of the rule, with its reason in words."""
    verdict = judge(ClockReading(0, utc_ms, quality), NOW, None, recording=recording)
    assert verdict.take is take
    assert why in verdict.reason


@pytest.mark.parametrize("quality", ["unset", "rtc", "dock"])
@pytest.mark.parametrize("utc_ms", [0, Y2100])
def test_what_is_vouched_for_moves_any_clock(utc_ms: int, quality: str) -> None:
    """Over any distance, and the log is told on whose word."""
    verdict = judge(ClockReading(0, utc_ms, quality), NOW, Vouched(NOW, 0, "authority"), recording=False)
    assert (verdict.take, verdict.source) == (True, "dock authority")


@pytest.mark.parametrize(
    ("said_ms", "accuracy_ms", "take"),
    [
        (NOW - MINUTE, 0, True),
        (NOW + MINUTE, 0, True),
        (NOW - MINUTE - 1, 0, False),
        (NOW + MINUTE + 1, 0, False),
        (NOW - MINUTE - 500, 500, True),
        (NOW + MINUTE + 501, 500, False),
    ],
)
@pytest.mark.parametrize("quality", ["unset", "rtc", "dock"])
def test_a_dock_whose_token_says_another_time_moves_no_clock(
    said_ms: int, accuracy_ms: int, quality: str, *, take: bool
) -> None:
    """Not even one that was never set, nor by a second."""
    vouched = Vouched(said_ms, accuracy_ms, "time-stamp")
    verdict = judge(ClockReading(0, NOW - 1000, quality), NOW, vouched, recording=False)
    assert verdict.take is take
    assert take or "apart" in verdict.reason


def test_not_even_what_is_vouched_for_runs_back_in_a_recording() -> None:
    """The order of times in a journal is worth more than their being right."""
    verdict = judge(ClockReading(0, Y2100, "rtc"), NOW, Vouched(NOW, 0, "authority"), recording=True)
    assert not verdict.take
