"""The pre-event buffer: what a press costs, how fast the minute before becomes durable beside the live part, and what all of it holds in memory."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from firmware.core.ring import Ring
from firmware.runtime import names
from hal.interface import Track, Unit
from tools.bench.camera import PRE_EVENT_S, Bench
from tools.bench.checks import check
from tools.bench.figure import Figure, Series, over
from tools.bench.film import Film, film
from tools.bench.limits import writes
from tools.bench.memory import hour
from tools.bench.suites import Scale
from tools.bench.took import took
from tools.bench.triggers import presses
from tools.bench.turns import turns

SUITE: Final = "preevent"
NS: Final = 1_000_000_000
BEGINS_NS: Final = 6 * NS
LIVE_S: Final = 4
EACH, NAP_S = 3, 0.001
"""So many flushes of the buffer are written for each half second that comes live: it comes twenty times as fast as in a camera."""
SEGMENT: Final = ".mp4.age"
START_S: Final = 0.001
LEAST: Final = {False: 0.7, True: 0.2}
"""Of the rate of bare writes; a quick run, on a machine that does other things as well, finds what has become much slower and nothing finer."""
PRESSES, QUICK_PRESSES, HOT_PRESSES = 10_000, 500, 2_000
SEED: Final = 6
ALLOWED: Final = 1.05
SPARE_BYTES: Final = 24_000_000
HOUR_S, QUICK_HOUR_S = 3600, 180
WHOLE: Final = f"the whole {PRE_EVENT_S} s"


@dataclass(frozen=True, slots=True)
class Dump:
    """One press with a full buffer: seconds that ``start`` took and until the last of the buffer was durable, how many flushes of the
    buffer the live one waited for that waited for most, and how many flushes the buffer made."""

    start_s: float
    seconds: float
    waited: int
    flushes: int


def measure(scale: Scale) -> Iterator[Figure | Series]:
    """All figures.  ``BrokenError`` or ``AmissError`` where something is not whole."""
    shown = film(PRE_EVENT_S + LIVE_S, BEGINS_NS)
    flushes = _dump(scale.place, shown, lambda bench: check(bench, shown.seconds, opened=not scale.quick)).flushes
    buffered = b"".join(unit.data for unit in shown.units if unit.track is Track.VIDEO and _before(unit))
    results = turns(
        {
            "ours": lambda: _dump(scale.place, shown),
            "bare": lambda: _bare(scale.place, buffered, flushes),
        },
        scale.rounds,
        scale.warm,
    )
    dumps, bare = [each for each in results["ours"] if isinstance(each, Dump)], results["bare"]
    took_s = [each.seconds for each in dumps]
    bare_s = [each for each in bare if isinstance(each, float)]
    facts = {"bytes_s": len(buffered) / median(took_s), "against_bytes_s": len(buffered) / median(bare_s)}
    what = f"{WHOLE} durable, live flushes written meanwhile"
    yield Figure(
        SUITE, what, "the bare writes, with as many syncs", over(bare_s, took_s), least=LEAST[scale.quick], facts=facts
    )
    waited = tuple(float(each.waited) for each in dumps)
    yield Figure(
        SUITE, "flushes of the buffer that a live one waits for", "the one that is being written", waited, most=1.0
    )
    starts = tuple(each.start_s / START_S for each in dumps)
    facts = {"start_us": median(starts) * START_S * 1e6}
    yield Figure(
        SUITE,
        "what a press takes of the controller",
        "a millisecond",
        starts,
        most=None if scale.quick else 1.0,
        facts=facts,
    )
    count = QUICK_PRESSES if scale.quick else PRESSES
    frames = presses(count, SEED)
    words = f"frames recorded in {count} presses at random moments, each in its place"
    yield Figure(SUITE, words, "frames that came", (1.0,), least=1.0, most=1.0, facts={"frames": float(frames)})
    yield from _memory(QUICK_HOUR_S if scale.quick else HOUR_S)


def hot(_scale: Scale) -> Callable[[], object]:
    """What is to be profiled: presses with a full buffer, as the controller has them."""
    return lambda: presses(HOT_PRESSES, SEED)


def _before(unit: Unit) -> bool:
    return unit.time_ns < BEGINS_NS + PRE_EVENT_S * NS


def _dump(place: Path, shown: Film, check_it: Callable[[Bench], None] = lambda _: None) -> Dump:
    """Fill a buffer, press, and have something live come now and then while the buffer is being written."""
    bench, ring = Bench(place / "home", shown), Ring(PRE_EVENT_S, shown.size)
    for unit in shown.units:
        if unit.track is Track.VIDEO and _before(unit):
            ring.push(unit)
    live = [unit for unit in shown.units if not _before(unit)]
    bench.clock.advance(live[0].time_ns - bench.clock.monotonic_ns())
    came: list[int] = []
    early = [names.segment(number) for number in range(bench.live_from)]
    with bench.writing():
        began = time.perf_counter()
        bench.takes.begin(ring)
        start_s = time.perf_counter() - began
        for number, half in enumerate(_halves(live)):
            while sum(bench.syncs.counts[name] for name in early) < number * EACH:
                time.sleep(NAP_S)
            came.append(len(bench.syncs.log))
            for unit in half:
                bench.saw(unit)
        bench.takes.end("officer", bench.clock.monotonic_ns())
    buffered, order = _buffered(bench), bench.syncs.names
    lives = [at for at, name in enumerate(order) if name.endswith(SEGMENT) and at not in buffered][1:]
    waited = max(sum(at < each < done for each in buffered) for at, done in zip(came[1:], lives, strict=False))
    ends = order.index(names.JOURNAL, buffered[-1])
    check_it(bench)
    shutil.rmtree(bench.home.root)
    return Dump(start_s, bench.syncs.log[ends][0] - began, waited, len(buffered))


def _halves(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    """The units of half a second each: the first frame of one completes the flush of the one before."""
    for number in range(2 * LIVE_S):
        begins_ns = units[0].time_ns + number * NS // 2
        yield [unit for unit in units if begins_ns <= unit.time_ns < begins_ns + NS // 2]


def _buffered(bench: Bench) -> list[int]:
    """Where in the order of syncs the data of the buffer's flushes stands."""
    first = names.segment(bench.live_from)
    return [at for at, name in enumerate(bench.syncs.names) if name.endswith(SEGMENT) and name < first]


