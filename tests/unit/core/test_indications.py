"""What the camera shows and lets feel."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from firmware.core.indications import CUES, LIGHTS, WORDS, Look, Trouble, indicate, look, worst
from firmware.core.machine import Place, Recording
from hal.interface import Colour, Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

NONE: frozenset[Trouble] = frozenset()
RUNNING = {Recording.RECORDING, Recording.STOP_ASKED, Recording.POST_EVENT, Recording.STOPPING}
UNABLE = {Trouble.NOT_ENROLLED, Trouble.STORAGE_FULL, Trouble.FAULT}


def all_troubles() -> Iterator[frozenset[Trouble]]:
    """Every set of troubles."""
    for count in range(len(Trouble) + 1):
        yield from map(frozenset, itertools.combinations(Trouble, count))


def combinations() -> Iterator[tuple[Recording, Place, frozenset[Trouble]]]:
    """Everything that can be true at once."""
    return itertools.product(Recording, Place, list(all_troubles()))


def test_recording_looks_like_recording_and_nothing_else_does() -> None:
    """Over all combinations: the top light is red, and has a recording's pattern, exactly while a recording is made."""
    for recording, place, troubles in combinations():
        top = indicate(recording, place, troubles).top
        running = recording in RUNNING
        assert (top.colour is Colour.RED) == running
        assert (top.pattern in {Pattern.PULSE, Pattern.DOUBLE}) == running


def test_the_people_filmed_see_it() -> None:
    """The front light is on exactly while a recording is made, whatever is wrong."""
    for recording, place, troubles in combinations():
        front = indicate(recording, place, troubles).front
        assert (front.colour is Colour.RED) == (recording in RUNNING)
        assert (front.colour is Colour.OFF) == (recording not in RUNNING)


def test_trouble_is_laid_over_a_recording() -> None:
    """The officer sees that something is wrong, and still that it records."""
    for recording, place, troubles in combinations():
        if recording in RUNNING:
            expected = Look.RECORDING_TROUBLE if troubles else Look.RECORDING
            assert look(recording, place, troubles) is expected


def test_starting_has_a_look_of_its_own() -> None:
    """A press that was heard is not taken for a recording, nor for anything else."""
    for recording, place, troubles in combinations():
        assert (look(recording, place, troubles) is Look.STARTING) == (recording is Recording.STARTING)


def test_a_camera_that_cannot_record_says_so_everywhere() -> None:
    """In the dock too, and whatever else is wrong."""
    for place, troubles in itertools.product(Place, all_troubles()):
        assert (look(Recording.IDLE, place, troubles) is Look.UNABLE) == bool(troubles & UNABLE)


@pytest.mark.parametrize(
    ("place", "troubles", "expected"),
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
def test_idle_looks(place: Place, troubles: set[Trouble], expected: Look) -> None:
    """Power contact alone is no dock; in the dock the dock takes care of what is low."""
    assert look(Recording.IDLE, place, frozenset(troubles)) is expected


def test_each_look_has_lights_of_its_own() -> None:
    """No two messages look the same."""
    assert set(LIGHTS) == set(Look)
    assert len({lights.top for lights in LIGHTS.values()}) == len(Look)


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
    assert len({cue.buzz_ms for cue in CUES.values()}) <= 5


def test_cues_are_told_apart() -> None:
    """By buzz or tone; started, stopped and refused by the buzz alone."""
    assert all(cue.name == name for name, cue in CUES.items())
    assert len({(cue.buzz_ms, cue.tones) for cue in CUES.values()}) == len(CUES)
    assert len({CUES[name].buzz_ms for name in ("started", "stopped", "refused", "bookmark", "hold-1")}) == 5


def test_a_hold_is_felt_rising() -> None:
    """Each second sounds higher than the one before."""
    tones = [CUES[f"hold-{step}"].tones[0][0] for step in (1, 2, 3)]
    assert tones == sorted(set(tones))


def test_the_cues_that_the_camera_plays_are_there() -> None:
    """By the names that the flow uses."""
    names = "started stopped bookmark refused fault hold-1 hold-2 hold-3 stop-asked run-on docked muted storage-low storage-critical"
    assert set(CUES) == set(names.split())


def test_everything_has_words() -> None:
    """Each look, trouble and cue has one sentence, and nothing else has."""
    assert set(WORDS) == {*Look, *Trouble, *CUES}
    assert all(words.endswith(".") for words in WORDS.values())
