"""What the camera shows and lets feel."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.flags import Flag
from firmware.core.indications import BUZZES, CUES, FILMING, LIGHTS, RECORDS, Look, Trouble, felt, indicate, look, worst
from firmware.core.machine import Place, Recording
from firmware.core.telling import NAME
from hal.interface import Colour, Light, Lights, Pattern
from tools.words.en import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator

NONE: frozenset[Trouble] = frozenset()
FREE: frozenset[Flag] = frozenset()
UNABLE = {Trouble.NOT_ENROLLED, Trouble.RECALLED, Trouble.STORAGE_FULL, Trouble.FAULT}
BEGUN = {Recording.RECORDING, Recording.STOP_ASKED, Recording.POST_EVENT, Recording.STOPPING}
DARK: Final = Lights(Light(Colour.OFF), Light(Colour.OFF))
FLAGS: Final = tuple(
    frozenset(chosen) for count in range(len(Flag) + 1) for chosen in itertools.combinations(Flag, count)
)
SETS: Final = (
    NONE,
    *(frozenset({trouble}) for trouble in Trouble),
    *(frozenset(pair) for pair in itertools.combinations(Trouble, 2)),
    frozenset(Trouble),
)
"""No trouble, each alone, each pair, all.  ``test_troubles_add_up`` shows that nothing else can come of any other set."""

Combination = tuple[Recording, Place, frozenset[Trouble], frozenset[Flag]]
states = st.sampled_from(Recording)
places = st.sampled_from(Place)
troubles = st.frozensets(st.sampled_from(Trouble))
flags = st.frozensets(st.sampled_from(Flag))


def combinations() -> Iterator[Combination]:
    """Every state, place and subset of flags, with each of those sets of troubles."""
    return itertools.product(Recording, Place, SETS, FLAGS)


def test_the_recording_light_is_on_if_and_only_if_a_recording_is_made() -> None:
    """Over all combinations: the front light, and without hush the wearer's light too, by its colour and by its pattern alone."""
    for recording, place, wrong, flagged in combinations():
        made = recording in BEGUN
        shown = indicate(recording, place, wrong, flagged)
        assert shown.front == (Light(Colour.RED, Pattern.PULSE) if made else DARK.front)
        if Flag.HUSH not in flagged:
            assert (shown.top.colour is Colour.RED) == made
            assert (shown.top.pattern in RECORDS) == made
            assert shown.top.colour is not Colour.OFF


def test_hush_darkens_the_wearers_light_alone() -> None:
    """Whatever it would have said; the people who are filmed go on being told."""
    for recording, place, wrong, flagged in combinations():
        if Flag.HUSH in flagged:
            loud = indicate(recording, place, wrong, flagged - {Flag.HUSH})
            assert indicate(recording, place, wrong, flagged) == Lights(DARK.top, loud.front)


def test_where_hush_may_darken_the_front_light_no_light_claims_anything() -> None:
    """The one exception to the rule above: all is dark, and that is no claim to be ready.  Without hush the setting changes nothing."""
    for recording, place, wrong, flagged in combinations():
        shown = indicate(recording, place, wrong, flagged, hush_front=True)
        if Flag.HUSH in flagged:
            assert shown == DARK
        else:
            assert shown == indicate(recording, place, wrong, flagged)


def test_what_shows_as_recording() -> None:
    """All states but those in which nothing has become durable; a stop that is being written still shows."""
    assert BEGUN == FILMING
    assert set(Recording) - FILMING == {Recording.IDLE, Recording.STARTING}


@given(states, places, troubles, troubles, flags)
def test_troubles_add_up(
    recording: Recording, place: Place, some: frozenset[Trouble], more: frozenset[Trouble], flagged: frozenset[Flag]
) -> None:
    """What two sets of troubles show together is what one of them shows, by the order of looks: so pairs speak for all sets."""
    order = list(Look).index
    together, *apart = (look(recording, place, each, flagged) for each in (some | more, some, more))
    assert together is min(apart, key=order)


def test_trouble_and_mute_are_laid_over_a_recording() -> None:
    """The officer sees that something is wrong, and that there is no sound, and still that it records."""
    overlays = {
        (False, False): Look.RECORDING,
        (True, False): Look.RECORDING_TROUBLE,
        (False, True): Look.RECORDING_MUTED,
        (True, True): Look.RECORDING_MUTED_TROUBLE,
    }
    for recording, place, wrong, flagged in combinations():
        if recording in FILMING:
            assert look(recording, place, wrong, flagged) is overlays[bool(wrong), Flag.MUTE in flagged]


def test_starting_has_looks_of_its_own() -> None:
    """A press that was heard is not taken for a recording, nor for anything else; one that waits too long shows that."""
    for recording, place, wrong, flagged in combinations():
        expected = Look.STARTING_TROUBLE if Trouble.START_LATE in wrong else Look.STARTING
        shown = look(recording, place, wrong, flagged)
        assert (shown is expected) == (recording is Recording.STARTING)
        assert (shown in {Look.STARTING, Look.STARTING_TROUBLE}) == (recording is Recording.STARTING)


