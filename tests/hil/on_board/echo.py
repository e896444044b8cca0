"""Gives back what a dock's line brings, and tells when the dock comes and goes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from hal.pi.serialport import PiDock, gadget, uart
from tests.hil.on_board import parts, talk

BLOCK = 16_384
LOOK_S = 0.1
GADGET = "/dev/ttyGS0"


def port(given: Mapping[str, Any]) -> PiDock:
    """The line: the USB gadget's, or the pogo pins', which is taken to be plugged in."""
    board = parts.board(given)
    if given["line"] == "uart":
        if board.uart is None:
            raise ValueError("the board's file has no uart")
        return uart(board.uart.device, lambda: True, board.uart.baud)
    states = sorted(Path("/sys/class/udc").glob("*/state"))
    if not states:
        raise OSError("this board has no USB device controller")
    return gadget(GADGET, states[0])


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """Until the desk is gone."""
    desk = talk.Desk()
    there = None
    with closing(port(given)) as line:
        line.reset()
        talk.say("ready")
        while not desk.gone():
            if line.connected() is not there:
                there = not there
                talk.say("dock", there=there)
            if not there:
                line.reset()
                desk.gone(LOOK_S)
                continue
            with suppress(OSError):  # pulled out in the middle; told above
                if data := line.read(BLOCK, LOOK_S):
                    line.write(data)
