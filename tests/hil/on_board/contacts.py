"""Tells of every edge of a board's buttons and wired inputs, as ``hal.pi`` hears them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from typing import Any

from hal.interface import Button, Edge, Signal
from hal.pi.buttons import PiButtons, PiTriggers
from tests.hil.on_board import parts, talk


def edge(edge: Edge) -> None:
    """One of a button."""
    talk.say("edge", name=edge.button.value, active=edge.down, time_ns=edge.time_ns)


def signal(signal: Signal) -> None:
    """One of an input."""
    talk.say("edge", name=signal.name, active=signal.active, time_ns=signal.time_ns)


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """Listen until the desk is gone; whatever it orders is answered with the levels."""
    board = parts.board(given)
    with ExitStack() as had:
        pins = had.enter_context(parts.pins(board))
        buttons = had.enter_context(closing(PiButtons(board, pins)))
        inputs = had.enter_context(closing(PiTriggers(board, pins)))

        def levels() -> dict[str, bool]:
            held = {button.value: buttons.is_down(button) for button in Button}
            return held | {name: inputs.is_active(name) for name in inputs.names()}

        buttons.listen(edge)
        inputs.listen(signal)
        talk.say("levels", levels=levels())
        for _ in talk.orders():
            talk.say("levels", levels=levels())
