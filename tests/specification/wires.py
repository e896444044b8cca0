"""The wiring drawing of ``docs/wiring.md``: the 40-pin header, and every part that hangs on it, from a board's file.

Parts stand left and right of the header, in the order of their pins.  A wire leaves its pin, turns into a lane of its own and turns again to
its part; one whose part is on the other side passes between two rows of pins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hal.pi.board import Board
from tests.specification import hardware
from tests.specification.panels import Panel, left, right
from tests.specification.symbols import FAINT, INK, Pen, Point, Sheet

ROW, TOP = 28, 128
"""How far rows of pins lie apart, and where the first one is."""
QUARTER = ROW / 4
LANE = 11
NUMBER = 24
"""What the number of a pin takes, beside the part that it leads to."""
MARGIN, PANEL, GAP = 16, 290, 8
NAMES, COLUMN = 58, 26
SUPPLIES = {"3V3": "#b3261e", "5V": "#b3261e", "GND": INK}


@dataclass(frozen=True)
class Run:
    """A wire: from a pin's row to a part's terminal."""

    name: str
    colour: str
    start: Point
    end: Point


def drawing() -> str:
    """As SVG: of the first board, for all that are wired as it is."""
    boards = hardware.boards()
    return svg(sheet(boards[0], [board for board in boards if _wired(board) == _wired(boards[0])]))


def svg(drawn: tuple[Sheet, float, float]) -> str:
    """A sheet as a file, on a background of its own, so that it can be read on a dark page too."""
    on, width, height = drawn
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="Helvetica,Arial,sans-serif" role="img">\n'
        "<title>The 40-pin header and every part on it, with its wires, resistors, transistors and diodes</title>\n"
        f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="10" fill="#ffffff" stroke="#c9ced6"/>'
    )
    return "\n".join([head, *on.drawn, "</svg>", ""])


def sheet(board: Board, alike: list[Board]) -> tuple[Sheet, float, float]:
    """Everything that is drawn, how wide it is and how high.  ``alike``: the boards for which it holds."""
    on = Sheet()
    west, east = left(board, alike), right(board)
    lanes_west, lanes_east = (max(_most(west), 1) * LANE + NUMBER, max(_most(east), 1) * LANE + NUMBER)
    head = MARGIN + PANEL + lanes_west
    wide = 2 * (NAMES + COLUMN)
    first = head + wide + lanes_east
    ends = _place(west, MARGIN + PANEL) | _place(east, first)
    bottom = max(panel.bottom for panel in (*west, *east))
    _header(on, board, head)
    for panel, edge, way in [*((each, MARGIN + PANEL, -1) for each in west), *((each, first, 1) for each in east)]:
        _panel(on, panel, edge, way)
    runs = [_run(board, panel, key, end, head, way) for panel, key, end, way in _each(west, east, ends)]
    for run, lane in _lanes([run for run in runs if run.end[0] < head], head, -1):
        _draw(on, run, lane, board, head, wide)
    for run, lane in _lanes([run for run in runs if run.end[0] > head], head + wide, 1):
        _draw(on, run, lane, board, head, wide)
    _titles(on, alike, head + wide / 2)
    return on, first + PANEL + MARGIN, bottom + 40


def _most(panels: Iterable[Panel]) -> int:
    """How many lanes there may be beside these parts."""
    return sum(len(panel.pins) for panel in panels)


def _wired(board: Board) -> tuple[tuple[str, str, str], ...]:
    return tuple(hardware.wiring(board))


def _place(panels: Iterable[Panel], edge: float) -> dict[tuple[str, str], Point]:
    """One panel below the other; where the terminals are: between the rows of pins, so that no two lines lie on each other."""
    y, ends = 46.0, dict[tuple[str, str], Point]()
    for panel in panels:
        panel.top = y
        first = TOP + QUARTER + 2 * QUARTER * -(-(y + panel.above - TOP - QUARTER) // (2 * QUARTER))
        panel.ys = [first + each for each in panel.offsets]
        panel.bottom = (panel.ys[-1] if panel.ys else y + panel.above) + panel.below
        ends |= {(panel.title, key): (edge, at) for key, at in zip(panel.pins, panel.ys, strict=True)}
        y = panel.bottom + GAP
    return ends


def _each(
    west: list[Panel], east: list[Panel], ends: dict[tuple[str, str], Point]
) -> Iterable[tuple[Panel, str, Point, int]]:
    for panels, way in ((west, -1), (east, 1)):
        yield from ((panel, key, ends[panel.title, key], way) for panel in panels for key in panel.pins)


def _run(board: Board, panel: Panel, key: str, end: Point, head: float, way: int) -> Run:
    """Where a wire begins: at its pin's row, or half a row below where it has to pass to the other side."""
    number = int(key) if key.isdigit() else hardware.position(board, key)
    row, is_right = divmod(number - 1, 2)
    crosses = bool(is_right) != (way > 0)
    edge = head if way < 0 else head + 2 * (NAMES + COLUMN)
    return Run(key, panel.pins[key], (edge, TOP + ROW * (row + (0.5 if crosses else 0))), end)


