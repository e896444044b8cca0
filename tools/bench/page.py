"""A run as one page: the ratios first, each with its rounds against its promise; then courses, what was not measured, and the machine."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from tools.bench.figure import Figure
from tools.bench.plots import course, number, promise, said, strip
from tools.bench.report import QUICK_MARGIN, Report
from tools.bench.suites import SUITES

_WORDS: Final = {None: ("plain", ""), True: ("good", "kept"), False: ("bad", "not kept")}
_STYLE: Final = """
:root { --ink: #1d2026; --soft: #5c6370; --line: #dfe2e8; --paper: #fff; --ground: #f4f5f7; --good: #1f7a43; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --soft: #9aa2b1; --line: #333944; --paper: #1b1f26; --ground: #12151a; --good: #5ecb8a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 60rem; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0; } h2 { font-size: 1.25rem; margin: 0 0 .2rem; } h3 { font-size: 1rem; margin: 0; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 1.2rem; margin-top: 1.2rem; }
article { padding: .8rem 0; border-top: 1px solid var(--line); }
p { margin: .2rem 0; } .soft, dt { color: var(--soft); } .value { font-size: 1.5rem; font-weight: 650; } .good { color: var(--good); } .bad { color: var(--bad); }
svg { display: block; width: 100%; height: auto; max-width: 40rem; } dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; } dd { margin: 0; overflow-wrap: anywhere; }
"""


def page(report: Report) -> str:
    """The page, whole: it needs no script, and nothing from elsewhere."""
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
            f"<title>Lapel, measured</title><style>{_STYLE}</style></head><body>",
            f"<h1>Lapel, measured</h1><p class='soft'>{escape(_summary(report))}</p>",
            *(part for name in report.suites for part in _suite(report, name)),
            "<section><h2>The machine</h2><dl>",
            *(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in report.machine.items()),
            "</dl></section></body></html>\n",
        ]
    )


def _summary(report: Report) -> str:
    judged = [each for each in report.figures if each.kept is not None]
    kept = sum(1 for each in judged if each.kept)
    words = f"{report.day}: {kept} of {len(judged)} promises kept. Each dot is a round, the bar their median; what is shaded breaks the promise."
    if report.quick:
        words += (
            f" A quick run has few rounds: it fails where a promise is missed by more than {QUICK_MARGIN:.0%} of it."
        )
    return words


def _suite(report: Report, name: str) -> Iterator[str]:
    asks = f"{SUITES[name].asks}; " if name in SUITES else ""
    yield f"<section><h2>{escape(name)}</h2><p class='soft'>{escape(asks)}{report.suites[name]:.0f} s</p>"
    for figure in (each for each in report.figures if each.suite == name):
        yield from _figure(figure)
    for series in (each for each in report.series if each.suite == name):
        yield f"<article><h3>{escape(series.what)}</h3>{course(series)}</article>"
    yield "</section>"


def _figure(figure: Figure) -> Iterator[str]:
    yield f"<article><h3>{escape(figure.what)}</h3><p class='soft'>against {escape(figure.against)}</p>"
    if figure.value is None:
        yield f"<p class='bad'>{escape(said(figure))}</p></article>"
        return
    kind, verdict = _WORDS[figure.kept]
    yield f"<p><span class='value'>{number(figure.value)}</span> <span class='{kind}'>{verdict}</span> <span class='soft'>{escape(promise(figure))}</span></p>"
    yield strip(figure)
    facts = ", ".join(f"{name.replace('_', ' ')} {number(value)}" for name, value in figure.facts.items())
    yield "".join(f"<p class='soft'>{escape(each)}</p>" for each in (facts, figure.note) if each)
    yield "</article>"
