"""A run as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.table import Table
from rich.text import Text

from tools.bench.figure import Figure
from tools.bench.report import BUSY, QUICK_MARGIN, Report
from tools.bench.sampling import Profile
from tools.bench.words import fact, promise, said

KEPT: Final = Path("docs/performance.json")
WIDTH: Final = 150
LINES: Final = 20


def figures(name: str, report: Report) -> Table:
    """What one suite found."""
    few = f"few rounds: promises may be missed by {QUICK_MARGIN:.0%}" if report.quick else ""
    twice = "measured twice, since a promise was not kept at first" if name in report.repeated else ""
    theirs = f"others took {report.others[name]:.0%} of the processors" if report.others.get(name, 0.0) > BUSY else ""
    title = "; ".join(each for each in (f"{name}, {report.suites[name]:.0f} s", twice, few, theirs) if each)
    table = Table(title=title, title_justify="left")
    for column in ("what", "against", "ratio", "promised", "", "made of"):
        table.add_column(column)
    for each in (each for each in report.figures if each.suite == name):
        facts = ", ".join(fact(key, value) for key, value in each.facts.items())
        table.add_row(
            each.what, each.against, said(each), promise(each), str(report.standing(each)), facts or each.note
        )
    return table


def profile(name: str, seen: Profile) -> Table:
    """Where the processor's time went."""
    table = Table(title=f"{name}: {seen.cpu_s:.1f} s of the processor in {seen.clock_s:.1f} s", title_justify="left")
    for column in ("function", "line that ran", "share"):
        table.add_column(column)
    for function, line, share in seen.lines()[:LINES]:
        table.add_row(Text(function), Text(line), f"{share:.1%}")
    return table


def changes(before: Report, after: Report) -> Table:
    """What became of each ratio that both runs have.  A change counts where the two runs' spreads do not touch."""
    table = Table(title=f"{before.day} to {after.day}", title_justify="left")
    for column in ("what", "against", "before", "after", "change", ""):
        table.add_column(column)
    for old, new in _pairs(before.figures, after.figures):
        if old.value is None or new.value is None or old.spread is None or new.spread is None:
            continue
        apart = old.spread[1] < new.spread[0] or new.spread[1] < old.spread[0]
        change = f"{new.value / old.value - 1:+.1%}" if old.value else ""
        table.add_row(new.what, new.against, said(old), said(new), change, "beyond the spread" if apart else "")
    return table


def _pairs(before: Iterable[Figure], after: Iterable[Figure]) -> list[tuple[Figure, Figure]]:
    known = {each.name: each for each in before}
    return [(known[each.name], each) for each in after if each.name in known]
