"""A serial cable on one machine: two pseudo-terminals, and a thread that carries bytes between them.

Each end opens an ordinary tty, as with a real cable.  A byte that an end does not take in time is lost, as on a UART: mending
that is the link layer's business.  It can be pulled out after a number of bytes, and put back.
"""

from __future__ import annotations

import os
import select
import threading
import tty
from contextlib import suppress
from typing import Self

_PIECE = 4096
"""What a pseudo-terminal takes at once."""
_PATIENCE_S = 0.2


class Cable:
    """Two ttys that are joined while this is open: ``camera`` and ``dock`` are their paths.  Bytes sent while it is out are gone."""

    def __init__(self) -> None:
        """Make both, raw, and begin to carry.  ``OSError`` where the system has none left."""
        self._masters: list[int] = []
        self._slaves: list[int] = []
        self._stop, self._stopped = os.pipe()
        try:
            for _ in range(2):
                master, slave = os.openpty()
                self._masters.append(master)
                self._slaves.append(slave)  # held open, so that nobody's leaving hangs up on the other end
                tty.setraw(slave)
                os.set_blocking(master, False)
            self.camera, self.dock = map(os.ttyname, self._slaves)
        except OSError:
            self._release()
            raise
        self.carried = 0
        self._lock = threading.Lock()
        self._left: int | None = None
        self._thread = threading.Thread(target=self._carry, name="cable", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Close it at the end of a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Take both ttys away; whoever still has one open is hung up on."""
        os.write(self._stopped, b"x")
        self._thread.join()
        self._release()

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
        one, other = self._masters
        across = {one: other, other: one}
        while self._stop not in (ready := select.select([self._stop, one, other], [], [])[0]):
            for end in ready:
                with suppress(BlockingIOError):
                    self._put(across[end], self._passing(os.read(end, _PIECE)))

    def _passing(self, data: bytes) -> bytes:
        """As much as still passes."""
        with self._lock:
            if self._left is not None:
                data = data[: self._left]
                self._left -= len(data)
            return data

    def _put(self, end: int, data: bytes) -> None:
        """Hand on as much as is taken in time."""
        rest = memoryview(data)
        while rest and select.select([], [end], [], _PATIENCE_S)[1]:
            with suppress(BlockingIOError):
                sent = os.write(end, rest)
                self.carried += sent
                rest = rest[sent:]

    def _release(self) -> None:
        for descriptor in (*self._masters, *self._slaves, self._stop, self._stopped):
            os.close(descriptor)
