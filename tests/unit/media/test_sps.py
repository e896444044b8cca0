"""The head of a sequence parameter set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.media.errors import MediaError
from firmware.media.sps import Chroma, sps_facts


def sps(profile: int, bits: str = "") -> bytes:
    """A parameter set of this profile, the bits behind its level given as text."""
    bits = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return bytes((0x67, profile, 0xC0, 0x1F)) + bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def test_plain_profiles_fix_sampling_and_depth() -> None:
    """Baseline has nothing to tell beyond profile, constraints and level."""
    facts = sps_facts(sps(66, "1"))
    assert (facts.profile, facts.compatibility, facts.level, facts.chroma) == (66, 0xC0, 0x1F, None)


@pytest.mark.parametrize(
    ("profile", "bits", "chroma"),
    [
        (100, "1 010 1 1", Chroma(1, 0, 0)),
        (110, "1 010 011 011", Chroma(1, 2, 2)),
        (122, "1 011 1 010", Chroma(2, 0, 1)),
        (244, "1 00100 0 1 1", Chroma(3, 0, 0)),
    ],
)
def test_high_profiles_tell_sampling_and_depth(profile: int, bits: str, chroma: Chroma) -> None:
    """High, High 10, 4:2:2 and 4:4:4, by hand from the standard's tables."""
    assert sps_facts(sps(profile, bits.replace(" ", ""))).chroma == chroma


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "0 bytes"),
        (sps(66), "4 bytes"),
        (sps(100, "00000100001 010 1 1".replace(" ", "")), "seq_parameter_set_id is 32"),
        (sps(100, "1 00101 1 1".replace(" ", "")), "chroma_format_idc is 4"),
        (sps(100, "1 010 0001000 1".replace(" ", "")), "bit_depth_luma_minus8 is 7"),
        (sps(100, "1 010 1 000".replace(" ", "")), "ends too early"),
        (sps(100, "00000001"), "ends too early"),
    ],
)
def test_malformed_parameter_sets_are_refused(data: bytes, wrong: str) -> None:
    """Each refusal names the field."""
    with pytest.raises(MediaError, match=wrong):
        sps_facts(data)


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Garbage never raises anything but MediaError."""
    try:
        facts = sps_facts(b"\x67\x64" + data)
    except MediaError:
        return
    assert facts.chroma is not None
