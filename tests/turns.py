"""Several threads on one virtual clock, of which one runs at a time: the same in each run, and nobody waits for real.

A thread that sleeps, or waits for bytes, hands on to the one that wakes next, and the clock jumps to that moment.  So the camera's
and the dock's own threads can be run with cords of any speed between them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from hal.interface import PortKind
from tests.docking import NANO, DockEnd, VirtualClock

PIECE = 4096


class _OverError(BaseException):
    """Ends a thread whose test has failed."""


class _Worker:
    """A thread that waits for its turn."""

    def __init__(self, turns: Turns, name: str, body: Callable[[], None]) -> None:
        self.wake_ns = turns.clock.now_ns
        self.order = 0
        self.go = threading.Event()
        self.thread = threading.Thread(target=turns.live, args=(self, body), name=name, daemon=True)


class Turns:
    """Threads that take turns on ``clock``; those of nobody but this may move it."""

    def __init__(self, clock: VirtualClock, limit_s: float = 600.0) -> None:
        self.clock = clock
        self._until_ns = clock.now_ns + round(limit_s * NANO)
        self._workers: list[_Worker] = []
        self._current: _Worker | None = None
        self._order = 0
        self._error: BaseException | None = None
        self._over = threading.Event()

    def spawn(self, name: str, body: Callable[[], None]) -> None:
        """One more thread, once ``run`` is called."""
        self._workers.append(_Worker(self, name, body))

    def run(self) -> None:
        """Let all live to their end; what one raises is raised here."""
        for worker in self._workers:
            worker.thread.start()
        self._next()
        assert self._over.wait(60), "a thread waits for something real"
        if self._error is not None:
            raise self._error

    def sleep(self, seconds: float) -> None:
        """Let time, and the others, pass."""
        self.until(self.clock.now_ns + round(seconds * NANO))

    def until(self, wake_ns: int) -> None:
        """Sleep up to a moment, or until ``wake``."""
        worker = self.current
        worker.wake_ns = wake_ns
        self._order += 1
        worker.order = self._order
        if self._next() is not worker:
            worker.go.wait()
        worker.go.clear()
        if self._error is not None:
            raise _OverError

    @property
    def current(self) -> _Worker:
        """The thread whose turn it is."""
        assert self._current is not None
        return self._current

    def live(self, worker: _Worker, body: Callable[[], None]) -> None:
        """What a thread does."""
        worker.go.wait()
        worker.go.clear()
        try:
            if self._error is None:
                body()
        except _OverError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again by ``run``
            self._error = self._error or error
        finally:
            self._workers.remove(worker)
            self._next()

    def _next(self) -> _Worker | None:
        if not self._workers:
            self._over.set()
            return None
        worker = min(self._workers, key=lambda each: (each.wake_ns, each.order))
        self.clock.now_ns = max(self.clock.now_ns, worker.wake_ns)
        if self.clock.now_ns > self._until_ns:
            self._error = self._error or AssertionError("it takes too long")
        self._current = worker
        worker.go.set()
        return worker


class Halt(threading.Event):
    """An event whose ``wait`` is a turn of the others."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep on the virtual clock."""
        if not self.is_set():
            self._turns.sleep(timeout or 0.0)
        return self.is_set()


