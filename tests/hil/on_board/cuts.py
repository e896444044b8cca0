"""Writes numbered blocks until the power goes, and tells of each that the card has acknowledged; afterwards finds out what is there."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hal.pi.storage import PiStorage
from tests.hil.on_board import talk

BLOCK = 65_536
NAME = "hil-cut"
PAUSE_S = 0.02


def block(seed: str, number: int) -> bytes:
    """A block that is like no other."""
    return hashlib.sha256(f"{seed} {number}".encode()).digest() * (BLOCK // 32)


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """``work``: ``write`` blocks of ``seed``, ``read`` them again, or ``clear`` them away."""
    root = PiStorage(Path(given["place"]), partition=given["partition"]).root()
    there = NAME in root.names()
    if given["work"] in {"write", "clear"} and there:
        root.remove(NAME)
        root.sync()
    if given["work"] == "clear":
        talk.say("clear")
    elif given["work"] == "write":
        file = root.create(NAME)
        root.sync()
        talk.say("ready")
        for number in range(given["most"]):
            file.append(block(given["seed"], number))
            file.sync()
            talk.say("kept", number=number)
            threading.Event().wait(PAUSE_S)
    elif not there:
        talk.say("found", whole=0, bytes=0)
    else:
        file = root.open(NAME)
        size = file.size()
        whole = 0
        while file.read(whole * BLOCK, BLOCK) == block(given["seed"], whole):
            whole += 1
        talk.say("found", whole=whole, bytes=size)