def test_a_camera_that_cannot_record_says_so_everywhere() -> None:
    """In the dock and on standby too, and whatever else is wrong."""
    for place, wrong, flagged in itertools.product(Place, SETS, FLAGS):
        assert (look(Recording.IDLE, place, wrong, flagged) is Look.UNABLE) == bool(wrong & UNABLE)


def test_standby_never_looks_like_ready() -> None:
    """Whoever relies on the minute before a press has to see that there will be none; only that it cannot record is worse."""
    for place, wrong, flagged in itertools.product(Place, SETS, FLAGS):
        shown = look(Recording.IDLE, place, wrong, flagged)
        assert (shown is Look.STANDBY) == (Flag.STANDBY in flagged and not wrong & UNABLE)
    alike = [lights for each, lights in LIGHTS.items() if each is not Look.STANDBY]
    standby = LIGHTS[Look.STANDBY].top
    assert all(standby.colour is not lights.top.colour for lights in alike)
    assert all(standby.pattern is not lights.top.pattern for lights in alike)


@pytest.mark.parametrize(
    ("place", "wrong", "expected"),
    [
        (Place.WORN, NONE, Look.READY),
        (Place.CONTACT, NONE, Look.READY),
        (Place.DOCKED, NONE, Look.DOCKED),
        (Place.OFFLOADING, NONE, Look.OFFLOADING),
        (Place.WORN, {Trouble.CLOCK_UNSET}, Look.WARNING),
        (Place.CONTACT, {Trouble.BATTERY_LOW}, Look.WARNING),
        (Place.DOCKED, {Trouble.BATTERY_LOW}, Look.DOCKED),
        (Place.OFFLOADING, {Trouble.STORAGE_LOW}, Look.OFFLOADING),
    ],
)
def test_idle_looks(place: Place, wrong: set[Trouble], expected: Look) -> None:
    """Power contact alone is no dock; in the dock the dock takes care of what is low."""
    assert look(Recording.IDLE, place, frozenset(wrong), FREE) is expected


def test_each_look_has_lights_of_its_own() -> None:
    """No two messages look the same."""
    assert set(LIGHTS) == set(Look)
    assert len({lights.top for lights in LIGHTS.values()}) == len(Look)


@pytest.mark.parametrize("place", Place)
def test_looks_are_told_apart_without_colours(place: Place) -> None:
    """Wherever the camera is, no two looks that it can show there have one pattern."""
    here = {look(recording, place, wrong, flagged) for recording, _, wrong, flagged in combinations()}
    patterns = [LIGHTS[each].top.pattern for each in here]
    assert len(set(patterns)) == len(patterns)


def test_every_look_is_reached() -> None:
    """No look stands in the table for nothing."""
    assert {look(*combination) for combination in combinations()} == set(Look)


def test_the_worst_comes_first() -> None:
    """The order of the troubles is their weight."""
    assert worst(NONE) is None
    assert worst(frozenset(Trouble)) is Trouble.NOT_ENROLLED
    assert worst(frozenset({Trouble.CLOCK_UNSET, Trouble.LAGGING, Trouble.BATTERY_LOW})) is Trouble.LAGGING


def test_at_most_five_buzz_patterns() -> None:
    """A gloved hand tells no more apart."""
    assert {cue.buzz_ms for cue in CUES.values()} == set(BUZZES.values())
    assert len(set(BUZZES.values())) == len(BUZZES) <= 5


def test_cues_are_told_apart() -> None:
    """By buzz or tone; started, stopped and refused by the buzz alone."""
    assert all(cue.name == name for name, cue in CUES.items())
    assert len({(cue.buzz_ms, cue.tones) for cue in CUES.values()}) == len(CUES)
    assert len({CUES[name].buzz_ms for name in ("started", "stopped", "refused", "bookmark", "hold-1")}) == 5


def test_start_stop_and_the_reminder_are_felt_under_hush() -> None:
    """Hush takes the sound of every cue, and the buzz of none."""
    for name, cue in CUES.items():
        hushed = felt(name, frozenset({Flag.HUSH}))
        assert (hushed.name, hushed.buzz_ms, hushed.tones) == (name, cue.buzz_ms, ())
        assert cue.buzz_ms
        assert felt(name, frozenset(Flag) - {Flag.HUSH}) == cue


def test_one_buzz_means_that_it_records() -> None:
    """The reminder says what the start said; no other cue feels like that."""
    assert {name for name, cue in CUES.items() if cue.buzz_ms == CUES["started"].buzz_ms} == {"started", "reminder"}


def test_a_hold_is_felt_rising() -> None:
    """Each second sounds higher than the one before."""
    tones = [CUES[f"hold-{step}"].tones[0][0] for step in (1, 2, 3)]
    assert tones == sorted(set(tones))


def test_everything_has_words() -> None:
    """Each look, trouble and cue has one sentence, and nothing else has."""
    for kind, names in (
        ("look", {*(each.value for each in Look), "dark", "hushed"}),
        ("trouble", {each.value for each in Trouble}),
        ("cue", {*CUES, NAME}),
    ):
        keys = {key for key in ENGLISH if key.startswith(f"{kind}.")}
        assert keys == {f"{kind}.{name}" for name in names}
        assert all(ENGLISH[key].endswith(".") for key in keys)