def _lanes(runs: list[Run], edge: float, way: int) -> Iterable[tuple[Run, float]]:
    """A lane for each wire.  Those that go up take lanes from the uppermost pin outward, those that go down from the lowest: like this they
    cross least."""
    up = sorted((run for run in runs if run.end[1] < run.start[1]), key=lambda run: run.start[1])
    down = sorted((run for run in runs if run.end[1] >= run.start[1]), key=lambda run: -run.start[1])
    taken: dict[int, list[tuple[float, float]]] = {}
    for group in (up, down):
        number = 0
        for run in group:
            low, high = sorted((run.start[1], run.end[1]))
            while any(low < end + QUARTER and begin < high + QUARTER for begin, end in taken.get(number, [])):
                number += 1
            taken.setdefault(number, []).append((low, high))
            yield run, edge + way * LANE * (number + 1)


def _draw(on: Sheet, run: Run, lane: float, board: Board, head: float, wide: float) -> None:
    """One wire."""
    number = int(run.name) if run.name.isdigit() else hardware.position(board, run.name)
    row, is_right = divmod(number - 1, 2)
    pin = (head + wide / 2 + (COLUMN / 2 if is_right else -COLUMN / 2), TOP + ROW * row)
    points = [run.start, (lane, run.start[1]), (lane, run.end[1]), run.end]
    if run.start[1] != pin[1]:
        points = [(pin[0], pin[1] + 7), (pin[0], run.start[1]), *points]
    on.wire(run.name, points, run.colour)
    on.say(
        run.end[0] + (4 if run.end[0] < head else -4),
        run.end[1] - 4,
        str(number),
        "start" if run.end[0] < head else "end",
        10,
        FAINT,
    )


def _header(on: Sheet, board: Board, head: float) -> None:
    """The header: 40 pins, each with its number and its name."""
    names = hardware.names(board)
    wide = 2 * (NAMES + COLUMN)
    on.box(head, TOP - ROW * 0.75, wide, ROW * 20.5, "#eef1f4", "#9aa4af", 8)
    middle = head + wide / 2
    on.box(middle - COLUMN - 2, TOP - ROW * 0.6, 2 * COLUMN + 4, ROW * 20.2, "#2b3138", "#2b3138", 4)
    for number, name in names.items():
        row, is_right = divmod(number - 1, 2)
        side = 1 if is_right else -1
        x, y = middle + side * COLUMN / 2, TOP + ROW * row
        on.box(x - 8, y - 8, 16, 16, "#d9b44a", "#8a6d1f", 2 if number == 1 else 8)
        on.say(x, y + 3.5, str(number), "middle", 10, INK)
        anchor = "start" if is_right else "end"
        on.say(middle + side * (COLUMN + 8), y + 4, name, anchor, 11, SUPPLIES.get(name, FAINT))


def _panel(on: Sheet, panel: Panel, edge: float, way: int) -> None:
    """A part's field, its name and its note, and what is in it."""
    x = edge if way > 0 else edge - PANEL
    on.box(x, panel.top, PANEL, panel.bottom - panel.top, "#f8f9fb", "#d5dae0")
    on.say(x + 8, panel.top + 16, panel.title, size=12, weight=700)
    for index, note in enumerate(panel.notes):
        on.say(x + 8, panel.bottom - 7 - 13 * (len(panel.notes) - 1 - index), note, size=11, colour=FAINT)
    panel.draw(Pen(on, edge, way), panel.ys)


def _titles(on: Sheet, alike: list[Board], middle: float) -> None:
    """What it is, and where supplies and ground are."""
    on.say(middle, 26, "40-pin header", "middle", 15, INK, 700)
    on.say(middle, 44, ", ".join(board.model.removeprefix("Raspberry ") for board in alike), "middle", 11, FAINT)
    on.say(middle, 60, "the corner with pin 1 at the upper left", "middle", 11, FAINT)
    on.say(middle, TOP + ROW * 20.6, "3.3 V: 1, 17", "middle", 11, SUPPLIES["3V3"])
    on.say(middle, TOP + ROW * 20.6 + 16, "ground: 6, 9, 14, 20,", "middle", 11, INK)
    on.say(middle, TOP + ROW * 20.6 + 30, "25, 30, 34, 39", "middle", 11, INK)
