"""The state tables are total, and say what the officer was promised."""

from __future__ import annotations

import pytest

from firmware.core.machine import MOVES, TRANSITIONS, Effect, Event, Move, Place, Recording, move, step


def test_every_state_answers_every_event() -> None:
    """No event can find a state without an answer."""
    assert {(state, event) for state, row in TRANSITIONS.items() for event in row} == {
        (state, event) for state in Recording for event in Event
    }


def test_every_place_answers_every_move() -> None:
    """No move can find a place without an answer."""
    assert {(place, event) for place, row in MOVES.items() for event in row} == {
        (place, event) for place in Place for event in Move
    }


@pytest.mark.parametrize("state", [Recording.IDLE, Recording.STOPPING])
def test_a_press_begins_whenever_nothing_is_being_recorded(state: Recording) -> None:
    """It never refuses an incident, also while the last one is still being sealed."""
    assert step(state, Event.PRESS) == (Recording.STARTING, (Effect.BEGIN,))


def test_a_sensor_begins_a_recording_and_never_ends_one() -> None:
    """Not even where one press more would."""
    assert step(Recording.IDLE, Event.ALERT) == step(Recording.IDLE, Event.PRESS)
    assert step(Recording.STOP_ASKED, Event.ALERT) == (Recording.RECORDING, (Effect.NOTE,))
    assert not any(Effect.SEAL in step(state, Event.ALERT)[1] for state in Recording)


def test_recording_is_shown_only_once_it_is_durable() -> None:
    """Only the writer's word leads to ``recording``."""
    ways = {event for event in Event if step(Recording.STARTING, event)[0] is Recording.RECORDING}
    assert ways == {Event.DURABLE}


def test_a_hold_alone_never_stops() -> None:
    """A stop needs a confirmation, which times out into recording."""
    asked, effects = step(Recording.RECORDING, Event.HOLD)
    assert (asked, effects) == (Recording.STOP_ASKED, (Effect.ASK_STOP,))
    assert step(asked, Event.TIMEOUT) == (Recording.RECORDING, ())
    assert step(asked, Event.PRESS) == (Recording.STOPPING, (Effect.SEAL,))


def test_what_follows_a_stop_is_recorded_where_that_is_wanted() -> None:
    """Asked for twice or not: it runs on until its time is over, or until something ends it at once."""
    for state in (Recording.RECORDING, Recording.STOP_ASKED):
        assert step(state, Event.RUN_ON) == (Recording.POST_EVENT, (Effect.RUN_ON,))
    for event in (Event.TIMEOUT, Event.END):
        assert step(Recording.POST_EVENT, event) == (Recording.STOPPING, (Effect.SEAL,))


@pytest.mark.parametrize("event", [Event.PRESS, Event.ALERT])
def test_whoever_asks_again_goes_on_with_the_same_recording(event: Event) -> None:
    """It is not over: marked, and no second recording."""
    assert step(Recording.POST_EVENT, event) == (Recording.RECORDING, (Effect.GO_ON,))


@pytest.mark.parametrize("state", [Recording.STARTING, Recording.RECORDING, Recording.STOP_ASKED, Recording.POST_EVENT])
def test_a_lost_recording_is_resumed(state: Recording) -> None:
    """It fails towards recording, and not silently."""
    assert step(state, Event.FAILED) == (Recording.STARTING, (Effect.ALARM, Effect.BEGIN))


def test_only_sealing_events_leave_a_running_recording() -> None:
    """Nothing but a confirmed stop, an ordered end or a failure ends a recording."""
    ways = {event for event in Event if step(Recording.RECORDING, event)[0] is not Recording.RECORDING}
    assert ways == {Event.HOLD, Event.RUN_ON, Event.END, Event.FAILED}


def test_contact_alone_is_no_dock() -> None:
    """Docked means a handshake that has stood."""
    assert {event for event in Move if move(Place.WORN, event) in {Place.DOCKED, Place.OFFLOADING}} == set()
    assert move(move(Place.WORN, Move.MET), Move.STOOD) is Place.DOCKED


@pytest.mark.parametrize("place", list(Place))
def test_pulled_out_is_worn(place: Place) -> None:
    """A link that is down leaves nothing of a dock behind."""
    assert move(place, Move.GONE) is Place.WORN
