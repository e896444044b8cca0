"""What a step of a scenario may say: one table of actions and one of conditions, each with the rules of what it takes.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hal.interface import Button
from tools.sim.rules import GIVEN, Rule, flag, number, text, whole, word

CAMERAS: Final = 8
LONGEST_TEXT: Final = 1000
_BUTTONS: Final = tuple(button.value for button in Button)


_TABLE: Final = Rule("a table of conditions", lambda value: isinstance(value, dict) and bool(value))
BUTTON: Final = word(*_BUTTONS)
BOUNCES: Final = whole(0, 50, 0)

ACTIONS: Final[Mapping[str, Mapping[str, Rule]]] = {
    "say": {"say": text(LONGEST_TEXT)},
    "pause": {"pause": number(0, 600), "least": number(0, 600, 0)},
    "press": {"press": BUTTON, "ms": whole(1, 2500, 80), "bounces": BOUNCES},
    "hold": {"hold": BUTTON, "seconds": number(0.1, 90, 3.3), "bounces": BOUNCES},
    "down": {"down": BUTTON, "bounces": BOUNCES},
    "up": {"up": BUTTON, "bounces": BOUNCES},
    "strike": {"strike": text()},
    "slide": {"slide": text(), "to": number(-1e9, 1e9)},
    "switch": {"switch": text(), "on": flag()},
    "fault": {"fault": text(), "kind": text(), "with": GIVEN},
    "dock": {"dock": flag()},
    "battery": {"battery": word("in", "out")},
    "assign": {"assign": text()},
    "wait": {"wait": _TABLE, "within": number(0, 600, 10)},
}
"""By the word that a step has to have exactly one of, all that the step may say beside ``camera``."""

CONDITIONS: Final[Mapping[str, Rule]] = {
    "light": text(),
    "front": word("on", "off"),
    "recording": text(),
    "place": text(),
    "trouble": text(),
    "no_trouble": text(),
    "flag": text(),
    "no_flag": text(),
    "shift": flag(),
    "power": word("on", "off", "failed"),
    "ring_s": number(0, 120),
    "cue": text(),
    "log": text(),
    "dock": text(),
}
"""What a step may wait for; of several all have to hold."""
HAPPENINGS: Final = ("cue", "log", "dock")
"""Those that happen, rather than hold: each is looked for behind the one that was waited for before."""

RECORDING: Final[Mapping[str, Rule]] = {
    "camera": text(32, "cam-1"),
    "verdict": text(),
    "least_s": number(0, 86_400, 0),
    "most_s": number(0, 86_400, 86_400),
    "marked": flag(None),
    "says": Rule(
        "a list of texts",
        lambda value: isinstance(value, list) and len(value) <= 20 and all(text().good(each) for each in value),
        [],
    ),
}
"""What is expected of a recording: its verdict, its length, whether it is marked, and what has to stand in its private part."""
HEAD: Final[Mapping[str, Rule]] = {
    "title": text(80),
    "words": text(LONGEST_TEXT),
    "cameras": whole(1, CAMERAS, 1),
    "about_s": whole(1, 3600),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: which action, on which camera, and everything that it takes."""

    number: int
    action: str
    camera: str
    given: Mapping[str, Any]

    @property
    def words(self) -> str:
        """The step for people."""
        rest = [
            f"{key} {value}" for key, value in self.given.items() if key != self.action and (value or value is False)
        ]
        value = self.given[self.action]
        shown = ", ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else str(value)
        return f"{self.camera}: {self.action} {shown}" + (f" ({', '.join(rest)})" if rest else "")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario.  ``settings``: what the authority's settings have to say; ``recordings``: what the dock has of it in the end, for each
    camera in their order."""

    name: str
    title: str
    words: str
    about_s: int
    cameras: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    recordings: tuple[Mapping[str, Any], ...] = ()

    def json(self) -> dict[str, Any]:
        """For a list of them."""
        told = {key: getattr(self, key) for key in ("name", "title", "words", "about_s", "cameras")}
        return {**told, "steps": len(self.steps)}
