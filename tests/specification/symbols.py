"""Symbols of a wiring drawing, as SVG.  A sheet remembers where lines and words lie, so that a test can find what lies on what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

INK = "#1b1f24"
FAINT = "#5b6470"
LETTER = 0.61
"""How wide a letter is at most on average, as a part of its size, in the fonts that a browser takes for sans-serif."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Words:
    """Words, and the rectangle that they fill."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass
class Sheet:
    """What is drawn, in order; where words lie, and along which points each wire runs."""

    drawn: list[str] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    wires: dict[str, list[Point]] = field(default_factory=dict)

    def say(
        self, x: float, y: float, text: str, anchor: str = "start", size: int = 12, colour: str = INK, weight: int = 400
    ) -> None:
        """Words on the line ``y``."""
        width = len(text) * size * LETTER
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        self.words.append(Words(text, left, y - size * 0.8, left + width, y + size * 0.25))
        bold = f' font-weight="{weight}"' if weight != 400 else ""
        self.drawn.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"{bold}>{escape(text)}</text>'
        )

    def line(self, points: Sequence[Point], colour: str = INK, width: float = 1.6) -> None:
        """A line through these points."""
        way = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.drawn.append(
            f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round" stroke-linecap="round"/>'
        )

    def wire(self, name: str, points: list[Point], colour: str) -> None:
        """A wire from a pin to a part, with a light border, so that one that crosses another is seen to go over it."""
        self.wires[name] = points
        self.line(points, "#ffffff", 5)
        self.line(points, colour, 2.4)

    def box(self, x: float, y: float, width: float, height: float, fill: str, edge: str, round_: float = 5) -> None:
        """A rectangle."""
        self.drawn.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round_:g}" fill="{fill}" stroke="{edge}"/>'
        )

    def dot(self, x: float, y: float, radius: float, fill: str = INK, edge: str = "none") -> None:
        """A disc."""
        self.drawn.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{edge}" stroke-width="1.6"/>'
        )

    def shape(self, points: Sequence[Point], fill: str) -> None:
        """A filled shape."""
        way = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.drawn.append(f'<polygon points="{way}" fill="{fill}" stroke="{INK}" stroke-width="1.2"/>')


@dataclass(frozen=True)
class Pen:
    """Draws outward from the edge of a part at which its wires end: ``way`` 1 to the right, -1 to the left.  All ``at`` count from that edge."""

    sheet: Sheet
    edge: float
    way: int

    def point(self, at: float, y: float) -> Point:
        """Where that is."""
        return self.edge + self.way * at, y

    def line(self, *points: Point) -> None:
        """A line through points that count from the edge."""
        self.sheet.line([self.point(*each) for each in points])

    def say(self, at: float, y: float, text: str, anchor: str = "middle", size: int = 11, colour: str = FAINT) -> None:
        """Words; ``start`` is the end that is nearer to the edge."""
        flipped = {"start": "end", "end": "start", "middle": "middle"}
        self.sheet.say(*self.point(at, y), text, anchor if self.way > 0 else flipped[anchor], size, colour)

    def dot(self, at: float, y: float, radius: float = 2.8) -> None:
        """A joint."""
        self.sheet.dot(*self.point(at, y), radius)

    def resistor(self, at: float, y: float, ohms: str) -> float:
        """Lying; where it ends.  Its value stands above."""
        x = self.point(at + (0 if self.way > 0 else 30), y)[0]
        self.sheet.box(x, y - 5, 30, 10, "#ffffff", INK, 1)
        self.say(at + 15, y - 9, ohms, size=10)
        return at + 30

    def standing(self, at: float, y: float, ohms: str) -> float:
        """A resistor that stands; the y at which it ends.  Its value stands beside."""
        self.sheet.box(self.point(at, y)[0] - 5, y, 10, 26, "#ffffff", INK, 1)
        self.say(at + 10, y + 17, ohms, "start", 10)
        return y + 26

    def diode(self, at: float, y: float, fill: str = "#ffffff", *, lit: bool = False) -> float:
        """Lying, the bar outward; where it ends.  ``lit``: one that shines."""
        self.sheet.shape([self.point(at, y - 8), self.point(at, y + 8), self.point(at + 15, y)], fill)
        self.line((at + 15, y - 8), (at + 15, y + 8))
        if lit:
            for start in (5, 11):
                self.sheet.line([self.point(at + start, y - 9), self.point(at + start + 5, y - 14)], width=1)
                tip = [self.point(at + start + each, y - up) for each, up in ((6, 15), (2, 13.5), (4.5, 11))]
                self.sheet.shape(tip, INK)
        return at + 15

    def ground(self, at: float, y: float) -> None:
        """The sign for ground, hanging."""
        self.line((at, y), (at, y + 8))
        for index, half in enumerate((9, 6, 3)):
            self.line((at - half, y + 8 + 4 * index), (at + half, y + 8 + 4 * index))

    def supply(self, at: float, y: float, volts: str) -> None:
        """The sign for a supply, standing, with its name above."""
        self.line((at, y), (at, y - 9))
        self.line((at - 7, y - 9), (at + 7, y - 9))
        self.say(at, y - 13, volts, size=10, colour="#b3261e")

    def contact(self, at: float, y: float, *, opens: bool) -> float:
        """A contact that closes, or one that opens; where it ends."""
        self.dot(at, y)
        self.dot(at + 34, y)
        if opens:
            self.line((at, y), (at + 37, y - 5))
            self.line((at + 34, y), (at + 34, y - 8))
        else:
            self.line((at, y), (at + 31, y - 13))
        return at + 34

    def transistor(self, at: float, y: float) -> float:
        """An NPN transistor with its base at ``at``; where collector (18 above) and emitter (18 below) end."""
        self.line((at, y), (at + 12, y))
        self.line((at + 12, y - 11), (at + 12, y + 11))
        self.line((at + 12, y - 5), (at + 28, y - 18))
        self.line((at + 12, y + 5), (at + 28, y + 18))
        self.sheet.shape([self.point(at + 26, y + 16.5), self.point(at + 18, y + 14), self.point(at + 22, y + 9)], INK)
        return at + 28
