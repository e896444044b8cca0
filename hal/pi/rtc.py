"""A clock that runs on without power, through the kernel's driver: ``rtc(4)``."""

from __future__ import annotations

import fcntl
import os
import struct
from calendar import timegm
from pathlib import Path
from time import gmtime
from typing import Final

RTC_RD_TIME: Final = 0x80247009
RTC_SET_TIME: Final = 0x4024700A
"""``_IOR('p', 9, struct rtc_time)`` and ``_IOW('p', 10, struct rtc_time)`` of linux/rtc.h."""
_TIME: Final = struct.Struct(
    "9i"
)  # as struct tm: seconds, minutes, hours, day, month from 0, year from 1900, and three that it ignores


class Rtc:
    """The clock behind a device such as ``/dev/rtc0``, in UTC and whole seconds."""

    def __init__(self, device: Path) -> None:
        """Nothing is opened yet."""
        self._device = device

    def read(self) -> int:
        """Seconds since 1970.  ``OSError`` where there is none, or its driver knows that it stood still.

        Not promised: that a driver tells.  A DS3231's (rtc-ds1307) clears the chip's flag as it begins, and says ``SET TIME!`` to the kernel's log
        alone.  One that lost all power goes on from 2000, which is seen; one whose crystal stood still for a while is taken at its word.
        """
        given = self._ioctl(RTC_RD_TIME, bytes(_TIME.size))
        second, minute, hour, day, month, year, *_ = _TIME.unpack(given)
        return timegm((year + 1900, month + 1, day, hour, minute, second))

    def write(self, seconds: int) -> None:
        """Set it; ``OSError`` where there is none, or the service may not."""
        at = gmtime(seconds)
        fields = (at.tm_sec, at.tm_min, at.tm_hour, at.tm_mday, at.tm_mon - 1, at.tm_year - 1900, 0, 0, 0)
        self._ioctl(RTC_SET_TIME, _TIME.pack(*fields))

    def _ioctl(self, request: int, argument: bytes) -> bytes:
        descriptor = os.open(self._device, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return fcntl.ioctl(descriptor, request, argument)
        finally:
            os.close(descriptor)
