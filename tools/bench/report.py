"""A run's report, as JSON: every round of every figure, the machine, and the verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

from tools.bench.figure import Figure, Series

FORMAT: Final = "lapel-bench/1"
QUICK_MARGIN: Final = 0.25
"""By so much of it a promise may be missed in a quick run, which has too few rounds to say it exactly."""


class ReportError(Exception):
    """A file is no report of ours."""


@dataclass(slots=True)
class Report:
    """What one run found.  ``day``: as YYYY-MM-DD.  ``suites``: how many seconds each took."""

    machine: Mapping[str, str | int]
    day: str
    quick: bool
    suites: dict[str, float] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)

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
        return broken(self.figures, quick=self.quick)

    def write(self, path: Path) -> None:
        """Write it, with what can be computed of it for whoever reads it without this program."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.document(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def document(self) -> dict[str, Any]:
        """It as JSON has it."""
        told = [
            {**asdict(each), "value": each.value, "spread": each.spread, "kept": each.kept} for each in self.figures
        ]
        return {"format": FORMAT, **asdict(self), "figures": told}

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
            return cls(told["machine"], told["day"], told["quick"], told["suites"], figures, series)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReportError(f"{path}: is no report of a benchmark: {error}") from None


def broken(figures: Sequence[Figure], *, quick: bool) -> list[Figure]:
    """Those whose promise was not kept, in a quick run not even nearly."""
    return [each for each in figures if each.within(QUICK_MARGIN if quick else 0.0) is False]


def _known(kind: type[Figure | Series], told: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is told the members that this kind has: what was computed of them is computed anew."""
    return {each.name: told[each.name] for each in fields(kind)}
