"""What a step tells the engineer: its docstring, in sections, with the wiring of the boards' files put in.

A step's module begins with a docstring of this form, and everything else that is said of it (the page, what is printed where a step fails, which lines it may
print) is made of that::

    Title

    What it is about, in a paragraph.

    Wiring:
        {pins: button, input}

    When all is well it prints:
        record: <number> edges, down for <number> ms

    When not, look at:
        - a thing to look at

``{pins: WORDS}`` becomes rows of the board's wiring whose part begins with one of the words.  ``<number>`` and the like stand for what differs from run to run.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hal.pi.board import Board
from tests.specification import hardware

PLACE = Path(__file__).parent
_STEP = re.compile(r"test_(\d\d)_([a-z_]+)\.py")
_PINS = re.compile(r"^\{pins: ([a-z0-9`, -]+)\}$", re.IGNORECASE)
_HOLE = re.compile(r"<[a-z ]+>")
SECTIONS = ("Wiring", "When all is well it prints", "When not, look at")


class PageError(ValueError):
    """A step's docstring is not of the form."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its number and name, and its docstring's parts."""

    number: int
    name: str
    title: str
    about: tuple[str, ...]
    wiring: tuple[str, ...]
    well: tuple[str, ...]
    trouble: tuple[str, ...]

    @property
    def file(self) -> str:
        """Its module's name."""
        return f"test_{self.number:02d}_{self.name}.py"

    def prints(self, line: str) -> bool:
        """Whether it may print this."""
        return any(_pattern(each).fullmatch(line) for each in self.well)


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".+?".join(re.escape(part) for part in _HOLE.split(line)))


def steps(place: Path = PLACE) -> list[Step]:
    """All steps, in order.  ``PageError`` where a number is missing or there twice, or a docstring is not of the form."""
    found = [
        parse(int(match[1]), match[2], path.read_text(encoding="utf-8"))
        for path in sorted(place.glob("test_*.py"))
        if (match := _STEP.fullmatch(path.name))
    ]
    if [step.number for step in found] != list(range(1, len(found) + 1)):
        raise PageError(f"the steps' numbers are {[step.number for step in found]}")
    return found


def parse(number: int, name: str, source: str) -> Step:
    """A step by its module's text."""
    text = ast.get_docstring(ast.parse(source))
    if not text:
        raise PageError(f"{name}: has no docstring")
    title, *rest = text.splitlines()
    parts: dict[str, list[str]] = {"": []}
    section = ""
    for line in rest:
        if line.endswith(":") and line[:-1] in SECTIONS:
            section = line[:-1]
            parts[section] = []
        else:
            parts[section].append(line)
    if tuple(parts)[1:] != SECTIONS:
        raise PageError(f"{name}: its sections are {', '.join(parts) or 'none'}, not {', '.join(SECTIONS)}")
    about, *others = (tuple(_trimmed(lines)) for lines in parts.values())
    if not about or not all(others):
        raise PageError(f"{name}: a section is empty")
    return Step(number, name, title.rstrip("."), about, *others)


def _trimmed(lines: Iterable[str]) -> Sequence[str]:
    return inspect.cleandoc("\n".join(["", *lines])).splitlines()


def wired(step: Step, table: Callable[[Sequence[str]], list[str]]) -> list[str]:
    """Its wiring, with ``table`` made of the words in each ``{pins: ...}``."""
    lines: list[str] = []
    for line in step.wiring:
        match = _PINS.fullmatch(line.strip())
        lines += table([word.strip() for word in match[1].split(",")]) if match else [line]
    return lines


def rows(board: Board, words: Sequence[str]) -> list[tuple[str, str, int, str]]:
    """What hangs where on a board, of the parts that begin with these words: part, pin, place at the header, wiring."""
    return [
        (what, pin, hardware.position(board, pin), how)
        for what, pin, how in hardware.wiring(board)
        if what.lower().startswith(tuple(word.lower() for word in words))
    ]


def plain(step: Step, board: Board) -> str:
    """Its instruction for one board, for a terminal."""

    def table(words: Sequence[str]) -> list[str]:
        if board.name not in hardware.REVISIONS:
            return [
                f"{what.replace('`', '')}: {pin}: {how}"
                for what, pin, how in hardware.wiring(board)
                if what.startswith(tuple(words))
            ]
        return [f"{what.replace('`', '')}: header pin {at} ({pin}): {how}" for what, pin, at, how in rows(board, words)]

    parts = [f"{step.number:02d} {step.title}", "", *step.about, "", *wired(step, table)]
    return "\n".join(parts)


def markdown() -> str:
    """All steps, for the page."""
    parts: list[str] = []
    for step in steps():
        parts += [f"#### {step.number}. {step.title}", "", *step.about, ""]
        parts += ["**Wiring**", "", *wired(step, _tables), ""]
        parts += ["**When all is well it prints**", "", "```", *step.well, "```", ""]
        parts += ["**When not, look at**", "", *step.trouble, ""]
    return "\n".join(parts).rstrip()


def _tables(words: Sequence[str]) -> list[str]:
    """One table for all boards that are wired alike."""
    lines: list[str] = []
    for names, found in hardware._alike(lambda board: tuple(rows(board, words))):
        lines += [f"On {names}:", "", "| part | pin | at the header | wiring |", "|---|---|---|---|"]
        lines += [f"| {what} | `{pin}` | {at} | {how} |" for what, pin, at, how in found]
        lines.append("")
    return lines
