"""What recording costs in its first minute and in its twelfth hour, and on a card with one recording and with ten thousand.

A whole camera runs on a clock of its own (``tools.bench.virtual``), with the smallest picture there is: what is measured is what the service does for
each second, each flush and each recording, in time of the processor.  Hours and cards are measured in a process each, one after the other: hours
beside cards were seen to be cheaper than hours alone, so that the end of the cards was a step in the hours.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from firmware.core.machine import Recording
from hal.sim.clip import VideoClip
from hal.sim.scene import SyntheticScene
from tools.bench.figure import Figure, Series, over
from tools.bench.service import memory
from tools.bench.suites import Scale
from tools.bench.turns import turns
from tools.bench.virtual import Virtual, fill, small, small_format
from tools.bench.warm import warm
from tools.sim.home import Home

SUITE: Final = "scaling"
HOURS: Final = {False: 12.0, True: 0.25}
CARDS: Final = {False: (1, 10, 100, 1000, 10_000), True: (1, 200)}
CHAIN_MIN: Final = {False: 60, True: 5}
"""Recordings follow one another this often, so that there is more than one of them."""
STEP_NS: Final = 250_000_000
FLAT: Final = 1.25
"""What counts as flat: two equal courses of the same program differ by a tenth and more on a machine that does other things too."""
STARTS: Final = 1.5
"""The same of what is over in some tens of ms."""
ROOM: Final = 32
"""MiB that a start, or a minute on a card, finds ready."""
_MIB: Final = 1 << 20
_NS_PER_MS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Course:
    """Minute by minute: ms of the processor for each recorded second, and MiB that the process has."""

    ms: tuple[float, ...]
    mib: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Cards:
    """By the number of recordings on a card, ms of the processor: until the camera could record, from the press to its light, for each recorded second,
    for each chore behind a start, and the longest piece of them, which a flush may have to wait for.  ``rounds``: the first three, of the emptiest and
    the fullest card, in turns."""

    counts: tuple[int, ...]
    start: tuple[float, ...]
    press: tuple[float, ...]
    second: tuple[float, ...]
    piece: tuple[float, ...]
    rounds: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]


def measure(scale: Scale) -> Iterator[Figure | Series]:
    """All of it."""
    with _apart() as pool:
        passed = pool.submit(hours, scale.place / "hours", HOURS[scale.quick], CHAIN_MIN[scale.quick]).result()
        yield from _of_hours(passed, scale)
    with _apart() as pool:
        yield from _of_cards(pool.submit(cards, scale.place / "cards", CARDS[scale.quick], scale.rounds).result())


def _apart() -> ProcessPoolExecutor:
    """A process for one course: it begins with no memory of another one's."""
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


def hours(place: Path, count: float, chain_min: int) -> Course:
    """Record for so many hours, in recordings of ``chain_min`` minutes."""
    virtual = _camera(small(place, max_length_min=chain_min))
    with closing(virtual):
        _record(virtual)
        spent, held = list[float](), list[float]()
        for _ in range(round(count * 60)):
            spent.append(_took(lambda: virtual.run(60, STEP_NS)) / 60)
            held.append(memory().resident / _MIB)
    return Course(tuple(spent), tuple(held))


def cards(place: Path, counts: tuple[int, ...], rounds: int) -> Cards:
    """Fill a card step by step, and start a camera on it at each."""
    lives = {count: small(place / str(count)) for count in (counts[0], counts[-1])}
    single, full = lives[counts[0]], lives[counts[-1]]
    _filled(single, counts[0])
    points, held = list[tuple[float, ...]](), 0
    for count in counts:
        _filled(full, count - held)
        held = count + 1  # each trial leaves one
        points.append(_trial(full))
    starts = turns({"full": lambda: _start(full), "single": lambda: _start(single)}, rounds, partial(warm, place, ROOM))
    with closing(_camera(full)) as crowded, closing(_camera(single)) as alone:
        for each in (crowded, alone):
            each.run(12, STEP_NS)
        found = turns(
            {"full": lambda: _recording(crowded), "single": lambda: _recording(alone)},
            rounds,
            partial(warm, place, ROOM),
        )
    ran = [tuple(zip(*found[which], strict=True)) for which in ("full", "single")]
    pairs = ((starts["full"], starts["single"]), *zip(*ran, strict=True))
    start, press, second, piece = zip(*points, strict=True)
    return Cards(counts, start, press, second, piece, pairs)


