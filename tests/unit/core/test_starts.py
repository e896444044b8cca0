"""Why a log begins, and what the hardware's counter says of it."""

from __future__ import annotations

from typing import Any

import pytest

from firmware.core.starts import counter_trouble, start_reason


def clock(mono_ms: int, utc_ms: int, quality: str = "rtc") -> dict[str, Any]:
    """A reading of both clocks."""
    return {"mono_ms": mono_ms, "utc_ms": utc_ms, "quality": quality}


@pytest.mark.parametrize(
    ("last", "now", "reason"),
    [
        (None, clock(5000, 9_000), "first"),
        (clock(60_000, 100_000), clock(5000, 200_000), "power"),
        (clock(60_000, 100_000), clock(60_000, 100_000), "service"),
        (clock(60_000, 100_000), clock(90_000, 132_000), "service"),
        (clock(60_000, 100_000), clock(90_000, 132_001), "power"),
        (clock(60_000, 100_000), clock(90_000, 127_999), "power"),
        (clock(60_000, 100_000, "unset"), clock(90_000, 130_000), "unknown"),
        (clock(60_000, 100_000), clock(90_000, 130_000, "unset"), "unknown"),
        (clock(60_000, 100_000, "unset"), clock(59_999, 130_000), "power"),
    ],
)
def test_reasons(last: dict[str, Any] | None, now: dict[str, Any], reason: str) -> None:
    """Told from both clocks, and not guessed where they cannot tell."""
    assert start_reason(last, now) == reason


@pytest.mark.parametrize(
    ("counter", "before", "opened", "trouble"),
    [
        (None, 3, 0, None),
        (3, None, 0, None),
        (3, 3, 0, None),
        (4, 3, 1, None),
        (3, 3, 1, None),
        (2, 3, 0, "counter-back 3 2"),
        (5, 3, 1, "counter-ahead 4 5"),
    ],
)
def test_counter(counter: int | None, before: int | None, opened: int, trouble: str | None) -> None:
    """It never goes back, and runs no further than there were openings; a cut between an opening and its counting is no trouble."""
    assert counter_trouble(counter, before, opened) == trouble