def _bare(place: Path, plain: bytes, flushes: int) -> float:
    out = place / "bare"
    result = took(lambda: writes(plain, flushes, out))
    shutil.rmtree(out)
    return result.seconds


def _memory(seconds: int) -> Iterator[Figure | Series]:
    """What the process grows by while the buffer runs, against what the buffer holds; once it is full it grows no more."""
    points = hour(seconds)
    full = [each for each in points if each.time_s >= 2 * PRE_EVENT_S]
    against = f"{ALLOWED} times what it holds and {SPARE_BYTES // 1_000_000} MB"
    ratios = tuple(each.grew / (ALLOWED * each.held + SPARE_BYTES) for each in full)
    facts = {"grew_bytes": float(max(each.grew for each in full)), "held_bytes": float(max(each.held for each in full))}
    yield Figure(
        SUITE, f"memory of the buffer over {seconds // 60} minutes", against, (max(ratios),), most=1.0, facts=facts
    )
    early, late = full[: len(full) // 4], full[-len(full) // 4 :]
    course = max(each.grew for each in late) / max(each.grew for each in early)
    yield Figure(SUITE, "memory of the buffer in the last quarter of that", "in the first", (course,), most=1.05)
    series = tuple((each.time_s / 60, each.grew / 1e6) for each in points)
    yield Series(SUITE, "memory of the buffer", "minutes", "MB", series)
