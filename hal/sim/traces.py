"""What a camera on a chest feels: accelerations in mg, made from a seed, of somebody who walks, fights, falls or lies.

Made from what is published of such movements (cadence, peaks, how long the body is light), with a spread that is drawn anew for each
trace.  They are no recordings of people: what a detection makes of them says what it was built for, not how often it errs on a landing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from math import cos, exp, pi, radians, sin
from random import Random
from types import MappingProxyType

RATE = 50
"""Samples a second."""
G = 1000.0
NOISE_MG = 6.0
CLIP_MG = 16_000.0
"""What a sensor of 16 g reads at most on each axis."""

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Trace:
    """``begin`` draws the movement; where it comes to its end, the movement ``then`` goes on."""

    begin: Callable[[Random], Iterator[Vector]]
    then: str = ""


def posture(away_deg: float, towards_deg: float) -> Vector:
    """Where up is for a camera that leans by so much from upright, towards this side (0 right, 90 forwards)."""
    away, towards = radians(away_deg), radians(towards_deg)
    return sin(away) * cos(towards), cos(away), sin(away) * sin(towards)


def worn(draw: Random) -> Vector:
    """A camera on a vest: seldom quite upright."""
    return posture(draw.uniform(0, 20), draw.uniform(0, 360))


def along(up: Vector, amount: float, *, aside: float = 0.0) -> Vector:
    """An acceleration of so much upwards, and so much across."""
    return up[0] * amount + aside, up[1] * amount, up[2] * amount + aside / 2


def steady(draw: Random, up: Vector, sway: float, hertz: float) -> Iterator[Vector]:
    """Hardly any movement: breath, or a swaying stance."""
    phase = draw.uniform(0, 2 * pi)
    for step in count():
        yield along(up, G + sway * sin(2 * pi * hertz * step / RATE + phase))


def pace(draw: Random, cadence: float, peak: float, least: float) -> Iterator[Vector]:
    """Steps: so many a second, between these amounts of acceleration."""
    up, sway = worn(draw), draw.uniform(30, 120)
    for step in count():
        turn = 2 * pi * cadence * step / RATE
        swing = (1 + cos(turn)) / 2
        amount = least + (peak - least) * swing**2
        yield along(up, amount, aside=sway * sin(turn / 2))


def struck(peak: float, seconds: float) -> Iterator[float]:
    """An impact: half a sine up to ``peak`` above the weight."""
    steps = max(2, round(seconds * RATE))
    return (G + (peak - G) * sin(pi * (step + 0.5) / steps) for step in range(steps))


def between(one: Vector, other: Vector, seconds: float, amount: Callable[[float], float]) -> Iterator[Vector]:
    """Turn from one posture to the other; ``amount`` of acceleration at each part of the way."""
    steps = max(1, round(seconds * RATE))
    for step in range(steps):
        part = step / steps
        mixed = [a + (b - a) * part for a, b in zip(one, other, strict=True)]
        length = sum(each * each for each in mixed) ** 0.5 or 1.0
        yield along((mixed[0] / length, mixed[1] / length, mixed[2] / length), amount(part))


def still(draw: Random) -> Iterator[Vector]:
    """Somebody stands or sits."""
    return steady(draw, worn(draw), draw.uniform(10, 60), draw.uniform(0.2, 1.0))


def walk(draw: Random) -> Iterator[Vector]:
    """Somebody walks."""
    return pace(draw, draw.uniform(1.5, 2.2), draw.uniform(1250, 1700), draw.uniform(650, 850))


def run(draw: Random) -> Iterator[Vector]:
    """Somebody runs: light between the steps, two to three times the weight on each."""
    return pace(draw, draw.uniform(2.4, 3.1), draw.uniform(2200, 3200), draw.uniform(50, 400))


def stairs(draw: Random) -> Iterator[Vector]:
    """Somebody runs down a stair."""
    return pace(draw, draw.uniform(2.0, 2.8), draw.uniform(1800, 2700), draw.uniform(300, 700))


def sit(draw: Random) -> Iterator[Vector]:
    """Somebody drops onto a hard seat, and leans back."""
    up = worn(draw)
    back = posture(draw.uniform(5, 30), draw.uniform(240, 300))
    light = draw.uniform(450, 800)
    yield from between(up, back, draw.uniform(0.15, 0.3), lambda _: light)
    for amount in struck(draw.uniform(1800, 3400), draw.uniform(0.06, 0.12)):
        yield along(back, amount)
    for place, rest in enumerate(steady(draw, back, 15, 0.3)):
        if place == 20 * RATE:
            return
        yield rest


def jump(draw: Random) -> Iterator[Vector]:
    """Somebody jumps from a step, and walks on."""
    up = worn(draw)
    for _ in range(round(draw.uniform(0.2, 0.4) * RATE)):
        yield along(up, draw.uniform(30, 250))
    for amount in struck(draw.uniform(3000, 6000), draw.uniform(0.08, 0.15)):
        yield along(up, amount)


def struggle(draw: Random) -> Iterator[Vector]:
    """A fight on the feet: pulled about, struck, bent, never at rest."""
    lean = [0.0, 0.0]
    shake = [0.0, 0.0, 0.0]
    hardness = draw.uniform(300, 900)
    while True:
        lean = [0.98 * each + draw.gauss(0, 4) for each in lean]
        up = posture(min(55.0, (lean[0] ** 2 + lean[1] ** 2) ** 0.5), draw.uniform(80, 100) if lean[0] > 0 else 270)
        shake = [0.75 * each + draw.gauss(0, hardness / 2) for each in shake]
        blow = draw.uniform(1500, 3500) if draw.random() < 0.01 else 0.0
        x, y, z = along(up, G)
        yield x + shake[0], y + shake[1], z + shake[2] + blow


def bend(draw: Random) -> Iterator[Vector]:
    """Somebody looks under a bed: bent down and busy, then up again."""
    up, low = worn(draw), posture(draw.uniform(70, 110), draw.uniform(70, 110))
    yield from between(up, low, draw.uniform(0.8, 2.0), lambda part: G - 150 * sin(pi * part))
    for step in range(round(draw.uniform(5, 30) * RATE)):
        yield along(low, G + draw.gauss(0, 80), aside=60 * sin(step / 9))
    yield from between(low, up, draw.uniform(0.8, 2.0), lambda part: G + 200 * sin(pi * part))


def fall(draw: Random) -> Iterator[Vector]:
    """Somebody falls to the ground: most drop, some are thrown down; most are struck hard, some break the fall with knees and hands."""
    up, lying = worn(draw), posture(draw.uniform(70, 105), draw.uniform(0, 360))
    light = draw.choice([draw.uniform(100, 550), draw.uniform(100, 550), draw.uniform(550, 950)])
    yield from between(up, lying, draw.uniform(0.25, 0.6), lambda part: G + (light - G) * min(1.0, 3 * part))
    for amount in struck(draw.uniform(2300, 9000), draw.uniform(0.05, 0.1)):
        yield along(lying, amount, aside=draw.gauss(0, 200))
    for step in range(RATE):
        yield along(lying, G + draw.uniform(300, 900) * exp(-step / 8) * sin(step))
    moves = draw.choice([5.0, 60.0, 200.0])
    for _ in range(round(draw.uniform(2, 8) * RATE)):
        yield along(lying, G + draw.gauss(0, moves), aside=draw.gauss(0, moves))
    yield from _until(5, lying, draw)


def throw(draw: Random) -> Iterator[Vector]:
    """The camera is torn off and flies: it weighs nothing, spins, strikes, bounces, and lies as it fell."""
    landed = posture(draw.uniform(0, 180), draw.uniform(0, 360))
    for _ in range(round(draw.uniform(0.3, 0.8) * RATE)):
        yield draw.gauss(0, 120), draw.gauss(0, 120), draw.gauss(0, 120)
    for peak in (draw.uniform(6000, 16_000), draw.uniform(2000, 5000)):
        for amount in struck(peak, 0.05):
            yield along(landed, amount)
        for _ in range(6):
            yield along(landed, draw.uniform(100, 500))
    yield from _until(3, landed, draw, sway=0)


def lie(draw: Random) -> Iterator[Vector]:
    """Somebody lies down on purpose."""
    up, low = worn(draw), posture(draw.uniform(75, 100), draw.uniform(0, 360))
    yield from between(up, low, draw.uniform(1.5, 3.5), lambda part: G - 200 * sin(2 * pi * part))
    for amount in struck(draw.uniform(1200, 1700), 0.15):
        yield along(low, amount)
    yield from _until(5, low, draw)


def lying(draw: Random) -> Iterator[Vector]:
    """Somebody lies and breathes, and does nothing else."""
    return steady(draw, posture(draw.uniform(75, 105), draw.uniform(0, 360)), draw.uniform(3, 15), 0.25)


def table(draw: Random) -> Iterator[Vector]:
    """The camera lies on its back."""
    return steady(draw, posture(90, draw.uniform(85, 95)), 0, 0.1)


def _until(seconds: float, up: Vector, draw: Random, *, sway: float = 10) -> Iterator[Vector]:
    """Breath, for so long."""
    breaths = steady(draw, up, sway, 0.25)
    return (next(breaths) for _ in range(round(seconds * RATE)))


TRACES: Mapping[str, Trace] = MappingProxyType(
    {
        "still": Trace(still),
        "walk": Trace(walk),
        "run": Trace(run),
        "stairs": Trace(stairs),
        "sit": Trace(sit, "still"),
        "jump": Trace(jump, "walk"),
        "struggle": Trace(struggle),
        "bend": Trace(bend, "walk"),
        "fall": Trace(fall, "lying"),
        "throw": Trace(throw, "table"),
        "lie": Trace(lie, "lying"),
        "lying": Trace(lying),
        "table": Trace(table),
    }
)


def felt(draw: Random, exact: Vector) -> Vector:
    """What a sensor makes of it: with its noise, and no more than it can read."""
    x, y, z = (max(-CLIP_MG, min(CLIP_MG, each + draw.gauss(0, NOISE_MG))) for each in exact)
    return x, y, z
