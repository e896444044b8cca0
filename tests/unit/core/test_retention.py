"""Receipted footage goes oldest first, when its time or the space asks for it, and not before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firmware.core.retention import HOUR_MS, Receipted, erasable

NOW = 1_000_000 * HOUR_MS
ALL = [Receipted(3, 10, NOW - HOUR_MS), Receipted(1, 10, NOW - 30 * HOUR_MS), Receipted(2, 10, NOW - 25 * HOUR_MS)]


def test_what_was_kept_long_enough_goes() -> None:
    """A day by default, oldest first."""
    assert erasable(ALL, now_ms=NOW, keep_h=24, missing_bytes=0) == [1, 2]


def test_the_time_is_up_to_the_millisecond() -> None:
    """An hour has 3,600,000 of them, and the last one counts."""
    assert erasable([Receipted(1, 10, 0)], now_ms=24 * 3_600_000 - 1, keep_h=24, missing_bytes=0) == []
    assert erasable([Receipted(1, 10, 0)], now_ms=24 * 3_600_000, keep_h=24, missing_bytes=0) == [1]


def test_space_takes_only_as_much_as_it_needs() -> None:
    """A full card erases the oldest receipted ones, no more."""
    assert erasable(ALL, now_ms=NOW, keep_h=720, missing_bytes=11) == [1, 2]


def test_an_unbelievable_clock_erases_nothing_by_age() -> None:
    """A camera at 2100 keeps what it should, unless nothing is to be kept."""
    assert erasable(ALL, now_ms=None, keep_h=24, missing_bytes=0) == []
    assert erasable(ALL, now_ms=None, keep_h=0, missing_bytes=0) == [1, 2, 3]


@given(
    st.lists(
        st.builds(Receipted, st.integers(1, 50), st.integers(0, 1 << 30), st.integers(NOW - 99 * HOUR_MS, NOW)),
        unique_by=lambda each: each.number,
    ),
    st.none() | st.just(NOW),
    st.integers(0, 72),
    st.integers(0, 1 << 32),
)
def test_nothing_goes_that_has_no_receipt_and_nothing_too_early(
    receipted: list[Receipted], now_ms: int | None, keep_h: int, missing_bytes: int
) -> None:
    """Under any pressure: what is chosen has a receipt, goes once, oldest first, and no more of it goes than age and room ask for."""
    chosen = erasable(receipted, now_ms=now_ms, keep_h=keep_h, missing_bytes=missing_bytes)
    known = {each.number: each for each in receipted}
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(known)
    young = [known[number] for number in chosen if keep_h and not _aged(known[number], now_ms, keep_h)]
    older = [known[number].size for number in chosen if young and number < young[-1].number]
    assert not young or sum(older) < missing_bytes
    if missing_bytes:
        assert sum(known[number].size for number in chosen) >= min(missing_bytes, sum(each.size for each in receipted))


def _aged(each: Receipted, now_ms: int | None, keep_h: int) -> bool:
    return now_ms is not None and now_ms - each.utc_ms >= keep_h * HOUR_MS
