"""Switches a light's pin, and times how long the edge takes to come back on a button's pin that a jumper joins it to."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack, closing
from typing import Any

from hal.interface import Button
from hal.pi.board import Output
from tests.hil.on_board import parts, talk

WAIT_S = 1.0


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """So many times on and off; then all that it took, in ms, and how often nothing came back."""
    board = parts.board(given)
    light = board.lights["front"]
    with ExitStack() as had:
        pins = had.enter_context(parts.pins(board))
        out = had.enter_context(closing(pins.switch(Output(light.channels["red"], light.high))))
        line = had.enter_context(closing(pins.contact(board.buttons[Button(given["button"])])))
        came, stamps = threading.Event(), [0]

        def heard(_active: bool) -> None:  # noqa: FBT001 - lines say it so
            stamps[0] = parts.boottime_ns()
            came.set()

        talk.say("ready")
        next(talk.orders(), None)
        line.listen(heard)
        took: list[float] = []
        lost = 0
        for number in range(given["times"] * 2):
            came.clear()
            began = parts.boottime_ns()
            out.turn(on=number % 2 == 0)
            if came.wait(WAIT_S):
                took.append((stamps[0] - began) / 1e6)
            else:
                lost += 1
        talk.say("took", ms=took, lost=lost)
