"""Computing beside the thread that writes."""

from __future__ import annotations

import threading

import pytest

from firmware.runtime.beside import WORTH, Beside


def test_little_is_done_where_it_is() -> None:
    """A handover costs more than so little work."""
    assert Beside("a").begin(WORTH, threading.current_thread).result() is threading.current_thread()


def test_more_is_done_by_one_thread_of_its_own_in_order() -> None:
    """The states of hashes go through it: nothing overtakes."""
    beside, done = Beside("a"), list[int]()
    futures = [beside.begin(WORTH + 1, lambda number=number: done.append(number)) for number in range(100)]  # type: ignore[misc]  # a lambda with a default has no type
    (name,) = {beside.begin(WORTH + 1, lambda: threading.current_thread().name).result() for _ in range(3)}
    assert all(future.done() for future in futures)
    assert done == list(range(100))
    assert name.startswith("a")


def test_what_it_raises_is_in_the_future() -> None:
    """Trouble with a flush that was put together early is trouble of that flush, not of the one before it."""

    def fail() -> None:
        raise ValueError("no")

    future = Beside("a").begin(WORTH + 1, fail)
    with pytest.raises(ValueError, match="no"):
        future.result()
