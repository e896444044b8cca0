"""What a camera shows and lets feel, in words: what anybody sees, and what it means on the officer's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from hal.interface import Colour, Cue, Light, Lights, Pattern

DARK: Final = Lights(Light(Colour.OFF), Light(Colour.OFF))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the upper light says: in a word, and in the words of the officer's card."""

    name: str
    words: str


MEANINGS: Final[Mapping[Light, Meaning]] = MappingProxyType(
    {
        Light(Colour.OFF): Meaning("off", "Nothing is shown."),
        Light(Colour.GREEN): Meaning("ready", "Not recording. Ready."),
        Light(Colour.GREEN, Pattern.FAST): Meaning("starting", "The press was heard. Not recording yet."),
        Light(Colour.RED, Pattern.PULSE): Meaning("recording", "Recording."),
        Light(Colour.RED, Pattern.DOUBLE): Meaning("recording", "Recording, and something needs attention."),
        Light(Colour.AMBER, Pattern.FAST): Meaning("unable", "Not recording, and it cannot record."),
        Light(Colour.AMBER, Pattern.SLOW): Meaning("warning", "Not recording. Ready, and something needs attention."),
        Light(Colour.BLUE, Pattern.SLOW): Meaning("offloading", "In the dock, handing over its recordings."),
        Light(Colour.BLUE): Meaning("docked", "In the dock."),
    }
)
CUES: Final[Mapping[str, str]] = MappingProxyType(
    {
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

_UNKNOWN: Final = Meaning("unknown", "A light that nobody knows.")
_PATTERNS: Final = {
    Pattern.STEADY: "steady",
    Pattern.SLOW: "blinking slowly",
    Pattern.FAST: "blinking fast",
    Pattern.DOUBLE: "flashing twice",
    Pattern.PULSE: "pulsing",
}
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five")
_BUZZES: Final = ((300, ("long buzz", "long buzzes")), (80, ("short buzz", "short buzzes")), (0, ("tick", "ticks")))
"""From how many ms on a buzz is called what: one of them, and several."""
_BLINKS_PER_S: Final = {Pattern.SLOW: 1.0, Pattern.FAST: 4.0}
_FLASHES: Final = ((0.0, 0.12), (0.24, 0.36))  # parts of a second


def meaning(lights: Lights) -> Meaning:
    """What the lights say."""
    return MEANINGS.get(lights.top, _UNKNOWN)


def light_in_words(light: Light) -> str:
    """A light as anybody would describe it."""
    return "dark" if light.colour is Colour.OFF else f"{light.colour.value}, {_PATTERNS[light.pattern]}"


def brightness(light: Light, at_s: float) -> float:
    """From 0 to 1, how bright a light is at a time: its pattern, played."""
    phase = at_s % 1.0
    if light.colour is Colour.OFF:
        return 0.0
    if light.pattern is Pattern.PULSE:
        return 1 - 0.8 * abs(2 * phase - 1)
    if light.pattern is Pattern.DOUBLE:
        return float(any(begin <= phase < end for begin, end in _FLASHES))
    blinks = _BLINKS_PER_S.get(light.pattern)
    return 1.0 if blinks is None else float(at_s * blinks % 1.0 < 0.5)


def buzz_in_words(cue: Cue) -> str:
    """How a cue feels."""
    buzzes = cue.buzz_ms[::2]
    if not buzzes:
        return "nothing"
    kinds = {next(name for least, name in _BUZZES if each >= least) for each in buzzes}
    one, more = kinds.pop() if len(kinds) == 1 else ("uneven buzz", "uneven buzzes")
    return f"one {one}" if len(buzzes) == 1 else f"{_count(len(buzzes))} {more}"


def buzz_as_bar(cue: Cue) -> str:
    """How a cue feels, drawn: about 50 ms a character."""
    marks = ("▂" if index % 2 == 0 else " " for index in range(len(cue.buzz_ms)))
    return "".join(mark * max(1, round(each / 50)) for mark, each in zip(marks, cue.buzz_ms, strict=True))


def tones_in_words(cue: Cue) -> str:
    """How a cue sounds."""
    pitches = [pitch for pitch, _ in cue.tones]
    if not pitches:
        return "nothing"
    if len(pitches) == 1:
        return f"one tone of {pitches[0]} Hz"
    course = _course(pitches)
    return f"{_count(len(pitches))} {course}tones, {', '.join(map(str, pitches))} Hz"


def read_lights(told: Mapping[str, Any]) -> Lights:
    """Lights as the control socket tells them."""
    return Lights(*(Light(Colour(told[name]["colour"]), Pattern(told[name]["pattern"])) for name in ("top", "front")))


def read_cue(told: Mapping[str, Any]) -> Cue:
    """A cue as the control socket tells it."""
    return Cue(told["name"], tuple(told["buzz_ms"]), tuple((pitch, length) for pitch, length in told["tones"]))


def _count(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _course(pitches: Sequence[int]) -> str:
    steps = [later - earlier for earlier, later in pairwise(pitches)]
    if all(step > 0 for step in steps):
        return "rising "
    return "falling " if all(step < 0 for step in steps) else ""
