"""The clocks of a Raspberry Pi: what a wall clock's word is worth after a restart, a power cut, and whatever may be in the note."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import struct
import time
from pathlib import Path

import pytest

from hal.interface import ClockQuality
from hal.pi.clock import EARLIEST_MS, PiClock, System
from hal.pi.rtc import RTC_RD_TIME, RTC_SET_TIME, Rtc
from tests.contract.pi_clock import Battery, Wall

NOON_MS = 1_800_000_000_000
NOON_NS = NOON_MS * 1_000_000


class Board:
    """A directory with a note, a boot, and clocks."""

    def __init__(self, path: Path) -> None:
        """Switched on for the first time."""
        self.note, self.boot = path / "clock.json", path / "boot"
        self.wall, self.rtc = Wall(), Battery()
        self.switch_on("first")

    def switch_on(self, boot: str) -> None:
        """Another boot."""
        self.boot.write_text(f"{boot}\n")

    def clock(self, *, rtc: bool = True) -> PiClock:
        """The service starts."""
        return PiClock(self.note, self.rtc if rtc else None, boot=self.boot, system=self.wall)


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """One."""
    return Board(tmp_path)


def test_the_monotonic_clock_is_the_kernels(board: Board) -> None:
    """It counts from the boot, suspend included, as ``/proc/uptime`` does."""
    uptime_s = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(board.clock().monotonic_ns() / 1e9 - uptime_s) < 1


def test_the_kernel_says_which_boot_it_is(tmp_path: Path) -> None:
    """With nothing handed in it runs on this machine: its wall clock is only read."""
    clock = PiClock(tmp_path / "clock.json", None)
    assert clock.utc().quality is ClockQuality.UNSET
    assert abs(clock.utc().utc_ms - time.time() * 1000) < 2000


def test_a_docks_word_outlives_the_service(board: Board) -> None:
    """A service that starts again in the same boot has the dock's time still, also where somebody else has set the system's meanwhile."""
    for rtc in (True, False):
        board.clock(rtc=rtc).set_utc(NOON_MS)
        board.wall.write(NOON_NS + 86_400_000_000_000)
        again = board.clock(rtc=rtc).utc()
        assert again.quality is ClockQuality.DOCK
        assert 0 <= again.utc_ms - NOON_MS < 5000


def test_a_docks_word_goes_everywhere(board: Board) -> None:
    """The system's clock, the RTC to the nearest second, and the note."""
    clock = board.clock()
    clock.set_utc(NOON_MS + 700)
    assert clock.unset == ()
    assert abs(board.wall.read() - NOON_NS - 700_000_000) < 2e9
    assert NOON_MS // 1000 + 1 <= board.rtc.read() <= NOON_MS // 1000 + 3
    assert json.loads(board.note.read_text())["boot"] == "first"
    assert [each.name for each in board.note.parent.iterdir()].count("clock.new") == 0


def test_without_an_rtc_power_loss_is_the_end_of_it(board: Board) -> None:
    """Whatever the system claims to know then, e.g. from a file's date, nobody vouches for."""
    board.clock(rtc=False).set_utc(NOON_MS)
    board.switch_on("second")
    assert board.clock(rtc=False).utc().quality is ClockQuality.UNSET


