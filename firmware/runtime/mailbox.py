"""The queue into a thread: in order, bounded for frames, and never closed to what matters more."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Items for one consumer, in the order in which they came.

    Frames have a weight in bytes, and whoever brings them asks first whether there is ``room``, and counts what it has to drop.  Edges,
    acknowledgements and orders weigh nothing and are always taken: frames cannot crowd them out.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[tuple[T, int]] = deque()
        self._held = 0
        self._called = False
        self._changed = threading.Condition()

    @property
    def held(self) -> int:
        """Weight of what waits, in bytes."""
        return self._held

    @property
    def room(self) -> bool:
        """Whether frames should still be brought."""
        return self._held < self._limit

    def put(self, item: T, weight: int = 0) -> None:
        """Add an item; never blocks, never refuses."""
        with self._changed:
            self._items.append((item, weight))
            self._held += weight
            self._called = True
            self._changed.notify()

    def lay(self, item: T, weight: int) -> None:
        """Add an item that nobody need hurry for: the consumer is not woken, and finds it when it looks the next time."""
        with self._changed:
            self._items.append((item, weight))
            self._held += weight

    def bring(self, item: T) -> None:
        """Add an item from a thread of the hardware, in which nothing may be raised; lost where not even the memory for it is left."""
        with suppress(MemoryError):
            self.put(item)

    def take(self) -> T | None:
        """The next item, or None at once when nothing waits."""
        with self._changed:
            if not self._items:
                return None
            item, weight = self._items.popleft()
            self._held -= weight
            return item

    def peek(self) -> T | None:
        """The same, and it goes on waiting."""
        with self._changed:
            return self._items[0][0] if self._items else None

    def wait(self, timeout_s: float) -> None:
        """Return as soon as something was put since the last time, at the latest after ``timeout_s`` seconds."""
        with self._changed:
            if not self._called:
                self._changed.wait(timeout_s)
            self._called = False
