"""What the camera is doing, as small total tables.

Rule 1: everything that moves a state lives in this file.  Rule 2: nothing here does anything; ``step`` returns the effects, and the
camera carries them out.  The diagrams in the documents are drawn from these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Recording(Enum):
    """Whether a recording is being made."""

    IDLE = "idle"
    STARTING = "starting"
    RECORDING = "recording"
    STOP_ASKED = "stop-asked"
    POST_EVENT = "post-event"  # a stop was meant, and what follows it is recorded too
    STOPPING = "stopping"


class Event(Enum):
    """What can happen to a recording."""

    PRESS = "press"  # the first edge of the record button
    ALERT = "alert"  # a sensor asks for a recording; it never confirms a stop
    TAP = "tap"  # that press was let go early
    HOLD = "hold"  # it was held
    TIMEOUT = "timeout"  # no second press confirmed the stop, or the time after it has passed
    RUN_ON = "run-on"  # a stop is meant, by an officer, and the authority wants what follows it too
    END = "end"  # a stop at once: full, docked, shutting down; an officer's, where nothing has to follow it
    RESUME = "resume"  # the last boot was cut off while recording
    DENIED = "denied"  # a press that cannot record: full of evidence, or no authority
    DURABLE = "durable"  # the opening and the first live flush are on the card
    SEALED = "sealed"  # the manifest is on the card
    FAILED = "failed"  # the writer lost the recording


class Effect(Enum):
    """What the camera then does."""

    BEGIN = "begin"
    CONFIRM = "confirm"
    MARK = "mark"
    NOTE = "note"  # a bookmark that says which sensor asked
    ASK_STOP = "ask-stop"
    RUN_ON = "run-on"
    GO_ON = "go-on"
    SEAL = "seal"
    STOPPED = "stopped"
    REFUSE = "refuse"
    ALARM = "alarm"


RUNNING = frozenset({Recording.STARTING, Recording.RECORDING, Recording.STOP_ASKED, Recording.POST_EVENT})
"""Where a recording is being made, and nobody has ended it."""
FREE = frozenset({Recording.IDLE, Recording.STOPPING})
"""Where a press begins a recording."""

R, E, F = Recording, Event, Effect
_IDLE, _STARTING, _RECORDING, _ASKED, _STOPPING = R.IDLE, R.STARTING, R.RECORDING, R.STOP_ASKED, R.STOPPING
_POST = R.POST_EVENT

Transitions = Mapping[Recording, Mapping[Event, tuple[Recording, tuple[Effect, ...]]]]

TRANSITIONS: Transitions = {
    R.IDLE: {
        E.PRESS: (_STARTING, (F.BEGIN,)),
        E.ALERT: (_STARTING, (F.BEGIN,)),
        E.TAP: (_IDLE, ()),
        E.HOLD: (_IDLE, ()),
        E.TIMEOUT: (_IDLE, ()),
        E.RUN_ON: (_IDLE, ()),
        E.END: (_IDLE, ()),
        E.RESUME: (_STARTING, (F.BEGIN,)),
        E.DENIED: (_IDLE, (F.REFUSE,)),
        E.DURABLE: (_IDLE, ()),
        E.SEALED: (_IDLE, ()),
        E.FAILED: (_IDLE, (F.ALARM,)),
    },
    R.STARTING: {
        E.PRESS: (_STARTING, ()),
        E.ALERT: (_STARTING, (F.NOTE,)),
        E.TAP: (_STARTING, (F.MARK,)),
        E.HOLD: (_STARTING, ()),
        E.TIMEOUT: (_STARTING, ()),
        E.RUN_ON: (_STARTING, ()),  # as a hold that asks: not before it records
        E.END: (_STOPPING, (F.SEAL,)),
        E.RESUME: (_STARTING, ()),
        E.DENIED: (_STARTING, ()),
        E.DURABLE: (_RECORDING, (F.CONFIRM,)),
        E.SEALED: (_STARTING, ()),  # an earlier one
        E.FAILED: (
            _STARTING,
            (F.ALARM, F.BEGIN),
        ),  # a press is never lost to a bad moment of the card; the writer gives up, not we
    },
    R.RECORDING: {
        E.PRESS: (_RECORDING, ()),
        E.ALERT: (_RECORDING, (F.NOTE,)),
        E.TAP: (_RECORDING, (F.MARK,)),
        E.HOLD: (_ASKED, (F.ASK_STOP,)),
        E.TIMEOUT: (_RECORDING, ()),
        E.RUN_ON: (_POST, (F.RUN_ON,)),
        E.END: (_STOPPING, (F.SEAL,)),
        E.RESUME: (_RECORDING, ()),
        E.DENIED: (_RECORDING, ()),
        E.DURABLE: (_RECORDING, ()),
        E.SEALED: (_RECORDING, ()),
        E.FAILED: (_STARTING, (F.ALARM, F.BEGIN)),  # towards recording
    },
    R.STOP_ASKED: {
        E.PRESS: (_STOPPING, (F.SEAL,)),
        E.ALERT: (_RECORDING, (F.NOTE,)),
        E.TAP: (_ASKED, ()),
        E.HOLD: (_ASKED, ()),
        E.TIMEOUT: (_RECORDING, ()),
        E.RUN_ON: (_POST, (F.RUN_ON,)),
        E.END: (_STOPPING, (F.SEAL,)),
        E.RESUME: (_ASKED, ()),
        E.DENIED: (_ASKED, ()),
        E.DURABLE: (_ASKED, ()),
        E.SEALED: (_ASKED, ()),
        E.FAILED: (_STARTING, (F.ALARM, F.BEGIN)),
    },
    R.POST_EVENT: {
        E.PRESS: (_RECORDING, (F.GO_ON,)),  # it is not over: the same recording goes on
        E.ALERT: (_RECORDING, (F.GO_ON,)),
        E.TAP: (_POST, ()),
        E.HOLD: (_POST, ()),
        E.TIMEOUT: (_STOPPING, (F.SEAL,)),
        E.RUN_ON: (_POST, ()),
        E.END: (_STOPPING, (F.SEAL,)),
        E.RESUME: (_POST, ()),
        E.DENIED: (_POST, ()),
        E.DURABLE: (_POST, ()),
        E.SEALED: (_POST, ()),
        E.FAILED: (_STARTING, (F.ALARM, F.BEGIN)),
    },
    R.STOPPING: {
        E.PRESS: (_STARTING, (F.BEGIN,)),  # never refuse an incident: the next one begins while this one is sealed
        E.ALERT: (_STARTING, (F.BEGIN,)),
        E.TAP: (_STOPPING, ()),
        E.HOLD: (_STOPPING, ()),
        E.TIMEOUT: (_STOPPING, ()),
        E.RUN_ON: (_STOPPING, ()),
        E.END: (_STOPPING, ()),
        E.RESUME: (_STOPPING, ()),
        E.DENIED: (_STOPPING, (F.REFUSE,)),
        E.DURABLE: (_STOPPING, ()),
        E.SEALED: (_IDLE, (F.STOPPED,)),
        E.FAILED: (_IDLE, (F.ALARM,)),
    },
}


def step(state: Recording, event: Event) -> tuple[Recording, tuple[Effect, ...]]:
    """The state after ``event``, and what to do about it, in order."""
    return TRANSITIONS[state][event]


class Place(Enum):
    """Where the camera is: docked only after an authenticated handshake that has stood for ten seconds."""

    WORN = "worn"
    CONTACT = "contact"
    DOCKED = "docked"
    OFFLOADING = "offloading"


class Move(Enum):
    """What can happen to the place."""

    MET = "met"  # a dock of our authority answered
    STOOD = "stood"  # and has stood for ten seconds
    OFFLOAD = "offload"  # it fetches evidence
    RESTED = "rested"  # it has fetched all there is
    GONE = "gone"  # the link is down


P, M = Place, Move

MOVES: Mapping[Place, Mapping[Move, Place]] = {
    P.WORN: {M.MET: P.CONTACT, M.STOOD: P.WORN, M.OFFLOAD: P.WORN, M.RESTED: P.WORN, M.GONE: P.WORN},
    P.CONTACT: {M.MET: P.CONTACT, M.STOOD: P.DOCKED, M.OFFLOAD: P.CONTACT, M.RESTED: P.CONTACT, M.GONE: P.WORN},
    P.DOCKED: {M.MET: P.DOCKED, M.STOOD: P.DOCKED, M.OFFLOAD: P.OFFLOADING, M.RESTED: P.DOCKED, M.GONE: P.WORN},
    P.OFFLOADING: {
        M.MET: P.OFFLOADING,
        M.STOOD: P.OFFLOADING,
        M.OFFLOAD: P.OFFLOADING,
        M.RESTED: P.DOCKED,
        M.GONE: P.WORN,
    },
}


def move(place: Place, event: Move) -> Place:
    """The place after ``event``."""
    return MOVES[place][event]