class Lane:
    """One way of a cord: so many bytes a second, of which a sender may be ``depth`` bytes ahead."""

    def __init__(self, turns: Turns, rate: float, depth: int) -> None:
        self.carried = 0
        self._turns = turns
        self._rate = rate
        self._depth_ns = round(depth / rate * NANO)
        self._arriving: deque[tuple[int, bytes]] = deque()
        self._free_ns = 0
        self._reader: _Worker | None = None

    def clear(self) -> None:
        """Lose what is on the way."""
        self._arriving.clear()
        self._free_ns = self._turns.clock.now_ns
        self.wake()

    def wake(self) -> None:
        """Let the reader look."""
        if self._reader is not None:
            self._reader.wake_ns = self._turns.clock.now_ns

    def write(self, data: bytes, check: Callable[[], None]) -> None:
        """Send, as fast as it goes.  ``check`` raises if the cord is out."""
        for start in range(0, len(data), PIECE):
            check()
            while (ahead := self._free_ns - self._depth_ns) > self._turns.clock.now_ns:
                self._turns.until(ahead)
                check()
            piece = data[start : start + PIECE]
            self._free_ns = max(self._free_ns, self._turns.clock.now_ns) + round(len(piece) / self._rate * NANO)
            self._arriving.append((self._free_ns, piece))
            self.carried += len(piece)
            if self._reader is not None:
                self._reader.wake_ns = min(self._reader.wake_ns, self._free_ns)

    def read(self, limit: int, timeout_s: float, check: Callable[[], None]) -> bytes:
        """What has arrived, or arrives in time."""
        until_ns = self._turns.clock.now_ns + round(timeout_s * NANO)
        while True:
            check()
            found, left = bytearray(), limit
            while left and self._arriving and self._arriving[0][0] <= self._turns.clock.now_ns:
                when, piece = self._arriving.popleft()
                found += piece[:left]
                if piece[left:]:
                    self._arriving.appendleft((when, piece[left:]))
                left = limit - len(found)
            if found or self._turns.clock.now_ns >= until_ns:
                return bytes(found)
            self._reader = self._turns.current
            self._turns.until(min(until_ns, self._arriving[0][0]) if self._arriving else until_ns)
            self._reader = None


class Cord:
    """A cord between a camera's port, which this is, and a dock, with ``rate`` bytes a second.

    ``cut_after``: pulled out when so many bytes more have passed, both ways.
    """

    def __init__(self, turns: Turns, rate: float, kind: PortKind, *, plugged: bool = True) -> None:
        self.kind = kind
        self.plugged = plugged
        self.cut_after: int | None = None
        self.answered = True
        self._turns = turns
        self._used = False
        self._number = 0
        self._up, self._down = (Lane(turns, rate, 16 * 1024) for _ in range(2))

    @property
    def carried(self) -> int:
        """Bytes, both ways."""
        return self._up.carried + self._down.carried

    def plug(self) -> None:
        """Put it in."""
        self.plugged = True

    def unplug(self) -> None:
        """Pull it out."""
        self.plugged = False
        self._forget()

    # -- the camera's port

    def connected(self) -> bool:
        """Whether it is plugged in."""
        return bool(self.plugged)

    def read(self, limit: int, timeout_s: float) -> bytes:
        """What the dock said."""
        return self._passed(self._down.read(limit, timeout_s, self._check))

    def write(self, data: bytes) -> None:
        """Say something."""
        if data:
            self._used = True
            self._up.write(data, self._check)

    def reset(self) -> None:
        """Over a stream, end the connection."""
        if self._used and self.kind is PortKind.STREAM:
            self._forget()
        self._used = False

    # -- the dock

    def serve(self, connect: Callable[[], DockEnd], stop: Halt) -> None:
        """Be the dock: a new end for each connection, or each session of a serial line."""
        while not stop.is_set():
            if not (self.plugged and self._used):
                self._turns.sleep(0.01)
                continue
            end, number = connect(), self._number

            def check(number: int = number) -> None:
                if number != self._number:
                    raise OSError("the connection is over")

            with suppress(OSError):
                while not stop.is_set() and not (end.error and self.kind is PortKind.SERIAL):
                    data = self._passed(self._up.read(1 << 18, 0.02, check))
                    out = end.pump(data, self._turns.clock.now_ns)
                    if self.answered:
                        self._down.write(out, check)
            end.hang_up()

    def _passed(self, data: bytes) -> bytes:
        if self.cut_after is not None:
            self.cut_after -= len(data)
            if self.cut_after < 0:
                self.cut_after = None
                self.unplug()
        return data if self.plugged else b""

    def _forget(self) -> None:
        self._number += 1
        for lane in (self._up, self._down):
            lane.clear()

    def _check(self) -> None:
        if not self.plugged:
            raise OSError("the cord was pulled out")
