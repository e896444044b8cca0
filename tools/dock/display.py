"""The dock's face: a progress bar a camera on a terminal, plain lines otherwise, JSON lines for machines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tools.dock.events import TROUBLE, DockEvent, Kind


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


def choose(stream: TextIO, *, as_json: bool) -> Display:
    """The display that suits."""
    if as_json:
        return Lines(stream, DockEvent.json)
    return Bars(stream) if stream.isatty() else Lines(stream, in_words)


_WORDS: Mapping[Kind, str] = {
    Kind.LISTENING: "waiting for cameras at {port}",
    Kind.UNUSABLE: "{port} CANNOT BE USED: {text}",
    Kind.PLUGGED: "plugged in ({port})",
    Kind.UNPLUGGED: "pulled out ({port})",
    Kind.FULL: "FULL HOUSE, not taken in: {text}",
    Kind.ACCEPTED: "docked (boot {boot}, {text})",
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
    Kind.DONE: "done, {items} recordings taken over",
    Kind.LOST: "link lost: {text}",
    Kind.FAILED: "FAILED: {text}",
}


def in_words(event: DockEvent) -> str | None:
    """One line for people, None for what is not worth one."""
    words = _WORDS.get(event.kind)
    if words is None:
        return None
    line = words.format(**event.facts)
    whose = " ".join(filter(None, (event.slot and f"[{event.slot}]", event.device and f"{event.device}:")))
    return f"{whose} {line}" if whose else line


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


class Bars:
    """A progress bar for each camera, with what happened scrolling above."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on ``stream``."""
        self._console = Console(file=stream)
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(None),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def __call__(self, event: DockEvent) -> None:
        """Move the camera's bar, or add a line."""
        if event.kind is Kind.STOCK:
            self._bar(event, completed=0, total=event.facts["size"])
        elif event.kind is Kind.PROGRESS:
            self._bar(event, completed=event.facts["done"], total=event.facts["total"])
        elif event.kind in (Kind.DONE, Kind.LOST) and event.device in self._tasks:
            self._progress.remove_task(self._tasks.pop(event.device))
        if line := in_words(event):
            self._console.print(
                line, style="bold red" if event.kind in TROUBLE else None, highlight=False, markup=False
            )

    def _bar(self, event: DockEvent, *, completed: str | int, total: str | int) -> None:
        if event.device not in self._tasks:
            self._tasks[event.device] = self._progress.add_task(event.device)
        self._progress.update(self._tasks[event.device], completed=float(completed), total=float(total))
