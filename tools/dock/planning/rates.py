"""Rates and times as people write them: ``23MB/s``, ``1Gbit/s``, ``3 h 12 min``."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BITS: Mapping[str, float] = {"MB/s": 8e6, "GB/s": 8e9, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9}
_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ?(MB/s|GB/s|kbit/s|Mbit/s|Gbit/s)")


def parse_rate(text: str) -> float:
    """Bytes a second.  ``ValueError`` for what is not a positive number with a unit: a bare number would be misread."""
    match = _RATE.fullmatch(text)
    if not match or not float(match[1]):
        raise ValueError(f"{text!r} is no rate: a number above 0 and one of {', '.join(_BITS)}")
    return float(match[1]) * _BITS[match[2]] / 8


def in_rate(rate: float) -> str:
    """A rate in bytes a second, short."""
    return f"{rate / 1e6:.3g} MB/s" if rate < 1e9 else f"{rate / 1e9:.3g} GB/s"


def in_size(size: float) -> str:
    """Bytes, short."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.3g} {unit}"
    return f"{size:.0f} B"


def in_time(seconds: float) -> str:
    """A time, short: the two units that matter."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 1 or not seconds else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def in_short(seconds: float) -> str:
    """A time for a narrow column: ``35 s``, ``12 min``, ``3 h 12``, ``4 days``."""
    minutes = round(seconds / 60)
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d}"
    return f"{minutes // 1440} days"
