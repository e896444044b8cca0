"""What was heard so far, from other threads, and waiting for what is still to come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
LOOK_S = 0.5


class HeardNothingError(Exception):
    """What was waited for did not come; the message says what, and why if that is known."""


class Heard(Generic[T]):
    """A list that grows in other threads."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._items: list[T] = []
        self._news = threading.Condition()
        self._failure: str | None = None

    def __len__(self) -> int:
        """How much was heard."""
        return len(self._items)

    @property
    def items(self) -> tuple[T, ...]:
        """Everything so far."""
        with self._news:
            return tuple(self._items)

    def note(self, item: T) -> None:
        """Add one, and wake whoever waits."""
        with self._news:
            self._items.append(item)
            self._news.notify_all()

    def fail(self, reason: str) -> None:
        """Nothing more will come."""
        with self._news:
            self._failure = reason
            self._news.notify_all()

    def wait(self, what: str, wanted: Callable[[T], bool], *, after: int = 0, timeout_s: float = 30.0) -> T:
        """The first item behind the first ``after`` ones that is wanted; ``HeardNothingError`` names ``what`` did not come."""
        deadline = time.monotonic() + timeout_s
        with self._news:
            while True:
                for item in self._items[after:]:
                    if wanted(item):
                        return item
                if self._failure is not None:
                    raise HeardNothingError(f"{what} will not come: {self._failure}")
                if time.monotonic() >= deadline:
                    raise HeardNothingError(f"waited {timeout_s:.0f} s in vain for {what}")
                self._news.wait(min(LOOK_S, max(0.0, deadline - time.monotonic())))