def _filled(lives: Home, count: int) -> None:
    if count > 0:
        with closing(_camera(lives)) as virtual:
            fill(virtual, count)


def _trial(lives: Home) -> tuple[float, float, float, float]:
    """Start a camera on this card, let it do its chores, press, and record: ms for each, and the longest of the chores' pieces."""
    made: list[Virtual] = []
    start = _took(lambda: made.append(_camera(lives)))
    with closing(made[0]) as virtual:
        pieces, more = list[float](), True
        while more:
            began = time.process_time_ns()
            more = virtual.camera.writer.step()
            pieces.append((time.process_time_ns() - began) / _NS_PER_MS)
        virtual.run(12, STEP_NS)
        return start, *_recording(virtual), max(pieces)


def _start(lives: Home) -> float:
    made: list[Virtual] = []
    took = _took(lambda: made.append(_camera(lives)))
    made[0].close()
    return took


def _recording(virtual: Virtual) -> tuple[float, float]:
    """One recording: ms from the press to the light, and for each second."""
    press = _took(virtual.press)
    virtual.run(2)
    second = _took(lambda: virtual.run(60, STEP_NS)) / 60
    virtual.stop()
    return press, second


def _camera(lives: Home) -> Virtual:
    return Virtual(lives, VideoClip(SyntheticScene(small_format()), small_format()), None)


def _record(virtual: Virtual) -> None:
    virtual.run(12, STEP_NS)
    virtual.press()
    virtual.run(2)
    if virtual.recording is not Recording.RECORDING:
        raise ValueError(f"it does not record: {virtual.recording}")


def _took(act: Callable[[], object]) -> float:
    """Ms of the processor."""
    began = time.process_time_ns()
    act()
    return (time.process_time_ns() - began) / _NS_PER_MS


def _of_hours(course: Course, scale: Scale) -> Iterator[Figure | Series]:
    ends = max(3, len(course.ms) // 24)
    first, last = sorted(course.ms[1 : 1 + ends]), sorted(course.ms[-ends:])
    told = f"{HOURS[scale.quick]:g} hours of recordings that follow one another"
    facts = {"first_second_ms": median(first), "last_second_ms": median(last)}
    against = "its first minutes"
    yield Figure(
        SUITE,
        f"processor for a recorded second, at the end of {told}",
        against,
        over(last, first),
        most=FLAT,
        facts=facts,
    )
    early, late = course.mib[len(course.mib) // 10], course.mib[-1]
    held = {"early_mib": early, "late_mib": late}
    yield Figure(
        SUITE,
        f"memory of the process, at the end of {told}",
        "a tenth of the way",
        (late / early,),
        most=1.1,
        facts=held,
    )
    minutes = [minute / 60 for minute in range(1, len(course.ms) + 1)]
    yield Series(
        SUITE,
        "a recorded second, by the hour",
        "hours",
        "ms of the processor",
        tuple(zip(minutes, course.ms, strict=True)),
    )
    yield Series(SUITE, "memory, by the hour", "hours", "MiB", tuple(zip(minutes, course.mib, strict=True)))


def _of_cards(found: Cards) -> Iterator[Figure | Series]:
    asked = ("from the start until it could record", "from the press to “recording”", "a recorded second")
    limits = (STARTS, STARTS, FLAT)
    for what, limit, (full, single) in zip(asked, limits, found.rounds, strict=True):
        facts = {"full_ms": median(full), "single_ms": median(single)}
        on = f"processor, {what}, with {found.counts[-1]} recordings on the card"
        yield Figure(SUITE, on, f"with {found.counts[0]}", over(full, single), most=limit, facts=facts)
    columns = (found.start, found.press, found.second, found.piece)
    for what, column in zip((*asked, "the longest piece of the chores behind a start"), columns, strict=True):
        points = tuple(zip(map(float, found.counts), column, strict=True))
        yield Series(SUITE, f"{what}, by the card", "recordings on the card", "ms of the processor", points, log_x=True)
