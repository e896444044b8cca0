"""Sealing: from encoded pictures and sound to signed, encrypted, synced evidence, at the full discipline of a flush every half second.

The real take, writer and vault write to real files through a board's storage.  Limits and peers are measured in turns with it, on the same
bytes.  Nothing is reported unless the independent verifier calls what was written whole, and each journal line has its two syncs.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from statistics import median
from typing import Final

from firmware.core.ring import Ring
from tools.bench.camera import Bench
from tools.bench.checks import check, counted
from tools.bench.figure import Figure, over
from tools.bench.film import Film, film
from tools.bench.limits import compute, writes
from tools.bench.sealers import Files, movie, open_peers
from tools.bench.suites import Scale
from tools.bench.took import Took, one_core, took
from tools.bench.turns import turns

SUITE: Final = "sealing"
SECONDS, QUICK_SECONDS, HOT_SECONDS = 90, 15, 600
WARM_UP_NS: Final = 6_000_000_000
"""The film begins so long behind the camera's boot."""
LIMITS: Final = {
    "compute": "the bare ChaCha20-Poly1305 and three passes of SHA-256, on one thread",
    "writes": "the bare writes, with as many syncs",
}
TWO, ONE = "sealing on two cores", "sealing on one core"
AGE: Final = "age, then one sync"
SLOWER: Final = "the slower of the two limits"
LEAST: Final[Mapping[str, tuple[float, float, float]]] = {SLOWER: (0.4, 0.75, 0.9), AGE: (0.25, 0.5, 0.8)}
"""Which share of another's speed is promised, and aimed at.  The first number is a quick run's: on a machine that does other things as well it
finds what has become much slower, and nothing finer."""
MOST_CPU: Final = (3.0, 1.9, 1.5)
"""The same of processor time, in shares of the bare computing."""


def measure(scale: Scale) -> Iterator[Figure]:
    """All figures.  ``BrokenError`` where the evidence is not whole."""
    shown = film(QUICK_SECONDS if scale.quick else SECONDS, WARM_UP_NS)
    plain, (flushes, recipients) = shown.plain, checked(scale.place, shown)
    with ExitStack() as stack:
        peers, missing = open_peers(_files(scale.place, shown, plain, recipients), stack)
        contestants: dict[str, Callable[[], Took]] = {
            TWO: lambda: _sealed(scale.place, shown, alone=False),
            ONE: lambda: _sealed(scale.place, shown, alone=True),
            "compute": lambda: took(lambda: compute(plain)),
            "writes": lambda: _written(scale.place, plain, flushes),
            **{name: _timed(work) for name, work in peers.items()},
        }
        results = turns(contestants, scale.rounds, scale.warm)
    yield from _beside_limits(results, shown, quick=scale.quick)
    for name in peers:
        yield _faster(TWO, name, results, shown, quick=scale.quick)
    for name, why in missing.items():
        yield Figure(SUITE, TWO, name, skipped=why)


def hot(scale: Scale) -> Callable[[], object]:
    """What is to be profiled: some minutes of film, sealed."""
    shown = film(HOT_SECONDS, WARM_UP_NS)
    bench = Bench(scale.place / "home", shown)
    return lambda: bench.record(shown, _empty())


def _beside_limits(results: Mapping[str, Sequence[Took]], shown: Film, *, quick: bool) -> Iterator[Figure]:
    slower = [
        max(pair, key=lambda each: each.seconds) for pair in zip(*(results[name] for name in LIMITS), strict=True)
    ]
    results = {**results, SLOWER: slower}
    yield _faster(TWO, SLOWER, results, shown, quick=quick)
    for name, words in LIMITS.items():
        yield _faster(TWO, name, results, shown, words)
    bare = [each.processor for each in results["compute"]]
    for name in (TWO, ONE):
        spent = [each.processor for each in results[name]]
        facts = {"ours_cpu_s": median(spent), "bare_cpu_s": median(bare)}
        most, aim = (MOST_CPU[0 if quick else 1], MOST_CPU[2]) if name == TWO else (None, None)
        what = f"processor time of {name}"
        yield Figure(SUITE, what, LIMITS["compute"], over(spent, bare), most=most, aim=aim, facts=facts)
    speeds = tuple(shown.seconds / each.seconds for each in results[TWO])
    yield Figure(SUITE, TWO, "real time", speeds, least=None if quick else 200.0)
    yield _faster(ONE, SLOWER, results, shown)


def _faster(
    what: str,
    name: str,
    results: Mapping[str, Sequence[Took]],
    shown: Film,
    words: str = "",
    *,
    quick: bool = False,
) -> Figure:
    """Which part of another's speed it has."""
    promised = LEAST.get(name) if what == TWO else None
    least, aim = (promised[0 if quick else 1], promised[2]) if promised else (None, None)
    ours, theirs = ([each.seconds for each in results[side]] for side in (what, name))
    cpu = {"ours_cpu_s": results[what], "against_cpu_s": results[name]}
    facts = {"bytes_s": shown.size / median(ours), "against_bytes_s": shown.size / median(theirs)}
    facts |= {key: median(each.processor for each in side) for key, side in cpu.items()}
    return Figure(SUITE, what, words or name, over(theirs, ours), least=least, aim=aim, facts=facts)


def _sealed(place: Path, shown: Film, *, alone: bool) -> Took:
    """One recording, on a card of its own."""
    home = place / "home"
    with one_core() if alone else nullcontext():
        bench = Bench(home, shown)
        result = took(lambda: bench.record(shown, _empty()))
    shutil.rmtree(home)
    return result


def _empty() -> Ring:
    """No minute before."""
    return Ring(0, 1)


def _written(place: Path, plain: bytes, flushes: int) -> Took:
    out = place / "bare"
    result = took(lambda: writes(plain, flushes, out))
    shutil.rmtree(out)
    return result


def _timed(work: Callable[[], None]) -> Callable[[], Took]:
    return lambda: took(work)


def _files(place: Path, shown: Film, plain: bytes, recipients: tuple[str, ...]) -> Files:
    """What peers read, on the same disk and in memory by now."""
    place = place.resolve()  # some work in a directory of their own
    payload, whole, out = place / "payload", place / "movie.mp4", place / "peers"
    out.mkdir()
    payload.write_bytes(plain)
    whole.write_bytes(movie(shown))
    return Files(payload, whole, recipients, out)


def checked(place: Path, shown: Film) -> tuple[int, tuple[str, ...]]:
    """Record it once, and hold what was written against the verifier's word and the count of syncs; how many flushes that were, and to
    whom they are encrypted."""
    bench = Bench(place / "home", shown)
    bench.record(shown, _empty())
    check(bench, shown.seconds)
    recipients = tuple(each["age"] for each in bench.vault.enrolment.settings.payload["recipients"])
    flushes = counted(bench)
    shutil.rmtree(bench.home.root)
    return flushes, recipients
