"""How fast a clock ran, from two dockings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.drift import LEAST_MS, drift_ppm

SET_MS = 1_800_000_000_000
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("hours", "off_ms", "ppm"),
    [
        (1, 0, 0),
        (8, 576, 20),
        (8, -576, -20),
        (12, 8_640, 200),
        (1, HOUR_MS, 1_000_000),
        (1, HOUR_MS + 2, None),
        (1, -HOUR_MS - 2, None),
        (24 * 365, -31_536_000, -1000),
    ],
)
def test_parts_per_million(hours: int, off_ms: int, ppm: int | None) -> None:
    """What a clock gained, over the time that passed; what no oscillator does is none of its doing."""
    now_ms = SET_MS + hours * HOUR_MS
    assert drift_ppm(SET_MS, now_ms + off_ms, now_ms) == ppm


def test_not_known() -> None:
    """A clock that no dock set, or one that a dock set just now, or will have set."""
    assert LEAST_MS == HOUR_MS
    assert drift_ppm(None, SET_MS, SET_MS + 9 * HOUR_MS) is None
    assert drift_ppm(SET_MS, SET_MS + LEAST_MS - 1, SET_MS + LEAST_MS - 1) is None
    assert drift_ppm(SET_MS, SET_MS, SET_MS - HOUR_MS) is None


@given(st.integers(-1000, 1000), st.integers(1, 1000))
def test_it_finds_the_rate_that_was(ppm: int, hours: int) -> None:
    """To the rounding of a millisecond."""
    passed_ms = hours * HOUR_MS
    found = drift_ppm(SET_MS, SET_MS + passed_ms + passed_ms * ppm // 1_000_000, SET_MS + passed_ms)
    assert found is not None
    assert abs(found - ppm) <= 1
