"""The rack on a screen, to be read from two metres: few words, a symbol beside each colour, what matters most on top.

Draws a ``View`` and knows nothing else.  Names come from cameras and people: nothing in them is markup, and what cannot be
printed is a question mark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderResult
from rich.table import Table
from rich.text import Text

from tools.dock.face.board import Away, Row, View
from tools.dock.face.gate import Light
from tools.dock.planning.rates import in_rate, in_short

MOST_MARKS = 2
LONGEST_NAME = 200
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Look:
    """How a light looks: its symbol, also where there are only letters, its word, its colours."""

    symbol: str
    plain: str
    word: str
    style: str


LOOKS: Mapping[Light, Look] = {
    Light.WRONG: Look("✗", "X", "STOP", "bold white on red"),
    Light.WAIT: Look("…", ".", "WAIT", "bold black on yellow"),
    Light.READY: Look("✓", "+", "READY", "bold black on green"),
    Light.FREE: Look("○", "o", "NONE", "dim"),
}
AWAY = Look("?", "?", "NOT BACK", "bold white on magenta")


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    """A name as it may be shown: nothing that moves the cursor, turns the line round, or towers over it."""
    shown: list[str] = []
    marks = 0
    for each in unicodedata.normalize("NFC", text[:longest]):
        marks = marks + 1 if unicodedata.combining(each) else 0
        if marks <= MOST_MARKS:
            shown.append(each if each.isprintable() else "?")
    return "".join(shown)


def in_offset(offset_ms: int) -> str:
    """How far a clock is off."""
    sign, seconds = "-" if offset_ms < 0 else "+", abs(offset_ms) / 1000
    if seconds >= 365 * 86_400:
        return f"{sign}{seconds / (365.25 * 86_400):.0f} years"
    return f"{sign}{seconds:.1f} s" if seconds < 10 else f"{sign}{in_short(seconds)}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its least width, its share of what is left over, and when it goes where there is no room for all (the highest first;
    0 never)."""

    title: str
    width: int
    share: int
    goes: int
    cell: Callable[[Row, int, bool], Text]
    right: bool = False


def _state(row: Row, _width: int, plain: bool) -> Text:  # noqa: FBT001 - a cell
    look = LOOKS[row.verdict.light]
    return Text(f" {look.plain if plain else look.symbol} {look.word:<5} ", style=look.style)


def _why(row: Row, width: int, _plain: bool) -> Text:  # noqa: FBT001 - a cell
    if row.verdict.light is Light.FREE:
        return Text("no camera answers", style="dim")
    style = "bold red" if row.verdict.light is Light.WRONG else "bold"
    return Text(_as_many(row.verdict.missing, width), style=style)


def _as_many(missing: Sequence[str], width: int) -> str:
    """The worst of what is missing, and as much of the rest as there is room for; how many more there are."""
    for count in range(len(missing), 0, -1):
        more = f" +{len(missing) - count}" if count < len(missing) else ""
        if len(text := f"{'; '.join(missing[:count])}{more}") <= width:
            return clean(text)
    return clean(missing[0]) if missing else ""


def _battery(row: Row, _width: int, _plain: bool) -> Text:  # noqa: FBT001 - a cell
    if row.percent is None:
        return Text("-")
    return Text(f"{row.percent}%{'+' if row.charging else ' '}")


def _bar(row: Row, width: int, plain: bool) -> Text:  # noqa: FBT001 - a cell
    if not row.total:
        return Text("-")
    part = min(1.0, row.done / row.total)
    room = width - 5
    full = int(part * room)
    blocks = "#-" if plain else "█░"
    return Text(f"{blocks[0] * full}{blocks[1] * (room - full)} {int(part * 100):>3}%")


def _text(take: Callable[[Row], str], style: str = "") -> Callable[[Row, int, bool], Text]:
    def cell(row: Row, _width: int, _plain: bool) -> Text:  # noqa: FBT001 - a cell
        return Text(clean(take(row)), style=style)

    return cell


