"""Battery and storage, told in ticks."""

from __future__ import annotations

import itertools

import pytest

from firmware.core.indications import CUES
from firmware.core.telling import APART_MS, BATTERY, NAME, NONE, PAUSE_MS, STORAGE, TICK, telling

HOUR_S = 3600


def counted(buzz_ms: tuple[int, ...]) -> list[list[int]]:
    """What a hand feels: groups of buzzes between long pauses."""
    groups: list[list[int]] = [[buzz_ms[0]]]
    for gap, buzz in zip(buzz_ms[1::2], buzz_ms[2::2], strict=True):
        if gap >= PAUSE_MS:
            groups.append([])
        groups[-1].append(buzz)
    return groups


@pytest.mark.parametrize(("percent", "ticks"), [(1, 1), (24, 1), (25, 2), (49, 2), (50, 3), (74, 3), (75, 4), (100, 4)])
def test_the_battery_in_quarters(percent: int, ticks: int) -> None:
    """One to four."""
    battery, _ = counted(telling(percent, HOUR_S).buzz_ms)
    assert battery == [*TICK] * ticks


@pytest.mark.parametrize(
    ("left_s", "ticks"),
    [(60, 1), (HOUR_S, 1), (2 * HOUR_S, 2), (4 * HOUR_S - 1, 2), (4 * HOUR_S, 3), (6 * HOUR_S, 4), (99 * HOUR_S, 4)],
)
def test_the_storage_in_hours(left_s: int, ticks: int) -> None:
    """A tick for each two hours begun, four at most."""
    _, storage = counted(telling(50, left_s).buzz_ms)
    assert storage == [*TICK] * ticks


@pytest.mark.parametrize(
    ("percent", "left_s"), [(0, HOUR_S), (None, HOUR_S), (50, 0), (50, 59), (50, None), (None, None)]
)
def test_none_left_or_not_known(percent: int | None, left_s: int | None) -> None:
    """Two long buzzes stand in its place, so that neither is taken for the other."""
    battery, storage = counted(telling(percent, left_s).buzz_ms)
    assert (battery == [NONE[0], NONE[2]]) == (not percent)
    assert (storage == [NONE[0], NONE[2]]) == (left_s is None or left_s < 60)


def test_it_is_made_of_patterns_that_there_are() -> None:
    """No sixth one to learn: ticks, far enough apart to be counted, and what says that nothing is recorded."""
    patterns = {cue.buzz_ms for cue in CUES.values()}
    assert {TICK, NONE} <= patterns
    assert max(gap for pattern in patterns for gap in pattern[1::2]) < APART_MS
    assert PAUSE_MS > 2 * APART_MS


def test_it_is_over_soon_and_silent() -> None:
    """Nobody holds a hand still for long; and it is asked for where silence may matter."""
    for percent, left_s in itertools.product((None, *range(101)), (None, 0, HOUR_S, 9 * HOUR_S)):
        cue = telling(percent, left_s)
        assert (cue.name, cue.tones) == (NAME, ())
        assert sum(cue.buzz_ms) <= 4000


def test_each_scale_rises() -> None:
    """More never feels like less."""
    for scale, values in ((BATTERY, range(101)), (STORAGE, range(0, 9 * HOUR_S, 30))):
        felt = [scale.ticks(value) for value in values]
        assert felt == sorted(felt)
        assert set(felt) == {0, 1, 2, 3, 4}
