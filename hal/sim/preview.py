"""Small pictures of what the simulated lens sees, for whoever looks: made while somebody does, and never at the lens's expense.

The lens's thread only copies every other pixel of a frame now and then.  Turning that into a JPEG is another thread's work, and a frame
that comes while it is busy is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hal.sim.clock import NS

if TYPE_CHECKING:
    from hal.sim.paint import Planes

EVERY_NS: Final = NS // 8


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, and when its frame was captured."""

    jpeg: bytes
    time_ns: int


class Preview:
    """Takes frames from one lens, and tells whoever looks.  A watcher returns at once."""

    def __init__(self, copy: Callable[[Planes], Callable[[], bytes]]) -> None:
        """Nobody looks, and no thread runs.  ``copy`` keeps what is worth looking at, and returns what makes a JPEG of that later."""
        self._copy = copy
        self._lock = threading.Condition()
        self._watchers: tuple[Callable[[Picture], None], ...] = ()
        self._thread: threading.Thread | None = None
        self._frame: tuple[Callable[[], bytes], int] | None = None
        self._taken_ns = -EVERY_NS

    def offer(self, planes: Planes, time_ns: int) -> None:
        """A frame was drawn; it may be drawn over once this returns."""
        if not self._watchers or abs(time_ns - self._taken_ns) < EVERY_NS:
            return
        self._taken_ns = time_ns
        with self._lock:
            self._frame = self._copy(planes), time_ns
            self._lock.notify()

    def watch(self, watcher: Callable[[Picture], None]) -> Callable[[], None]:
        """Tell ``watcher`` from now on; the answer ends that."""
        with self._lock:
            self._watchers += (watcher,)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sim-preview", daemon=True)
                self._thread.start()
        return lambda: self._forget(watcher)

    def _forget(self, watcher: Callable[[Picture], None]) -> None:
        with self._lock:
            self._watchers = tuple(other for other in self._watchers if other is not watcher)
            self._lock.notify()

    def _work(self) -> None:
        while True:
            with self._lock:
                while self._frame is None and self._watchers:
                    self._lock.wait()
                if not self._watchers:
                    self._thread = self._frame = None
                    return
                assert self._frame is not None  # noqa: S101 - the wait's own condition
                (encode, time_ns), self._frame, watchers = self._frame, None, self._watchers
            picture = Picture(encode(), time_ns)
            for watcher in watchers:
                watcher(picture)
