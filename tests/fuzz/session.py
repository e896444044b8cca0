"""One run over many parsers: how long each gets, what is told, and what it comes to."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz import corpus, engine, pool
from tests.fuzz.engine import Order
from tests.fuzz.pool import Outcome
from tests.fuzz.signing import fingerprint
from tests.fuzz.target import BrokenPromiseError, Target, attempt

LEAST_EACH: Final = 50_000
LEAST: Final = 1_000_000
_MOST_INPUTS: Final = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run goes: for ``seconds`` in all, or (None) for as many inputs as are promised, in so many ``minutes`` at most; where it leaves
    what it finds."""

    seconds: float | None
    minutes: float
    jobs: int
    seed: int
    build: Path


def fuzz(targets: Mapping[str, Target], plan: Plan) -> int:
    """Run; 0 where no promise is broken and, without a time given, the promised inputs were made."""
    guided = "guided by coverage" if engine.atheris() else "without coverage: Atheris runs on Linux on x86-64 alone"
    _say(f"{len(targets)} parsers, {plan.jobs} processes, {guided}; --seed {plan.seed}")
    least = max(LEAST_EACH, math.ceil(LEAST / len(targets))) if plan.seconds is None else 0
    whole = plan.minutes * 60 if plan.seconds is None else plan.seconds
    share = whole if plan.seconds is None else whole * plan.jobs / len(targets)
    orders = [
        Order(target, least or _MOST_INPUTS, share, plan.seed, plan.build / "corpus" / corpus.folder(name))
        for name, target in targets.items()
    ]
    _say(f"{'parser':<26}{'inputs':>9}{'a second':>10}{'new':>6}{'coverage':>10}")
    outcomes = []
    until = time.monotonic() + whole
    for outcome in pool.run(orders, plan.jobs, until, lambda order: corpus.beginnings(order.target, order.grown)):
        _say(_row(outcome))
        outcomes.append(outcome)
    return _sum(outcomes, plan, least)


def _row(outcome: Outcome) -> str:
    rate = outcome.inputs / outcome.seconds
    coverage = "" if outcome.coverage is None else str(outcome.coverage)
    return f"{outcome.target:<26}{outcome.inputs:>9,}{rate:>10,.0f}{outcome.fresh:>6}{coverage:>10}"


def _sum(outcomes: Sequence[Outcome], plan: Plan, least: int) -> int:
    """Tell the sum and everything that is wrong."""
    wrong = [list(_complaints(outcome, plan, least)) for outcome in outcomes]
    wrong = [lines for lines in wrong if lines]
    total = sum(outcome.inputs for outcome in outcomes)
    _say(f"{total:,} inputs, {sum(outcome.fresh for outcome in outcomes)} new ones kept in {plan.build / 'corpus'}")
    for lines in wrong:
        _say("\n".join(lines))
    _say(
        f"{len(wrong)} parsers break a promise"
        if wrong
        else "each parser took every input, or refused it in its own words"
    )
    return 1 if wrong else 0


def _complaints(outcome: Outcome, plan: Plan, least: int) -> Iterable[str]:
    if outcome.broken is not None:
        words, data = outcome.broken
        path = plan.build / "broken" / f"{corpus.folder(outcome.target)}-{fingerprint(data)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        yield f"BROKEN {outcome.target}: {words}"
        yield f"  again: {sys.executable} -m tests.fuzz --target {outcome.target} --input {path}"
    elif outcome.inputs < least:
        yield f"TOO FEW {outcome.target}: {outcome.inputs:,} inputs, {least:,} are promised: give it more --minutes"


def replay(target: Target, data: bytes) -> int:
    """One input, its memory measured; tells what comes of it."""
    try:
        refusal = attempt(target, data, measure=True)
    except BrokenPromiseError as broken:
        if broken.__cause__ is not None:
            raise broken.__cause__ from None
        _say(f"BROKEN {target.name}: {broken}")
        return 1
    _say("taken" if refusal is None else f"refused: {type(refusal).__name__}: {refusal}")
    return 0


def keep(targets: Mapping[str, Target], build: Path) -> int:
    """Choose what the repository keeps."""
    for name, target in targets.items():
        chosen = corpus.keep(target, corpus.read(build / "corpus" / corpus.folder(name)).values())
        _say(f"{name:<26}{len(chosen):>5} inputs,{sum(map(len, chosen.values())):>7,} bytes")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
