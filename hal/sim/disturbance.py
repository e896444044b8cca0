"""What can go wrong between an encoder and whoever takes its units."""

from __future__ import annotations

import errno
import threading
from dataclasses import replace

from hal.interface import Unit
from hal.sim.calls import Call, Number
from hal.sim.clock import NS


class Disturbance:
    """The faults of one source: armed from outside, they work on the units that pass.  A restart heals what ended."""

    def __init__(self) -> None:
        """No fault."""
        self.ended = False
        self.slow_s = 0.0
        self._lock = threading.Lock()
        self._refusing = False
        self._stall_ns = 0
        self._stalled_until_ns: int | None = None
        self._drop = 0
        self._repeat = 0
        self._last_ns: int | None = None

    def stall(self, seconds: float) -> None:
        """Lose every unit captured in the next ``seconds``, counted from the next unit."""
        with self._lock:
            self._stall_ns = int(seconds * NS)
            self._stalled_until_ns = None

    def drop(self, count: int) -> None:
        """Lose the next ``count`` units without a word."""
        with self._lock:
            self._drop = count

    def repeat(self, count: int) -> None:
        """Give the next ``count`` units the time of the one before, as faulty encoders do."""
        with self._lock:
            self._repeat = count

    def slow(self, ms: float) -> None:
        """Take ``ms`` longer for each unit; more than a unit's length and the source falls behind."""
        self.slow_s = ms / 1000

    def end(self) -> None:
        """Deliver nothing more until the next start, as when the cable comes off."""
        self.ended = True

    def refuse(self) -> None:
        """Refuse to start, until cleared."""
        self._refusing = True

    def clear(self) -> None:
        """Behave again.  What ended stays ended until the next start."""
        with self._lock:
            self._refusing = False
            self.slow_s = 0.0
            self._stall_ns = self._drop = self._repeat = 0
            self._stalled_until_ns = None

    def starting(self) -> None:
        """Called at each start: heals an end, or raises ``OSError`` if the part is to refuse."""
        if self._refusing:
            raise OSError(errno.ENODEV, "told to refuse")
        self.ended = False
        self._last_ns = None

    def spoil(self, unit: Unit) -> Unit | None:
        """What becomes of ``unit``: itself, an altered one, or None if it is lost."""
        with self._lock:
            if self._lost(unit.time_ns):
                return None
            if self._repeat and self._last_ns is not None:
                self._repeat -= 1
                return replace(unit, time_ns=self._last_ns)
            self._last_ns = unit.time_ns
            return unit

    def _lost(self, time_ns: int) -> bool:
        if self._stall_ns:
            self._stalled_until_ns, self._stall_ns = time_ns + self._stall_ns, 0
        if self._stalled_until_ns is not None:
            if time_ns < self._stalled_until_ns:
                return True
            self._stalled_until_ns = None
        if self._drop:
            self._drop -= 1
            return True
        return False

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        count = Number(1, 100_000, 1)
        return {
            "stall": Call(self.stall, {"seconds": Number(0, 86_400, real=True)}),
            "drop": Call(self.drop, {"count": count}),
            "repeat": Call(self.repeat, {"count": count}),
            "slow": Call(self.slow, {"ms": Number(0, 10_000, real=True)}),
            "end": Call(self.end),
            "refuse": Call(self.refuse),
            "clear": Call(self.clear),
        }
