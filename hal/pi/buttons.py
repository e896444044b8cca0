"""Buttons and wired inputs of a board: raw edges, stamped as they come.

Nothing here debounces or waits; what presses mean is the firmware's.  The sinks run on lgpio's one thread for all pins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial

from hal.interface import Button, Edge, Signal
from hal.pi.board import Board, Contact
from hal.pi.gpio import Line, Pins, boottime_ns


def _lines(pins: Pins, contacts: Iterable[Contact]) -> list[Line]:
    """A line for each contact; where one cannot be had none is kept, and that is an OSError."""
    with ExitStack() as had:
        lines = []
        for contact in contacts:
            lines.append(pins.contact(contact))
            had.callback(lines[-1].close)
        had.pop_all()
        return lines


class PiButtons:
    """The buttons of a board."""

    def __init__(self, board: Board, pins: Pins, now: Callable[[], int] = boottime_ns) -> None:
        """Take their pins; ``now`` stamps, in nanoseconds.  OSError where a pin cannot be had."""
        self._now = now
        self._lines = dict(zip(board.buttons, _lines(pins, board.buttons.values()), strict=True))
        self._sinks: tuple[Callable[[Edge], None], ...] = ()
        for button, line in self._lines.items():
            line.listen(partial(self._tell, button))

    def listen(self, sink: Callable[[Edge], None]) -> None:
        """Send every edge from now on to ``sink``."""
        self._sinks += (sink,)

    def is_down(self, button: Button) -> bool:
        """The level now."""
        return self._lines[button].is_active()

    def close(self) -> None:
        """Give the pins back."""
        for line in self._lines.values():
            line.close()

    def _tell(self, button: Button, down: bool) -> None:  # noqa: FBT001 - lines say it so
        edge = Edge(button, down, self._now())
        for sink in self._sinks:
            sink(edge)


class PiTriggers:
    """The wired inputs of a board."""

    def __init__(self, board: Board, pins: Pins, now: Callable[[], int] = boottime_ns) -> None:
        """Take their pins; ``now`` stamps, in nanoseconds.  OSError where a pin cannot be had."""
        self._now = now
        self._lines = dict(zip(board.inputs, _lines(pins, board.inputs.values()), strict=True))
        self._sinks: tuple[Callable[[Signal], None], ...] = ()
        for name, line in self._lines.items():
            line.listen(partial(self._tell, name))

    def listen(self, sink: Callable[[Signal], None]) -> None:
        """Send every edge from now on to ``sink``."""
        self._sinks += (sink,)

    def names(self) -> Sequence[str]:
        """The inputs that this camera has."""
        return tuple(self._lines)

    def is_active(self, name: str) -> bool:
        """The level now; ``ValueError`` if there is no such input."""
        if name not in self._lines:
            raise ValueError(f"unknown input {name!r}; known: {', '.join(self._lines) or 'none'}")
        return self._lines[name].is_active()

    def close(self) -> None:
        """Give the pins back."""
        for line in self._lines.values():
            line.close()

    def _tell(self, name: str, active: bool) -> None:  # noqa: FBT001 - lines say it so
        signal = Signal(name, active, self._now())
        for sink in self._sinks:
            sink(signal)
