"""A serial cable between two programs on one machine: two pseudo-terminals, and a thread that carries bytes between
them.

pyserial opens either end.  The cable can be pulled out after a number of bytes, and put back.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from contextlib import suppress
from types import TracebackType
from typing import Self

_PIECE = 64 * 1024
_NAP_S = 0.05


class Cable:
    """Two ends, ``near`` and ``far``, as paths of ttys.  Bytes sent while it is out are gone."""

    def __init__(self) -> None:
        """Make the terminals and begin to carry."""
        self._masters, self._slaves = zip(*(pty.openpty() for _ in range(2)), strict=True)
        for slave in self._slaves:
            tty.setraw(slave)
        self.near, self.far = (os.ttyname(slave) for slave in self._slaves)
        self._lock = threading.Lock()
        self._left: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="cable", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Throw it away."""
        self._stopping.set()
        self._thread.join()
        for descriptor in (*self._masters, *self._slaves):
            os.close(descriptor)

    def cut_after(self, size: int) -> None:
        """Pull it out once ``size`` more bytes have passed, both ways together."""
        with self._lock:
            self._left = size

    def put_back(self) -> None:
        """Plug it in again."""
        with self._lock:
            self._left = None

    @property
    def out(self) -> bool:
        """Whether it is pulled out."""
        with self._lock:
            return self._left == 0

    def _carry(self) -> None:
        across = dict(zip(self._masters, reversed(self._masters), strict=True))
        while not self._stopping.is_set():
            for source in select.select(self._masters, [], [], _NAP_S)[0]:
                data = self._let(os.read(source, _PIECE))
                while data and not self._stopping.is_set():
                    with suppress(BlockingIOError):
                        data = data[os.write(across[source], data) :]

    def _let(self, data: bytes) -> bytes:
        """As much as still passes."""
        with self._lock:
            if self._left is not None:
                data = data[: self._left]
                self._left -= len(data)
            return data
