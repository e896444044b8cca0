"""The clocks of a Raspberry Pi: the kernel's, which runs on through suspend, and a wall clock that hangs on it.

The wall clock is our own offset from the kernel's clock, so that nobody else who sets the system's time changes what a dock vouched for.  A
note on storage says of which boot a dock's word was: it holds while that boot lasts, also for a service that starts again.  After that, at
most a clock that ran on without power knows the time.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from hal.interface import ClockQuality, WallTime

MS: Final = 1_000_000  # ns
SECOND_MS: Final = 1000
LATEST_MS: Final = 1 << 48
EARLIEST_MS: Final = (
    1_735_689_600_000  # 2025: no board that runs this was on before, and clocks that lost power begin earlier
)
APART_MS: Final = 2000
"""What the system's time, which the kernel has from the RTC, may be away from its whole seconds."""
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
NOTE_BYTES: Final = 1000


class LastingClock(Protocol):
    """A clock that runs on without power."""

    def read(self) -> int:
        """Seconds since 1970; ``OSError`` if it does not know."""

    def write(self, seconds: int) -> None:
        """Set it; ``OSError`` if that is not allowed."""


class System:
    """The system's own wall clock."""

    def read(self) -> int:
        """Nanoseconds since 1970."""
        return time.clock_gettime_ns(time.CLOCK_REALTIME)

    def write(self, utc_ns: int) -> None:
        """Set it; ``OSError`` (EPERM) without CAP_SYS_TIME."""
        time.clock_settime_ns(time.CLOCK_REALTIME, utc_ns)


class BootClock:
    """The kernel's clocks as they are, for whoever has to say something before the camera's own is there.  What it is worth nobody knows."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since the kernel started."""
        return _boottime_ns()

    def utc(self) -> WallTime:
        """The system's time."""
        return WallTime(System().read() // MS, ClockQuality.UNSET)

    def set_utc(self, utc_ms: int) -> None:
        """It sets nothing."""


class PiClock:
    """A ``Clock``."""

    def __init__(
        self,
        note: Path,
        rtc: LastingClock | None,
        *,
        boot: Path = BOOT,
        system: System | None = None,
        monotonic_ns: Callable[[], int] | None = None,
    ) -> None:
        """Find out what the time is, and what that is worth.  ``note``: a file of this clock's own, in a directory that is there; ``rtc`` None:
        the board has none.  ``OSError`` where the kernel does not say which boot this is."""
        self._note, self._rtc, self._system = note, rtc, system or System()
        self._read_ns = monotonic_ns or _boottime_ns
        self._boot = boot.read_text(encoding="ascii").strip()
        self._lock = threading.Lock()
        self.unset: tuple[str, ...] = ()
        """What took the dock's last word not on: of ``note``, ``system`` and ``rtc``."""
        utc_ns, self._quality = self._begin()
        self._offset_ns = utc_ns - self._read_ns()

    def monotonic_ns(self) -> int:
        """Nanoseconds since the kernel started, those in suspend too."""
        return self._read_ns()

    def utc(self) -> WallTime:
        """The wall clock now."""
        with self._lock:
            return WallTime(max(0, self._read_ns() + self._offset_ns) // MS, self._quality)

    def set_utc(self, utc_ms: int) -> None:
        """Set it on a dock's word, and the system's and the RTC as far as that is allowed; ``unset`` says what was not."""
        if not 0 <= utc_ms < LATEST_MS:
            raise ValueError(f"utc_ms out of range: {utc_ms}")
        with self._lock:
            self._offset_ns = utc_ms * MS - self._read_ns()
            self._quality = ClockQuality.DOCK
        steps: list[tuple[str, Callable[[], None]]] = [
            ("system", lambda: self._system.write(self._now_ns())),
            ("note", self._keep),
        ]
        if self._rtc is not None:
            rtc = self._rtc
            steps.append(("rtc", lambda: rtc.write((self._now_ns() // MS + SECOND_MS // 2) // SECOND_MS)))
        self.unset = tuple(name for name, step in steps if not _done(step))

    def _now_ns(self) -> int:
        return self._read_ns() + self._offset_ns

    def _begin(self) -> tuple[int, ClockQuality]:
        """Nanoseconds since 1970, and their worth, as the service starts."""
        system_ns = self._system.read()
        said, boot, offset_ns = self._remembered()
        if boot == self._boot:
            return self._read_ns() + offset_ns, ClockQuality.DOCK
        lasting_ms = self._lasting_ms()
        if lasting_ms is None or lasting_ms < max(said - SECOND_MS, EARLIEST_MS):
            return system_ns, ClockQuality.UNSET
        apart = abs(system_ns // MS - lasting_ms) > APART_MS
        return (lasting_ms * MS if apart else system_ns), ClockQuality.RTC

    def _lasting_ms(self) -> int | None:
        if self._rtc is None:
            return None
        try:
            return self._rtc.read() * SECOND_MS
        except (OSError, ValueError, OverflowError):  # it stood still, or answers a date that is none
            return None

    def _remembered(self) -> tuple[int, str, int]:
        """The time that a dock said last, the boot in which it did, and the offset then; of what cannot be read nothing is believed."""
        try:
            with self._note.open("rb") as file:
                note = json.loads(file.read(NOTE_BYTES))
            said, boot, offset_ns = note["utc_ms"], note["boot"], note["offset_ns"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return 0, "", 0
        if type(said) is not int or type(boot) is not str or type(offset_ns) is not int or not 0 <= said < LATEST_MS:
            return 0, "", 0
        return said, boot, offset_ns

    def _keep(self) -> None:
        """Write the note, so that it is the old or the new one, whatever happens."""
        facts = {"utc_ms": self._now_ns() // MS, "boot": self._boot, "offset_ns": self._offset_ns}
        fresh = self._note.with_suffix(".new")
        with fresh.open("w", encoding="ascii") as file:
            json.dump(facts, file)
            file.flush()
            os.fdatasync(file.fileno())
        fresh.replace(self._note)


def _boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def _done(step: Callable[[], None]) -> bool:
    try:
        step()
    except (OSError, ValueError, OverflowError):
        return False
    return True
