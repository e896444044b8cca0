"""A run's page: every round of every figure against its promise.  It needs nothing but itself: style and plots are inside, there is no script.

Pure, but for its own template: a report goes in, text comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from tools.bench.figure import Figure
from tools.bench.plots import course, strip
from tools.bench.report import BUSY, QUICK_MARGIN, Report, Standing
from tools.bench.suites import SUITES
from tools.bench.words import fact, number, promise, said

_KINDS: Final = {
    Standing.KEPT: "good",
    Standing.NEARLY: "warn",
    Standing.BUSY: "warn",
    Standing.BROKEN: "bad",
    Standing.FREE: "none",
    Standing.SKIPPED: "skipped",
}


def page(report: Report) -> str:
    """The whole page."""
    here = Path(__file__).parent
    pieces = {
        "style": (here / "page.css").read_text(encoding="utf-8"),
        "day": escape(report.day),
        "kind": "A quick run" if report.quick else "A run",
        "machine": escape(f"{report.machine['processor']}, {report.machine['cores']} cores"),
        "seconds": f"{sum(report.suites.values()):.0f}",
        "verdict": _verdict(report),
        "margin": _margin(report),
        "headlines": "".join(_headline(each, report) for each in _first(report.figures)),
        "suites": "\n".join(_suite(name, report) for name in report.suites),
        "facts": "".join(
            f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{escape(str(value) or 'not told')}</td></tr>"
            for name, value in report.machine.items()
        ),
    }
    return Template((here / "page.html").read_text(encoding="utf-8")).substitute(pieces)


def _first(figures: Sequence[Figure]) -> list[Figure]:
    """Of each suite its first figure that has a value: suites put what counts first."""
    first: dict[str, Figure] = {}
    for figure in figures:
        if figure.value is not None:
            first.setdefault(figure.suite, figure)
    return list(first.values())


def _verdict(report: Report) -> str:
    standings = [report.standing(each) for each in report.figures]
    broken, skipped = standings.count(Standing.BROKEN), standings.count(Standing.SKIPPED)
    promised = len(standings) - skipped - standings.count(Standing.FREE)
    busy = standings.count(Standing.BUSY)
    words = f"{broken} of {promised} promises not kept" if broken else f"{promised - busy} of {promised} promises kept"
    more = f", {busy} not judged" if busy else ""
    more += f", {skipped} skipped" if skipped else ""
    return f'<p class="verdict {"bad" if broken else "good"}">{words}{more}</p>'


def _margin(report: Report) -> str:
    if not report.quick:
        return ""
    return (
        f"<p>A quick run has few rounds of little: here a promise counts as broken only where its median is missed by more than {QUICK_MARGIN:.0%}, "
        "twice in a row; what is missed by less is marked “not quite”. It judges no suite during which others took more than "
        f"{BUSY:.0%} of the processors.</p>"
    )


def _headline(figure: Figure, report: Report) -> str:
    value = "" if figure.value is None else number(figure.value)
    kind = _KINDS[report.standing(figure)]
    told = escape(f"{figure.what}, against {figure.against}")
    promised = f'<span class="promise">{escape(promise(figure))}</span>' if promise(figure) else ""
    return f'<a class="headline {kind}" href="#{figure.suite}"><b>{value}</b><span>{told}</span>{promised}</a>'


def _suite(name: str, report: Report) -> str:
    asks = SUITES[name].asks if name in SUITES else ""
    figures = "\n".join(_figure(each, report) for each in report.figures if each.suite == name)
    courses = "\n".join(
        f'<figure class="plot"><figcaption>{escape(each.what)}</figcaption>{course(each)}</figure>'
        for each in report.series
        if each.suite == name and each.points
    )
    theirs = report.others.get(name, 0.0)
    took = f"{report.suites[name]:.0f} s{f', others took {theirs:.0%} of the processors' if theirs > BUSY else ''}"
    return f"""<section id="{escape(name)}">
<h2>{escape(name.capitalize())} <span class="soft">{took}</span></h2>
<p class="soft">{escape(asks)}</p>
{figures}
{courses}
</section>"""


def _figure(figure: Figure, report: Report) -> str:
    stands = report.standing(figure)
    kind = _KINDS[stands]
    badge = f'<span class="badge {kind}">{stands}</span>'
    note = f'<p class="note">{escape(figure.note)}</p>' if figure.note else ""
    head = f'<h3>{escape(figure.what)} <span class="soft">against {escape(figure.against)}</span></h3>'
    if figure.value is None:
        return f'<article class="figure skipped"><div>{head}{badge}</div><p class="why">{escape(figure.skipped)}</p>{note}</article>'
    facts = "".join(f"<li>{escape(fact(name, value))}</li>" for name, value in figure.facts.items())
    made = f'<ul class="facts">{facts}</ul>' if facts else ""
    rounds = f"{len(figure.ratios)} round{'s' if len(figure.ratios) != 1 else ''}"
    told = f"<b>{escape(said(figure))}</b> {badge} <span class='soft'>{escape(promise(figure))}</span>"
    return f"""<article class="figure"><div>{head}<p class="told">{told}</p>{made}{note}</div>
<div class="strip" title="{rounds}">{strip(figure)}</div></article>"""
