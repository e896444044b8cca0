"""What is drawn in the fields of the wiring drawing: circuits between the wires' ends and ground or a supply."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tests.specification.symbols import INK, Pen

Circuit = Callable[[Pen, list[float]], None]
"""Draws outward from the terminals, which are at these heights."""
LAMP: Mapping[str, str] = {"red": "#ff6b6b", "green": "#63d471", "blue": "#6ea8fe"}


def nothing(_pen: Pen, _ys: list[float]) -> None:
    """A part that hangs on no pin."""


def contact(*, opens: bool) -> Circuit:
    """A contact to ground, which closes or opens."""

    def draw(pen: Pen, ys: list[float]) -> None:
        pen.line((0, ys[0]), (60, ys[0]))
        end = pen.contact(60, ys[0], opens=opens)
        pen.line((end, ys[0]), (end + 34, ys[0]))
        pen.ground(end + 34, ys[0])

    return draw


def lamps(channels: Sequence[str]) -> Circuit:
    """An LED with its resistor for each channel, their cathodes together at ground."""

    def draw(pen: Pen, ys: list[float]) -> None:
        for name, y in zip(channels, ys, strict=True):
            pen.line((0, y), (26, y))
            pen.line((pen.resistor(26, y, "330"), y), (92, y))
            pen.line((pen.diode(92, y, LAMP[name], lit=True), y), (150, y))
        pen.line((150, ys[0]), (150, ys[-1]))
        if len(ys) > 1:
            pen.dot(150, ys[-1])
        pen.ground(150, ys[-1])

    return draw


def driver(sign: str) -> Circuit:
    """A coil behind a transistor, with a diode across it."""

    def draw(pen: Pen, ys: list[float]) -> None:
        y = ys[0]
        pen.line((0, y), (24, y))
        pen.line((pen.resistor(24, y, "1 k"), y), (66, y))
        end = pen.transistor(66, y)
        pen.line((end, y + 18), (end, y + 22))
        pen.ground(end, y + 22)
        pen.line((end, y - 18), (end, y - 30), (130, y - 30))
        pen.sheet.dot(*pen.point(144, y - 30), 14, "#ffffff", INK)
        pen.say(144, y - 26, sign, size=13, colour=INK)
        pen.line((158, y - 30), (196, y - 30))
        pen.line((112, y - 30), (112, y - 58), (136, y - 58))
        pen.line((pen.diode(136, y - 58), y - 58), (176, y - 58), (176, y - 30))
        pen.dot(112, y - 30)
        pen.dot(176, y - 30)
        pen.supply(196, y - 30, "3V3")
        pen.say(116, y + 6, "NPN, e.g. BC337", "start", 10)
        pen.say(196, y - 62, "1N4148", size=10)

    return draw


def divider(pen: Pen, ys: list[float]) -> None:
    """Five volts of the dock, made three."""
    y = ys[0]
    pen.line((0, y), (110, y))
    pen.dot(80, y)
    pen.line((80, y), (80, y + 6))
    pen.ground(80, pen.standing(80, y + 6, "15 k"))
    pen.line((pen.resistor(110, y, "10 k"), y), (176, y))
    pen.supply(176, y, "dock's 5 V")


def bus(chips: Sequence[Sequence[str]]) -> Circuit:
    """Chips side by side below the two lines of a bus: of each the lines of words in it, its name first."""

    def draw(pen: Pen, ys: list[float]) -> None:
        data, clock = ys
        last = 8 + 92 * (len(chips) - 1)
        pen.line((0, data), (last + 22, data))
        pen.line((0, clock), (last + 62, clock))
        pen.say(6, data - 6, "SDA", "start", 10)
        pen.say(6, clock - 6, "SCL", "start", 10)
        for index, (name, *words) in enumerate(chips):
            at, y = 8 + 92 * index, clock + 20
            for offset, of in ((22, data), (62, clock)):
                pen.line((at + offset, of), (at + offset, y))
                pen.dot(at + offset, of)
            _box(pen, at, y, 86, 62)
            pen.say(at + 43, y + 16, name, size=11, colour=INK)
            for line, said in enumerate(words):
                pen.say(at + 43, y + 30 + 13 * line, said, size=10)

    return draw


def module(names: Sequence[str], words: str) -> Circuit:
    """A module: its terminals by name, its supply and its ground."""

    def draw(pen: Pen, ys: list[float]) -> None:
        _terminals(pen, ys, names)
        pen.say(161, (ys[0] + ys[-1]) / 2 + 4, words, "end", 11, INK)
        pen.line((166, ys[0]), (196, ys[0]))
        pen.supply(196, ys[0], "3V3")
        pen.line((166, ys[-1]), (196, ys[-1]))
        pen.ground(196, ys[-1])

    return draw


def supply(pen: Pen, ys: list[float]) -> None:
    """Battery, charger and converter."""
    _terminals(pen, ys, ("5 V out", "5 V out", "ground"))
    middle = (ys[0] + ys[-1]) / 2
    for at, half in ((186, 12), (192, 6), (198, 12), (204, 6)):
        pen.line((at, middle - half), (at, middle + half))
    pen.line((166, middle), (186, middle))
    pen.line((204, middle), (216, middle))
    pen.ground(216, middle)
    pen.say(195, middle - 18, "3.7 V cell", size=10)


def pogo(pen: Pen, ys: list[float]) -> None:
    """The four contacts of a dock."""
    for y, words in zip(ys, ("camera speaks", "camera hears"), strict=True):
        pen.line((0, y), (30, y))
        pen.line((pen.resistor(30, y, "100"), y), (100, y))
        _pad(pen, 106, y, words)
    for at, words in ((30, "5 V to the UPS board"), (170, "ground")):
        _pad(pen, at, ys[-1] + 28, words)


def _pad(pen: Pen, at: float, y: float, words: str) -> None:
    pen.sheet.dot(*pen.point(at, y), 6, "#d9b44a", INK)
    pen.say(at + 12, y + 4, words, "start", 11, INK)


def _terminals(pen: Pen, ys: list[float], names: Sequence[str]) -> None:
    _box(pen, 70, ys[0] - 14, 96, ys[-1] - ys[0] + 28)
    for name, y in zip(names, ys, strict=True):
        pen.line((0, y), (70, y))
        pen.say(75, y + 4, name, "start", 10, INK)


def _box(pen: Pen, at: float, y: float, width: float, height: float) -> None:
    pen.sheet.box(pen.point(at if pen.way > 0 else at + width, y)[0], y, width, height, "#ffffff", INK, 3)
