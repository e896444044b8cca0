"""Plots in SVG: a figure's rounds against what is promised, all of a suite's in one, and a course over a quantity.

Pure: figures go in, text comes out.  Colours follow the reader's light or dark scheme, in a page and as a file alike.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from tools.bench.figure import Figure, Series
from tools.bench.words import number, promise, said

WIDTH: Final = 440
"""Of every plot, so that its words can be read on a telephone."""
_STRIP, _LINE = 58, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 34, 26, 44
_SPAN: Final = 1.35
"""A strip shows at least so many times as much on either side of all that is on it."""
_NEAR: Final = 8.0
"""Parity is shown where it is no further than so many times from the rest."""
_APART: Final = 48
_LABEL, _ACROSS = 16, 60
"""Of a board's words: the height of a line, and how many characters it has room for."""
_STYLE: Final = (
    "<style>text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;fill:#5c6370}.name{fill:#1d2026}"
    ".paper{fill:#fff}.axis{stroke:#9aa2b1}.dot{fill:#3b6fc4;fill-opacity:.55}.median{stroke:#1d2026;stroke-width:3}"
    ".promise{stroke:#1f7a43;stroke-width:2}.aim{stroke:#1f7a43;stroke-width:1.5;stroke-dasharray:3 3}.bad{fill:#b3261e;fill-opacity:.1}"
    ".course{fill:none;stroke:#3b6fc4;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#9aa2b1}.name{fill:#e6e8ec}.paper{fill:#1b1f26}.dot{fill:#8db4f5}.median{stroke:#e6e8ec}"
    ".promise,.aim{stroke:#5ecb8a}.bad{fill:#ff8a80;fill-opacity:.16}.course{stroke:#8db4f5}}</style>"
)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where values stand on a line from ``left`` to ``right``; ``log``: by factors, for which both ends are above zero."""

    low: float
    high: float
    left: float
    right: float
    log: bool

    def at(self, value: float) -> float:
        """Its place."""
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.left + (self.right - self.left) * part


def strip(figure: Figure) -> str:
    """Each round of a figure as a dot on an axis of factors, its median as a bar; what breaks the promise is shaded, the aim dashed."""
    return _drawn(_STRIP, f"{figure.what}: {said(figure)}", _strip(figure))


def board(figures: Sequence[Figure], title: str) -> str:
    """The strips of several figures, each under its words."""
    parts, top = [], 10
    for figure in figures:
        for line in _lines(figure):
            top += _LABEL
            parts.append(f'<text class="name" x="8" y="{top}">{escape(line)}</text>')
        strips = "".join(_strip(figure))
        parts.append(
            f'<svg x="0" y="{top + 6}" width="{WIDTH}" height="{_STRIP}" viewBox="0 0 {WIDTH} {_STRIP}">{strips}</svg>'
        )
        top += _STRIP + 14
    return _drawn(top, title, [f'<rect class="paper" width="{WIDTH}" height="{top}" rx="8"/>', *parts])


def course(series: Series) -> str:
    """A course from zero up.  ``ValueError`` without a point."""
    if not series.points:
        raise ValueError(f"{series.what}: a course without a point")
    xs, ys = zip(*series.points, strict=True)
    bottom, log = _LINE - _BOTTOM, series.log_x and min(xs) > 0
    lowest, highest = min(0.0, *ys), max(0.0, *ys) * 1.15 or 1.0
    x = _Scale(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1, _LEFT, WIDTH - _RIGHT, log)
    y = _Scale(lowest, highest, bottom, _TOP, log=False)
    points = [(x.at(across), y.at(up)) for across, up in series.points]
    parts = [
        f'<rect class="paper" width="{WIDTH}" height="{_LINE}" rx="8"/>',
        f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y.at(0.0):.1f}" y2="{y.at(0.0):.1f}"/>',
        f'<line class="axis" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{bottom}"/>',
        f'<polyline class="course" points="{" ".join(f"{across:.1f},{up:.1f}" for across, up in points)}"/>',
        *(f'<circle class="dot" cx="{across:.1f}" cy="{up:.1f}" r="4"/>' for across, up in points),
        *(
            f'<text x="{_LEFT - 7}" y="{y.at(tick) + 4:.1f}" text-anchor="end">{number(tick)}</text>'
            for tick in _ticks(highest)
        ),
        *(
            f'<text x="{x.at(each):.1f}" y="{bottom + 18}" text-anchor="middle">{number(each)}</text>'
            for each in _spread(xs, x.at)
        ),
        f'<text x="8" y="15">{escape(series.y)}</text>',
        f'<text x="{WIDTH - 8}" y="{_LINE - 8}" text-anchor="end">{escape(series.x)}</text>',
    ]
    return _drawn(_LINE, f"{series.what}: {series.y} over {series.x}", parts)


def _strip(figure: Figure) -> list[str]:
    marks = [each for each in (figure.least, figure.most, figure.aim) if each is not None]
    shown = [*figure.ratios, *marks]
    if not shown or min(shown) / _NEAR <= 1.0 <= max(shown) * _NEAR:
        shown.append(1.0)
        marks.append(1.0)
    log = min(shown) > 0
    low = min(shown) / _SPAN if log else min(shown) - 0.05
    scale = _Scale(low, max(shown) * _SPAN, 8, WIDTH - 8, log)
    middle = _STRIP / 2 - 6
    parts = []
    if figure.least is not None:
        parts.append(_bad(scale.left, scale.at(figure.least)))
    if figure.most is not None:
        parts.append(_bad(scale.at(figure.most), scale.right))
    parts.append(f'<line class="axis" x1="{scale.left}" x2="{scale.right}" y1="{middle}" y2="{middle}"/>')
    parts += [_upright("axis", scale.at(1.0), middle, 7)] if 1.0 in marks else []
    for kind, values in (("promise", (figure.least, figure.most)), ("aim", (figure.aim,))):
        parts += [_upright(kind, scale.at(each), middle, 17) for each in values if each is not None]
    parts += [f'<circle class="dot" cx="{scale.at(each):.1f}" cy="{middle}" r="5"/>' for each in figure.ratios]
    if figure.value is not None:
        parts.append(_upright("median", scale.at(figure.value), middle, 11))
    return [*parts, *_labels({number(each): scale.at(each) for each in marks})]


def _lines(figure: Figure) -> Iterator[str]:
    """A figure's words, as wide as a board."""
    yield from textwrap.wrap(f"{figure.what}, against {figure.against}", _ACROSS)
    yield from textwrap.wrap("; ".join(each for each in (said(figure), promise(figure)) if each), _ACROSS)


