"""Showing a camera: a live panel in a terminal, plain lines anywhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tools.sim.drawing import WIDTH, draw
from tools.sim.face import Face
from tools.sim.mirror import Event, in_words

Advance = Callable[[int, int], None]
"""Told how much is done, and how much there is."""

QUARTERS = 4


class Screen(Protocol):
    """Shows what happens; called from any thread."""

    def begin(self, number: int, count: int, title: str) -> None:
        """A step of a story begins."""

    def note(self, text: str) -> None:
        """What stands below the panel from now on."""

    def say(self, text: str, *, style: str = "") -> None:
        """Something happens."""

    def seen(self, event: Event, face: Face) -> None:
        """The camera shows something."""

    def bar(self, label: str) -> AbstractContextManager[Advance]:
        """A progress bar, while the ``with`` block lasts."""

    def close(self) -> None:
        """Nothing more is live."""


class PlainScreen:
    """A line for each happening, with the seconds since the start before it."""

    def __init__(self, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        """Begin now."""
        self._console = console
        self._now = now
        self._began_s = now()
        self._lock = threading.Lock()

    def begin(self, number: int, count: int, title: str) -> None:
        """A step begins."""
        self._line(Text(f"[{number}/{count}] {title}", style="bold"))

    def note(self, text: str) -> None:
        """There is no panel."""

    def say(self, text: str, *, style: str = "") -> None:
        """Something happens."""
        self._line(Text(f"  {text}", style=style))

    def seen(self, event: Event, _face: Face) -> None:
        """The camera shows something."""
        if text := in_words(event):
            self._line(Text(f"    {text}", style="cyan"))

    @contextmanager
    def bar(self, label: str) -> Iterator[Advance]:
        """A line each quarter."""
        shown = -1

        def advance(done: int, total: int) -> None:
            nonlocal shown
            quarter = QUARTERS * done // max(1, total)
            if quarter > shown:
                shown = quarter
                self._line(Text(f"  {label}: {100 * done // max(1, total)} %", style="dim"))

        yield advance

    def close(self) -> None:
        """Nothing is live."""

    def _line(self, text: Text) -> None:
        stamp = Text(f"{self._now() - self._began_s:6.1f} s  ", style="dim")
        with self._lock:
            self._console.print(stamp.append_text(text), soft_wrap=True)


class LiveScreen(PlainScreen):
    """The same lines, scrolling, and below them the camera's face, its step, and a progress bar where something progresses."""

    def __init__(
        self, console: Console, title: str, buffer_s: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Draw until closed."""
        super().__init__(console, now)
        self._title = title
        self._buffer_s = buffer_s
        self._note = ""
        self._face: Face | None = None
        self._bar: tuple[str, int, int] | None = None
        self._live = Live(
            console=console, get_renderable=self._draw, refresh_per_second=12, transient=True, redirect_stderr=False
        )
        self._live.start()

    def begin(self, number: int, count: int, title: str) -> None:
        """A step begins."""
        super().begin(number, count, title)
        self.note(f"step {number} of {count}")

    def note(self, text: str) -> None:
        """What stands below the panel from now on."""
        self._note = text

    def seen(self, event: Event, face: Face) -> None:
        """The camera shows something."""
        self._face = face
        super().seen(event, face)

    @contextmanager
    def bar(self, label: str) -> Iterator[Advance]:
        """A bar that moves."""

        def advance(done: int, total: int) -> None:
            self._bar = (label, done, max(1, total))

        advance(0, 1)
        try:
            yield advance
        finally:
            self._bar = None

    def close(self) -> None:
        """Take the panel away; the lines stay."""
        self._live.stop()

    def _draw(self) -> RenderableType:
        parts: list[RenderableType] = [Text("")]
        face, bar = self._face, self._bar
        if face is not None:
            parts.append(draw(face, self._now(), title=self._title, buffer_s=self._buffer_s, note=self._note))
        if bar is not None:
            parts.append(_bar(*bar))
        return Group(*parts)


def _bar(label: str, done: int, total: int) -> RenderableType:
    row = Table.grid(padding=(0, 1))
    row.add_row(Text(label, style="bold"), ProgressBar(total, done, width=WIDTH // 2), Text(f"{100 * done // total} %"))
    return row
