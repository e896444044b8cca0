"""The officer's guide: what of it the code's tables decide, and its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from firmware.core.flags import LONGEST_NS, TURNS, Act, Flag, Turn
from firmware.core.indications import BUZZES, CUES, LIGHTS, Look, Trouble
from firmware.core.latency import RECORDING_NS, STARTING_NS
from firmware.core.machine import Recording
from firmware.core.meanings import FUNCTION, RECORD, Deed, Means, Scene
from firmware.core.telling import BATTERY, STORAGE
from hal.interface import Colour, Pattern
from tests.specification import card, device
from tests.specification.tables import table
from tools.words.en import ENGLISH

PICTURES: Final = "pictures"
_MS: Final = 1_000_000
_MINUTE_NS: Final = 60_000_000_000
_SETS: Final = {Flag.HUSH: Turn.HUSH, Flag.MUTE: Turn.MUTE, Flag.STANDBY: Turn.STANDBY}
_ENDS: Final = {
    Turn.BEGUN: "when a recording begins",
    Turn.ENDED: "when a recording ends",
    Turn.OVER: "when a recording ends",
    Turn.DOCKED: "in the dock",
    Turn.DOUBTED: "when the button is stuck",
}
_ELSEWHERE: Final = ("state",)
"""Cues that are counted, not known by one buzz."""

_say = partial(card.told, "en")


def _seconds(ms: int) -> str:
    return f"{ms / 1000:g} s"


def lights() -> str:
    """A row for each look: its picture, what it says, what to do."""
    rows = []
    for group, looks in card.GROUPS.items():
        for look in looks:
            light = LIGHTS[look].top
            advice = f"card.do.{look.value}"
            words = f"{_say(f'colour.{light.colour.value}')}, {_say(f'pattern.{light.pattern.value}')}"
            said = f"**{_say(f'look.{look.value}')}**" + (f" {_say(advice)}" if advice in ENGLISH else "")
            rows.append((f"![{words}]({PICTURES}/light-{look.value}.svg)", words, said, _say(f"card.{group}").lower()))
    rows.append((f"![dark]({PICTURES}/light-dark.svg)", "dark", _say("card.dark"), ""))
    return table(("light", "looks like", "means", ""), rows)


def buzzes() -> str:
    """A row for each buzz: its picture, what it says, and on which occasions."""
    rows = []
    for name, buzz in BUZZES.items():
        occasions = " ".join(_say(f"cue.{cue.name}") for cue in CUES.values() if cue.buzz_ms == buzz)
        words = _say(f"buzz.{name}.name")
        said = _say(f"buzz.{name}")
        rows.append((f"![{words}]({PICTURES}/buzz-{name}.svg)", words, said[0].upper() + said[1:], occasions))
    return table(("buzz", "feels like", "means", "comes when"), rows)


def hands() -> str:
    """What a hand does with each button, and what that means where."""
    record = {
        "press": (Deed.PRESS, Deed.SHORT),
        "hold": (Deed.HOLD, Deed.HOLD),
    }
    rows = []
    for hand, (free, running) in record.items():
        means = RECORD[Recording.IDLE][free], RECORD[Recording.RECORDING][running]
        rows.append(_hand("record", hand, (*means, means[0])))
    function = {"press": Deed.SHORT, "hold": Deed.HOLD, "twice": Deed.TWICE}
    for hand, deed in function.items():
        scenes = (Scene.READY, Scene.RECORDING, Scene.DOCKED)
        rows.append(_hand("function", hand, tuple(FUNCTION[scene][deed] for scene in scenes)))
    heads = (
        "button",
        "",
        "what you do",
        _say("card.ready"),
        _say("card.while-recording"),
        _say("card.in-dock").lower(),
    )
    return table(heads, rows)


def _hand(button: str, hand: str, means: tuple[Means, ...]) -> tuple[str, ...]:
    what = _say(f"hand.{hand}")
    said = (_say(f"means.{each.name.lower()}") + ("\\*" if each in card.LIMITED else "") for each in means)
    return (_say(f"card.{button}"), f"![{what}]({PICTURES}/hand-{hand}.svg)", what, *said)


def troubles() -> str:
    """What can be wrong, the worst first."""
    return "\n".join(f"{number}. {_say(f'trouble.{each.value}')}" for number, each in enumerate(Trouble, 1))


def flags() -> str:
    """What the officer may ask for beside a recording, and what ends it."""
    rows = []
    for flag, sets in _SETS.items():
        ends = dict.fromkeys(words for turn, words in _ENDS.items() if TURNS[turn][flag] is Act.END)
        minutes = f"after {LONGEST_NS[flag] // _MINUTE_NS} minutes"
        again = ["by asking again"] if TURNS[sets][flag] is Act.CHANGE else []
        rows.append((flag.value, _say(f"flag.{flag.value}"), ", ".join([*again, *ends, minutes])))
    return table(("", "what it does", "ends"), rows)


def state() -> str:
    """How battery and storage are counted."""
    percent = [BATTERY.least, *BATTERY.steps]
    hours = [0, *(step // 3600 for step in STORAGE.steps)]
    rows = [
        (
            str(ticks),
            f"{percent[ticks - 1]} % or more",
            f"{hours[ticks - 1]} hours or more" if hours[ticks - 1] else "a minute or more",
        )
        for ticks in range(1, len(percent) + 1)
    ]
    return table(
        ("ticks", "battery, counted first", "storage, counted after the pause"),
        [*rows, ("two long buzzes", "nothing, or not known", "nothing, or not known")],
    )


def waits() -> str:
    """What is promised of a press."""
    return (
        f"From the press to the quick green light it takes {_seconds(STARTING_NS // _MS)} at most, and to the red one "
        f"{_seconds(RECORDING_NS // _MS)}. If that takes longer, the light says so, before and after it turns red. The camera notes how "
        f"long each start took."
    )


MADE: Final[Mapping[str, Callable[[], str]]] = {
    "lights": lights,
    "buzzes": buzzes,
    "hands": hands,
    "troubles": troubles,
    "flags": flags,
    "state": state,
    "waits": waits,
}


def pictures() -> dict[str, str]:
    """Every picture of the guide, by its name below ``docs/``."""
    found = {f"light-{look.value}": _light(look) for look in Look}
    found["light-dark"] = device.svg(
        device.device(card.DARK) + device.rhythm(card.DARK.top, 170, 40, x=116, y=55),
        290,
        152,
        "dark",
        attributes=' width="232"',
        paper=True,
    )
    for name, buzz in BUZZES.items():
        found[f"buzz-{name}"] = device.svg(
            device.bars(buzz, 220, 30, 1100), 220, 30, _say(f"buzz.{name}.name"), paper=True
        )
    for hand in device.PRESSES:
        found[f"hand-{hand}"] = device.svg(
            device.press(hand, 150, 24), 150, 24, _say(f"hand.{hand}"), attributes=' width="100"', paper=True
        )
    found["device"] = card.labelled("en", paper=True)
    return {f"{PICTURES}/{name}.svg": f"{drawn}\n" for name, drawn in found.items()}


def _light(look: Look) -> str:
    lights_shown = LIGHTS[look]
    patterns = {each.pattern for each in (lights_shown.top, lights_shown.front) if each.colour is not Colour.OFF}
    body = device.device(lights_shown) + device.rhythm(lights_shown.top, 170, 40, x=116, y=55)
    style = device.animations([each for each in Pattern if each in patterns])
    return device.svg(body, 290, 152, _say(f"look.{look.value}"), style=style, attributes=' width="232"', paper=True)
