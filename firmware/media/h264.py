"""H.264 access units: from an encoder's byte stream (ITU-T H.264 Annex B) to a file's samples (ISO/IEC 14496-15).

NAL units are found by a search for start codes: an encoder with several slices a picture has them anywhere, and emulation
prevention keeps them out of the payload.  The search costs more than a hash of the same bytes; where a picture is known to be one
slice it therefore ends where that begins.
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

Pieces = tuple[bytes | memoryview, ...]
"""Bytes that are put together where they are written: what an encoder delivered is not copied before."""

START_CODE: Final = b"\0\0\1"


class NalType(IntEnum):
    """NAL unit types (H.264 table 7-1), those that are looked at."""

    SLICE = 1
    IDR = 5
    SEI = 6
    SPS = 7
    PPS = 8
    DELIMITER = 9


SLICES: Final = frozenset({NalType.SLICE, NalType.IDR})
"""The types of what pictures are made of."""
_SETS: Final = frozenset({NalType.SPS, NalType.PPS})
_NEEDLESS: Final = frozenset({NalType.DELIMITER})


class ParameterSets(NamedTuple):
    """What a decoder needs before the first slice."""

    sps: bytes
    pps: bytes


def nal_units(access_unit: bytes) -> list[bytes]:
    """The NAL units of an access unit, without start codes and the zeros that may stand around them.

    ``MediaError`` if it does not begin with a start code, or holds an empty or forbidden NAL unit, or too much.
    """
    return [access_unit[begin:end] for begin, end in _places(access_unit, one_slice=False)]


def _places(access_unit: bytes, *, one_slice: bool = False) -> list[tuple[int, int]]:
    """Where each NAL unit begins and ends; ``one_slice``: the first slice is the last of them, and is not looked into."""
    if len(access_unit) > MAX_ACCESS_UNIT:
        raise MediaError(f"access unit: {len(access_unit)} bytes, more than {MAX_ACCESS_UNIT}")
    at = access_unit.find(START_CODE)
    if at < 0 or access_unit[:at].strip(b"\0"):
        raise MediaError("access unit: does not begin with a start code")
    places: list[tuple[int, int]] = []
    while at >= 0:
        if len(places) == MAX_NAL_UNITS:
            raise MediaError(f"access unit: more than {MAX_NAL_UNITS} NAL units")
        begin = at + len(START_CODE)
        head = access_unit[begin : begin + 1]
        at = -1 if one_slice and head and nal_type(head) in SLICES else access_unit.find(START_CODE, begin)
        end = _without_zeros(access_unit, begin, at if at >= 0 else len(access_unit))
        if begin == end:
            raise MediaError(f"access unit: NAL unit {len(places)} is empty")
        if head[0] & 0x80:
            raise MediaError(f"access unit: NAL unit {len(places)} has its forbidden bit set")
        places.append((begin, end))
    return places


def _without_zeros(data: bytes, begin: int, end: int) -> int:
    """The end of a NAL unit that fills ``begin`` to ``end`` but for zeros behind it."""
    return end if begin < end and data[end - 1] else begin + len(data[begin:end].rstrip(b"\0"))


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


def to_avcc(access_unit: bytes, known: Collection[bytes] = (), *, one_slice: bool = False) -> Pieces:
    """The sample of an access unit: each NAL unit behind its length in four bytes.

    Left out are delimiters, and the parameter sets that are ``known`` since the file's header holds them.  Others stay:
    they take force in the stream.  ``one_slice``: the picture is known to be a single one, with nothing behind it.
    ``MediaError`` if there is no picture in it.
    """
    view, kept, pictures = memoryview(access_unit), [], 0
    for begin, end in _places(access_unit, one_slice=one_slice):
        nal = view[begin:end]
        kind = nal_type(nal)
        pictures += kind in SLICES
        if kind not in _NEEDLESS and not (kind in _SETS and nal in known):
            kept.append(nal)
    if not pictures:
        raise MediaError("access unit: no picture in it")
    return behind_lengths(kept)


def behind_lengths(nals: Iterable[bytes | memoryview]) -> Pieces:
    """NAL units as a sample has them: in turns the length of one, and itself."""
    return tuple(piece for nal in nals for piece in (len(nal).to_bytes(LENGTH, "big"), nal))


def _first(nals: Iterable[bytes], kind: NalType) -> bytes:
    found = next((nal for nal in nals if nal_type(nal) == kind), None)
    if found is None:
        raise MediaError(f"access unit: no {kind.name} in it")
    if len(found) > MAX_PARAMETER_SET:
        raise MediaError(f"access unit: {kind.name} of {len(found)} bytes")
    return found