def test_an_rtc_that_lost_its_power_too(board: Board) -> None:
    """It is behind what a dock said last, or behind every board's making, as a DS3231 that begins in 2000: its word is worth nothing."""
    board.clock().set_utc(NOON_MS)
    for seconds in (0, 946_684_800, EARLIEST_MS // 1000 - 1, EARLIEST_MS // 1000 + 1, NOON_MS // 1000 - 10):
        board.switch_on("second")
        board.rtc.write(seconds)
        assert board.clock().utc().quality is ClockQuality.UNSET, seconds


def test_an_rtc_that_was_set_elsewhere(board: Board) -> None:
    """Without a note it is believed if it may be right; where the system's clock is elsewhere, the RTC's counts."""
    board.rtc.write(NOON_MS // 1000)
    reading = board.clock().utc()
    assert reading.quality is ClockQuality.RTC
    assert 0 <= reading.utc_ms - NOON_MS < 5000


@pytest.mark.parametrize("problem", [OSError(errno.EINVAL, "stopped"), ValueError("year 99999"), OverflowError()])
def test_an_rtc_that_knows_that_it_stood_still(problem: Exception, board: Board) -> None:
    """Its driver refuses to say the time: the service starts all the same."""

    class Stopped(Battery):
        def read(self) -> int:
            raise problem

    board.rtc = Stopped()
    assert board.clock().utc().quality is ClockQuality.UNSET


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff\xfe",
        b'{"boot": "first"}',
        b'{"boot": "first", "utc_ms": -1, "offset_ns": 0}',
        b'{"boot": "first", "utc_ms": true, "offset_ns": 0}',
        b'{"boot": "first", "utc_ms": 1, "offset_ns": 1.5}',
        b'{"boot": ["first"], "utc_ms": 1, "offset_ns": 0}',
        b"[" * 990,
        b'{"boot": "first", "utc_ms": 1, "offset_ns": 0' + b" " * 2000 + b"}",
    ],
)
def test_notes_that_are_none(note: bytes, board: Board) -> None:
    """What cannot be read vouches for nothing, and does not stop the service."""
    board.note.write_bytes(note)
    assert board.clock(rtc=False).utc().quality is ClockQuality.UNSET
    board.clock().set_utc(NOON_MS)
    assert board.clock().utc().quality is ClockQuality.DOCK


def test_what_is_not_allowed_is_said(tmp_path: Path) -> None:
    """A service that may not set the system's clock, nor the RTC, nor write its note has the dock's time nevertheless."""

    class Forbidden(Wall):
        def write(self, utc_ns: int) -> None:
            raise PermissionError(errno.EPERM, "not permitted")

    class Locked(Battery):
        def write(self, seconds: int) -> None:
            raise PermissionError(errno.EPERM, "not permitted")

    (tmp_path / "boot").write_text("first\n")
    clock = PiClock(tmp_path / "gone" / "clock.json", Locked(), boot=tmp_path / "boot", system=Forbidden())
    clock.set_utc(NOON_MS)
    assert clock.unset == ("system", "note", "rtc")
    assert clock.utc().quality is ClockQuality.DOCK
    assert 0 <= clock.utc().utc_ms - NOON_MS < 1000


def test_the_systems_clock_is_read() -> None:
    """In nanoseconds since 1970.  Setting it is not tried: it is this machine's."""
    assert abs(System().read() - time.time_ns()) < 1e9


def test_the_rtcs_requests_are_the_kernels() -> None:
    """By the rule of ``ioctl``: direction, size of nine integers, letter and number of linux/rtc.h."""
    size = struct.calcsize("9i")
    assert 2 << 30 | size << 16 | ord("p") << 8 | 0x09 == RTC_RD_TIME
    assert 1 << 30 | size << 16 | ord("p") << 8 | 0x0A == RTC_SET_TIME


def test_the_rtc_speaks_as_struct_tm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fields that it is set to are those of the C library's calendar, and what it reads is the same second."""
    kept: list[bytes] = []

    def ioctl(descriptor: int, request: int, argument: bytes) -> bytes:
        assert os.fstat(descriptor)
        if request == RTC_SET_TIME:
            kept.append(argument)
        return kept[-1]

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    rtc = Rtc(Path("/dev/null"))
    for seconds in (0, NOON_MS // 1000, 1_835_395_199, 4_102_444_799):
        rtc.write(seconds)
        words = time.strftime("%S %M %H %d %m %Y", time.gmtime(seconds)).split()
        second, minute, hour, day, month, year = map(int, words)
        assert struct.unpack("9i", kept[-1]) == (second, minute, hour, day, month - 1, year - 1900, 0, 0, 0)
        assert rtc.read() == seconds


def test_what_is_no_rtc() -> None:
    """The kernel itself says so, and a missing device is missing."""
    for device, code in (("/dev/null", errno.ENOTTY), ("/dev/rtc99", errno.ENOENT)):
        with pytest.raises(OSError, match=".") as caught:
            Rtc(Path(device)).read()
        assert caught.value.errno == code
