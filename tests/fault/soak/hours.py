"""A whole soak: a shift of hours drawn from a seed, watched, judged every hour, weighed every half, then overtime in one boot."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.fault.outcome import Outcome, Progress
from tests.fault.soak.acts import KINDS, PARTS, POWER, STORAGE, Act, draw, dump
from tests.fault.soak.gauge import KIB, Gauge
from tests.fault.soak.replay import Played, judge, replay, shrunk
from tests.fault.soak.shift import Shift
from tests.fault.soak.watch import need

PART: Final = "soak"
FOUND: Final = Path("build/fault")
KEPT: Final = Path("tests/sim/shifts")
SHRINK_S: Final = 60.0
HOUR_S: Final = 3600.0
OVERTIME: Final = 0.25
"""How long, beside the shift, a last boot goes on without anything that ends it: what a service holds on to shows only there."""
MOST_GROWTH: Final = 256 * KIB
"""Bytes that a second half may need more than the first, on average: the newest lines of a log whose hashes a dock may ask for, and no
recording."""
MOST_HANDLES: Final = 64
"""Files that may be open at once."""


@dataclass
class Hours:
    """What is looked at in a long shift, besides what follows each act."""

    shift: Shift
    folder: Path
    until_s: float
    progress: Progress
    gauge: Gauge = field(default_factory=lambda: Gauge(HOUR_S / 2))
    overtime: Gauge = field(default_factory=lambda: Gauge(HOUR_S / 8))
    judged: int = 0

    def acts(self, seed: int, longest_s: float) -> Iterator[Act]:
        """The acts of the shift, then those of the overtime."""
        drawn = draw(seed, longest_s)
        while self.shift.seconds < self.until_s:
            yield next(drawn)
        while self.shift.seconds < self.until_s * (1 + OVERTIME):
            act = next(drawn)
            if act.kind not in ENDING:
                yield act

    def look(self, shift: Shift) -> None:
        """Weigh, and judge, when it is time to."""
        over = shift.seconds >= self.until_s
        (self.overtime if over else self.gauge).look(shift)
        if shift.seconds >= (self.judged + 1) * HOUR_S:
            self.judged = int(shift.seconds // HOUR_S)
            judge(shift, self.folder, running=True)
        self.progress(
            min(1.0, shift.seconds / (self.until_s * (1 + OVERTIME))),
            f"{shift.seconds / HOUR_S:.1f} h, {shift.watch.number} recordings, {shift.counts['cuts']} cuts",
        )

    def weighed(self) -> None:
        """Memory stayed flat, and files were closed."""
        for name, gauge in (("the shift", self.gauge), ("one boot", self.overtime)):
            growth = gauge.growth()
            need(growth <= MOST_GROWTH, f"memory grew by {growth // KIB} KiB in the second half of {name}")
            need(gauge.most_handles <= MOST_HANDLES, f"{gauge.most_handles} files were open at once in {name}")


ENDING: Final = frozenset({*KINDS[POWER], *KINDS[STORAGE], "lens-stall"})
"""Acts that end a service, or may."""


def run(
    seed: int,
    hours: float,
    progress: Progress = lambda _done, _words: None,
    *,
    longest_s: float = math.inf,
    shrink_s: float = SHRINK_S,
) -> Outcome:
    """A shift of so many hours; ``longest_s`` bounds the long whiles in which little happens.

    What breaks a promise is shrunk for ``shrink_s`` seconds and left in ``build/fault``.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shift = Shift(folder)
        watched = Hours(shift, folder, hours * HOUR_S, progress)
        played = replay(watched.acts(seed, longest_s), shift, folder, watched.look, watched.weighed)
    violations = () if played.broken is None else (_keep(seed, played, shrink_s),)
    return Outcome(PART, _figures(seed, watched, time.monotonic() - began), violations)


def _figures(seed: int, watched: Hours, wall_s: float) -> Mapping[str, int | float | str]:
    shift, counts = watched.shift, watched.shift.counts
    faults = sum(counts[kind] for part in (STORAGE, PARTS) for kind in KINDS[part])
    return {
        "seed": seed,
        "virtual hours": round(shift.seconds / HOUR_S, 2),
        "acts": counts["acts"],
        "presses": counts["press"] + counts["film"] + counts["trigger"],
        "power cuts": counts["cuts"],
        "services lost": counts["services lost"],
        "faults": faults,
        "dockings": shift.rack.visits,
        "recordings begun": shift.watch.number,
        "recordings held to the second before a cut": shift.watch.held,
        "recordings taken over and judged": shift.rack.stored,
        "memory, most (KiB)": max(watched.gauge.most, watched.overtime.most) // KIB,
        "memory growth of the shift's second half (KiB)": watched.gauge.growth() // KIB,
        "memory growth of a long boot's second half (KiB)": watched.overtime.growth() // KIB,
        "memory growth allowed (KiB)": MOST_GROWTH // KIB,
        "files open at once, most": max(watched.gauge.most_handles, watched.overtime.most_handles),
        "wall seconds": round(wall_s, 1),
    }


def _keep(seed: int, played: Played, shrink_s: float) -> str:
    """Shrink what failed and leave it for whoever mends it; the line that says how to see it again."""
    found = shrunk(played, shrink_s)
    FOUND.mkdir(parents=True, exist_ok=True)
    path = FOUND / f"soak-{seed}.json"
    path.write_text(dump(found.script, found.broken or ""))
    return (
        f"seed {seed}, act {len(played.script)}: {played.broken}; {len(found.script)} acts show it: "
        f"python -m tests.fault.soak --replay {path}; to keep it as a test: mv {path} {KEPT}/"
    )
