"""Computing beside the thread that writes: hashes and ciphers let go of the interpreter, so that a second core has something to do."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

WORTH: Final = 64 << 10
"""So many bytes take as long to be hashed as to be handed over: work on no more than that is better done where it is."""


class Beside:
    """One thread, which does what it is given in that order, and nothing that touches storage.  It ends with whoever owns it, or with the process,
    and keeps neither waiting: it only computes."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)  # begins with the first work that is worth it

    def begin(self, size: int, work: Callable[[], T]) -> Future[T]:
        """Have ``work`` on so many bytes done; what it returns or raises is in the future.  A little is done here and now."""
        if size > WORTH:
            return self._pool.submit(work)
        done: Future[T] = Future()
        done.set_result(work())
        return done
