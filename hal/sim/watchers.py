"""A list of those who want to be told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Watchers(Generic[T]):
    """Functions that are called with every value in order.  They return at once and never raise."""

    def __init__(self) -> None:
        """Nobody watches."""
        self._lock = threading.RLock()
        self._watchers: tuple[Callable[[T], None], ...] = ()

    def add(self, watcher: Callable[[T], None]) -> Callable[[], None]:
        """Tell ``watcher`` from now on; the answer ends that."""
        with self._lock:
            self._watchers += (watcher,)
        return lambda: self._forget(watcher)

    def tell(self, value: T) -> None:
        """Tell all of them, in the caller's thread; no two values at once."""
        with self._lock:
            for watcher in self._watchers:
                watcher(value)

    def _forget(self, watcher: Callable[[T], None]) -> None:
        with self._lock:
            self._watchers = tuple(other for other in self._watchers if other is not watcher)
