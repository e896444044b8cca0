"""How many movements of each kind are told as a fall, and as a man down.

``python -m tests.motion_rates [SEEDS]`` makes them from seeds; ``python -m tests.motion_rates DIRECTORY`` takes what 38 people did with a sensor at
the waist, the data set SisFall (Sucerquia et al. 2017, doi:10.3390/s17010198), which is not part of this repository.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from firmware.core.motion import FALL, MAN_DOWN, Limits, Motion
from hal.interface import Sample
from hal.sim.traces import RATE, TRACES, Vector, felt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from firmware.core.contacts import Alert

STEP_NS = 1_000_000_000 // RATE
WALK_S, STORY_S = 15, 60
LSB_MG = 32_000 / 8192
"""Of a reading of SisFall: 16 g either way in 13 bits."""


def moves(name: str, draw: Random) -> Iterator[Vector]:
    """A movement, and what goes on behind it."""
    while name:
        yield from TRACES[name].begin(draw)
        name = TRACES[name].then


def some(moving: Iterator[Vector], seconds: float) -> Iterator[Vector]:
    """Its first seconds."""
    return (next(moving) for _ in range(round(seconds * RATE)))


def feel(exact: Iterable[Vector], draw: Random, motion: Motion | None = None) -> list[Alert]:
    """What the detection makes of it, by default with the limits that are set."""
    motion = motion or Motion(Limits())
    samples = (Sample(STEP_NS * (at + 1), *felt(draw, each)) for at, each in enumerate(exact))
    return [alert for sample in samples for alert in motion.sample(sample)]


def told(name: str, seed: int) -> list[Alert]:
    """What is told of somebody who walks for a quarter of a minute, and then does this for a minute."""
    draw = Random(seed)
    return feel([*some(moves("walk", draw), WALK_S), *some(moves(name, draw), STORY_S)], draw)


def rates(name: str, seeds: int) -> tuple[float, float]:
    """Of a hundred such stories those with a fall, and those with a man down."""
    counts = [Counter(alert.name for alert in told(name, seed)) for seed in range(seeds)]
    falls, downs = (100 * sum(each[what] > 0 for each in counts) / seeds for what in (FALL, MAN_DOWN))
    return falls, downs


def recorded(path: Path) -> Iterator[Sample]:
    """A file of SisFall: the ADXL345's readings, each fourth of 200 a second; its ``y`` points down."""
    lines = [line for line in path.read_text("latin-1").splitlines() if line.strip()]
    for at, line in enumerate(lines[::4]):
        x, y, z, *_ = (float(each) * LSB_MG for each in line.split(";")[0].split(","))
        yield Sample(STEP_NS * (at + 1), x, -y, z)


def of_people(directory: Path) -> int:
    """Print a line for each activity, and for all falls and all others."""
    told, tried = Counter[str](), Counter[str]()
    for path in sorted(directory.glob("S*/*_*_*.txt")):
        motion, activity = Motion(Limits()), path.name[:3]
        fell = any(alert.name == FALL for sample in recorded(path) for alert in motion.sample(sample))
        for key in (activity, "falls" if activity.startswith("F") else "others"):
            told[key] += fell
            tried[key] += 1
    for key in sorted(tried):
        sys.stdout.write(f"{key:9} {told[key]:5} of {tried[key]:5} are told as a fall: {told[key] / tried[key]:6.1%}\n")
    return 0


def main() -> int:
    """Print a line for each movement."""
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        return of_people(Path(sys.argv[1]))
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    sys.stdout.write(f"seeds 0 to {seeds - 1}, {WALK_S} s of walking before {STORY_S} s of:\n")
    for name in TRACES:
        falls, downs = rates(name, seeds)
        sys.stdout.write(f"{name:9} fall {falls:5.1f} %, man down {downs:5.1f} %\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
