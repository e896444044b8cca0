"""Holds lights, motor and buzzer of a board, and sets them as it is told."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from typing import Any

from hal.pi.board import Output
from hal.pi.indicators import SILENT_HZ
from tests.hil.on_board import parts, talk


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """Dark and still, until told; and again at the end.  Orders: ``shine`` a light's channel for a ``share`` of the time, ``buzz``, ``tone``."""
    board = parts.board(given)
    with ExitStack() as had:
        pins = had.enter_context(parts.pins(board))
        lamps = {
            f"{name}.{channel}": had.enter_context(closing(pins.lamp(Output(pin, light.high), board.pwm_hz)))
            for name, light in board.lights.items()
            for channel, pin in light.channels.items()
        }
        motor = had.enter_context(closing(pins.switch(board.vibration))) if board.vibration else None
        buzzer = had.enter_context(closing(pins.lamp(board.buzzer, SILENT_HZ))) if board.buzzer else None
        talk.say("ready", lamps=sorted(lamps))
        for order in talk.orders():
            if "shine" in order:
                lamps[order["shine"]].shine(order["share"])
            if motor is not None and "buzz" in order:
                motor.turn(on=order["buzz"])
            if buzzer is not None and "tone" in order:
                buzzer.sound(order["tone"])
            talk.say("done")
