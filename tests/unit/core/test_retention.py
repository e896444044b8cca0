"""Receipted footage goes oldest first, when its time or the space asks for it, and not before."""

from __future__ import annotations

from firmware.core.retention import HOUR_MS, Receipted, erasable

NOW = 1_000_000 * HOUR_MS
ALL = [Receipted(3, 10, NOW - HOUR_MS), Receipted(1, 10, NOW - 30 * HOUR_MS), Receipted(2, 10, NOW - 25 * HOUR_MS)]


def test_what_was_kept_long_enough_goes() -> None:
    """A day by default, oldest first."""
    assert erasable(ALL, now_ms=NOW, keep_h=24, missing_bytes=0) == [1, 2]


def test_space_takes_only_as_much_as_it_needs() -> None:
    """A full card erases the oldest receipted ones, no more."""
    assert erasable(ALL, now_ms=NOW, keep_h=720, missing_bytes=11) == [1, 2]


def test_an_unbelievable_clock_erases_nothing_by_age() -> None:
    """A camera at 2100 keeps what it should, unless nothing is to be kept."""
    assert erasable(ALL, now_ms=None, keep_h=24, missing_bytes=0) == []
    assert erasable(ALL, now_ms=None, keep_h=0, missing_bytes=0) == [1, 2, 3]
