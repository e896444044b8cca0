"""What only a kernel's clocks can pass: its wall clock and its RTC are set, and outside the machine that is seen."""

from __future__ import annotations

import time
from pathlib import Path

from hal.interface import ClockQuality
from hal.pi.rtc import Rtc
from tests.contract import rigs
from tests.vm.inside import asks
from tests.vm.inside.system import RTC

EVENING_MS = 1_893_456_000_000  # 2030
APART_S = 5.0


def test_a_docks_time_reaches_the_system_and_the_rtc(clock: rigs.ClockRig, outside: asks.Line) -> None:
    """The kernel's wall clock, the kernel's RTC, and the chip itself, by QEMU's word: all three were set."""
    clock.clock.set_utc(EVENING_MS)
    assert getattr(clock.clock, "unset", None) == ()
    assert abs(time.time() - EVENING_MS / 1000) < APART_S
    assert abs(int(Path("/sys/class/rtc/rtc0/since_epoch").read_text()) - EVENING_MS // 1000) < APART_S
    assert abs(outside.ask(do="clock") - EVENING_MS / 1000) < APART_S


def test_after_another_boot_the_rtc_knows_the_time(clock: rigs.ClockRig) -> None:
    """The system's wall clock is wrong by hours then: the RTC's time counts, and is called its own."""
    clock.clock.set_utc(EVENING_MS)
    time.clock_settime(time.CLOCK_REALTIME, EVENING_MS / 1000 - 7200)
    reading = clock.again().utc()
    assert reading.quality is ClockQuality.RTC
    assert abs(reading.utc_ms - EVENING_MS) < APART_S * 1000


def test_the_rtc_counts() -> None:
    """Set to a second, it goes on from there."""
    rtc = Rtc(RTC)
    rtc.write(EVENING_MS // 1000)
    first = rtc.read()
    time.sleep(2.1)
    assert 0 <= first - EVENING_MS // 1000 <= 1
    assert 2 <= rtc.read() - first <= APART_S
