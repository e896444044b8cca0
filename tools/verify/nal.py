"""NAL units of H.264 (ITU-T H.264, ISO/IEC 14496-15), taken apart without trusting a length."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from tools.verify.findings import need

SLICE = 1
IDR = 5
SEI = 6

HARMLESS = frozenset({SEI, 7, 8, 9, 10, 11, 12})
"""What is neither a slice nor able to add a picture: SEI, parameter sets, delimiters, ends, filler."""

_MAX_UNITS = 4096
_LENGTH_SIZES = (1, 2, 4)
_AVCC = 1
_AVCC_FIELDS = 7
_EMULATION = re.compile(rb"\0\0\x03")
_FORBIDDEN = re.compile(rb"\0\0[\x00-\x02]")


@dataclass(frozen=True, slots=True)
class Raw:
    """A NAL unit without its emulation prevention.  ``removed``: where the bytes that were removed stood, as places
    in ``data``."""

    data: bytes
    removed: Sequence[int]

    def before(self, place: int) -> int:
        """How many bytes of the unit as it stands come before a byte of ``data`` and the emulation prevention right
        before that."""
        return place + bisect_left(self.removed, place)


def split(sample: bytes | memoryview, size: int = 4) -> list[memoryview]:
    """The NAL units of a sample, each behind its length in ``size`` bytes."""
    view, at = memoryview(sample), 0
    found: list[memoryview] = []
    while at < len(view):
        start = at + size
        need(start <= len(view), "the length of a NAL unit is cut off")
        end = start + int.from_bytes(view[at:start], "big")
        need(start < end <= len(view), "a NAL unit is empty, or goes on behind its sample")
        need(len(found) < _MAX_UNITS, f"a sample holds more than {_MAX_UNITS} NAL units")
        found.append(view[start:end])
        at = end
    return found


def length_size(avcc: bytes) -> int:
    """How many bytes the length of a NAL unit has, from the decoder's configuration (what ``avcC`` holds)."""
    need(len(avcc) >= _AVCC_FIELDS and avcc[0] == _AVCC, "its decoder configuration is not that of H.264 in MP4")
    size = (avcc[4] & 3) + 1
    need(size in _LENGTH_SIZES, f"NAL units with lengths of {size} bytes")
    return size


def kind(unit: memoryview) -> int:
    """The unit's ``nal_unit_type``; -1 where its first bit, which must be 0, is set."""
    return -1 if unit[0] & 0x80 else unit[0] & 0x1F


def is_first_slice(unit: memoryview) -> bool:
    """Whether a slice is its picture's first: ``first_mb_in_slice`` is 0, which is spelt as a single set bit."""
    return len(unit) > 1 and bool(unit[1] & 0x80)


def trimmed(unit: memoryview) -> memoryview:
    """Without the zeros that some muxers leave behind: no NAL unit ends with one."""
    end = len(unit)
    while end and not unit[end - 1]:
        end -= 1
    return unit[:end]


def raw(unit: bytes | memoryview) -> Raw:
    """Remove the emulation prevention; ``Refused`` where some is missing."""
    escaped = bytes(unit)
    need(not _FORBIDDEN.search(escaped), "emulation prevention is missing")
    places = [each.end() - 1 - index for index, each in enumerate(_EMULATION.finditer(escaped))]
    return Raw(_EMULATION.sub(bytes(2), escaped), places)
