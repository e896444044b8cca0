"""What the camera shows and lets feel: one table of looks, one of cues, one of words.

A recording is told by the pattern alone, for an officer who cannot see colours or looks from the corner of an eye:
``PULSE`` and ``DOUBLE`` mean recording and are used for nothing else.  ``FAST`` means attention: it is not recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from firmware.core.machine import Place, Recording
from hal.interface import Colour, Cue, Light, Lights, Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping


class Trouble(Enum):
    """What can be wrong, the worst first."""

    NOT_ENROLLED = "not-enrolled"
    STORAGE_FULL = "storage-full"
    FAULT = "fault"
    STORAGE_FAILS = "storage-fails"
    LAGGING = "lagging"
    STORAGE_CRITICAL = "storage-critical"
    PICTURE_FAILS = "picture-fails"
    BUTTON_STUCK = "button-stuck"
    BATTERY_CRITICAL = "battery-critical"
    STORAGE_LOW = "storage-low"
    BATTERY_LOW = "battery-low"
    NO_SOUND = "no-sound"
    SOUND_ADRIFT = "sound-adrift"
    CLOCK_UNSET = "clock-unset"


class Look(Enum):
    """Everything that the lights can say."""

    RECORDING = "recording"
    RECORDING_TROUBLE = "recording-trouble"
    STARTING = "starting"
    UNABLE = "unable"
    OFFLOADING = "offloading"
    DOCKED = "docked"
    WARNING = "warning"
    READY = "ready"


_RUNNING: Final = frozenset({Recording.RECORDING, Recording.STOP_ASKED, Recording.POST_EVENT, Recording.STOPPING})
_STILL: Final = frozenset({Recording.IDLE})
_ANYWHERE: Final = frozenset(Place)
_WRONG: Final = frozenset(Trouble)
_UNABLE: Final = frozenset({Trouble.NOT_ENROLLED, Trouble.STORAGE_FULL, Trouble.FAULT})


@dataclass(frozen=True, slots=True)
class _Rule:
    """A look, and when it is due: in these states, at these places, with any of these troubles.

    ``troubles`` is None where they do not matter.
    """

    look: Look
    states: frozenset[Recording]
    places: frozenset[Place] = _ANYWHERE
    troubles: frozenset[Trouble] | None = None


_PRIORITY: Final = (
    _Rule(Look.RECORDING_TROUBLE, _RUNNING, troubles=_WRONG),
    _Rule(Look.RECORDING, _RUNNING),
    _Rule(Look.STARTING, frozenset({Recording.STARTING})),
    _Rule(Look.UNABLE, _STILL, troubles=_UNABLE),
    _Rule(Look.OFFLOADING, _STILL, frozenset({Place.OFFLOADING})),
    _Rule(Look.DOCKED, _STILL, frozenset({Place.DOCKED})),
    _Rule(Look.WARNING, _STILL, troubles=_WRONG),
    _Rule(Look.READY, _STILL),
)
"""The first rule that holds decides."""

_OFF: Final = Light(Colour.OFF)
LIGHTS: Final[Mapping[Look, Lights]] = MappingProxyType(
    {
        Look.RECORDING: Lights(Light(Colour.RED, Pattern.PULSE), Light(Colour.RED, Pattern.PULSE)),
        Look.RECORDING_TROUBLE: Lights(Light(Colour.RED, Pattern.DOUBLE), Light(Colour.RED, Pattern.PULSE)),
        Look.STARTING: Lights(Light(Colour.GREEN, Pattern.FAST), _OFF),
        Look.UNABLE: Lights(Light(Colour.AMBER, Pattern.FAST), _OFF),
        Look.OFFLOADING: Lights(Light(Colour.BLUE, Pattern.SLOW), _OFF),
        Look.DOCKED: Lights(Light(Colour.BLUE), _OFF),
        Look.WARNING: Lights(Light(Colour.AMBER, Pattern.SLOW), _OFF),
        Look.READY: Lights(Light(Colour.GREEN), _OFF),
    }
)
"""``front`` tells the people who are filmed that they are, and nothing else."""

_TICK: Final = (60,)
_LONG: Final = (500,)
_TWO_LONG: Final = (400, 200, 400)
_TWO_SHORT: Final = (100, 100, 100)
_ALARM: Final = (150, 80, 150, 80, 150, 80, 150)

CUES: Final[Mapping[str, Cue]] = MappingProxyType(
    {
        cue.name: cue
        for cue in (
            Cue("started", _LONG, ((880, 150), (1320, 250))),
            Cue("stopped", _TWO_LONG, ((1320, 150), (880, 250))),
            Cue("bookmark", _TWO_SHORT, ((1320, 80),)),
            Cue("muted", _TWO_SHORT, ((440, 80), (330, 80))),
            Cue("stop-asked", _TWO_SHORT, ((660, 120), (660, 120))),
            Cue("run-on", _TWO_SHORT, ((880, 120), (660, 120))),
            Cue("docked", _TWO_SHORT, ((440, 120),)),
            Cue("hold-1", _TICK, ((660, 60),)),
            Cue("hold-2", _TICK, ((770, 60),)),
            Cue("hold-3", _TICK, ((880, 60),)),
            Cue("storage-low", _TWO_SHORT, ((550, 120), (440, 120))),
            Cue("storage-critical", _ALARM, ((550, 200), (440, 200))),
            Cue("refused", _ALARM, ((220, 400),)),
            Cue("fault", _ALARM, ((220, 200), (330, 200), (220, 200))),
        )
    }
)
"""Five buzz patterns, no more than a hand can tell apart; the tones tell the rest."""

WORDS: Final[Mapping[Look | Trouble | str, str]] = MappingProxyType(
    {
        Look.RECORDING: "Recording.",
        Look.RECORDING_TROUBLE: "Recording, and something needs attention.",
        Look.STARTING: "The press was heard. Not recording yet.",
        Look.UNABLE: "Not recording, and it cannot record.",
        Look.OFFLOADING: "In the dock, handing over its recordings.",
        Look.DOCKED: "In the dock.",
        Look.WARNING: "Not recording. Ready, and something needs attention.",
        Look.READY: "Not recording. Ready.",
        Trouble.NOT_ENROLLED: "This camera belongs to no authority.",
        Trouble.STORAGE_FULL: "The storage is full: put the camera into its dock.",
        Trouble.FAULT: "The camera is broken: take another one.",
        Trouble.STORAGE_FAILS: "The storage fails: take another camera soon.",
        Trouble.LAGGING: "The storage is too slow.",
        Trouble.PICTURE_FAILS: "The picture has gaps, or comes late.",
        Trouble.BUTTON_STUCK: "A button is stuck.",
        Trouble.STORAGE_CRITICAL: "The storage holds less than half an hour more.",
        Trouble.STORAGE_LOW: "The storage holds less than an hour more.",
        Trouble.BATTERY_CRITICAL: "The battery is almost empty.",
        Trouble.BATTERY_LOW: "The battery is low.",
        Trouble.NO_SOUND: "The microphone does not work.",
        Trouble.SOUND_ADRIFT: "The sound does not keep time with the picture.",
        Trouble.CLOCK_UNSET: "The clock is not set.",
        "started": "Recording has begun.",
        "stopped": "Recording has ended.",
        "bookmark": "Marked.",
        "muted": "The microphone was silenced, or listens again.",
        "stop-asked": "Press once more to stop.",
        "run-on": "The stop was heard. It records a little longer.",
        "docked": "The dock has recognised the camera.",
        "hold-1": "Held for one second.",
        "hold-2": "Held for two seconds.",
        "hold-3": "Held for three seconds.",
        "storage-low": "The storage holds less than an hour more.",
        "storage-critical": "The storage holds less than half an hour more.",
        "refused": "The press was heard, but the camera cannot do that.",
        "fault": "Something is wrong.",
    }
)
"""What each look, trouble and cue means, for the officer's card."""


def look(recording: Recording, place: Place, troubles: frozenset[Trouble]) -> Look:
    """What the lights have to say."""
    return next(
        rule.look
        for rule in _PRIORITY
        if recording in rule.states
        and place in rule.places
        and (rule.troubles is None or not rule.troubles.isdisjoint(troubles))
    )


def indicate(recording: Recording, place: Place, troubles: frozenset[Trouble]) -> Lights:
    """The lights that say it."""
    return LIGHTS[look(recording, place, troubles)]


def worst(troubles: frozenset[Trouble]) -> Trouble | None:
    """The trouble to speak of first; None when all is well."""
    return next((trouble for trouble in Trouble if trouble in troubles), None)
