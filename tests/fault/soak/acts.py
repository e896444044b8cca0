"""What can happen to a camera in a shift, as plain values: a script of acts is drawn from a seed, kept as JSON, and shrunk."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens; what ``number`` means is the kind's to say."""

    kind: str
    number: float = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.number:g}"


Script = tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """How often an act is drawn beside the others, from which range its number comes, and what the number is."""

    weight: int
    least: float
    most: float
    meaning: str
    whole: bool = False


OFFICER: Final = "the officer"
TIME: Final = "time passes"
HANDS: Final = "hands"
SENSES: Final = "sensors, battery and heat"
POWER: Final = "power and service"
STORAGE: Final = "storage"
PARTS: Final = "parts"
DOCK: Final = "dock"

KINDS: Final[Mapping[str, Mapping[str, Kind]]] = MappingProxyType(
    {
        OFFICER: {
            "press": Kind(10, 0, 20, "a short press, starting or marking; then so many seconds"),
            "stop": Kind(14, 0, 5, "the whole stopping gesture; then so many seconds"),
            "mute": Kind(
                3, 0, 5, "the function button twice, which is standby while it does not record; then so many seconds"
            ),
            "hush": Kind(2, 0, 60, "the function button held, or held again; then so many seconds"),
            "late": Kind(
                1, 0, 2, "after so many seconds the order to end, and a press behind it; then it starts again"
            ),
            "hold": Kind(2, 0.5, 75, "the record button held down for so many seconds"),
            "trigger": Kind(2, 0, 20, "a sensor goes off; then so many seconds"),
        },
        HANDS: {
            "fumble": Kind(
                5, 0, 1_000_000, "ten seconds of raw edges of both buttons, drawn from this number", whole=True
            ),
            "lost-edge": Kind(
                2, 0, 3, "an edge goes astray: 0 record down, 1 record up, 2 function down, 3 up", whole=True
            ),
            "stuck": Kind(1, 0, 75, "the function button is down for so many seconds"),
            "rattle": Kind(1, 20, 60, "presses of the record button in four seconds", whole=True),
            "tell": Kind(1, 0, 3, "the function button once; then so many seconds"),
            "stop-and-press": Kind(3, 0, 40, "the whole stopping gesture, and after so many seconds a press"),
            "stop-and-cut": Kind(2, 0, 6, "the whole stopping gesture, and after so many seconds the power goes"),
            "stop-and-die": Kind(1, 0, 6, "the whole stopping gesture, and after so many seconds the service dies"),
        },
        SENSES: {
            "wire": Kind(1, 0, 700, "the alarm's wire is active for so many seconds"),
            "loose": Kind(1, 2, 15, "times that the holster's wire touches, twice a second", whole=True),
            "move": Kind(
                2,
                0,
                12,
                "what the accelerometer feels, for 45 s: the so-manieth of the simulated movements",
                whole=True,
            ),
            "drain": Kind(
                2, 2, 20, "minutes that a battery of five percents lasts; then these and four more", whole=True
            ),
            "gauge": Kind(
                1, 0, 3, "the gauge lies for two minutes: 0 stands, 1 jumps down, 2 up, 3 is dead", whole=True
            ),
            "heat": Kind(
                1, 20, 95, "degrees Celsius of the processor, and two thirds of it of the battery, for a minute"
            ),
        },
        TIME: {
            "wait": Kind(14, 1, 60, "seconds"),
            "idle": Kind(6, 60, 900, "whatever is recorded is stopped; then nothing for so many seconds"),
            "film": Kind(1, 60, 900, "a recording begins, or goes on, for so many seconds"),
        },
        POWER: {
            "policy": Kind(
                4,
                0,
                1_000_000,
                "the authority's settings are others, drawn from this number; then it starts again",
                whole=True,
            ),
            "cut": Kind(2, 0, 2, "the power goes after so many seconds, and comes back"),
            "cut-at": Kind(2, 1, 80, "the power goes before the so-manieth storage operation from now", whole=True),
            "cut-twice": Kind(1, 1, 40, "a cut, and another at that operation of the start that follows", whole=True),
            "cut-in-stall": Kind(1, 0.5, 6, "the storage stalls; so many seconds into that the power goes"),
            "restart": Kind(1, 0, 2, "the service is asked to end after so many seconds, and starts again"),
            "die": Kind(1, 0, 2, "the service dies after so many seconds, and starts again"),
        },
        STORAGE: {
            "fail-syncs": Kind(2, 1, 3, "syncs that fail", whole=True),
            "fail-writes": Kind(1, 0.2, 20, "seconds in which every write fails"),
            "read-only": Kind(1, 0.2, 20, "seconds in which the storage is read-only"),
            "stall": Kind(3, 0.5, 6, "seconds that the next operation takes"),
            "fill": Kind(1, 0, 600, "MiB that are left free, for a minute"),
        },
        PARTS: {
            "lens-drop": Kind(3, 1, 30, "frames that the encoder swallows", whole=True),
            "lens-stall": Kind(2, 0.2, 15, "seconds in which it swallows all of them"),
            "lens-repeat": Kind(2, 1, 10, "frames with the time of the one before", whole=True),
            "lens-end": Kind(1, 0, 20, "the encoder delivers nothing until it is started again; then so many seconds"),
            "mic-stall": Kind(2, 0.5, 15, "seconds without sound"),
            "mic-refuse": Kind(1, 1, 15, "the microphone is pulled out, for so many seconds"),
            "jump": Kind(3, -21_600, 21_600, "seconds by which the wall clock jumps"),
            "battery": Kind(2, 6, 100, "percent of charge; one at its end would end the shift", whole=True),
        },
        DOCK: {
            "dock": Kind(3, 5, 120, "seconds in a dock"),
            "dock-torn": Kind(2, 1000, 3_000_000, "bytes after which it is pulled out of a dock", whole=True),
            "dock-full": Kind(1, 0, 40, "a dock for a minute, with so many MiB left free on the card", whole=True),
            "dock-press": Kind(1, 1, 60, "a press after so many seconds in a dock"),
            "receipts": Kind(1, 1, 5, "recordings that another dock takes over by a shorter way", whole=True),
        },
    }
)
LONG: Final = frozenset({"idle", "film", "wire"})
ACTS: Final[Mapping[str, Kind]] = MappingProxyType(
    {name: kind for part in KINDS.values() for name, kind in part.items()}
)


