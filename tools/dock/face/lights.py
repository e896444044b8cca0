"""The lights of a real rack: a line for each change, to a file (a tty, a FIFO, a plain file) or to a program's input.

    SLOT<tab>LIGHT<tab>WORDS<LF>        3	wait	do not take: 3 recordings not taken over

LIGHT is `ready`, `wait`, `wrong` or `free`.  A sink that begins anew is told all slots, so that it never shows what was.
"""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tools.dock.face.gate import Light, Verdict

PATIENCE_S = 2.0
PAUSE_S = 1.0


class Lights(Protocol):
    """Where lights are shown."""

    def show(self, slot: str, verdict: Verdict) -> None:
        """Light a slot so, soon.  Never waits, never raises."""


class Sink(Protocol):
    """An open file or program; ``OSError`` once it is no use."""

    def write(self, data: bytes) -> None:
        """Hand all of it over, within some seconds."""

    def close(self) -> None:
        """Let go of it."""


def lamp_line(slot: str, verdict: Verdict) -> bytes:
    """One line; what cannot be printed in a slot's name is a question mark."""
    name, words = ("".join(each if each.isprintable() else "?" for each in text) for text in (slot, verdict.text))
    return f"{name}\t{verdict.light}\t{words}\n".encode(errors="replace")


class LampLines:
    """Hands lines on, on a thread of its own.  Who takes none of them misses some, never the newest of a slot."""

    def __init__(self, open_sink: Callable[[], Sink], tell: Callable[[str], None]) -> None:
        """``tell`` hears in words that it does not work; once, until it works again."""
        self._open = open_sink
        self._tell = tell
        self._lit: dict[str, Verdict] = {}
        self._changed: set[str] = set()
        self._closing = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="dock-lights", daemon=True)
        self._thread.start()

    def show(self, slot: str, verdict: Verdict) -> None:
        """Light a slot so, soon."""
        with self._news:
            self._lit[slot] = verdict
            self._changed.add(slot)
            self._news.notify()

    def close(self) -> None:
        """Hand on what is left, as far as it is taken at once."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(2 * PATIENCE_S)

    def _work(self) -> None:
        sink: Sink | None = None
        said = False
        while (news := self._next()) is not None:
            try:
                if sink is None:
                    sink = self._open()
                    news = self._all()
                for slot, verdict in news.items():
                    sink.write(lamp_line(slot, verdict))
                said = False
            except OSError as error:
                if sink:
                    sink.close()
                sink = None
                if not said:
                    self._tell(error.strerror or str(error))
                said = True
                self._put_off(set(news))
        if sink:
            sink.close()

    def _next(self) -> dict[str, Verdict] | None:
        """What changed, once something did; None at the end."""
        with self._news:
            while not self._changed and not self._closing:
                self._news.wait()
            changed, self._changed = self._changed, set()
            return {slot: self._lit[slot] for slot in sorted(changed)} if changed else None

    def _all(self) -> dict[str, Verdict]:
        with self._news:
            return dict(sorted(self._lit.items()))

    def _put_off(self, slots: set[str]) -> None:
        """Try again after a while, unless it is over."""
        with self._news:
            if not self._closing:
                self._news.wait_for(lambda: self._closing, PAUSE_S)
                self._changed |= slots


class FileSink:
    """A file, opened for writing behind its end; a FIFO needs a reader."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY, 0o644)

    def write(self, data: bytes) -> None:
        """Write it."""
        _write_all(self._file, data)

    def close(self) -> None:
        """Close it."""
        with suppress(OSError):
            os.close(self._file)


class ProgramSink:
    """A program that reads lines, run without a shell."""

    def __init__(self, command: str) -> None:
        words = shlex.split(command)
        self._program = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, bufsize=0)
        assert self._program.stdin is not None  # noqa: S101 - it was asked for
        self._input = self._program.stdin
        os.set_blocking(self._input.fileno(), False)

    def write(self, data: bytes) -> None:
        """Write it to the program's input."""
        if self._program.poll() is not None:
            raise BrokenPipeError(f"it ended with status {self._program.returncode}")
        _write_all(self._input.fileno(), data)

    def close(self) -> None:
        """Close its input, and end it if that does not."""
        with suppress(OSError):
            self._input.close()
        try:
            self._program.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()


def _write_all(file: int, data: bytes) -> None:
    until = time.monotonic() + PATIENCE_S
    while data:
        left = until - time.monotonic()
        if left <= 0 or not select.select([], [file], [], left)[1]:
            raise TimeoutError("it takes nothing")
        data = data[os.write(file, data) :]


def sink_of(spec: str) -> Callable[[], Sink]:
    """What opens a file, or with ``|`` in front a program; ``ValueError`` for no name and an open quotation."""
    if not spec.startswith("|"):
        if not spec:
            raise ValueError("no file and no program")
        return lambda: FileSink(Path(spec))
    if not shlex.split(spec[1:]):
        raise ValueError("no program behind |")
    return lambda: ProgramSink(spec[1:])


__all__ = ["FileSink", "LampLines", "Light", "Lights", "ProgramSink", "Sink", "lamp_line", "sink_of"]
