"""The wires of a running machine: a qtest connection whose answers go to whoever asked, and changes of lines to whoever waits for them."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tools.vm.qtest import Answer, Change, QtestError, Reader, Refusal, drive, intercept
from tools.vm.trouble import VmError

_ANSWER_S = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A line changed: when, on the host's monotonic clock in seconds."""

    at_s: float
    line: int
    level: bool


class Wires:
    """The lines of one GPIO part."""

    def __init__(self, connection: socket.socket, part: str) -> None:
        """``part``: the path of the part in QEMU's tree; its outputs are intercepted from now on."""
        self._connection, self._part = connection, part
        self._answers: queue.Queue[Answer | Refusal | None] = queue.Queue()
        self._changed = threading.Condition()
        self._levels: dict[int, bool] = {}
        self._seen: list[Seen] = []
        self._gone = False
        self._thread = threading.Thread(target=self._read, name="qtest", daemon=True)
        self._thread.start()
        self._ask(intercept(part))

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Every change of an output so far, in order."""
        with self._changed:
            return tuple(self._seen)

    def drive(self, line: int, *, level: bool) -> None:
        """Drive an input."""
        self._ask(drive(self._part, line, level=level))

    def levels(self) -> Mapping[int, bool]:
        """The outputs that were ever high or changed; all others are low."""
        with self._changed:
            return dict(self._levels)

    def shares(self, for_s: float) -> Mapping[int, float]:
        """Watch for so many seconds: which share of them each output was high.  Those that never were are not told."""
        with self._changed:
            begun, levels, known = time.monotonic(), dict(self._levels), len(self._seen)
        time.sleep(for_s)
        with self._changed:
            ended, changes = time.monotonic(), self._seen[known:]
        lines = levels.keys() | {each.line for each in changes}
        return {
            line: share([each for each in changes if each.line == line], levels.get(line, False), begun, ended)
            for line in lines
        }

    def wait(self, reached: Callable[[Mapping[int, bool]], bool], timeout_s: float) -> float:
        """Wait until the outputs are so; how many seconds that took.  VmError when they are not in time, or the machine is gone."""
        began = time.monotonic()
        with self._changed:
            if not self._changed.wait_for(lambda: self._gone or reached(self._levels), timeout_s):
                raise VmError(f"after {timeout_s:g} s the lines that are high are {self._high()}")
            if not reached(self._levels):
                raise VmError(f"the machine is gone; the lines that were high are {self._high()}")
        return time.monotonic() - began

    def _high(self) -> list[int]:
        return sorted(line for line, level in self._levels.items() if level)

    def _ask(self, command: bytes) -> None:
        self._connection.sendall(command)
        try:
            answer = self._answers.get(timeout=_ANSWER_S)
        except queue.Empty:
            raise VmError(f"QEMU does not answer {command.decode().strip()!r}") from None
        if not isinstance(answer, Answer):
            raise VmError(f"QEMU refuses {command.decode().strip()!r}: {answer.why if answer else 'it is gone'}")

    def _read(self) -> None:
        reader = Reader()
        try:
            while data := self._connection.recv(65_536):
                for word in reader.feed(data):
                    if isinstance(word, Change):
                        self._change(word)
                    else:
                        self._answers.put(word)
        except (OSError, QtestError):
            pass  # told below as the end: whoever waits learns that the machine is gone
        with self._changed:
            self._gone = True
            self._changed.notify_all()
        self._answers.put(None)

    def _change(self, change: Change) -> None:
        with self._changed:
            self._levels[change.line] = change.level
            self._seen.append(Seen(time.monotonic(), change.line, change.level))
            self._changed.notify_all()


def share(changes: Sequence[Seen], level: bool, begun_s: float, ended_s: float) -> float:  # noqa: FBT001 - a level
    """Which share of that time an output was high that began at ``level`` and changed so."""
    course = [(begun_s, level), *((each.at_s, each.level) for each in changes), (ended_s, False)]
    return sum((until - since) * high for (since, high), (until, _) in pairwise(course)) / (ended_s - begun_s)
