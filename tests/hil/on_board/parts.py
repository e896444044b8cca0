"""The parts of a board, opened as its file describes them."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hal.pi import boardfile
from hal.pi.board import Board
from hal.pi.clock import PiClock
from hal.pi.gpio import Pins

PATIENCE_S = 20.0


def board(given: Mapping[str, Any]) -> Board:
    """The board that the desk says this is."""
    return boardfile.parse(given["board"].encode(), given["file"])


@contextmanager
def pins(board: Board) -> Iterator[Pins]:
    """All pins, given back at the end."""
    with tempfile.TemporaryDirectory(prefix="lapel-hil-") as place:
        opened = Pins.open(Path(place), board.gpiochip)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def clock() -> Iterator[PiClock]:
    """The board's clock, which is not set."""
    with tempfile.TemporaryDirectory(prefix="lapel-hil-") as place:
        yield PiClock(Path(place) / "clock.json", None)


def boottime_ns() -> int:
    """The clock of every stamp."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def text(path: str) -> str:
    """What a small file of the kernel's holds; empty where there is none."""
    try:
        return Path(path).read_bytes().decode(errors="replace").strip("\0\n ")
    except OSError:
        return ""


def said(*command: str) -> str:
    """What a program prints; empty where it is not here, or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.strip()
