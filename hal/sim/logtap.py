"""The lines of the audit log as they become durable on the simulated card, for whoever watches.

They are taken where the storage syncs them, and so are exactly the bytes on the card.  Only the clear lines can be told: what is about
people and conduct stands in the encrypted file beside them, of which a line names no more than the hash.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hal.sim.watchers import Watchers

REMEMBERED: Final = 200
"""Lines of this start that somebody who comes later is told first."""
_NAME: Final = re.compile(r"[0-9]{8}\.jwsl")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line without its LF, the name of its file, and when it had become durable."""

    file: str
    line: str
    time_ns: int


class LogTap:
    """Told by the storage what is appended and synced; costs other files one look at their name, when they are opened."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        """Nothing yet."""
        self._now_ns = now_ns
        self._lock = threading.RLock()
        self._waiting: dict[int, bytes] = {}
        self._newest: deque[LogLine] = deque(maxlen=REMEMBERED)
        self._watchers: Watchers[LogLine] = Watchers()

    def wants(self, name: str) -> bool:
        """Whether a file of this name is one of the log."""
        return _NAME.fullmatch(name) is not None

    def appended(self, file: int, data: bytes) -> None:
        """A log file, told apart by any number that stays its own, has grown."""
        with self._lock:
            self._waiting[file] = self._waiting.get(file, b"") + data

    def synced(self, file: int, name: str) -> None:
        """What it grew by is durable."""
        with self._lock:
            *lines, rest = self._waiting.pop(file, b"").split(b"\n")
            if rest:
                self._waiting[file] = rest
            for line in lines:
                told = LogLine(name, line.decode("ascii", "replace"), self._now_ns())
                self._newest.append(told)
                self._watchers.tell(told)

    def watch(self, watcher: Callable[[LogLine], None]) -> Callable[[], None]:
        """Tell ``watcher`` the newest lines of this start, and then each as it comes; the answer ends that."""
        with self._lock:
            for told in self._newest:
                watcher(told)
            return self._watchers.add(watcher)
