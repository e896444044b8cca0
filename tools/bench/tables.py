"""A run as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from rich.table import Table

from tools.bench.figure import Figure
from tools.bench.plots import number, promise, said
from tools.bench.report import Report

KEPT: Final = Path("docs/performance.json")
WIDTH: Final = 150
VERDICTS: Final = {None: "", True: "kept", False: "NOT KEPT"}


def figures(name: str, found: Sequence[Figure], seconds: float) -> Table:
    """What one suite found."""
    table = Table(title=f"{name}, {seconds:.0f} s", title_justify="left")
    for column in ("what", "against", "ratio", "promised", "", "made of"):
        table.add_column(column)
    for each in found:
        facts = ", ".join(f"{key} {number(value)}" for key, value in each.facts.items())
        table.add_row(each.what, each.against, said(each), promise(each), VERDICTS[each.kept], facts or each.note)
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
