"""``lapel bench``: measure against peers and limits in the same run; compare two runs; see where the time goes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tools.bench import machine, page, sampling, tables
from tools.bench.flame import flame
from tools.bench.report import Report, ReportError
from tools.bench.running import Measured, Runner
from tools.bench.suites import SUITES

WELL, NOT_WELL, WRONG = 0, 1, 2
WHOLE, QUICK = Path("build/bench/report.json"), Path("build/bench/quick.json")
ROUNDS: Final = {False: 5, True: 3}
HELP = f"""\
Measure Lapel against what it is measured by: a limit (the same bytes, encrypted and hashed and written, and nothing else) or a peer
(age, ffmpeg, gocryptfs, rsync, openssl), in the same run, in turns.  The headline is always a ratio.

  lapel bench                       all of it, ten minutes at most; {WHOLE} and a page beside it
  lapel bench --quick               the parts that a minute has room for
  lapel bench sealing offload       some of it
  lapel bench compare OLD NEW       what became of each ratio; runs of different machines are refused
  lapel bench profile sealing       where the processor's time goes: a table, and a flame graph in build/bench

Suites:
""" + "\n".join(f"  {name:<10}{suite.asks}" for name, suite in SUITES.items())
EPILOG = """\
A suite in which a promise was not kept is measured once more, and only what was broken twice is broken.  A quick run, which has few rounds,
calls a promise broken only where it is missed by more than a quarter, and not where others took more than a quarter of the processors.

Exit status: 0 every promise was kept, 1 one was not, or the runs cannot be compared, 2 the command was wrong."""


class UsageError(Exception):
    """The command was wrong; the message says how."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bench``."""
    raw = argparse.RawDescriptionHelpFormatter
    bench = subparsers.add_parser(
        "bench",
        help="measure it against peers and limits, in the same run",
        description=HELP,
        epilog=EPILOG,
        formatter_class=raw,
    )
    bench.add_argument("words", nargs="*", metavar="SUITE", help="which of them (all); or compare or profile, as above")
    bench.add_argument("--quick", action="store_true", help="fewer rounds of less; a minute")
    bench.add_argument("--rounds", type=int, metavar="N", help="of each so many, in turns (5; 3 in a quick run)")
    bench.add_argument(
        "--dir", type=Path, metavar="DIR", help="a directory on the disk that counts (that of the report)"
    )
    bench.add_argument("--out", type=Path, metavar="FILE", help=f"the report ({WHOLE}; a quick one {QUICK})")
    bench.add_argument(
        "--keep", action="store_true", help="keep a whole run, with profiles, for the documents: then make docs"
    )
    bench.add_argument("--json", action="store_true", help="one JSON object a line for each figure, as it comes")
    bench.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, compare or profile."""
    verbs = {"compare": _compare, "profile": _profile}
    try:
        return verbs.get(next(iter(options.words), ""), _measure)(options)
    except UsageError as error:
        print(f"lapel bench: {error}", file=sys.stderr)
        return WRONG


def _measure(options: argparse.Namespace) -> int:
    chosen = _suites(options.words) or [name for name, suite in SUITES.items() if suite.quick_s or not options.quick]
    if options.keep and (options.quick or options.words):
        raise UsageError("what is kept is a whole run: --keep goes with no SUITE and without --quick")
    out: Path = options.out or (QUICK if options.quick else WHOLE)
    console = Console(stderr=options.json, width=None if sys.stdout.isatty() else tables.WIDTH)
    with _runner(options, out.parent, console) as runner:
        report = Report(machine.describe(runner.place), f"{datetime.now(UTC):%Y-%m-%d}", options.quick)
        for name in chosen:
            measured = runner.measure(name)
            report.add(name, measured.seconds, measured.found)
            report.repeated += [name] if measured.repeated else []
            report.others[name] = round(measured.others, 3)
            report.write(out)  # of what is done, should another suite fail
            _show(name, measured, report, options, console)
        if options.keep:
            report.write(tables.KEPT)  # should a profile fail
            report.profiles.update({name: seen for name in chosen if (seen := runner.profile(name))})
            report.write(tables.KEPT)
    report.write(out)
    out.with_suffix(".html").write_text(page.page(report), encoding="utf-8")
    console.print(f"{out}, {out.with_suffix('.html')}", soft_wrap=True)
    for figure in report.broken:
        console.print(f"[bold]NOT KEPT[/]  {figure.suite}: {figure.what}, against {figure.against}", soft_wrap=True)
    return NOT_WELL if report.broken else WELL


def _compare(options: argparse.Namespace) -> int:
    """Say what became of each ratio; refuse where the machines differ."""
    try:
        _, old, new = options.words
    except ValueError:
        raise UsageError("compare takes two reports: lapel bench compare OLD NEW") from None
    try:
        before, after = Report.read(Path(old)), Report.read(Path(new))
    except (ReportError, OSError) as error:
        raise UsageError(str(error)) from None
    apart = machine.differences(before.machine, after.machine)
    if before.quick != after.quick:
        apart.append("one is a quick run, and the other a whole one")
    if apart:
        print(
            "lapel bench: these runs say nothing of each other, since they differ in more than Lapel:", file=sys.stderr
        )
        print("\n".join(f"  {line}" for line in apart), file=sys.stderr)
        return NOT_WELL
    Console(width=tables.WIDTH).print(tables.changes(before, after))
    return WELL


def _profile(options: argparse.Namespace) -> int:
    """Show where the time goes, and draw it."""
    out: Path = options.out or WHOLE
    chosen = _suites(options.words[1:])
    if not chosen:
        raise UsageError("profile takes a suite: lapel bench profile sealing")
    console = Console(width=tables.WIDTH)
    with _runner(options, out.parent, console) as runner:
        for name in chosen:
            if (seen := runner.profile(name)) is None:
                raise UsageError(f"{name} has nothing to be profiled")
            console.print(tables.profile(name, seen))
            drawn = out.parent / f"profile-{name}.svg"
            drawn.write_text(flame(seen.pruned(sampling.LEAST), f"{name}: a profile"), encoding="utf-8")
            console.print(f"{drawn}", soft_wrap=True)
    return WELL


def _suites(words: Sequence[str]) -> list[str]:
    """Names of suites, each once; ``UsageError`` for one that there is not."""
    if unknown := [word for word in words if word not in SUITES]:
        raise UsageError(f"no such suite: {', '.join(unknown)}; there are {', '.join(SUITES)}")
    return list(dict.fromkeys(words))


def _show(name: str, measured: Measured, report: Report, options: argparse.Namespace, console: Console) -> None:
    """What a suite found, as soon as it has."""
    if not options.json:
        console.print(tables.figures(name, report))
        return
    for each in measured.found:
        print(json.dumps({**asdict(each), "kind": type(each).__name__.lower()}, ensure_ascii=False), flush=True)


@contextmanager
def _runner(options: argparse.Namespace, beside: Path, console: Console) -> Iterator[Runner]:
    """What runs suites, and shows that something goes on, where somebody looks.  ``UsageError`` for rounds that are none."""
    rounds = ROUNDS[options.quick] if options.rounds is None else options.rounds
    if rounds < 1:
        raise UsageError("--rounds has to be 1 or more")
    place: Path = (options.dir or beside).resolve()
    place.mkdir(parents=True, exist_ok=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def tell(name: str, what: str) -> None:
            progress.update(task, description=f"{name}: {what}")

        yield Runner(SUITES, place, options.quick, rounds, tell)
