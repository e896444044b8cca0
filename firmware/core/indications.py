"""What the camera shows and lets feel: one table of looks, one of cues.  What they mean in words, ``tools.words`` says.

A recording is told by the pattern alone, for an officer who cannot see colours or looks from the corner of an eye: the patterns in
``RECORDS`` mean recording and are used for nothing else, and no two looks that one place can show have one pattern.

The wearer's light says whether the sound is muted.  The front light does not: it says that one is filmed, to people who may take that for
picture and sound, and that errs on the side that harms nobody.

The one exception to what follows: hush darkens the wearer's light, and where the authority allows it the front light too.  Then no light
claims anything, least of all that the camera is ready.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from firmware.core.flags import Flag
from firmware.core.machine import Place, Recording
from hal.interface import Colour, Cue, Light, Lights, Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping


class Trouble(Enum):
    """What can be wrong, the worst first."""

    NOT_ENROLLED = "not-enrolled"
    RECALLED = "recalled"
    STORAGE_FULL = "storage-full"
    FAULT = "fault"
    STORAGE_FAILS = "storage-fails"
    LAGGING = "lagging"
    START_LATE = "start-late"
    STORAGE_CRITICAL = "storage-critical"
    PICTURE_FAILS = "picture-fails"
    SIGNATURE_FAILS = "signature-fails"
    BUTTON_STUCK = "button-stuck"
    BATTERY_ENDING = "battery-ending"
    BATTERY_CRITICAL = "battery-critical"
    HOT = "hot"
    STORAGE_LOW = "storage-low"
    BATTERY_LOW = "battery-low"
    PICTURE_FLAT = "picture-flat"
    NO_SOUND = "no-sound"
    SOUND_ADRIFT = "sound-adrift"
    SENSOR_FAILS = "sensor-fails"
    GAUGE_FAILS = "gauge-fails"
    PART_FAILS = "part-fails"
    CLOCK_UNSET = "clock-unset"


class Look(Enum):
    """Everything that the lights can say."""

    RECORDING_MUTED_TROUBLE = "recording-muted-trouble"
    RECORDING_TROUBLE = "recording-trouble"
    RECORDING_MUTED = "recording-muted"
    RECORDING = "recording"
    STARTING_TROUBLE = "starting-trouble"
    STARTING = "starting"
    UNABLE = "unable"
    STANDBY = "standby"
    OFFLOADING = "offloading"
    DOCKED = "docked"
    WARNING = "warning"
    READY = "ready"


_STILL: Final = frozenset({Recording.IDLE})
_BEGINNING: Final = frozenset({Recording.STARTING})
FILMING: Final = frozenset(Recording) - _STILL - _BEGINNING
"""States that show as recording: all but those two."""
_ANYWHERE: Final = frozenset(Place)
_WRONG: Final = frozenset(Trouble)
_UNABLE: Final = frozenset({Trouble.NOT_ENROLLED, Trouble.RECALLED, Trouble.STORAGE_FULL, Trouble.FAULT})
_LATE: Final = frozenset({Trouble.START_LATE})
_MUTED: Final = frozenset({Flag.MUTE})
_STANDBY: Final = frozenset({Flag.STANDBY})


@dataclass(frozen=True, slots=True)
class _Rule:
    """A look, and when it is due: in these states, at these places, with any of these troubles, with all of these flags.

    ``troubles`` is None where they do not matter.
    """

    look: Look
    states: frozenset[Recording]
    places: frozenset[Place] = _ANYWHERE
    troubles: frozenset[Trouble] | None = None
    flags: frozenset[Flag] = frozenset()


_PRIORITY: Final = (
    _Rule(Look.RECORDING_MUTED_TROUBLE, FILMING, troubles=_WRONG, flags=_MUTED),
    _Rule(Look.RECORDING_TROUBLE, FILMING, troubles=_WRONG),
    _Rule(Look.RECORDING_MUTED, FILMING, flags=_MUTED),
    _Rule(Look.RECORDING, FILMING),
    _Rule(Look.STARTING_TROUBLE, _BEGINNING, troubles=_LATE),
    _Rule(Look.STARTING, _BEGINNING),
    _Rule(Look.UNABLE, _STILL, troubles=_UNABLE),
    _Rule(Look.STANDBY, _STILL, flags=_STANDBY),
    _Rule(Look.OFFLOADING, _STILL, frozenset({Place.OFFLOADING})),
    _Rule(Look.DOCKED, _STILL, frozenset({Place.DOCKED})),
    _Rule(Look.WARNING, _STILL, troubles=_WRONG),
    _Rule(Look.READY, _STILL),
)
"""The first rule that holds decides."""

_OFF: Final = Light(Colour.OFF)
_FILMED: Final = Light(Colour.RED, Pattern.PULSE)
LIGHTS: Final[Mapping[Look, Lights]] = MappingProxyType(
    {
        Look.RECORDING_MUTED_TROUBLE: Lights(Light(Colour.RED, Pattern.TWO_GAPS), _FILMED),
        Look.RECORDING_TROUBLE: Lights(Light(Colour.RED, Pattern.DOUBLE), _FILMED),
        Look.RECORDING_MUTED: Lights(Light(Colour.RED, Pattern.GAP), _FILMED),
        Look.RECORDING: Lights(Light(Colour.RED, Pattern.PULSE), _FILMED),
        Look.STARTING_TROUBLE: Lights(Light(Colour.AMBER, Pattern.UNEVEN), _OFF),
        Look.STARTING: Lights(Light(Colour.GREEN, Pattern.FAST), _OFF),
        Look.UNABLE: Lights(Light(Colour.AMBER, Pattern.FOUR), _OFF),
        Look.STANDBY: Lights(Light(Colour.WHITE, Pattern.BLINK), _OFF),
        Look.OFFLOADING: Lights(Light(Colour.BLUE, Pattern.SLOW), _OFF),
        Look.DOCKED: Lights(Light(Colour.BLUE), _OFF),
        Look.WARNING: Lights(Light(Colour.AMBER, Pattern.SLOW), _OFF),
        Look.READY: Lights(Light(Colour.GREEN), _OFF),
    }
)
"""``front`` tells the people who are filmed that they are, and nothing else."""
RECORDS: Final = frozenset({Pattern.PULSE, Pattern.DOUBLE, Pattern.GAP, Pattern.TWO_GAPS})
"""Patterns that mean recording, and nothing else ever."""

_TICK: Final = (60,)
_LONG: Final = (500,)
_TWO_LONG: Final = (400, 200, 400)
_TWO_SHORT: Final = (100, 100, 100)
_ALARM: Final = (150, 80, 150, 80, 150, 80, 150)
BUZZES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {"tick": _TICK, "long": _LONG, "two-long": _TWO_LONG, "two-short": _TWO_SHORT, "four": _ALARM}
)
"""All that is ever felt, no more than a hand can tell apart.

