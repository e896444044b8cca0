"""``make fault``: cut the power, let storage fail, kill live cameras, wear one for a shift; print what was done and what it came to."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.fault import undocked
from tests.fault.live import kills
from tests.fault.outcome import Outcome
from tests.fault.outcome import Progress as Hears
from tests.fault.power import cuts
from tests.fault.power.cutter import FULL
from tests.fault.soak import hours
from tests.fault.storage import errors, full

FIGURES = Path("build/fault/figures.json")
KEPT = Path("docs/reliability.json")
SEED = 20261124
KILLS = 200
SHIFT_H = 8.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what it is called on the command line, what it does, and how: from a seed, and how small a share of it."""

    name: str
    does: str
    run: Callable[[int, int, Hears], Outcome]


PARTS = (
    Part(
        "cuts",
        "power cuts at every storage operation, enumerated",
        lambda seed, share, hear: cuts.run(replace(FULL, first=FULL.first // share), seed, hear),
    ),
    Part("errors", "storage errors at every operation", lambda _seed, share, hear: errors.run(hear, share)),
    Part("full", "full cards, at every level and in every state", lambda _seed, _share, hear: full.run(hear)),
    Part("dock", "dock links that die", lambda _seed, _share, hear: undocked.run(hear)),
    Part(
        "live",
        "live cameras, killed at random moments",
        lambda seed, share, hear: kills.run(KILLS // share, seed, hear),
    ),
    Part("soak", "a shift on a virtual clock", lambda seed, share, hear: hours.run(seed, SHIFT_H / share, hear)),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts asked for; 0 when no promise is broken, 1 when one is."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.keep and options.share > 1:
        parser.error("--keep keeps the figures of the whole, not those of a --share")
    console = Console()
    outcomes = [_run(part, options, console) for part in PARTS if part.name in (options.part or [part.name])]
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    for path in (FIGURES, *((KEPT,) if options.keep else ())):
        figures = _figures(options.seed, outcomes, path if path is KEPT else None)
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    violations = [f"{outcome.part}: {text}" for outcome in outcomes for text in outcome.violations]
    console.print(_table(outcomes))
    for text in violations[:50]:
        console.print(f"broken: {text}", style="red", markup=False, highlight=False, soft_wrap=True)
    if len(violations) > 50:
        console.print(f"and {len(violations) - 50} more")
    console.print(f"seed {options.seed}; {len(violations)} violations; the figures are in {FIGURES}", soft_wrap=True)
    return 1 if violations else 0


def _figures(seed: int, outcomes: Sequence[Outcome], kept: Path | None) -> dict[str, object]:
    """All figures, and where they come from; those of parts that did not run stay as they were kept."""
    before = json.loads(kept.read_text(encoding="utf-8"))["parts"] if kept is not None and kept.exists() else {}
    return {
        "day": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "seed": seed,
        "parts": before | {each.part: {**each.figures, "violations": len(each.violations)} for each in outcomes},
    }


def _run(part: Part, options: argparse.Namespace, console: Console) -> Outcome:
    columns = (
        TextColumn("{task.description:<8}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[words]}"),
    )
    began = time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(part.name, total=1.0, words=part.does)
        outcome = part.run(
            options.seed, options.share, lambda done, words: bars.update(task, completed=done, words=words)
        )
    if not console.is_terminal:
        took = time.monotonic() - began
        console.print(f"{part.name}: {part.does}: {took:.0f} s, {len(outcome.violations)} violations", soft_wrap=True)
    return outcome


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("part", "figure", "")
    for outcome in outcomes:
        for index, (name, value) in enumerate(outcome.figures.items()):
            shown = f"{value:,}" if isinstance(value, (int, float)) and name != "seed" else str(value)
            table.add_row("" if index else outcome.part, name, shown)
        table.add_row("", "violations", str(len(outcome.violations)), end_section=True)
    return table


def _parser() -> argparse.ArgumentParser:
    lines = "\n".join(f"  {part.name:<8}{part.does}" for part in PARTS)
    parser = argparse.ArgumentParser(
        prog="python -m tests.fault",
        description=f"What may go wrong with power, storage and parts, and what comes of it:\n{lines}",
        epilog="Exit status: 0 when every promise holds, 1 when one is broken: each is printed with what leads back to it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [part.name for part in PARTS]
    parser.add_argument("--part", action="append", choices=names, help="only this one; may be given more than once")
    parser.add_argument(
        "--keep", action="store_true", help=f"keep the figures in {KEPT} too, part by part; make docs shows them"
    )
    parser.add_argument(
        "--share",
        type=int,
        choices=range(1, 11),
        default=1,
        metavar="N",
        help=f"one storage error of N, at most {FULL.first} states / N of one moment, {KILLS} kills / N, {SHIFT_H:.0f} hours / N (default 1: all)",
    )
    parser.add_argument("--seed", type=int, default=SEED, help=f"what is drawn is drawn from it (default {SEED})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
