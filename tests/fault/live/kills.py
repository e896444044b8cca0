"""Real processes on a real file system: cameras that are killed while they work, started again, and judged from outside.

Two simulated cameras at a time, each with its own card, on which recordings accumulate.  A kill comes at a moment that a seed draws: while it
records, as the button goes down, while it seals, right after a start in the recovery of the kill before, and while it is idle.

SIGKILL shows that nothing needs an orderly end, that a start takes up whatever was left, and how much real time and footage a cut costs.  It
cannot show a missing sync, since the kernel keeps and writes what a killed process had handed over: that is what the enumeration of crash
states is for.
"""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import threading
from pathlib import Path
from typing import Final

from tests.fault.live.camera import SMALL, Life, Tally
from tests.fault.live.card import open_with_stock_tools
from tests.fault.live.stall import Stall
from tests.fault.outcome import Outcome, Progress
from tests.oracles import missing
from tools.sim.home import Home, provision

CAMERAS: Final = 2
SAMPLE: Final = 12
KEPT: Final = Path("build/fault/live")


def run(kills: int, seed: int, progress: Progress) -> Outcome:
    """Kill cameras ``kills`` times in all.  Where a promise is broken the cards are kept in ``build/fault/live``.

    ``max_lost_ms`` and ``median_lost_ms`` are of the live footage before a kill that came while the light showed recording;
    ``max_resume_s`` and ``median_resume_s`` from the start of a process to its light; ``max_stall_ms`` is how long the machine itself stood.
    """
    with tempfile.TemporaryDirectory(prefix="lapel-live-") as folder:
        outcome = play(Path(folder), kills, seed, progress)
        if outcome.violations:
            shutil.rmtree(KEPT, ignore_errors=True)
            shutil.copytree(folder, KEPT, ignore=shutil.ignore_patterns("control"))
    return outcome


def play(folder: Path, kills: int, seed: int, progress: Progress) -> Outcome:
    """The same in ``folder``."""
    done = _Counter(kills, progress)
    with Stall(folder) as stall:
        lives = []
        for camera in range(CAMERAS):
            home = Home(folder / f"camera-{camera + 1}")
            provision(home, SMALL)
            share = kills // CAMERAS + (camera < kills % CAMERAS)
            lives.append(Life(home, share, f"{seed}/{camera + 1}", stall, done.one))
        threads = [threading.Thread(target=life.run, name=f"life-{number}") for number, life in enumerate(lives, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    opened, unopened = stock(lives, random.Random(seed), folder / "plain.mp4")
    tallies = [life.tally for life in lives]
    violations = [each for tally in tallies for each in tally.violations]
    figures = {
        **_figures(tallies),
        "max_stall_ms": stall.longest_ms,
        "opened_by_stock_tools": opened,
    }
    return Outcome("live", figures, (*violations, *unopened))


def _figures(tallies: list[Tally]) -> dict[str, int | float | str]:
    lost_ms = [each for tally in tallies for each in tally.lost_ms] or [0]
    resumed_s = [each for tally in tallies for each in tally.resumed_s] or [0.0]
    return {
        "kills": sum(tally.kills for tally in tallies),
        "recordings": sum(tally.recordings for tally in tallies),
        "cut_while_recording": sum(len(tally.lost_ms) for tally in tallies),
        "max_lost_ms": max(lost_ms),
        "median_lost_ms": round(statistics.median(lost_ms)),
        "resumed": sum(len(tally.resumed_s) for tally in tallies),
        "max_resume_s": round(max(resumed_s), 2),
        "median_resume_s": round(statistics.median(resumed_s), 2),
    }


def stock(lives: list[Life], draw: random.Random, scratch: Path) -> tuple[int | str, list[str]]:
    """How many segments of a drawn sample open and play with stock ``age`` and ffmpeg, and what is wrong with the others."""
    if absent := missing(["age", "ffmpeg"]):
        return f"none: {absent[0].command} is missing", []
    segments = [(path, life.home.key) for life in lives for path in life.sealed.segments()]
    sample = draw.sample(segments, min(SAMPLE, len(segments)))
    wrong = [each for path, key in sample if (each := open_with_stock_tools(path, key, scratch)) is not None]
    return len(sample) - len(wrong), wrong


class _Counter:
    """Tells how much is done, from two threads."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total = total
        self._progress = progress
        self._done = 0
        self._lock = threading.Lock()

    def one(self) -> None:
        """One more."""
        with self._lock:
            self._done += 1
            self._progress(self._done / self._total, f"{self._done} of {self._total} kills")