def draw(seed: int, longest_s: float = math.inf) -> Iterator[Act]:
    """Acts without end, the same ones for the same seed; ``longest_s``: the long whiles last no longer, so that more happens."""
    chance = random.Random(seed)
    names, weights = list(ACTS), [kind.weight for kind in ACTS.values()]
    while True:
        (name,) = chance.choices(names, weights)
        kind = ACTS[name]
        number = chance.uniform(kind.least, kind.most)
        if name in LONG:
            number = min(number, longest_s)
        yield Act(name, round(number) if kind.whole else round(number, 3))


def dump(script: Sequence[Act], why: str) -> str:
    """A script as JSON: why it is kept, then an act a line."""
    acts = ",\n  ".join(json.dumps([act.kind, act.number]) for act in script)
    return f'{{"why": {json.dumps(why)}, "acts": [\n  {acts}\n]}}\n'


def load(text: str) -> Script:
    """The script in a JSON text; ``ValueError`` if it is none."""
    try:
        script = tuple(Act(str(kind), float(number)) for kind, number in json.loads(text)["acts"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a script of acts: {error}") from None
    if unknown := sorted({act.kind for act in script} - ACTS.keys()):
        raise ValueError(f"unknown acts: {', '.join(unknown)}; known: {', '.join(ACTS)}")
    return script
