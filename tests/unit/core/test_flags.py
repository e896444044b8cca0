"""What the officer may ask for beside a recording."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from firmware.core.flags import LONGEST_NS, OVERDUE, TURNS, Act, Flag, Turn, step

ALL = [frozenset(each) for each in chain.from_iterable(combinations(Flag, count) for count in range(len(Flag) + 1))]
ASKED = {Flag.HUSH: Turn.HUSH, Flag.MUTE: Turn.MUTE, Flag.STANDBY: Turn.STANDBY}
NONE: frozenset[Flag] = frozenset()


def test_every_turn_answers_for_every_flag() -> None:
    """Nothing can happen to a flag that the table does not know."""
    assert {(turn, flag) for turn, row in TURNS.items() for flag in row} == {
        (turn, flag) for turn in Turn for flag in Flag
    }
    assert set(LONGEST_NS) == set(OVERDUE) == set(Flag)


@pytest.mark.parametrize("flags", ALL, ids=lambda flags: "+".join(sorted(flag.value for flag in flags)) or "none")
def test_flags_do_not_touch_each_other(flags: frozenset[Flag]) -> None:
    """What is asked for changes that alone; what has lasted too long ends alone."""
    for flag in Flag:
        assert step(flags, ASKED[flag]) == flags ^ {flag}
        assert step(flags, OVERDUE[flag]) == flags - {flag}


def test_only_the_officer_sets_any() -> None:
    """Nothing that happens by itself darkens, silences or pauses a camera."""
    for turn in set(Turn) - set(ASKED.values()):
        assert all(step(flags, turn) <= flags for flags in ALL)


def test_docking_and_doubt_end_all() -> None:
    """Nothing of one shift is left for the next, and what nobody may have meant ends."""
    for flags in ALL:
        assert step(flags, Turn.DOCKED) == step(flags, Turn.DOUBTED) == NONE


def test_a_recording_ends_standby_and_its_end_ends_hush_and_mute() -> None:
    """Whatever begins it: the buffer is back; a hush that was asked for before the press stays dark."""
    for flags in ALL:
        assert step(flags, Turn.BEGUN) == flags - {Flag.STANDBY}
        assert step(flags, Turn.ENDED) == flags - {Flag.MUTE}
        assert step(step(flags, Turn.ENDED), Turn.OVER) == flags - {Flag.HUSH, Flag.MUTE}


def test_hush_and_mute_last_a_quarter_of_an_hour_and_standby_an_hour() -> None:
    """As the officer's card has it."""
    minutes = {flag: longest // 60_000_000_000 for flag, longest in LONGEST_NS.items()}
    assert minutes == {Flag.HUSH: 15, Flag.MUTE: 15, Flag.STANDBY: 60}


def test_every_act_is_used() -> None:
    """The table has no word that nothing says."""
    assert {act for row in TURNS.values() for act in row.values()} == set(Act)
