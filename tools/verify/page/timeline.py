"""A time line in SVG: lanes with spans and marks over a common axis in UTC.

Pure: times in milliseconds go in, text comes out.  Colours are classes, for the page that holds it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tools.verify.page.markup import Markup, text

WIDTH: Final = 1040
LEFT: Final = 112
RIGHT: Final = 14
BAR: Final = 22
ROW: Final = 15
LANE_GAP: Final = 16
AXIS: Final = 30
NARROWEST: Final = 3.5
"""A span shorter than this is drawn so wide that it can be seen."""
NOTCH: Final = 6
"""How far a mark's line reaches into its lane's bar."""
CHARACTER: Final = 6.3
"""About the width of one at the labels' size."""

_DAY_S: Final = 86_400
_STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, _DAY_S, 7 * _DAY_S)
_MOST_TICKS: Final = 14


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a lane; ``kind`` is its CSS class."""

    begin_ms: float
    end_ms: float
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a lane; ``kind`` is its CSS class."""

    at_ms: float
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of the drawing."""

    title: str
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()


def draw(lanes: Sequence[Lane], bands: Sequence[Span] = (), *, title: str = "time line in UTC") -> Markup:
    """The drawing; ``bands`` run through all lanes, ``title`` is what it is called where it cannot be seen.  At least
    one lane has a span."""
    spans = [span for lane in lanes for span in lane.spans]
    scale = Scale(min(span.begin_ms for span in spans), max(span.end_ms for span in spans))
    body: list[str] = []
    y = 24.0
    for lane in lanes:
        drawn, y = _lane(lane, scale, y)
        body += drawn
    height = y + AXIS
    back = [line for band in bands for line in _band(band, scale, y)]
    axis = list(_axis(scale, y))
    document = "\n".join(
        [
            f'<svg class="timeline" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{text(title)}">',
            *back,
            *axis,
            *body,
            "</svg>",
        ]
    )
    return Markup(document)


@dataclass(frozen=True, slots=True)
class Scale:
    """From milliseconds to the horizontal place."""

    begin_ms: float
    end_ms: float

    def x(self, at_ms: float) -> float:
        """Where a time is; one outside is at the border."""
        part = (at_ms - self.begin_ms) / max(1.0, self.end_ms - self.begin_ms)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, part))

    @property
    def step_s(self) -> int:
        """Seconds from one tick to the next."""
        length_s = (self.end_ms - self.begin_ms) / 1000
        least = next((step for step in _STEPS_S if length_s / step <= _MOST_TICKS), _STEPS_S[-1])
        return least * max(1, math.ceil(length_s / least / _MOST_TICKS))

    def ticks(self) -> list[int]:
        """Round times, in milliseconds, not too many."""
        step_ms = 1000 * self.step_s
        first = -int(-self.begin_ms // step_ms)
        return [number * step_ms for number in range(first, int(self.end_ms // step_ms) + 1)]


def place_labels(marks: Sequence[Mark], scale: Scale) -> list[tuple[Mark, int, float]]:
    """For each mark its label's row, counted from the bar upwards, and where the label begins: no two labels overlap."""
    ends: list[float] = []
    placed = []
    for mark in sorted(marks, key=lambda mark: mark.at_ms):
        width = len(mark.label) * CHARACTER
        begin = min(scale.x(mark.at_ms) + 4, WIDTH - width)
        row = next((row for row, end in enumerate(ends) if end < begin), len(ends))
        ends[row : row + 1] = [begin + width + CHARACTER]
        placed.append((mark, row, begin))
    return placed


def _lane(lane: Lane, scale: Scale, y: float) -> tuple[list[str], float]:
    """A lane whose upper edge is at ``y``, and where the next one may begin."""
    placed = place_labels(lane.marks, scale)
    bar_y = y + ROW * (1 + max((row for _, row, _ in placed), default=-1))
    out = [f'<text class="lane" x="0" y="{bar_y + BAR * 0.7:.1f}">{text(lane.title)}</text>']
    for span in lane.spans:
        x, width = scale.x(span.begin_ms), scale.x(span.end_ms) - scale.x(span.begin_ms)
        out.append(
            f'<rect class="{span.kind}" x="{x:.1f}" y="{bar_y:.1f}" width="{max(width, NARROWEST):.1f}" height="{BAR}" rx="2"/>'
        )
        if span.label and len(span.label) * CHARACTER < width:
            out.append(
                f'<text class="in {span.kind}" x="{x + width / 2:.1f}" y="{bar_y + BAR * 0.68:.1f}">{text(span.label)}</text>'
            )
    for mark, row, begin in placed:
        x, top = scale.x(mark.at_ms), bar_y - ROW * row - 11
        out.append(f'<line class="{mark.kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bar_y + NOTCH:.1f}"/>')
        out.append(f'<text class="mark {mark.kind}" x="{begin:.1f}" y="{top + 8:.1f}">{text(mark.label)}</text>')
    return out, bar_y + BAR + LANE_GAP


def _band(band: Span, scale: Scale, y: float) -> Iterator[str]:
    x, width = scale.x(band.begin_ms), scale.x(band.end_ms) - scale.x(band.begin_ms)
    yield f'<rect class="{band.kind}" x="{x:.1f}" y="16" width="{width:.1f}" height="{y - 16:.1f}"/>'
    yield f'<text class="band" x="{x + width / 2:.1f}" y="11">{text(band.label)}</text>'


def _axis(scale: Scale, y: float) -> Iterator[str]:
    days = scale.end_ms - scale.begin_ms > _DAY_S * 1000
    shape = "%Y-%m-%d" if scale.step_s >= _DAY_S else "%d %b %H:%M" if days else "%H:%M:%S"
    for tick in scale.ticks():
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=tick)
        x = scale.x(tick)
        yield f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="18" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{y + 16:.1f}">{moment:{shape}}</text>'
