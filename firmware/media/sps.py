"""The few facts of a sequence parameter set that a file's header repeats (ITU-T H.264, 7.3.2.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firmware.media.errors import MediaError

_HIGH_PROFILES: Final = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
"""``profile_idc`` values whose parameter set tells the sampling of colour and the depth of samples."""
_HEAD: Final = 4
"""Bytes before the first Exp-Golomb code: NAL header, profile, constraints, level."""


@dataclass(frozen=True, slots=True)
class SpsFacts:
    """Profile, compatibility and level bytes.

    ``chroma`` is None where the profile leaves no choice: 4:2:0 in 8 bits.
    """

    profile: int
    compatibility: int
    level: int
    chroma: Chroma | None


@dataclass(frozen=True, slots=True)
class Chroma:
    """``chroma_format_idc`` and the depths of luma and chroma samples in bits, less 8."""

    format: int
    luma_depth: int
    chroma_depth: int


def sps_facts(sps: bytes) -> SpsFacts:
    """Read the head of a sequence parameter set.  ``MediaError`` if it is too short or a value does not exist."""
    if len(sps) <= _HEAD:
        raise MediaError(f"SPS: {len(sps)} bytes")
    profile, compatibility, level = sps[1:_HEAD]
    return SpsFacts(profile, compatibility, level, _chroma(sps) if profile in _HIGH_PROFILES else None)


def _chroma(sps: bytes) -> Chroma:
    bits = _Bits(sps[_HEAD:])  # no allowed value has zeros enough to need emulation prevention
    bits.exp_golomb("seq_parameter_set_id", 31)
    form = bits.exp_golomb("chroma_format_idc", 3)
    if form == 3:  # 4:4:4 has one flag more
        bits.take(1)
    return Chroma(form, bits.exp_golomb("bit_depth_luma_minus8", 6), bits.exp_golomb("bit_depth_chroma_minus8", 6))


class _Bits:
    """The bits of a few bytes, read from the front."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data[:64])
        self._at = 0

    def take(self, count: int) -> int:
        """The next ``count`` bits as a number."""
        bits = self._bits[self._at : self._at + count]
        if len(bits) < count:
            raise MediaError("SPS: ends too early")
        self._at += count
        return int(bits or "0", 2)

    def exp_golomb(self, name: str, most: int) -> int:
        """The next unsigned Exp-Golomb code (H.264, 9.1), at most ``most``."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        value = (1 << zeros) - 1 + self.take(zeros)
        if value > most:
            raise MediaError(f"SPS: {name} is {value}")
        return value