A tick counts, one long buzz says that it records, two that it records no more, two short ones that something was understood, four that
something is wrong: the rhythm of the light that says so too.
"""

CUES: Final[Mapping[str, Cue]] = MappingProxyType(
    {
        cue.name: cue
        for cue in (
            Cue("started", _LONG, ((880, 150), (1320, 250))),
            Cue("reminder", _LONG),
            Cue("stopped", _TWO_LONG, ((1320, 150), (880, 250))),
            Cue("bookmark", _TWO_SHORT, ((1320, 80),)),
            Cue("muted", _TWO_SHORT, ((440, 80), (330, 80))),
            Cue("mute-over", _TWO_SHORT, ((330, 80), (440, 80))),
            Cue("hushed", _TWO_SHORT),
            Cue("hush-over", _TWO_SHORT, ((520, 80), (660, 80))),
            Cue("standby", _TWO_SHORT, ((660, 80), (330, 160))),
            Cue("standby-over", _TWO_SHORT, ((330, 80), (660, 160))),
            Cue("stop-asked", _TWO_SHORT, ((660, 120), (660, 120))),
            Cue("run-on", _TWO_SHORT, ((880, 120), (660, 120))),
            Cue("docked", _TWO_SHORT, ((440, 120),)),
            Cue("heard", _TICK),
            Cue("hold-1", _TICK, ((660, 60),)),
            Cue("hold-2", _TICK, ((770, 60),)),
            Cue("hold-3", _TICK, ((880, 60),)),
            Cue("storage-low", _TWO_SHORT, ((550, 120), (440, 120))),
            Cue("storage-critical", _ALARM, ((550, 200), (440, 200))),
            Cue("battery-low", _TWO_SHORT, ((495, 120), (330, 120))),
            Cue("battery-critical", _ALARM, ((495, 200), (330, 200))),
            Cue("battery-ending", _ALARM, ((330, 200), (220, 200), (165, 200))),
            Cue("refused", _ALARM, ((220, 400),)),
            Cue("fault", _ALARM, ((220, 200), (330, 200), (220, 200))),
        )
    }
)
"""What is felt and heard at which occasion: the tones tell apart what feels alike."""


def look(recording: Recording, place: Place, troubles: frozenset[Trouble], flags: frozenset[Flag]) -> Look:
    """What the lights have to say."""
    return next(
        rule.look
        for rule in _PRIORITY
        if recording in rule.states
        and place in rule.places
        and (rule.troubles is None or not rule.troubles.isdisjoint(troubles))
        and rule.flags <= flags
    )


def indicate(
    recording: Recording,
    place: Place,
    troubles: frozenset[Trouble],
    flags: frozenset[Flag],
    *,
    hush_front: bool = False,
) -> Lights:
    """The lights that say it, as far as hush lets them; with ``hush_front`` it darkens the front light too."""
    lights = LIGHTS[look(recording, place, troubles, flags)]
    if Flag.HUSH not in flags:
        return lights
    return Lights(_OFF, _OFF if hush_front else lights.front)


def felt(name: str, flags: frozenset[Flag]) -> Cue:
    """The cue of that name, as far as hush lets it be heard; a buzz it always is."""
    cue = CUES[name]
    return Cue(name, cue.buzz_ms) if Flag.HUSH in flags else cue


def worst(troubles: frozenset[Trouble]) -> Trouble | None:
    """The trouble to speak of first; None when all is well."""
    return next((trouble for trouble in Trouble if trouble in troubles), None)
