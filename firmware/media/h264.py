"""H.264 access units: from an encoder's byte stream (ITU-T H.264 Annex B) to a file's samples (ISO/IEC 14496-15).

NAL units are found by a search for start codes over the whole access unit: an encoder with several slices a picture has
them anywhere, and a search runs at memory speed.  Emulation prevention keeps start codes out of the payload.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from firmware.media.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MAX_ACCESS_UNIT: Final = 16 << 20
"""Bytes; ten times what any profile's largest keyframe takes."""
MAX_NAL_UNITS: Final = 1024
MAX_PARAMETER_SET: Final = 0xFFFF
LENGTH: Final = 4
"""Bytes of a NAL unit's length in a sample."""

START_CODE: Final = b"\0\0\1"


class NalType(IntEnum):
    """NAL unit types (H.264 table 7-1), those that are looked at."""

    SLICE = 1
    IDR = 5
    SEI = 6
    SPS = 7
    PPS = 8
    DELIMITER = 9


class ParameterSets(NamedTuple):
    """What a decoder needs before the first slice."""

    sps: bytes
    pps: bytes


def nal_units(access_unit: bytes) -> list[bytes]:
    """The NAL units of an access unit, without start codes and the zeros that may stand around them.

    ``MediaError`` if it does not begin with a start code, or holds an empty or forbidden NAL unit, or too much.
    """
    if len(access_unit) > MAX_ACCESS_UNIT:
        raise MediaError(f"access unit: {len(access_unit)} bytes, more than {MAX_ACCESS_UNIT}")
    parts = access_unit.split(START_CODE, MAX_NAL_UNITS + 1)
    if len(parts) > MAX_NAL_UNITS + 1:
        raise MediaError(f"access unit: more than {MAX_NAL_UNITS} NAL units")
    if len(parts) == 1 or parts[0].strip(b"\0"):
        raise MediaError("access unit: does not begin with a start code")
    nals = [part.rstrip(b"\0") for part in parts[1:]]
    for index, nal in enumerate(nals):
        if not nal:
            raise MediaError(f"access unit: NAL unit {index} is empty")
        if nal[0] & 0x80:
            raise MediaError(f"access unit: NAL unit {index} has its forbidden bit set")
    return nals


def nal_type(nal: bytes | memoryview) -> int:
    """The type of a NAL unit; a ``NalType`` if it is one of those."""
    return nal[0] & 0x1F


def is_idr(access_unit: bytes) -> bool:
    """Whether it is an IDR picture: decoding can begin with it.  ``MediaError`` as in ``nal_units``."""
    return any(nal_type(nal) == NalType.IDR for nal in nal_units(access_unit))


def parameter_sets(access_unit: bytes) -> ParameterSets:
    """The first sequence and picture parameter set in an access unit.  ``MediaError`` if one is missing or too long."""
    nals = nal_units(access_unit)
    return ParameterSets(_first(nals, NalType.SPS), _first(nals, NalType.PPS))


def to_avcc(access_unit: bytes, known: Collection[bytes] = ()) -> bytes:
    """The sample of an access unit: each NAL unit behind its length in four bytes.

    Left out are delimiters, and the parameter sets that are ``known`` since the file's header holds them.  Others stay:
    they take force in the stream.  ``MediaError`` if there is no picture in it.
    """
    nals = nal_units(access_unit)
    if not any(nal_type(nal) in (NalType.SLICE, NalType.IDR) for nal in nals):
        raise MediaError("access unit: no picture in it")
    kept = (nal for nal in nals if nal_type(nal) != NalType.DELIMITER and nal not in known)
    return b"".join(piece for nal in kept for piece in (len(nal).to_bytes(LENGTH, "big"), nal))


def _first(nals: Iterable[bytes], kind: NalType) -> bytes:
    found = next((nal for nal in nals if nal_type(nal) == kind), None)
    if found is None:
        raise MediaError(f"access unit: no {kind.name} in it")
    if len(found) > MAX_PARAMETER_SET:
        raise MediaError(f"access unit: {kind.name} of {len(found)} bytes")
    return found
