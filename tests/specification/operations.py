"""Operating cameras: what the light says from power to ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from firmware.core.indications import LIGHTS, Trouble, look
from firmware.core.machine import Place, Recording
from tests.specification import card
from tests.specification.tables import table

_say = partial(card.told, "en")
_NONE: Final[frozenset[Trouble]] = frozenset()
_BOOT: Final = (
    ("first", None, "power comes, the system starts, the card is mounted", "wait: the budget is 15 s on a Zero 2 W, and nobody has measured it. A light that stays dark: no power, no card, or no system on it"),
    ("then, where the last start was cut off while it recorded", (Recording.STARTING, _NONE), "it goes on by itself, as a recording that names the one before", "nothing"),
    ("or", (Recording.IDLE, _NONE), "it buffers", "nothing"),
    ("or", (Recording.IDLE, frozenset({Trouble.CLOCK_UNSET})), "it buffers, and something wants attention: here the clock was never set", "dock it once"),
    ("or", (Recording.IDLE, frozenset({Trouble.NOT_ENROLLED})), "it cannot record", "see the next table"),
)  # fmt: skip


def boot() -> str:
    """A row for each thing that the light can say while a camera comes up, as the table of lights has it."""
    rows = []
    for when, state, what, advice in _BOOT:
        if state is None:
            rows.append((when, "![dark](pictures/light-dark.svg)", "dark", what, advice))
            continue
        seen = look(state[0], Place.WORN, state[1], frozenset())
        light = LIGHTS[seen].top
        words = f"{_say(f'colour.{light.colour.value}')}, {_say(f'pattern.{light.pattern.value}')}"
        rows.append((when, f"![{words}](pictures/light-{seen.value}.svg)", words, what, advice))
    return table(("when", "light", "looks like", "means", "do"), rows)


MADE: Final[Mapping[str, Callable[[], str]]] = {"boot": boot}