COLUMNS: tuple[Column, ...] = (
    Column("STATE", 9, 0, 0, _state),
    Column("SLOT", 8, 1, 0, _text(lambda row: row.slot, style="bold")),
    Column("CAMERA", 9, 2, 0, _text(lambda row: row.device or "-", style="bold")),
    Column("OFFICER", 12, 3, 3, _text(lambda row: row.officer or "-")),
    Column("NOT YET", 27, 6, 0, _why),
    Column("BATT", 5, 0, 1, _battery, right=True),
    Column("TAKEN OVER", 14, 3, 4, _bar),
    Column("LEFT", 8, 0, 2, _text(lambda row: "-" if row.left_s is None else in_short(row.left_s)), right=True),
    Column("RATE", 9, 0, 6, _text(lambda row: "-" if row.rate is None else in_rate(row.rate)), right=True),
    Column(
        "CLOCK", 10, 0, 5, _text(lambda row: "-" if row.offset_ms is None else in_offset(row.offset_ms)), right=True
    ),
)
GAP = 1


def columns(width: int) -> tuple[tuple[Column, int], ...]:
    """Those that fit, each with its width: the least important ones go first, and what is left over is shared."""
    kept = list(COLUMNS)

    def needed() -> int:
        return sum(each.width for each in kept) + GAP * (len(kept) - 1)

    for last in sorted((each for each in COLUMNS if each.goes), key=lambda each: -each.goes):
        if needed() <= width:
            break
        kept.remove(last)
    spare, shares = max(0, width - needed()), sum(each.share for each in kept)
    return tuple((each, each.width + spare * each.share // shares) for each in kept)


@dataclass(frozen=True, slots=True)
class Screen:
    """A view, drawn for whatever width and height it is given."""

    view: View
    said: Sequence[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        yield Group(*self._lines(options.max_width, options.height or console.height, plain=options.ascii_only))

    def _lines(self, width: int, height: int, *, plain: bool) -> Iterator[Text | Table]:
        view = self.view
        room = max(1, height - 3)
        looked_for = view.away[: max(1, room // 4)]
        room = max(1, room - len(looked_for) - bool(view.away))
        rows = view.rows if len(view.rows) <= room else view.rows[: max(1, room - 1)]
        yield _banner(view, plain=plain)
        if view.rows:
            yield _table(rows, columns(width), plain=plain, airy=2 * len(rows) + 1 <= room)
        if hidden := len(view.rows) - len(rows):
            kinds = {row.verdict.light for row in view.rows[len(rows) :]}
            words = ", ".join(LOOKS[light].word for light in Light if light in kinds)
            yield Text(f"and {hidden} more: {words}", style="bold")
        for each in looked_for:
            yield _away(each, view.now_ms, plain=plain)
        if more := len(view.away) - len(looked_for):
            yield Text(f"and {more} more to look for", style="bold")


def _banner(view: View, *, plain: bool) -> Text:
    """How many are how; what there is none of is left out."""
    parts = [(LOOKS[light], view.count(light)) for light in Light if light is not Light.FREE]
    parts.append((AWAY, len(view.away)))
    banner = Text(no_wrap=True, overflow="ellipsis")
    for look, count in parts:
        if count:
            banner.append(f" {look.plain if plain else look.symbol} {count} {look.word} ", style=look.style)
            banner.append("  ")
    return banner if banner.plain else Text("no camera in the rack", style="bold")


def _table(rows: Sequence[Row], chosen: Sequence[tuple[Column, int]], *, plain: bool, airy: bool) -> Table:
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold underline")
    for column, width in chosen:
        justify: JustifyMethod = "right" if column.right else "left"
        table.add_column(column.title, width=width, justify=justify, no_wrap=True, overflow="ellipsis")
    for index, row in enumerate(rows):
        if index and airy:
            table.add_row()
        table.add_row(*(column.cell(row, width, plain) for column, width in chosen))
    return table


def _away(away: Away, now_ms: int, *, plain: bool) -> Text:
    hours = max(0, now_ms - away.seen_ms) // HOUR_MS
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" {AWAY.plain if plain else AWAY.symbol} ", style=AWAY.style)
    text.append(f" {clean(away.device)}", style="bold")
    text.append(f"  away for {hours // 24} days" if hours >= 48 else f"  away for {hours} h")
    if away.missing:
        several = "recording is" if away.missing == 1 else "recordings are"
        text.append(f", {away.missing} {several} on it and not here", style="bold red")
    return text
