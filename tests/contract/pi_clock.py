"""The clock of a Raspberry Pi on this machine's kernel, with a wall clock and an RTC that are ours: nothing here is set."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from hal.pi.clock import PiClock, System
from tests.contract import rigs


def _boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


@dataclass
class Wall(System):
    """A wall clock that runs with the kernel's; one that was never set shows 1970."""

    offset_ns: int = field(default_factory=lambda: -_boottime_ns())

    def read(self) -> int:
        """Nanoseconds since 1970."""
        return _boottime_ns() + self.offset_ns

    def write(self, utc_ns: int) -> None:
        """Set it."""
        self.offset_ns = utc_ns - _boottime_ns()


class Battery:
    """An RTC that never loses power, in whole seconds as they are."""

    def __init__(self) -> None:
        """Never set."""
        self.wall = Wall()

    def read(self) -> int:
        """Seconds since 1970."""
        return self.wall.read() // 1_000_000_000

    def write(self, seconds: int) -> None:
        """Set it."""
        self.wall.write(seconds * 1_000_000_000)


def clock(path: Path, rtc: Battery | None) -> rigs.ClockRig:
    """A clock, and the same after a power cut: the kernel has set its wall clock by the RTC, where there is one."""
    boots = [0]

    def begin() -> PiClock:
        boots[0] += 1
        (path / "boot").write_text(f"boot-{boots[0]}\n")
        wall = Wall() if rtc is None else Wall(rtc.wall.offset_ns)
        return PiClock(path / "clock.json", rtc, boot=path / "boot", system=wall)

    return rigs.ClockRig(begin(), time.sleep, begin)
