"""The words that are burnt in, in whatever room there is."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.interface import Overlay, OverlayField
from hal.overlay.words import LONGEST_TIME, Stamp, heading, shortened

NS = 1_000_000_000
NOON_NS = 1_800_000_000 * NS
ROOMS = st.integers(3, 80)
DEVICES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=32)
SHIFTS = st.text("ABCXYZabcxyz0123456789-", min_size=1, max_size=64)


def facts(device: str, shift: str, *fields: OverlayField, recording: bool = True) -> Overlay:
    """What is to be said; all of it unless ``fields`` are named."""
    return Overlay(device, recording, True, shift, frozenset(fields or OverlayField))


def test_all_that_fits() -> None:
    """State, device and shift in that order."""
    assert heading(facts("lapel-0001", "K4T9"), 40) == "REC lapel-0001 K4T9"
    assert heading(facts("lapel-0001", "unassigned", recording=False), 25) == "PRE lapel-0001 unassigned"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([OverlayField.DEVICE], "REC lapel-0001"),
        ([OverlayField.SHIFT], "REC K4T9"),
        ([OverlayField.TIME], "REC"),
        ([OverlayField.DEVICE, OverlayField.TIME], "REC lapel-0001"),
    ],
)
def test_only_what_is_wanted(fields: list[OverlayField], said: str) -> None:
    """The authority chooses what is said of device and shift; whether it records is said in any case."""
    assert heading(facts("lapel-0001", "K4T9", *fields), 40) == said


@pytest.mark.parametrize(
    ("device", "shift", "room", "said"),
    [
        ("lapel-0001", "wing-c-early-0041", 25, "REC lapel-0001 wing~-0041"),  # the shift gets what the device leaves
        ("wing-c-lapel-0001", "K4T9", 20, "REC wing-~-0001 K4T9"),  # and the other way round
        ("wing-c-lapel-0001", "wing-c-early-0041", 25, "REC wing~-0001 wing~-0041"),  # both are long: a half for each
        ("wing-c-lapel-0001", "wing-c-early-0041", 24, "REC wing~-0001 wing~0041"),  # the device has the odd one
        ("wing-c-lapel-0001", "K4T9", 5, "REC"),  # no room at all
        ("wing-c-lapel-0001", "", 12, "REC win~0001"),
    ],
)
def test_the_rule_by_which_it_is_shortened(device: str, shift: str, room: int, said: str) -> None:
    """Examples of the rule, by hand."""
    assert heading(facts(device, shift), room) == said


@given(DEVICES, SHIFTS, ROOMS)
def test_nothing_is_left_out_that_had_room(device: str, shift: str, room: int) -> None:
    """It begins with the state, fits, fills the room where something was shortened, and neither name lost more than the rule takes."""
    said = heading(facts(device, shift), room)
    assert said.startswith("REC")
    assert len(said) <= room
    whole = f"REC {device} {shift}"
    if len(whole) <= room:
        assert said == whole
    elif room >= 9:
        assert len(said) == room
        shown = said.split(" ")
        half = (room - 5) // 2
        for text, cut in zip((device, shift), shown[1:], strict=True):
            assert len(cut) >= min(len(text), half)
            assert cut == shortened(text, len(cut))


@given(SHIFTS, st.integers(0, 70))
def test_the_middle_gives_way(text: str, room: int) -> None:
    """What is shortened keeps its two ends, and says that it was."""
    cut = shortened(text, room)
    assert len(cut) == min(room, len(text))
    if len(text) > room > 0:
        begin, end = cut.split("~")
        assert (text.startswith(begin), text.endswith(end), len(begin) - len(end) in {0, -1}) == (True, True, True)


@pytest.mark.parametrize(
    ("room", "clock_set", "said"),
    [
        (60, True, "2027-01-15 08:00:00.7 UTC"),
        (LONGEST_TIME, True, "2027-01-15 08:00:00.7 UTC"),
        (LONGEST_TIME - 1, True, "2027-01-15 08:00:00.7Z"),
        (21, True, "08:00:00.7Z"),
        (60, False, "2027-01-15 08:00:00.7 CLOCK NOT SET"),
        (LONGEST_TIME, False, "08:00:00.7 CLOCK NOT SET"),
        (20, False, "CLOCK NOT SET"),
        (10, True, ""),
        (12, False, ""),
    ],
)
def test_a_time_and_what_it_is_worth(room: int, said: str, *, clock_set: bool) -> None:
    """A clock that is not set says so, and nothing of UTC; where there is little room those words go last."""
    assert Stamp(room).text(NOON_NS + 799_999_999, clock_set=clock_set) == said


@given(st.lists(st.tuples(st.integers(-NS, 4_102_444_800 * NS), st.booleans()), min_size=1, max_size=20))
def test_times_are_cut_to_the_tenth(moments: list[tuple[int, bool]]) -> None:
    """Whatever was asked before: the tenth that has begun, as the standard library has it, and never before 1970."""
    stamp = Stamp(60)
    for utc_ns, clock_set in moments:
        tenths = max(0, utc_ns) // 100_000_000
        moment = datetime.fromtimestamp(tenths // 10, UTC)
        behind = "UTC" if clock_set else "CLOCK NOT SET"
        assert stamp.text(utc_ns, clock_set=clock_set) == f"{moment:%Y-%m-%d %H:%M:%S}.{tenths % 10} {behind}"


def test_no_clock_is_too_wrong() -> None:
    """A clock that claims the year 300 000 is drawn all the same, at the last second that has a name."""
    assert Stamp(60).text(1 << 70, clock_set=True).startswith("9999-12-31 23:59:59.")


def test_the_sparing_forms_are_told_apart() -> None:
    """No form of a set clock can be taken for one of a clock that is not set."""
    for room, clock_set in product(range(13, 60), (True, False)):
        assert ("NOT SET" in Stamp(room).text(NOON_NS, clock_set=clock_set)) is not clock_set
