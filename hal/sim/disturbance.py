"""What can go wrong between an encoder and whoever takes its units."""

from __future__ import annotations

import errno
import threading
from collections import deque
from dataclasses import replace

from hal.interface import Unit
from hal.sim.calls import Call, Number
from hal.sim.clock import MS, NS


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
        self._reverse = 0
        self._back_ns = 0
        self._late_ns = 0
        self._held: deque[Unit] = deque()
        self._skew_ppm = 0.0
        self._anchor_ns: int | None = None

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

    def reverse(self, count: int, ms: int) -> None:
        """Let the next ``count`` units claim to have been captured ``ms`` sooner than they were: their times run back."""
        with self._lock:
            self._reverse, self._back_ns = count, ms * MS

    def late(self, seconds: float) -> None:
        """Keep each unit back for ``seconds``, its time as it was; with 0 all that is kept comes with the next one."""
        with self._lock:
            self._late_ns = int(seconds * NS)

    def skew(self, ppm: float) -> None:
        """From the next unit on let the stamps run fast by ``ppm`` millionths, as of a part that counts by a crystal of its own.

        A start puts them right again, and they go astray anew from there.
        """
        with self._lock:
            self._skew_ppm, self._anchor_ns = ppm, None

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
            self._stall_ns = self._drop = self._repeat = self._reverse = self._late_ns = 0
            self._stalled_until_ns = self._anchor_ns = None
            self._skew_ppm = 0.0

    def starting(self) -> None:
        """Called at each start: heals an end, or raises ``OSError`` if the part is to refuse."""
        if self._refusing:
            raise OSError(errno.ENODEV, "told to refuse")
        with self._lock:
            self.ended = False
            self._last_ns = self._anchor_ns = None
            self._held.clear()

    def spoil(self, unit: Unit) -> tuple[Unit, ...]:
        """What comes out where ``unit`` goes in: itself, an altered one, none if it is lost or kept, several where some were kept."""
        with self._lock:
            if self._lost(unit.time_ns):
                return ()
            if self._passes:
                self._last_ns = unit.time_ns
                return (unit,)
            self._held.append(replace(unit, time_ns=self._stamp(unit.time_ns)))
            ripe: list[Unit] = []
            while self._held and (not self._late_ns or self._held[0].time_ns + self._late_ns <= unit.time_ns):
                ripe.append(self._held.popleft())
            return tuple(ripe)

    @property
    def _passes(self) -> bool:
        """Whether a unit that is not lost comes out as it is, and at once."""
        return not (self._repeat or self._reverse or self._skew_ppm or self._late_ns or self._held)

    def _stamp(self, time_ns: int) -> int:
        """The time that a unit of this time claims."""
        if self._repeat and self._last_ns is not None:
            self._repeat -= 1
            return self._last_ns
        if self._reverse:
            self._reverse -= 1
            return time_ns - self._back_ns
        if self._skew_ppm:
            self._anchor_ns = time_ns if self._anchor_ns is None else self._anchor_ns
            time_ns += int((time_ns - self._anchor_ns) * self._skew_ppm / 1_000_000)
        self._last_ns = time_ns
        return time_ns

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
            "reverse": Call(self.reverse, {"count": count, "ms": Number(1, 60_000, 500)}),
            "late": Call(self.late, {"seconds": Number(0, 60, real=True)}),
            "skew": Call(self.skew, {"ppm": Number(-1000, 1000, real=True)}),
            "slow": Call(self.slow, {"ms": Number(0, 10_000, real=True)}),
            "end": Call(self.end),
            "refuse": Call(self.refuse),
            "clear": Call(self.clear),
        }
