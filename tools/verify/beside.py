"""Several files at once: reading, hashing, decrypting and decoding need no interpreter, so that threads use the cores that there are."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

MOST = 3
"""Each holds a segment in memory, and a decoder."""


@contextmanager
def each(work: Callable[[ItemT], ResultT], items: Sequence[ItemT]) -> Iterator[list[Future[ResultT]]]:
    """What comes of each item, in their order.  Behind the block nothing goes on: what nobody has begun by then is left out."""
    pool = ThreadPoolExecutor(min(MOST, os.cpu_count() or 1), "judge")
    try:
        yield [pool.submit(work, item) for item in items]
    finally:
        pool.shutdown(cancel_futures=True)


def one_at_a_time(hear: Callable[[int], None] | None) -> Callable[[int], None] | None:
    """The same listener, safe to be told by several threads."""
    if hear is None:
        return None
    lock = threading.Lock()

    def told(length: int) -> None:
        with lock:
            hear(length)

    return told
