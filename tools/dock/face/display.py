"""The dock's face: a table on a terminal, plain lines otherwise, JSON lines for machines."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live

from tools.dock.events import TROUBLE, DockEvent, Kind
from tools.dock.face.board import View
from tools.dock.face.table import Screen, clean

LONGEST_LINE = 1000
MOST_LINES = 500
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
    Kind.ORDER: "order ({order}): {text}",
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
    """One line an event.  Where nobody reads them any more that is said once, and the dock goes on: evidence matters more."""

    def __init__(self, stream: TextIO, render: Callable[[DockEvent], str | None]) -> None:
        """Write to ``stream``."""
        self._stream = stream
        self._render = render
        self._lock = threading.Lock()
        self._gone = False

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
        with self._lock:
            if line is None or self._gone:
                return
            try:
                print(line, file=self._stream, flush=True)
            except OSError as error:
                self._gone = True
                print(f"lapel dock: nobody reads what is told any more: {error.strerror or error}", file=sys.stderr)

    def look(self, view: View) -> None:
        """Nothing: each change had its line."""


class Rack:
    """The rack as a table that stands still, with what happened scrolling above.

    Events are only noted, and shown with the next look: a terminal that takes nothing, because somebody stopped it, keeps no camera
    waiting.  Of more than 500 between two looks the oldest go.
    """

    def __init__(self, stream: TextIO) -> None:
        """Draw on ``stream``."""
        self._console = Console(file=stream)
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")
        self._said: deque[tuple[str, str]] = deque(maxlen=MOST_LINES)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._say()
        self._live.stop()

    def __call__(self, event: DockEvent) -> None:
        """Note a line, unless the table shows it."""
        if event.kind not in SHOWN and (line := in_words(event)):
            self._said.append((line, "bold red" if event.kind in TROUBLE else ""))

    def look(self, view: View) -> None:
        """Draw the rack as it is now, below what happened."""
        self._say()
        self._live.update(Screen(view), refresh=True)

    def _say(self) -> None:
        while self._said:
            line, style = self._said.popleft()
            self._console.print(line, style=style, highlight=False, markup=False)
