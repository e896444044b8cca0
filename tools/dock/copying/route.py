"""The way to one place: a queue, a few threads that work through it, and a pause after a failure.

A place that is away is asked again after seconds, then minutes; until then whoever wants a copy there hears at once that there is none.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from weakref import WeakValueDictionary

from tools.dock.places.place import Place

WORKERS = 4
"""Files that are on their way to one place at once."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0
PARTING_S = 15.0


class Route:
    """Runs work on one place.  A task may be called on any of its threads, and says itself how it went."""

    def __init__(
        self, place: Place, *, workers: int = WORKERS, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin to wait for tasks."""
        self.place = place
        self.stopping = threading.Event()
        self._closing = False
        self._monotonic = monotonic
        self._tasks: deque[Callable[[], object]] = deque()
        self._changed = threading.Condition()
        self._failures, self._until, self._why = 0, 0.0, ""
        self._keys = WeakValueDictionary[str, threading.Lock]()
        self._threads = [self._start() for _ in range(workers)]

    def submit(self, task: Callable[[], object]) -> None:
        """Do this when its turn comes."""
        with self._changed:
            self._tasks.append(task)
            self._changed.notify()

    def only(self, key: str) -> threading.Lock:
        """Held while something is done to this key: of two versions of a file that grows, the older one must not arrive last."""
        with self._changed:
            return self._keys.setdefault(key, threading.Lock())

    @property
    def trouble(self) -> str | None:
        """Why nothing is tried at the moment; None while things are tried."""
        left = self._until - self._monotonic()
        return f"{self._why}; asked again in {left:.0f} s" if self._failures and left > 0 else None

    @property
    def pause_s(self) -> float:
        """How long it is left alone after as many failures as there were."""
        return float(min(FIRST_PAUSE_S * 2 ** (self._failures - 1), LONGEST_PAUSE_S)) if self._failures else 0.0

    def failed(self, why: str) -> None:
        """The place could not be used: leave it alone for a while."""
        with self._changed:
            if self.trouble is None:  # else these are files that were under way together: one failure
                self._failures += 1
                self._until, self._why = self._monotonic() + self.pause_s, why

    def worked(self) -> None:
        """It can be used."""
        with self._changed:
            self._failures = 0

    def close(self, within_s: float = PARTING_S) -> None:
        """Finish what waits, as far as that goes in some seconds; end the rest, and close the place."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._join(within_s)
        with self._changed:
            self.stopping.set()
            self._tasks.clear()
        self._join(1.0)
        self.place.close()

    def _join(self, within_s: float) -> None:
        until = time.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=self._work, name="dock-copies", daemon=True)
        thread.start()
        return thread

    def _work(self) -> None:
        while (task := self._next()) is not None:
            task()

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while not self._tasks:
                if self._closing:
                    return None
                self._changed.wait()
            return self._tasks.popleft()
