"""Single keys from a terminal."""

from __future__ import annotations

import os
import select
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

ESCAPE = "\x1b"
_PIECE = 64


class Terminal(Protocol):
    """What has a file descriptor."""

    def fileno(self) -> int:
        """The descriptor."""


@contextmanager
def single_keys(terminal: Terminal) -> Iterator[None]:
    """Let keys come one by one and unseen while the block lasts; ctrl-C stays what it is."""
    descriptor = terminal.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def read_keys(terminal: Terminal, timeout_s: float) -> str | None:
    """The keys that were pressed, none after the timeout; None once the terminal is gone.

    What arrow and function keys send is left out.
    """
    descriptor = terminal.fileno()
    if not select.select([descriptor], [], [], timeout_s)[0]:
        return ""
    data = os.read(descriptor, _PIECE).decode(errors="ignore")
    if not data:
        return None
    return "" if data.startswith(ESCAPE) else data
