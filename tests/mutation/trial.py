"""Trying the mutants: each in processes of its own, a few at a time, until all are judged or the time is over."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation import child
from tests.mutation.baseline import Baseline, Measured
from tests.mutation.child import Order, Reporter
from tests.mutation.loading import Substitute
from tests.mutation.mutants import Mutant
from tests.mutation.pool import Ending, Job, Pool
from tests.mutation.targets import Tests
from tests.mutation.verdicts import Result, Verdict

FIRST = 12
"""Tests of the first try: most mutants fall there, and few files have to be read for it."""
SLOWER = 10.0
LEAST_S = 10.0


@dataclass(slots=True)
class Try:
    """A mutant on its way: the tests that are to run, in the batches that are left."""

    mutant: Mutant
    tests: int
    batches: deque[list[Measured]]
    began: float

    @classmethod
    def of(cls, mutant: Mutant, chosen: Sequence[Measured]) -> Try:
        """All that is to be run for a mutant."""
        batches = [list(chosen[:FIRST]), list(chosen[FIRST:])]
        return cls(mutant, len(chosen), deque(each for each in batches if each), time.monotonic())


class Trials:
    """The trials of a run.  ``path`` says where a module lies, ``targets`` which test files belong to it."""

    def __init__(
        self, baseline: Baseline, targets: Mapping[str, Tests], path: Callable[[str], Path], pool: Pool[Try]
    ) -> None:
        self._baseline = baseline
        self._targets = targets
        self._path = path
        self._pool = pool

    def run(self, mutants: Sequence[Mutant], until: float, tell: Callable[[Result], None]) -> list[Result]:
        """Judge all mutants up to ``until`` on the monotonic clock; ``tell`` hears each result as it comes."""
        waiting, results = deque(mutants), {}
        try:
            while (waiting or self._pool.busy) and time.monotonic() < until:
                for result in (*self._begin(waiting), *self._hear(until)):
                    results[result.mutant.id] = result
                    tell(result)
        finally:
            self._pool.stop()
        return [results.get(each.id) or Result(each, Verdict.NOT_RUN) for each in mutants]

    def _begin(self, waiting: deque[Mutant]) -> Iterator[Result]:
        """Start as many as there is room for; the results of those that no test reaches."""
        while waiting and self._pool.room:
            mutant = waiting.popleft()
            chosen = self._baseline.choose(mutant, self._path(mutant.module), self._targets[mutant.module])
            attempt = Try.of(mutant, chosen)
            if attempt.batches:
                self._start(attempt)
            else:
                yield Result(mutant, Verdict.UNREACHED)

    def _hear(self, until: float) -> Iterator[Result]:
        """The results of those that ended; a mutant that outlived its first batch goes on with the next."""
        for job, ending in self._pool.wait(min(1.0, max(0.0, until - time.monotonic()))):
            result = self._judge(job.key, ending)
            if result is None:
                self._start(job.key)
            else:
                yield result

    def _start(self, attempt: Try) -> None:
        batch = attempt.batches.popleft()
        files = list(dict.fromkeys(each.file for each in batch))
        order = Order(files, [each.test for each in batch])
        mutant, root = attempt.mutant, self._baseline.root

        def work(scratch: Path, reporter: Reporter) -> None:
            child.run(order, root, scratch, reporter, Substitute(mutant.module, mutant.compiled()))

        self._pool.start(Job(attempt, work, lambda test: LEAST_S + SLOWER * self._baseline.seconds(test)))

    @staticmethod
    def _judge(attempt: Try, ending: Ending) -> Result | None:
        """The result; None where all tests of a batch passed and another one is left."""

        def result(verdict: Verdict, by: str = "") -> Result:
            return Result(attempt.mutant, verdict, by, attempt.tests, time.monotonic() - attempt.began)

        if ending.first("failed"):
            return result(Verdict.CAUGHT, ending.first("failed"))
        if ending.hung is not None:
            return result(Verdict.HUNG, ending.hung)
        if ending.first("broken"):
            return result(Verdict.BROKEN, ending.first("broken").strip().splitlines()[-1])
        if ending.first("code") is None:
            began = [each["start"] for each in ending.messages if "start" in each]
            return result(Verdict.CAUGHT if began else Verdict.BROKEN, f"the end of the process in {began[-1:]}")
        if ending.first("code") != 0 or not ending.first("used"):
            return result(
                Verdict.BROKEN, f"pytest ended with {ending.first('code')}, mutant imported: {ending.first('used')}"
            )
        return None if attempt.batches else result(Verdict.SURVIVED)
