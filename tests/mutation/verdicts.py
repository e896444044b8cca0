"""What became of a mutant, and the reviewed list of those that nothing has to notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.mutation.mutants import Mutant

SEPARATOR = "  # "


class Verdict(Enum):
    """How it went."""

    CAUGHT = "caught"
    HUNG = "caught by the clock"  # a test took many times as long as ever
    SURVIVED = "survived"
    UNREACHED = "reached by no test"
    NOT_RUN = "not run"
    BROKEN = "could not be judged"

    @property
    def caught(self) -> bool:
        """Whether a test noticed."""
        return self in {Verdict.CAUGHT, Verdict.HUNG}

    @property
    def survived(self) -> bool:
        """Whether none did."""
        return self in {Verdict.SURVIVED, Verdict.UNREACHED}


@dataclass(frozen=True, slots=True)
class Result:
    """A mutant's verdict, the test that noticed (or what went wrong), how many tests were there for it, and the seconds spent."""

    mutant: Mutant
    verdict: Verdict
    by: str = ""
    tests: int = 0
    seconds: float = 0.0

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "id": self.mutant.id,
            "line": self.mutant.line,
            "verdict": self.verdict.name.lower(),
            "by": self.by,
            "tests": self.tests,
            "seconds": round(self.seconds, 2),
        }


class ReviewError(Exception):
    """The reviewed list cannot be read."""


def read_reviewed(path: Path) -> dict[str, str]:
    """The reviewed survivors: id and reason.  ``ReviewError`` where a reason is missing, or an id stands there twice."""
    reviewed: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, reason = line.partition(SEPARATOR)
        if not reason.strip():
            raise ReviewError(
                f"{path.name}:{number}: a survivor is listed with its reason behind '{SEPARATOR.strip()}'"
            )
        if name.strip() in reviewed:
            raise ReviewError(f"{path.name}:{number}: listed twice: {name.strip()}")
        reviewed[name.strip()] = reason.strip()
    return reviewed


def complaints(
    results: Iterable[Result], reviewed: Mapping[str, str], *, modules: Iterable[str], known: Iterable[str]
) -> list[str]:
    """Everything that makes a run fail, in lines to print.

    ``modules`` were asked for, ``known`` are the ids of all their mutants: what is listed of them and is none any more is stale.
    """
    told = []
    for each in results:
        name, listed = each.mutant.id, each.mutant.id in reviewed
        if each.verdict.survived and not listed:
            told.append(f"{each.verdict.value} ({each.tests} tests): {name}  [line {each.mutant.line}]")
        elif each.verdict.caught and listed:
            told.append(f"listed as a survivor, and caught by {each.by}: {name}")
        elif each.verdict is Verdict.BROKEN:
            told.append(f"{each.verdict.value}: {name}: {each.by}")
        elif each.verdict is Verdict.NOT_RUN:
            told.append(f"not run, the time was over: {name}")
    ours, there = set(modules), set(known)
    told += [
        f"listed as a survivor, and no mutant: {name}"
        for name in reviewed
        if name.split(":")[0] in ours and name not in there
    ]
    return told
