"""What a camera shows and lets feel, in words: what anybody sees, and what it means on the officer's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from hal import patterns
from hal.interface import Colour, Cue, Light, Lights, Pattern
from tools.words.en import ENGLISH

DARK: Final = Lights(Light(Colour.OFF), Light(Colour.OFF))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the lights say: in a word, and in the words of the officer's card."""

    name: str
    words: str


MEANINGS: Final[Mapping[Light, Meaning]] = MappingProxyType(
    {
        light: Meaning(name, ENGLISH[f"look.{look}"])
        for light, name, look in (
            (Light(Colour.OFF), "off", "dark"),
            (Light(Colour.GREEN), "ready", "ready"),
            (Light(Colour.GREEN, Pattern.FAST), "starting", "starting"),
            (Light(Colour.AMBER, Pattern.UNEVEN), "starting", "starting-trouble"),
            (Light(Colour.RED, Pattern.PULSE), "recording", "recording"),
            (Light(Colour.RED, Pattern.DOUBLE), "recording", "recording-trouble"),
            (Light(Colour.RED, Pattern.GAP), "recording", "recording-muted"),
            (Light(Colour.RED, Pattern.TWO_GAPS), "recording", "recording-muted-trouble"),
            (Light(Colour.AMBER, Pattern.FOUR), "unable", "unable"),
            (Light(Colour.WHITE, Pattern.BLINK), "standby", "standby"),
            (Light(Colour.AMBER, Pattern.SLOW), "warning", "warning"),
            (Light(Colour.BLUE, Pattern.SLOW), "offloading", "offloading"),
            (Light(Colour.BLUE), "docked", "docked"),
        )
    }
)
"""By the wearer's light."""
HUSHED: Final = Meaning("recording", ENGLISH["look.hushed"])
"""Where that is dark, and the front light is not."""
CUES: Final[Mapping[str, str]] = MappingProxyType(
    {key.removeprefix("cue."): words for key, words in ENGLISH.items() if key.startswith("cue.")}
)

_UNKNOWN: Final = Meaning("unknown", "A light that nobody knows.")
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five")
_BUZZES: Final = ((300, ("long buzz", "long buzzes")), (80, ("short buzz", "short buzzes")), (0, ("tick", "ticks")))
"""From how many ms on a buzz is called what: one of them, and several."""


def meaning(lights: Lights) -> Meaning:
    """What the lights say."""
    if lights.top.colour is Colour.OFF and lights.front.colour is not Colour.OFF:
        return HUSHED
    return MEANINGS.get(lights.top, _UNKNOWN)


def light_in_words(light: Light) -> str:
    """A light as anybody would describe it."""
    return (
        "dark"
        if light.colour is Colour.OFF
        else f"{ENGLISH[f'colour.{light.colour.value}']}, {ENGLISH[f'pattern.{light.pattern.value}']}"
    )


def brightness(light: Light, at_s: float) -> float:
    """From 0 to 1, how bright a light is at a time: its pattern, played."""
    return 0.0 if light.colour is Colour.OFF else patterns.brightness(light.pattern, at_s)


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
