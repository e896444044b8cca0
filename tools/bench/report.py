"""A run's report, as JSON: every round of every figure, the machine, and the verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from tools.bench.figure import Figure, Series
from tools.bench.sampling import Profile

FORMAT: Final = "lapel-bench/1"
_OPENED: Final = 4
"""Levels of a report in its file that are spelt line by line: a profile's stacks are the deepest."""
QUICK_MARGIN: Final = 0.25
"""By so much of it a promise may be missed in a quick run, which has too few rounds to say it exactly."""
BUSY: Final = 0.25
"""A quick run judges no suite during which others took more of all processors than this share."""


class Standing(StrEnum):
    """How a figure stands with its promise, in words."""

    KEPT = "kept"
    NEARLY = "not quite"
    BUSY = "not judged: a busy machine"
    BROKEN = "NOT KEPT"
    FREE = "no promise"
    SKIPPED = "skipped"


class ReportError(Exception):
    """A file is no report of ours."""


@dataclass(slots=True)
class Report:
    """What one run found.  ``day``: as YYYY-MM-DD.  ``suites``: how many seconds each took, and ``repeated`` those that ran once more, since a
    promise was not kept at first.  ``others``: what share of all processors others took while each suite ran.  ``profiles``: of suites, where
    somebody wanted them."""

    machine: Mapping[str, str | int]
    day: str
    quick: bool
    suites: dict[str, float] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    others: dict[str, float] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)

    def add(self, suite: str, seconds: float, found: Iterable[Figure | Series]) -> None:
        """Add what a suite found."""
        self.suites[suite] = round(seconds, 1)
        for each in found:
            if isinstance(each, Figure):
                self.figures.append(each)
            else:
                self.series.append(each)

    @property
    def broken(self) -> list[Figure]:
        """The figures whose promise was not kept."""
        return [each for each in self.figures if self.standing(each) is Standing.BROKEN]

    def standing(self, figure: Figure) -> Standing:
        """How one of its figures stands: a quick run beside much other work says of no promise that it is broken."""
        stands = standing(figure, quick=self.quick)
        busy = self.quick and self.others.get(figure.suite, 0.0) > BUSY
        return Standing.BUSY if busy and stands is Standing.BROKEN else stands

    def write(self, path: Path) -> None:
        """Write it, with what can be computed of it for whoever reads it without this program."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_spelt(self.document(), _OPENED) + "\n", encoding="utf-8")

    def document(self) -> dict[str, Any]:
        """It as JSON has it."""
        told = [
            {**asdict(each), "value": each.value, "spread": each.spread, "kept": each.kept} for each in self.figures
        ]
        profiles = {name: each.document() for name, each in self.profiles.items()}
        return {"format": FORMAT, **asdict(replace(self, profiles={})), "figures": told, "profiles": profiles}

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read one; ``ReportError`` where it is none, ``OSError`` where it cannot be read."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["format"] != FORMAT:
                raise ReportError(f"{path}: is of the format {told['format']!r}, and not {FORMAT!r}")
            figures = [Figure(**_known(Figure, each) | {"ratios": tuple(each["ratios"])}) for each in told["figures"]]
            series = [
                Series(**_known(Series, each) | {"points": tuple((x, y) for x, y in each["points"])})
                for each in told["series"]
            ]
            profiles = {name: Profile.of(each) for name, each in told["profiles"].items()}
            seconds, repeated, others = (told[name] for name in ("suites", "repeated", "others"))
            return cls(
                told["machine"], told["day"], told["quick"], seconds, figures, series, repeated, others, profiles
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReportError(f"{path}: is no report of a benchmark: {error}") from None


def standing(figure: Figure, *, quick: bool) -> Standing:
    """How it stands; in a quick run a promise is broken only where it was not even nearly kept."""
    if figure.value is None:
        return Standing.SKIPPED
    if figure.kept is not False:
        return Standing.FREE if figure.kept is None else Standing.KEPT
    return Standing.NEARLY if quick and figure.within(QUICK_MARGIN) else Standing.BROKEN


def broken(figures: Sequence[Figure], *, quick: bool) -> list[Figure]:
    """Those whose promise was not kept."""
    return [each for each in figures if standing(each, quick=quick) is Standing.BROKEN]


def _spelt(value: object, opened: int, margin: str = "\n") -> str:
    """JSON, of which so many levels take a line for each of what is in them."""
    if not opened or not value or not isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    inner, into = opened - 1, margin + " "
    if not isinstance(value, dict):
        return f"[{into}{f',{into}'.join(_spelt(each, inner, into) for each in value)}{margin}]"
    members = (f"{json.dumps(name)}: {_spelt(each, inner, into)}" for name, each in value.items())
    return f"{{{into}{f',{into}'.join(members)}{margin}}}"


def _known(kind: type[Figure | Series], told: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is told the members that this kind has: what was computed of them is computed anew."""
    return {each.name: told[each.name] for each in fields(kind)}
