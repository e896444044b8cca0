"""The clock on the kernel's own wall clock and RTC."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hal.pi.clock import PiClock
from hal.pi.rtc import Rtc
from tests.contract import rigs

RTC = Path("/dev/rtc0")
"""QEMU's PL031."""


@pytest.fixture
def clock(tmp_path: Path) -> rigs.ClockRig:
    """The kernel's clocks; each time that it is made it takes this for another boot."""
    boots = [0]

    def begin() -> PiClock:
        boots[0] += 1
        (tmp_path / "boot").write_text(f"boot-{boots[0]}\n")
        return PiClock(tmp_path / "clock.json", Rtc(RTC), boot=tmp_path / "boot")

    return rigs.ClockRig(begin(), time.sleep, begin)
