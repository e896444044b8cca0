"""Runs a board's microphone for some seconds, and keeps what it gives in a file: each unit behind its length in four bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hal.interface import Unit
from hal.pi.microphone import PiMicrophone
from tests.hil.on_board import parts, talk


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """So many ``seconds`` of the card ``card`` into the file ``into``; the times of units, in ms from the first one's."""
    desk = talk.Desk()
    kept: list[Unit] = []
    with parts.clock() as clock:
        microphone = PiMicrophone(clock, given["card"])
        talk.say("ready")
        microphone.start(kept.append)
        desk.gone(given["seconds"])
        microphone.stop()
    Path(given["into"]).write_bytes(b"".join(len(unit.data).to_bytes(4, "big") + unit.data for unit in kept))
    first = kept[0].time_ns if kept else 0
    talk.say("units", times_ms=[round((unit.time_ns - first) / 1e6, 3) for unit in kept], gaps=microphone.gaps)
