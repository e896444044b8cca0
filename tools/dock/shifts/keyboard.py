"""Lines from where a reader is plugged in: standard input, a tty, or Linux's event device of a keyboard, which is then its alone."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

STDIN = 0
READ = 4096
LONGEST = 256
"""Bytes of a line; of a longer one only that it was too long is handed on."""

EVENT = struct.Struct("@llHHi")
"""``struct input_event``: seconds, microseconds, type, code, value."""

GRAB = 0x40044590
"""``EVIOCGRAB``: what is typed reaches nobody else, above all no console."""

_KEY, _DOWN = 1, 1
_ENTER = frozenset({28, 96})
_SHIFT = frozenset({42, 54})
_ROWS = {2: "1234567890-", 16: "qwertyuiop", 30: "asdfghjkl", 44: "zxcvbnm"}
_PAD = {79: "1", 80: "2", 81: "3", 75: "4", 76: "5", 77: "6", 71: "7", 72: "8", 73: "9", 82: "0", 74: "-"}
_KEYS = {first + at: letter for first, row in _ROWS.items() for at, letter in enumerate(row)} | _PAD


class TextLines:
    """Cuts bytes into lines."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._line = bytearray()

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines that these bytes complete; what is no ASCII shows as that."""
        for byte in data:
            if byte == 0x0A:
                yield self._line.decode("ascii", "replace")
                self._line.clear()
            elif len(self._line) < LONGEST:
                self._line.append(byte)


class KeyLines:
    """Turns the events of a keyboard (its American layout, which readers use) into lines."""

    def __init__(self) -> None:
        """Nothing was typed."""
        self._left = b""
        self._line = ""
        self._shift: set[int] = set()

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines that these events complete; a key that no reader presses shows as ``?``."""
        data = self._left + data
        whole = len(data) - len(data) % EVENT.size
        self._left = data[whole:]
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind != _KEY:
                continue
            if code in _SHIFT:
                (self._shift.add if value else self._shift.discard)(code)
            elif value == _DOWN:
                if code in _ENTER:
                    yield self._line
                    self._line = ""
                elif len(self._line) < LONGEST:
                    letter = _KEYS.get(code, "?")
                    self._line += letter.upper() if self._shift and letter.isalpha() else "?" if self._shift else letter


def lines_of(source: str) -> Iterator[str]:
    """Lines from ``-`` (standard input), a tty or a file, or ``/dev/input/...``, until it ends; ``OSError`` where it cannot be read."""
    if source == "-":
        yield from _read(STDIN, TextLines())
        return
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    with closing(os.fdopen(descriptor, "rb", buffering=0)):
        keys = Path(source).resolve().is_relative_to("/dev/input")
        if keys:
            fcntl.ioctl(descriptor, GRAB, 1)
        yield from _read(descriptor, KeyLines() if keys else TextLines())


def _read(descriptor: int, lines: TextLines | KeyLines) -> Iterator[str]:
    while data := os.read(descriptor, READ):
        yield from lines.feed(data)
