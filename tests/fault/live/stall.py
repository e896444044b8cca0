"""How long a machine keeps a thread that only wants to sync one byte from doing so: what a camera on it cannot be blamed for."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Final, Self

EVERY_S: Final = 0.1
REMEMBERED: Final = 1000
_MS: Final = 1_000_000


class Stall:
    """Wakes ten times a second and syncs a byte beside the cards, as long as the context is open.

    The promise of at most a second is about storage that syncs when told to; what a sync takes longer is measured, and comes on top.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "stall"
        self._end = threading.Event()
        self._late: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)
        self._began_ns = time.monotonic_ns()
        self._thread = threading.Thread(target=self._measure, name="stall", daemon=True)
        self.longest_ms = 0

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._end.set()
        self._thread.join()

    def last_ms(self, seconds: float) -> int:
        """The longest delay of the last seconds, one that still goes on included, in ms."""
        now_ns = time.monotonic_ns()
        since_ns = now_ns - round(seconds * 1e9)
        going_on = (now_ns - self._began_ns) // _MS - round(EVERY_S * 1000)
        return max([0, going_on, *(late for at_ns, late in tuple(self._late) if at_ns >= since_ns)])

    def _measure(self) -> None:
        with self._path.open("ab", buffering=0) as file:
            while not self._end.is_set():
                self._began_ns = began_ns = time.monotonic_ns()
                time.sleep(EVERY_S)
                file.write(b".")
                os.fdatasync(file.fileno())
                now_ns = time.monotonic_ns()
                late_ms = (now_ns - began_ns) // _MS - round(EVERY_S * 1000)
                self._late.append((now_ns, late_ms))
                self.longest_ms = max(self.longest_ms, late_ms)
