"""What all simulated storage has in common: names that it takes, trouble that it makes, room that it has."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable

from hal.files import BLOCK, blocks, fail
from hal.sim.calls import Call, Flag, Number


class Trouble:
    """The faults of one storage, asked before each operation, and the account of its room."""

    def __init__(self, capacity: int | None = None, pause: Callable[[float], None] = time.sleep) -> None:
        """A storage without faults that holds ``capacity`` bytes; ``pause`` is how it waits in a stall."""
        self.capacity = capacity
        self._pause = pause
        self._lock = threading.Lock()
        self._used: dict[int, int] = {}
        self._total = 0
        self._failing_syncs = 0
        self._failing_writes = False
        self._read_only = False
        self._stall_s = 0.0
        self._slow_s = 0.0

    def fail_syncs(self, count: int) -> None:
        """Let the next ``count`` syncs of a file or a directory fail.  A file whose sync failed never syncs again."""
        with self._lock:
            self._failing_syncs = count

    def fail_writes(self, on: bool) -> None:  # noqa: FBT001 - it is called by name
        """Let every append fail with EIO."""
        self._failing_writes = on

    def protect(self, on: bool) -> None:  # noqa: FBT001 - it is called by name
        """Turn read-only, as file systems do after errors."""
        self._read_only = on

    def stall(self, seconds: float) -> None:
        """Let the next append or sync take ``seconds`` longer."""
        with self._lock:
            self._stall_s = seconds

    def slow(self, ms: float) -> None:
        """Let each append and each sync take so much longer, until told otherwise."""
        self._slow_s = ms / 1000

    def fill(self, free: int) -> None:
        """Leave room for ``free`` bytes more."""
        with self._lock:
            self.capacity = self._total + free

    def clear(self) -> None:
        """Behave again; a capacity stays."""
        with self._lock:
            self._failing_syncs, self._stall_s, self._slow_s = 0, 0.0, 0.0
            self._failing_writes = self._read_only = False

    def before_change(self, name: str) -> None:
        """Called before anything is changed."""
        if self._read_only:
            fail(errno.EROFS, name)

    def before_append(self, name: str) -> None:
        """Called before bytes are added."""
        self.before_change(name)
        self._wait()
        if self._failing_writes:
            fail(errno.EIO, name)

    def before_sync(self, name: str) -> None:
        """Called before a file or a directory is synced."""
        self._wait()
        with self._lock:
            failing, self._failing_syncs = self._failing_syncs > 0, max(0, self._failing_syncs - 1)
        if failing:
            fail(errno.EIO, name)

    def _wait(self) -> None:
        with self._lock:
            seconds, self._stall_s = self._stall_s + self._slow_s, 0.0
        if seconds:
            self._pause(seconds)

    @property
    def used(self) -> int:
        """Bytes taken up, in whole blocks."""
        return self._total

    def room(self, file: int, size: int) -> int:
        """How many bytes ``file`` can hold, up to ``size``."""
        with self._lock:
            if self.capacity is None:
                return size
            others = self._total - self._used.get(file, 0)
            return min(size, max(0, self.capacity - others) // BLOCK * BLOCK)

    def charge(self, file: int, size: int) -> None:
        """Book room for ``size`` bytes of ``file``; room that it has, written or reserved, it keeps."""
        with self._lock:
            before = self._used.get(file, 0)
            self._used[file] = max(before, blocks(size))
            self._total += self._used[file] - before

    def settle(self, file: int, size: int) -> None:
        """Give back what ``file`` had reserved beyond its ``size`` bytes."""
        with self._lock:
            self._total += blocks(size) - self._used.get(file, 0)
            self._used[file] = blocks(size)

    def release(self, file: int) -> None:
        """Give the room of a removed file back."""
        with self._lock:
            self._total -= self._used.pop(file, 0)

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        switch = {"on": Flag(default=True)}
        return {
            "sync": Call(self.fail_syncs, {"count": Number(1, 1000, 1)}),
            "write": Call(self.fail_writes, switch),
            "read-only": Call(self.protect, switch),
            "stall": Call(self.stall, {"seconds": Number(0, 3600, real=True)}),
            "slow": Call(self.slow, {"ms": Number(0, 10_000, real=True)}),
            "fill": Call(self.fill, {"free": Number(0, 1 << 50, 0)}),
            "clear": Call(self.clear),
        }
