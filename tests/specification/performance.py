"""The page on performance: tables and pictures of the run that was kept last (``make bench BENCH_ARGS=--keep``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.specification.tables import table
from tools.bench.figure import Figure
from tools.bench.flame import flame
from tools.bench.plots import board, course
from tools.bench.report import Report
from tools.bench.sampling import Profile
from tools.bench.suites import SUITES
from tools.bench.words import fact, number, promise, said

DOCS = Path(__file__).resolve().parents[2] / "docs"
KEPT = DOCS / "performance.json"
MOST_LINES = 12
LEAST_LINE = 0.01
"""A profile's table has no more lines than these, and none that took less than this share."""
_MARK = re.compile(r"<!-- made: (figures|profile)-([a-z]+) -->")
_VERDICTS = {None: "", True: "kept", False: "**not kept**"}


def kept() -> Report:
    """The run that was kept."""
    return Report.read(KEPT)


def made(page: str) -> Mapping[str, Callable[[], str]]:
    """What belongs between the marks of the page; ``ValueError`` where a suite has no place on it."""
    report, marks = kept(), _MARK.findall(page)
    for kind in ("figures", "profile"):
        if missing := set(SUITES) - {suite for each, suite in marks if each == kind}:
            raise ValueError(f"performance.md: no marks for the {kind} of {', '.join(sorted(missing))}")
    makers = {"figures": _figures, "profile": _profile}
    return {
        "machine": partial(_machine, report),
        "headlines": partial(_headlines, report),
        **{f"{kind}-{suite}": partial(makers[kind], report, suite) for kind, suite in marks},
    }


def pictures() -> dict[str, str]:
    """Every picture of the page, by its name below ``docs/``."""
    report = kept()
    drawn = {}
    for suite in report.suites:
        if figures := _measured(report, suite):
            drawn[_picture(suite)] = board(figures, f"{suite}: each round of each figure against its promise")
        for index, series in enumerate(each for each in report.series if each.suite == suite):
            drawn[_picture(f"{suite}-{index + 1}")] = course(series)
        if suite in report.profiles:
            drawn[_picture(f"{suite}-profile")] = flame(report.profiles[suite].stacks, f"{suite}: a profile")
    return {name: f"{text.rstrip()}\n" for name, text in drawn.items()}


def _picture(what: str) -> str:
    return f"pictures/bench-{what}.svg"


def _measured(report: Report, suite: str) -> list[Figure]:
    return [each for each in report.figures if each.suite == suite and each.value is not None]


def _machine(report: Report) -> str:
    machine = report.machine
    with_what = f"Python {machine['python']}, {machine['openssl']}, cryptography {machine['cryptography']}, PyAV {machine['av']}"
    return (
        f"Measured on {report.day} at {machine['commit']} on {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']} {machine['kernel']}, {machine['file_system']}; {with_what}."
    )


def _headlines(report: Report) -> str:
    rows = []
    for suite, seconds in report.suites.items():
        promised = [each for each in report.figures if each.suite == suite and each.kept is not None]
        aimed = [each for each in _measured(report, suite) if each.aim is not None]
        skipped = sum(each.value is None for each in report.figures if each.suite == suite)
        rows.append(
            [
                f"[{suite}](#{_place(suite)})",
                SUITES[suite].asks if suite in SUITES else "",
                f"{sum(each.kept is True for each in promised)} of {len(promised)}",
                f"{sum(each.reached is True for each in aimed)} of {len(aimed)}" if aimed else "",
                skipped or "",
                f"{seconds:.0f} s",
            ]
        )
    return table(["suite", "asks", "promises kept", "aims reached", "skipped", "took"], rows)


def _place(suite: str) -> str:
    """Where its section is: the heading that stands before its marks."""
    text = (DOCS / "performance.md").read_text(encoding="utf-8")
    before = text.split(f"<!-- made: figures-{suite} -->")[0]
    heading = re.findall(r"^## (.+)$", before, re.MULTILINE)[-1]
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _figures(report: Report, suite: str) -> str:
    if suite not in report.suites:
        return f"Not measured yet: `lapel bench {suite}`."
    parts = [f"`lapel bench {suite}`:"]
    figures = [each for each in report.figures if each.suite == suite]
    if figures:
        rows = [[each.what, each.against, said(each), promise(each), _VERDICTS[each.kept]] for each in figures]
        parts.append(table(["what", "against", "ratio: median (spread)", "promised", ""], rows))
    if _measured(report, suite):
        parts.append(f"![Each round of each figure against its promise]({_picture(suite)})")
    details = [_detail(each) for each in figures if each.facts or each.note]
    if details:
        parts.append("\n".join(["Made of:", "", *details]))
    for index, series in enumerate(each for each in report.series if each.suite == suite):
        parts.append(f"![{series.what}: {series.y} over {series.x}]({_picture(f'{suite}-{index + 1}')})")
        ends = f"{series.what}: {number(series.points[0][1])} at first, {number(series.points[-1][1])} at last."
        parts.append(f"{ends[0].upper()}{ends[1:]}")
    return "\n\n".join(parts)


def _detail(figure: Figure) -> str:
    facts = ", ".join(fact(name, value) for name, value in figure.facts.items())
    words = ". ".join(each.rstrip(".") for each in (facts, figure.note) if each)
    return f"- {figure.what}, against {figure.against}: {words}."


def _profile(report: Report, suite: str) -> str:
    if suite not in report.profiles:
        return "No profile was kept."
    profile = report.profiles[suite]
    rows = [
        [f"`{function}`", f"`{_bare(line)}`", f"{share:.1%}"]
        for function, line, share in profile.lines()[:MOST_LINES]
        if share >= LEAST_LINE
    ]
    return "\n\n".join(
        [
            f"Where the processor's time goes (`lapel bench profile {suite}`; {_threads(profile)}):",
            table(["function", "line that ran", "share"], rows),
            f"![Flame graph: functions as wide as what they took]({_picture(f'{suite}-profile')})",
        ]
    )


def _threads(profile: Profile) -> str:
    shares: dict[str, float] = {}
    for stack, seconds in profile.stacks.items():
        shares[stack[0]] = shares.get(stack[0], 0.0) + seconds / (profile.cpu_s or 1.0)
    busiest: Sequence[tuple[str, float]] = sorted(shares.items(), key=lambda each: -each[1])[:4]
    return "threads: " + ", ".join(f"{name} {share:.0%}" for name, share in busiest)


def _bare(line: str) -> str:
    """A line that can stand as code in a table's cell."""
    return line.replace("`", "'").replace("|", "/")
