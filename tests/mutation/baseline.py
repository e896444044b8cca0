"""The tests without any mutant: they have to pass, and show how long each takes and which lines of the targets it reaches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from tests.mutation import child
from tests.mutation.child import Order, Reporter
from tests.mutation.mutants import Mutant
from tests.mutation.pool import Ending, Job, Pool
from tests.mutation.targets import Tests

PATIENCE_S = 120.0
BUDGET_S = 5.0
"""What the far tests of one mutant may take, the quickest first: a guard deserves a quick test."""


class BaselineError(Exception):
    """The tests fail as they are: that a mutant fails them would say nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One test: its file, the seconds of processor that it took while it was watched, and the lines that it ran, by file."""

    test: str
    file: str
    seconds: float
    lines: Mapping[str, frozenset[int]]


@dataclass(slots=True)
class Baseline:
    """All tests that passed."""

    root: Path
    tests: dict[str, Measured] = field(default_factory=dict)

    def seconds(self, test: str) -> float:
        """What a test took."""
        return self.tests[test].seconds if test in self.tests else 0.0

    def choose(self, mutant: Mutant, path: Path, tests: Tests) -> list[Measured]:
        """The tests that run what a mutant changed: the near ones, then the quickest of the far ones, as far as the budget goes."""
        ranks = {file: min(rank, len(tests.near)) for rank, file in enumerate(tests.files)}
        chosen = []
        for each in self.tests.values():
            lines = each.lines.get(str(path), frozenset())
            if each.file in ranks and (lines if mutant.lines is None else lines.intersection(mutant.lines)):
                chosen.append(each)
        chosen.sort(key=lambda each: (ranks[each.file], each.seconds))
        spent = list(accumulate(each.seconds * (each.file not in tests.near) for each in chosen))
        return [each for each, after in zip(chosen, spent, strict=True) if after <= BUDGET_S or each.file in tests.near]


def measure(
    root: Path,
    files: Iterable[str],
    watched: frozenset[str],
    pool: Pool[str],
    *,
    until: float,
    tick: Callable[[float, str], None],
) -> Baseline:
    """Run all tests once, a file at a time, up to ``until`` on the monotonic clock.  ``BaselineError`` with what failed."""
    waiting, baseline, done = list(dict.fromkeys(files)), Baseline(root), 0
    all_files = len(waiting)
    while (waiting or pool.busy) and time.monotonic() < until:
        while waiting and pool.room:
            order = Order([waiting.pop(0)], watched=watched)

            def work(scratch: Path, reporter: Reporter, order: Order = order) -> None:
                child.run(order, root, scratch, reporter, None)

            pool.start(Job(order.files[0], work, lambda test: PATIENCE_S))
        for job, ending in pool.wait(1.0):
            _learn(baseline, job.key, ending)
            done += 1
            tick(done / all_files, f"without a mutant: {len(baseline.tests)} tests")
    return baseline


def _learn(baseline: Baseline, file: str, ending: Ending) -> None:
    failed = ending.first("failed") or ending.hung or ending.first("broken")
    if failed or ending.first("code") != 0:
        text = ending.first("text") or ""
        raise BaselineError(f"the tests fail without a mutant: {failed or file}\n{text}".rstrip())
    skipped = {each["skipped"] for each in ending.messages if "skipped" in each}
    lines = {
        each["ran"]: {path: frozenset(numbers) for path, numbers in each["lines"].items()}
        for each in ending.messages
        if "ran" in each
    }
    for message in ending.messages:
        if "end" in message and message["end"] not in skipped:
            test = message["end"]
            baseline.tests[test] = Measured(test, file, message["seconds"], lines.get(test, {}))