def _ticks(top: float) -> list[float]:
    """Round values from zero up, four or five of them."""
    rough = top / 4
    power: float = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough)
    return [step * index for index in range(int(top / step) + 1)]


def _spread(xs: Iterable[float], at: Callable[[float], float]) -> list[float]:
    """Of all values those that can be labelled without one label running into the next; the last one always."""
    kept: list[float] = []
    for x in sorted(set(xs), reverse=True):
        if not kept or at(kept[-1]) - at(x) > _APART:
            kept.append(x)
    return kept


def _labels(labels: dict[str, float]) -> list[str]:
    """Below the axis; the one that would run into another is left out."""
    parts, last = [], -math.inf
    for text, x in sorted(labels.items(), key=lambda each: each[1]):
        if x - last > _APART / 2:
            place = min(max(x, 14), WIDTH - 14)
            parts.append(f'<text x="{place:.1f}" y="{_STRIP - 3}" text-anchor="middle">{text}</text>')
            last = x
    return parts


def _bad(left: float, right: float) -> str:
    return f'<rect class="bad" x="{left:.1f}" y="2" width="{max(0.0, right - left):.1f}" height="{_STRIP - 18}"/>'


def _upright(kind: str, x: float, middle: float, reach: float) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{middle - reach}" y2="{middle + reach}"/>'


def _drawn(height: int, title: str, parts: Sequence[str]) -> str:
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(title)}</title>{_STYLE}{"".join(parts)}</svg>'
