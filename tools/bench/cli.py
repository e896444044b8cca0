"""``lapel bench``: measure against peers and limits in the same run; compare two runs."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tools.bench import machine, page, tables
from tools.bench.figure import Figure, Series
from tools.bench.report import Report, ReportError, broken
from tools.bench.suites import SUITES, Scale

Found = Figure | Series
WELL, NOT_WELL, WRONG = 0, 1, 2
WHOLE, QUICK = Path("build/bench/report.json"), Path("build/bench/quick.json")
ROUNDS: Final = {False: 5, True: 3}
HELP = f"""\
Measure Lapel against what it is measured by: a limit (the same bytes, encrypted and hashed and written, and nothing else) or a peer
(age, ffmpeg, gocryptfs, rsync, openssl), in the same run, in turns.  The headline is always a ratio.

  lapel bench                       all of it, ten minutes at most; {WHOLE} and a page beside it
  lapel bench --quick               the parts that a minute has room for
  lapel bench sealing offload       some of it
  lapel bench --compare OLD NEW     what became of each ratio; runs of different machines are refused

Suites:
""" + "\n".join(f"  {name:<10}{suite.asks}" for name, suite in SUITES.items())
EPILOG = (
    "Exit status: 0 every promise was kept, 1 one was not, or the runs cannot be compared, 2 the command was wrong."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bench``."""
    raw = argparse.RawDescriptionHelpFormatter
    bench = subparsers.add_parser(
        "bench", help="measure against peers and limits", description=HELP, epilog=EPILOG, formatter_class=raw
    )
    bench.add_argument("suites", nargs="*", metavar="SUITE", choices=[*SUITES, []], help="which of them (all)")
    bench.add_argument("--quick", action="store_true", help="fewer rounds of less; a minute")
    bench.add_argument("--rounds", type=int, metavar="N", help="of each so many, in turns (5; 3 in a quick run)")
    bench.add_argument("--dir", type=Path, metavar="DIR", help="a directory on the disk that counts (the system's)")
    bench.add_argument("--out", type=Path, metavar="FILE", help=f"the report ({WHOLE}; a quick one {QUICK})")
    bench.add_argument("--keep", action="store_true", help="keep the figures for the documents: docs/performance.json")
    bench.add_argument("--json", action="store_true", help="one JSON object a line for each figure, as it comes")
    bench.add_argument("--compare", nargs=2, type=Path, metavar=("OLD", "NEW"), help="compare two reports")
    bench.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, or compare."""
    if options.compare:
        return compare(*options.compare)
    options.rounds = ROUNDS[options.quick] if options.rounds is None else options.rounds
    if options.rounds < 1:
        print("lapel bench: --rounds has to be 1 or more", file=sys.stderr)
        return WRONG
    console = Console(stderr=options.json, width=None if sys.stdout.isatty() else tables.WIDTH)
    chosen = options.suites or [name for name, suite in SUITES.items() if suite.quick_s or not options.quick]
    with tempfile.TemporaryDirectory(prefix="lapel-bench-", dir=options.dir) as place:
        report = Report(machine.describe(Path(place)), f"{datetime.now(UTC):%Y-%m-%d}", options.quick)
        for name in chosen:
            found, seconds = _suite(name, options, Path(place), console)
            report.add(name, seconds, found)
    out: Path = options.out or (QUICK if options.quick else WHOLE)
    report.write(out)
    out.with_suffix(".html").write_text(page.page(report), encoding="utf-8")
    if options.keep:
        report.write(tables.KEPT)
    console.print(f"{out}, {out.with_suffix('.html')}", soft_wrap=True)
    for figure in report.broken:
        console.print(f"[bold]NOT KEPT[/]  {figure.suite}: {figure.what}, against {figure.against}", soft_wrap=True)
    return NOT_WELL if report.broken else WELL


def compare(old: Path, new: Path) -> int:
    """Say what became of each ratio; refuse where the machines differ."""
    try:
        before, after = Report.read(old), Report.read(new)
    except (ReportError, OSError) as error:
        print(f"lapel bench: {error}", file=sys.stderr)
        return WRONG
    if apart := machine.differences(before.machine, after.machine):
        print("lapel bench: these runs are of different machines, and say nothing of each other:", file=sys.stderr)
        print("\n".join(f"  {line}" for line in apart), file=sys.stderr)
        return NOT_WELL
    Console(width=tables.WIDTH).print(tables.changes(before, after))
    return WELL


def _suite(name: str, options: argparse.Namespace, place: Path, console: Console) -> tuple[list[Found], float]:
    """One suite's figures and how long it took.  Where a promise was not kept it is measured once more, and that counts: other work on the
    machine passes, what is slow stays slow."""
    began = time.monotonic()
    found = _measured(name, options, place, console)
    if broken([each for each in found if isinstance(each, Figure)], quick=options.quick):
        console.print(f"{name}: a promise was not kept; once more", style="yellow")
        found = _measured(name, options, place, console)
    took = time.monotonic() - began
    if options.json:
        for each in found:
            print(json.dumps({**asdict(each), "kind": type(each).__name__.lower()}, ensure_ascii=False), flush=True)
    else:
        console.print(tables.figures(name, [each for each in found if isinstance(each, Figure)], took))
    return found, took


def _measured(name: str, options: argparse.Namespace, place: Path, console: Console) -> list[Found]:
    found: list[Found] = []
    with tempfile.TemporaryDirectory(dir=place) as own, _watched(name, console) as tell:
        for each in SUITES[name].measure(Scale(options.quick, options.rounds, Path(own))):
            found.append(each)
            tell(each.what)
    return found


@contextmanager
def _watched(name: str, console: Console) -> Iterator[Callable[[str], None]]:
    """Show that something goes on, where somebody looks."""
    suite = SUITES[name]
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"{name}: {suite.asks}", total=None, last="")
        yield lambda what: progress.update(task, last=what)
