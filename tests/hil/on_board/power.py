"""What a board knows of its power: the fuel gauge, the processor's temperature, and whether the supply was ever too weak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hal.pi.i2c import I2c
from hal.pi.power import PiPower
from tests.hil.on_board import parts, talk


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """Say it once.  A board without a gauge has neither volts nor percent."""
    board = parts.board(given)
    throttled = parts.said("vcgencmd", "get_throttled").removeprefix("throttled=")
    if board.gauge is None or board.i2c is None:
        talk.say("power", throttled=throttled)
        return
    power = PiPower(I2c(board.i2c.device), lambda: False, address=board.gauge.address)
    battery = power.battery()
    talk.say(
        "power",
        throttled=throttled,
        percent=battery.percent,
        volts=battery.volts or 0.0,
        celsius=power.processor() or 0.0,
    )
