"""The clock rule: an unset clock takes the dock's word, a set one moves by at most a day, and never back while
recording."""

from __future__ import annotations

import pytest

from firmware.dock.clockrule import LARGEST_STEP_MS, judge
from firmware.dock.facts import ClockReading

NOW = 1_800_000_000_000
DAY = LARGEST_STEP_MS
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
    ],
)
def test_rule(utc_ms: int, quality: str, *, recording: bool, take: bool, why: str) -> None:
    """Each case of the rule, with its reason in words."""
    verdict = judge(ClockReading(0, utc_ms, quality), NOW, None, recording=recording)
    assert verdict.take is take
    assert why in verdict.reason


def test_token_is_refused_for_now() -> None:
    """A token does not help yet, and the reason says so."""
    verdict = judge(ClockReading(0, 0, "rtc"), NOW, "AAAA", recording=False)
    assert not verdict.take
    assert "token is not understood" in verdict.reason
