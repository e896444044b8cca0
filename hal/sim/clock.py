"""The simulated clocks: one that runs with the host and can be told to lie, and one that only a test moves."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Protocol

from hal.interface import Clock, ClockQuality, WallTime
from hal.sim.calls import Call, Number

NS = 1_000_000_000
MS = 1_000_000

# The service of a real camera starts some seconds after the kernel's clock began.
BOOT_NS = 5 * NS

_1970_MS = 0
_2100_MS = 4_102_444_800_000


class SimTime(Clock, Protocol):
    """A clock that can also say what its wall clock showed, or will show, at another time of this boot."""

    def utc_ns(self, time_ns: int) -> int:
        """The wall clock, in nanoseconds since 1970, at the monotonic time ``time_ns``, as it is set now."""


class _WallClock:
    """A wall clock that hangs on a monotonic one by an offset."""

    def __init__(self, offset_ns: int, quality: ClockQuality) -> None:
        self._lock = threading.Lock()
        self._offset_ns = offset_ns
        self._quality = quality

    def monotonic_ns(self) -> int:
        """Nanoseconds since the simulated boot."""
        raise NotImplementedError

    def utc_ns(self, time_ns: int) -> int:
        """The wall clock at the monotonic time ``time_ns``."""
        return time_ns + self._offset_ns

    def utc(self) -> WallTime:
        """The wall clock now, and what its word is worth."""
        with self._lock:
            return WallTime(self.utc_ns(self.monotonic_ns()) // MS, self._quality)

    def set_utc(self, utc_ms: int) -> None:
        """Set it on a dock's word."""
        self.put(utc_ms, ClockQuality.DOCK)

    def put(self, utc_ms: int, quality: ClockQuality) -> None:
        """Make the wall clock show ``utc_ms`` from now on, and claim ``quality`` for it."""
        if not 0 <= utc_ms < 1 << 48:
            raise ValueError(f"utc_ms out of range: {utc_ms}")
        with self._lock:
            self._offset_ns = utc_ms * MS - self.monotonic_ns()
            self._quality = quality
            self._changed()

    def jump(self, ms: int) -> None:
        """Move the wall clock by ``ms``, as a bad time signal would; the quality keeps its claim."""
        with self._lock:
            self._offset_ns += ms * MS
            self._changed()

    def _changed(self) -> None:
        """Hook for a clock that outlives its process."""

    def faults(self) -> dict[str, Call]:
        """What can go wrong with a clock, for the control socket."""
        return {
            "unset": Call(lambda: self.put(_1970_MS, ClockQuality.UNSET)),
            "1970": Call(lambda: self.put(_1970_MS, ClockQuality.RTC)),
            "2100": Call(lambda: self.put(_2100_MS, ClockQuality.RTC)),
            "jump": Call(self.jump, {"ms": Number(-(1 << 42), 1 << 42)}),
            "right": Call(lambda: self.put(time.time_ns() // MS, ClockQuality.RTC)),
        }


class SimClock(_WallClock):
    """The host's clock, with a wall clock of its own.

    Each instance is a boot: the monotonic clock starts anew, and the wall clock's offset from the host's comes back
    from the state file, where it is kept as a battery-backed clock keeps it: ``DOCK`` becomes ``RTC``, ``UNSET``
    starts at 1970 again.
    """

    def __init__(self, state: Path | None = None) -> None:
        """Start the clock; ``state`` remembers the wall clock from boot to boot, without it the clock is right."""
        self._state = state
        self._boot_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - BOOT_NS
        self._host_ns = time.time_ns() - self.monotonic_ns()
        off_ns, quality = _remembered(state)
        super().__init__(self._host_ns + off_ns, quality)
        if quality is ClockQuality.UNSET:
            self._offset_ns = -self.monotonic_ns()

    def monotonic_ns(self) -> int:
        """Nanoseconds since the simulated boot, on through the host's suspend."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - self._boot_ns

    def _changed(self) -> None:
        if self._state is None:
            return
        memory = {"off_ns": self._offset_ns - self._host_ns, "quality": self._quality.value}
        fresh = self._state.with_suffix(".new")
        fresh.write_text(json.dumps(memory))
        fresh.replace(self._state)


class VirtualClock(_WallClock):
    """A clock that stands still until it is advanced."""

    def __init__(self, utc_ms: int = 1_790_000_000_000, quality: ClockQuality = ClockQuality.RTC) -> None:
        """Begin at a boot, with the wall clock at ``utc_ms``."""
        self._now_ns = BOOT_NS
        super().__init__(utc_ms * MS - BOOT_NS, quality)

    def monotonic_ns(self) -> int:
        """Where the clock stands."""
        return self._now_ns

    def advance(self, ns: int) -> None:
        """Let ``ns`` nanoseconds pass."""
        if ns < 0:
            raise ValueError(f"a monotonic clock never runs back: {ns}")
        self._now_ns += ns

    def power_cycle(self) -> VirtualClock:
        """The clock after the next boot: what was set runs on, as ``RTC`` at best."""
        wall = self.utc()
        return VirtualClock(*_kept(wall.utc_ms, wall.quality))


def _kept(value: int, quality: ClockQuality) -> tuple[int, ClockQuality]:
    """What a battery-backed clock still knows after a power cycle; one that was never set starts at 0 again."""
    return (0, ClockQuality.UNSET) if quality is ClockQuality.UNSET else (value, ClockQuality.RTC)


def _remembered(state: Path | None) -> tuple[int, ClockQuality]:
    """Offset from the host's wall clock, and quality, after a power cycle; what cannot be read is an empty battery."""
    if state is None or not state.exists():
        return 0, ClockQuality.RTC
    try:
        memory = json.loads(state.read_text())
        kept = ClockQuality(memory["quality"])
        off_ns = int(memory["off_ns"])
    except (ValueError, KeyError, TypeError):
        return 0, ClockQuality.UNSET
    return _kept(off_ns, kept)
