"""The dock's face: a table on a terminal, plain lines otherwise, JSON lines for machines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live

from tools.dock.board import View
from tools.dock.events import TROUBLE, DockEvent, Kind
from tools.dock.table import Screen, clean

LONGEST_LINE = 1000
SHOWN = frozenset({Kind.GATE, Kind.KNOWN})
"""What the table shows, and no line has to."""


class Display(Protocol):
    """Shows events; called from any thread."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def __call__(self, event: DockEvent) -> None:
        """Show one event."""

    def look(self, view: View) -> None:
        """Show the rack as it is now."""


def choose(stream: TextIO, *, as_json: bool) -> Display:
    """The display that suits: JSON lines, the table on a terminal, plain lines elsewhere."""
    if as_json:
        return Lines(stream, DockEvent.json)
    return Rack(stream) if stream.isatty() else Lines(stream, in_words)


_WORDS: Mapping[Kind, str] = {
    Kind.LISTENING: "waiting for cameras at {port}",
    Kind.UNUSABLE: "{port} CANNOT BE USED: {text}",
    Kind.PLUGGED: "plugged in ({port})",
    Kind.UNPLUGGED: "pulled out ({port})",
    Kind.FULL: "FULL HOUSE, not taken in: {text}",
    Kind.ACCEPTED: "docked (boot {boot}, {text})",
    Kind.JOINED: "another link ({text})",
    Kind.LEADS: "goes on over another link ({text})",
    Kind.LEFT: "a link is gone, another one goes on: {text}",
    Kind.REFUSED: "REFUSED: {text}",
    Kind.CLOCK: "clock {before_ms} -> {after_ms} ms: {text}",
    Kind.SETTINGS: "settings {serial}: {text}",
    Kind.ASSIGNED: "assigned to shift {shift}",
    Kind.STOCK: "{items} recordings, {size} bytes to take over",
    Kind.FORECAST: "{text}",
    Kind.FETCHING: "recording {item}: fetching",
    Kind.STORED: "recording {item}: stored",
    Kind.RECEIPTED: "recording {item}: receipt accepted",
    Kind.REJECTED: "{item}: NOT TAKEN OVER: {text}",
    Kind.CONFLICT: "CONFLICT: {text}",
    Kind.DAMAGED: "{item}: STORE DAMAGED: {text}",
    Kind.WAITING: "waits: {text}",
    Kind.LOG_RECEIPTED: "audit log taken over up to boot {boot}: receipt accepted",
    Kind.ANCHORED: "audit log countersigned at line {line}, newest recording {number}",
    Kind.COPIED: "{item}: read back from {place}",
    Kind.UNCOPIED: "{item}: NO COPY in {place}: {text}",
    Kind.WITHHELD: "{items} GET NO RECEIPT for lack of copies: {text}",
    Kind.STAMPED: "recording {item}: time stamp stored",
    Kind.UNSTAMPED: "recording {item}: no time stamp yet: {text}",
    Kind.BUNDLE: "firmware {item}, serial {serial}: {state}: {text}",
    Kind.DONE: "done, {items} recordings taken over",
    Kind.LOST: "link lost: {text}",
    Kind.FAILED: "FAILED: {text}",
    Kind.KNOWN: "known, {missing} of its recordings are not here",
    Kind.GATE: "light {light}: {text}",
    Kind.UNDOCKED: "taken out, {text}",
}


def in_words(event: DockEvent) -> str | None:
    """One line for people, None for what is not worth one."""
    words = _WORDS.get(event.kind)
    if words is None or (event.kind is Kind.KNOWN and not event.facts["missing"]):
        return None
    line = words.format(**event.facts)
    where = f"[{event.slot}] " if event.slot else ""
    return clean(f"{where}{event.device}: {line}" if event.device else f"{where}{line}", LONGEST_LINE)


class Lines:
    """One line an event."""

    def __init__(self, stream: TextIO, render: Callable[[DockEvent], str | None]) -> None:
        """Write to ``stream``."""
        self._stream = stream
        self._render = render
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to end."""

    def __call__(self, event: DockEvent) -> None:
        """Write one line."""
        line = self._render(event)
        if line is not None:
            with self._lock:
                print(line, file=self._stream, flush=True)

    def look(self, view: View) -> None:
        """Nothing: each change had its line."""


class Rack:
    """The rack as a table that stands still, with what happened scrolling above."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on ``stream``."""
        self._console = Console(file=stream)
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._live.stop()

    def __call__(self, event: DockEvent) -> None:
        """Add a line, unless the table shows it."""
        if event.kind not in SHOWN and (line := in_words(event)):
            style = "bold red" if event.kind in TROUBLE else None
            self._console.print(line, style=style, highlight=False, markup=False)

    def look(self, view: View) -> None:
        """Draw the rack as it is now."""
        self._live.update(Screen(view), refresh=True)
