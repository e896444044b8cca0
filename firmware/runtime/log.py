"""Structured logs: one event a line, JSON, on a stream (standard error on a camera, so the journal of the system keeps it).

A log is for engineers and lies in clear text, so it holds nothing about people: what the evidence format keeps in
``private.age`` is withheld here too, and bytes are told by their length only.  A log never troubles its caller: a stream that
is gone or full loses the event and nothing else.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from enum import Enum, IntEnum
from math import isfinite
from typing import TextIO

from hal.interface import Clock

Fact = object
WITHHELD = "withheld"
PRIVATE = frozenset(
    {
        "assignment",
        "bookmark",
        "file_key",
        "label",
        "officer",
        "passphrase",
        "private_key",
        "secret",
        "shift",
        "trigger",
    }
)
_RESERVED = ("mono_ms", "utc_ms", "level", "event")
_TEXT_LIMIT = 500  # a fact is a fact, not a document


class Level(IntEnum):
    """How much an event matters, rising."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class Log:
    """Writes events to ``stream``, stamped by ``clock``; ``threshold`` and above are written.  Safe in all threads."""

    def __init__(self, stream: TextIO, clock: Clock, *, threshold: Level = Level.INFO) -> None:
        self._stream = stream
        self._clock = clock
        self._threshold = threshold
        self._context: dict[str, Fact] = {}
        self._lock = threading.Lock()

    def bind(self, /, **context: Fact) -> Log:
        """A log on the same stream that adds ``context`` to each event."""
        bound = Log(self._stream, self._clock, threshold=self._threshold)
        bound._context = {**self._context, **context}
        bound._lock = self._lock
        return bound

    def debug(self, name: str, /, **facts: Fact) -> None:
        """Something that helps in the workshop alone."""
        self._write(Level.DEBUG, name, facts)

    def event(self, name: str, /, **facts: Fact) -> None:
        """Something that happened as it should."""
        self._write(Level.INFO, name, facts)

    def warning(self, name: str, /, **facts: Fact) -> None:
        """Something that should not happen, and was dealt with."""
        self._write(Level.WARNING, name, facts)

    def error(self, name: str, /, **facts: Fact) -> None:
        """Something that cost the camera a part or a promise."""
        self._write(Level.ERROR, name, facts)

    def _write(self, level: Level, name: str, facts: dict[str, Fact]) -> None:
        if level < self._threshold:
            return
        told = {key: _tell(key, value) for key, value in {**self._context, **facts}.items() if key not in _RESERVED}
        head = {
            "mono_ms": self._clock.monotonic_ns() // 1_000_000,
            "utc_ms": self._clock.utc().utc_ms,
            "level": level.name.lower(),
            "event": name,
        }
        line = json.dumps({**head, **told}, ensure_ascii=True, separators=(",", ":")) + "\n"
        with self._lock, suppress(OSError, ValueError):  # a full or broken pipe; a closed stream
            self._stream.write(line)
            self._stream.flush()


def _tell(key: str, value: Fact) -> Fact:
    """What a log may say of a value: never what is private, never a value that JSON cannot hold."""
    told: Fact = type(value).__name__
    match value:
        case _ if key in PRIVATE:
            told = WITHHELD
        case Enum():
            told = _tell(key, value.value)
        case None | int():
            told = value
        case float():
            told = value if isfinite(value) else str(value)
        case str():
            told = value if len(value) <= _TEXT_LIMIT else value[:_TEXT_LIMIT] + "..."
        case bytes() | bytearray() | memoryview():
            told = f"{memoryview(value).nbytes} bytes"
        case list() | tuple():
            told = [_tell(key, each) for each in value]
        case dict():
            told = {str(inner): _tell(str(inner), each) for inner, each in value.items()}
    return told
