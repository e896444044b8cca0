"""Plots in SVG: a figure's rounds against what is promised, and a course over a quantity.

Pure: figures go in, text comes out.  Colours follow the reader's light or dark scheme, in a page and as a file alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final
from xml.sax.saxutils import escape

from tools.bench.figure import Figure, Series

WIDTH: Final = 640
_STRIP, _LINE = 64, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 26, 44
_SPAN: Final = 1.6
"""A strip shows at least so many times as much on either side of all that is on it."""
_APART: Final = 64
_STYLE: Final = (
    "<style>text{font:12px system-ui,sans-serif;fill:#5c6370}.axis{stroke:#9aa2b1}.dot{fill:#3b6fc4;fill-opacity:.55}.median{stroke:#1d2026;stroke-width:3}"
    ".promise{stroke:#1f7a43;stroke-width:2}.aim{stroke:#1f7a43;stroke-dasharray:3 3}.bad{fill:#b3261e;fill-opacity:.1}.course{fill:none;stroke:#3b6fc4;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#9aa2b1}.dot{fill:#8db4f5}.median{stroke:#e6e8ec}.promise,.aim{stroke:#5ecb8a}.bad{fill:#ff8a80;fill-opacity:.16}"
    ".course{stroke:#8db4f5}}</style>"
)


def strip(figure: Figure) -> str:
    """Each round of a figure as a dot on an axis of factors, its median as a bar; what breaks the promise is shaded, the aim dashed."""
    marks = [each for each in (figure.least, figure.most, figure.aim) if each is not None]
    shown = [*figure.ratios, *marks, 1.0]
    low, high = min(shown) / _SPAN, max(shown) * _SPAN
    middle, left, right = _STRIP / 2 - 4, 8, WIDTH - 8

    def at(ratio: float) -> float:
        return left + (right - left) * math.log(ratio / low) / math.log(high / low)

    parts = []
    if figure.least is not None:
        parts.append(_bad(left, at(figure.least)))
    if figure.most is not None:
        parts.append(_bad(at(figure.most), right))
    parts.append(f'<line class="axis" x1="{left}" x2="{right}" y1="{middle}" y2="{middle}"/>')
    parts.append(_upright("axis", at(1.0), middle, 8))
    for kind, values in (("promise", (figure.least, figure.most)), ("aim", (figure.aim,))):
        parts += [_upright(kind, at(each), middle, 20) for each in values if each is not None]
    parts += [f'<circle class="dot" cx="{at(each):.1f}" cy="{middle}" r="5"/>' for each in figure.ratios]
    if figure.value is not None:
        parts.append(_upright("median", at(figure.value), middle, 12))
    labels = {number(each): at(each) for each in (1.0, *marks)}
    parts += _labels(labels)
    return _drawn(_STRIP, f"{figure.what}: {said(figure)}", parts)


def course(series: Series) -> str:
    """A course from zero up."""
    xs, ys = zip(*series.points, strict=True)
    first, last, top = min(xs), max(xs), max(ys) * 1.15 or 1.0

    def across(x: float) -> float:
        part = math.log(x / first) / math.log(last / first) if series.log_x else (x - first) / (last - first)
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * part

    def up(y: float) -> float:
        return _LINE - _BOTTOM - (_LINE - _BOTTOM - _TOP) * y / top

    points = [(across(x), up(y)) for x, y in series.points]
    bottom = _LINE - _BOTTOM
    parts = [
        f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>',
        f'<line class="axis" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{bottom}"/>',
        f'<polyline class="course" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>',
        *(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in points),
        *(f'<text x="{_LEFT - 8}" y="{up(y) + 4:.1f}" text-anchor="end">{number(y)}</text>' for y in _ticks(top)),
        *(
            f'<text x="{across(x):.1f}" y="{bottom + 18}" text-anchor="middle">{number(x)}</text>'
            for x in _spread(xs, across)
        ),
        f'<text x="{_LEFT}" y="14">{escape(series.y)}</text>',
        f'<text x="{WIDTH - _RIGHT}" y="{_LINE - 8}" text-anchor="end">{escape(series.x)}</text>',
    ]
    return _drawn(_LINE, f"{series.what}: {series.y} over {series.x}", parts)


def said(figure: Figure) -> str:
    """A figure's value and spread as people read them."""
    if figure.value is None or figure.spread is None:
        return f"not measured: {figure.skipped}"
    low, high = figure.spread
    return f"{number(figure.value)} ({number(low)} to {number(high)})" if low != high else number(figure.value)


def promise(figure: Figure) -> str:
    """What is promised and aimed at, in words; empty where nothing is."""
    parts = []
    if figure.least is not None:
        parts.append(f"at least {number(figure.least)}")
    if figure.most is not None:
        parts.append(f"at most {number(figure.most)}")
    if figure.aim is not None:
        parts.append(f"aim {number(figure.aim)}")
    return ", ".join(parts)


def number(value: float) -> str:
    """Three digits of it, as people write numbers."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ticks(top: float) -> list[float]:
    """Round values from zero up, four or five of them."""
    rough = top / 4
    power: float = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough)
    return [step * index for index in range(int(top / step) + 1)]


def _spread(xs: Sequence[float], across: Callable[[float], float]) -> list[float]:
    """Of all values those that can be labelled without one label running into the next."""
    kept: list[float] = []
    for x in sorted(xs):
        if not kept or across(x) - across(kept[-1]) > _APART:
            kept.append(x)
    return kept


def _labels(labels: dict[str, float]) -> list[str]:
    """Below the axis; the one that would run into another is left out."""
    parts, last = [], -math.inf
    for text, x in sorted(labels.items(), key=lambda each: each[1]):
        if x - last > _APART / 2:
            parts.append(
                f'<text x="{min(max(x, 14), WIDTH - 14):.1f}" y="{_STRIP - 4}" text-anchor="middle">{text}</text>'
            )
            last = x
    return parts


def _bad(left: float, right: float) -> str:
    return f'<rect class="bad" x="{left:.1f}" y="2" width="{max(0.0, right - left):.1f}" height="{_STRIP - 20}"/>'


def _upright(kind: str, x: float, middle: float, reach: float) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{middle - reach}" y2="{middle + reach}"/>'


def _drawn(height: int, title: str, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    return f"{head}<title>{escape(title)}</title>{_STYLE}{''.join(parts)}</svg>"
