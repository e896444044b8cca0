"""Suites, run one after the other: each in a directory of its own, a second time where a promise was not kept, and profiled where that is wanted."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.bench.figure import Figure, Series
from tools.bench.others import Moment
from tools.bench.report import broken
from tools.bench.sampling import Profile, sample
from tools.bench.suites import Scale, Suite
from tools.bench.warm import warm

Found = Figure | Series
PROFILED: Final = {True: 64, False: 1024}
"""MiB of memory that what is profiled finds ready."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a suite found, how many seconds that took, whether it ran once more, and what share of all processors others took meanwhile."""

    found: Sequence[Found]
    seconds: float
    repeated: bool
    others: float

    @property
    def figures(self) -> list[Figure]:
        """Without the courses."""
        return [each for each in self.found if isinstance(each, Figure)]


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs ``suites`` below ``place``, a directory on the disk that counts.  ``tell`` hears the name of each suite and of what it has found."""

    suites: Mapping[str, Suite]
    place: Path
    quick: bool
    rounds: int
    tell: Callable[[str, str], None]

    def measure(self, name: str) -> Measured:
        """A suite's figures.  Where a promise was not kept the whole suite is measured once more: other work on the machine passes, and what is
        slow stays slow, so that only what was broken twice is broken."""
        before = Moment.now()
        found = self._once(name)
        repeated = bool(broken([each for each in found if isinstance(each, Figure)], quick=self.quick))
        if repeated:
            self.tell(name, "a promise was not kept; once more")
            found = of_two(found, self._once(name), quick=self.quick)
        now = Moment.now()
        return Measured(found, now.clock_s - before.clock_s, repeated, now.others_since(before))

    def profile(self, name: str) -> Profile | None:
        """Where the time of what it measures goes; None where it has nothing to profile."""
        with self._scale() as scale:
            act = self.suites[name].hot(scale)
            if act is None:
                return None
            warm(scale.place, PROFILED[scale.quick])
            return sample(act)

    def _once(self, name: str) -> list[Found]:
        found: list[Found] = []
        with self._scale() as scale:
            for each in self.suites[name].measure(scale):
                found.append(each)
                self.tell(name, each.what)
        return found

    @contextmanager
    def _scale(self) -> Iterator[Scale]:
        with tempfile.TemporaryDirectory(prefix="lapel-bench-", dir=self.place) as own:
            yield Scale(self.quick, self.rounds, Path(own))


def of_two(first: Sequence[Found], again: Sequence[Found], *, quick: bool) -> list[Found]:
    """Of two runs of a suite what counts: what was not broken at first stays as it was, and the others are as they were the second time."""
    lost = {each.name for each in broken([each for each in first if isinstance(each, Figure)], quick=quick)}
    anew = {each.name: each for each in again if isinstance(each, Figure)}
    return [anew.get(each.name, each) if isinstance(each, Figure) and each.name in lost else each for each in first]
