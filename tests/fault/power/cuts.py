"""The power cuts of all stories, on all cores: every distinct disk judged in-process, a sample of every outcome by stock tools."""

from __future__ import annotations

import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tests import oracles
from tests.fault.determined import remembered, same_each_time
from tests.fault.outcome import Outcome, Progress
from tests.fault.power.bench import Bench, place
from tests.fault.power.cutter import Bounds, Cutter, Tally
from tests.fault.power.stock import StockTools
from tests.fault.power.stories import STORIES, Story
from tests.fault.power.world import World

if TYPE_CHECKING:
    from hal.sim.crashes import Image

STOCK = ("age", "ffmpeg")
SAMPLE = 300
PIECE = 3
"""Cuts that a worker judges in one go."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some cuts of one story."""

    story: int
    cuts: range


class Yard:
    """What a worker has: the stories, as they were told before it was forked, and a bench of its own."""

    seed: ClassVar[int]
    bounds: ClassVar[Bounds]
    world: ClassVar[World]
    stories: ClassVar[list[Story]]
    folder: ClassVar[Path]
    cutter: ClassVar[Cutter | None] = None

    @classmethod
    def judge(cls, piece: Piece) -> Tally:
        """Judge a piece."""
        cls.cutter = cls.cutter or Cutter(cls.world, Bench.make(cls.folder), cls.bounds, cls.seed)
        return cls.cutter.run(cls.stories[piece.story], piece.cuts)


@contextmanager
def told(bounds: Bounds, seed: int, tells: Sequence[Callable[[World], Story]] = STORIES) -> Iterator[list[Story]]:
    """The stories, told for this seed; inside the block pieces of them can be judged, also by processes that are forked there."""
    with same_each_time(seed), remembered(), tempfile.TemporaryDirectory(prefix="lapel-", dir=place()) as folder:
        Yard.seed, Yard.bounds, Yard.folder, Yard.world = seed, bounds, Path(folder), World()
        Yard.stories = [tell(Yard.world) for tell in tells]
        try:
            yield Yard.stories
        finally:
            Yard.cutter = None


def pieces(stories: Iterable[Story]) -> list[Piece]:
    """All cuts of all stories, in pieces."""
    found = []
    for index, story in enumerate(stories):
        ends = len(story.diary.operations) + 1
        found += [Piece(index, range(at, min(at + PIECE, ends))) for at in range(0, ends, PIECE)]
    return found


def enumerate_cuts(bounds: Bounds, seed: int, progress: Progress, jobs: int) -> Tally:
    """Judge everything, on ``jobs`` processes."""
    tally = Tally()
    with told(bounds, seed) as stories, ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        due = [pool.submit(Yard.judge, piece) for piece in pieces(stories)]
        for done, found in enumerate(as_completed(due), 1):
            tally.add(found.result())
            progress(done / len(due), f"{len(tally.states):,} states, {len(tally.violations)} violations")
    return tally


def enumerate_here(bounds: Bounds, seed: int, tell: Callable[[World], Story]) -> Tally:
    """Judge one story, in this process."""
    with told(bounds, seed, [tell]) as (story,):
        return Yard.judge(Piece(0, range(len(story.diary.operations) + 1)))


def sample(tally: Tally, seed: int, size: int) -> list[tuple[str, Image]]:
    """At least one card of every outcome, then others, drawn from the seed, up to ``size`` in all."""
    chance = random.Random(seed)
    chosen = [cards[0] for _, cards in sorted(tally.samples.items())]
    rest = [card for _, cards in sorted(tally.samples.items()) for card in cards[1:]]
    return chosen + chance.sample(rest, min(len(rest), max(0, size - len(chosen))))


def open_with_stock_tools(cards: list[tuple[str, Image]], progress: Progress, jobs: int) -> tuple[int, list[str]]:
    """Segments opened, and what was wrong."""
    opened, wrong = 0, []
    with tempfile.TemporaryDirectory(prefix="lapel-stock-") as folder, ThreadPoolExecutor(jobs) as pool:

        def check(job: int) -> tuple[int, list[str]]:
            place = Path(folder) / str(job)
            place.mkdir()
            tools = StockTools(place)
            found = []
            for index, (name, card) in enumerate(cards[job::jobs]):
                found += [f"{name}: {text}" for text in tools.check(card)]
                if job == 0:
                    progress((index + 1) * jobs / len(cards), f"{tools.opened} segments opened and played")
            return tools.opened, found

        for number, found in pool.map(check, range(jobs)):
            opened += number
            wrong += found
    return opened, wrong


def run(bounds: Bounds, seed: int, progress: Progress) -> Outcome:
    """The whole part of ``make fault``, on all cores."""
    jobs = os.cpu_count() or 1
    began = time.monotonic()
    tally = enumerate_cuts(bounds, seed, progress, jobs)
    took = time.monotonic() - began
    violations = list(tally.violations)
    figures: dict[str, int | float | str] = {
        "distinct states": len(tally.states),
        "second cuts": tally.seconds,
        "started on": tally.started,
        "recovered": tally.recovered,
        "moments": tally.moments,
        f"of these exhaustive (up to {bounds.first:,} states)": tally.exhaustive,
        "went on to record, judged with the key": tally.longer,
        "outcomes": len(tally.outcomes),
        "seconds": round(took),
    }
    if missing := oracles.missing(STOCK):
        violations += [f"{each.command} is missing: make deps installs it" for each in missing]
    else:
        cards = sample(tally, seed, SAMPLE)
        opened, wrong = open_with_stock_tools(cards, progress, jobs)
        figures |= {"opened by stock tools": len(cards), "segments opened": opened}
        violations += wrong
    return Outcome("power cuts", figures, tuple(violations))
