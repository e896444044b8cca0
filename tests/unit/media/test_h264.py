"""Access units: from byte stream to sample."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.media.errors import MediaError
from firmware.media.h264 import (
    MAX_ACCESS_UNIT,
    MAX_NAL_UNITS,
    NalType,
    Pieces,
    is_idr,
    nal_type,
    nal_units,
    parameter_sets,
    to_avcc,
)
from tests.media_clips import clip

START = b"\0\0\0\1"
DELIMITER = b"\x09\x10"
SPS = b"\x67\x42\xc0\x0d\xda"
PPS = b"\x68\xce\x0f"
SEI = b"\x06\x05\x01\x80"
IDR = b"\x65\x88\x84"
SLICE = b"\x41\x9a\x02"


def stream(*nals: bytes) -> bytes:
    """An access unit as an encoder sends it."""
    return b"".join(START + nal for nal in nals)


def split(pieces: Pieces) -> list[bytes]:
    """The NAL units of a sample."""
    sample = b"".join(pieces)
    nals = []
    while sample:
        length = int.from_bytes(sample[:4], "big")
        nals.append(sample[4 : 4 + length])
        sample = sample[4 + length :]
    return nals


def payloads() -> st.SearchStrategy[bytes]:
    """NAL units as emulation prevention leaves them: no start code inside, no zero at the end."""
    body = st.binary(max_size=60).map(lambda data: data.replace(b"\0\0", b"\0\3"))
    return st.tuples(st.integers(1, 127), body).map(lambda pair: bytes((pair[0],)) + pair[1] + b"\x80")


@given(st.lists(st.tuples(st.integers(0, 4), payloads(), st.integers(0, 3)), min_size=1, max_size=12))
def test_start_codes_and_zeros_come_off(parts: list[tuple[int, bytes, int]]) -> None:
    """Start codes of three and four bytes, zeros before and behind: the NAL units come out as they went in."""
    access_unit = b"".join(bytes(before) + b"\0\0\1" + nal + bytes(behind) for before, nal, behind in parts)
    assert nal_units(access_unit) == [nal for _, nal, _ in parts]


@given(st.binary(max_size=200) | st.lists(st.sampled_from([b"\0", b"\1", b"\x65", b"\x80"])).map(b"".join))
def test_any_bytes_are_split_or_refused(data: bytes) -> None:
    """Garbage from an encoder never raises anything but MediaError, and what passes has content."""
    try:
        nals = nal_units(data)
    except MediaError:
        return
    assert all(nal and nal_type(nal) < 32 for nal in nals)


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "start code"),
        (b"\0\0\0", "start code"),
        (b"\x65\x88", "start code"),
        (b"\x01" + START + IDR, "start code"),
        (START, "NAL unit 0 is empty"),
        (START + IDR + START, "NAL unit 1 is empty"),
        (START + b"\xe5\x88", "forbidden bit"),
        (START + IDR * (MAX_ACCESS_UNIT // 3), "more than"),
        (stream(*[SLICE] * (MAX_NAL_UNITS + 1)), "more than 1024 NAL units"),
    ],
)
def test_malformed_access_units_are_refused(data: bytes, wrong: str) -> None:
    """Each refusal names what is wrong."""
    with pytest.raises(MediaError, match=wrong):
        nal_units(data)


def test_as_many_nal_units_as_allowed() -> None:
    """The bound itself is allowed."""
    assert len(nal_units(stream(*[SLICE] * MAX_NAL_UNITS))) == MAX_NAL_UNITS


def test_sample_of_a_keyframe() -> None:
    """Delimiter and the header's parameter sets stay out, everything else keeps its bytes and order."""
    sample = to_avcc(stream(DELIMITER, SPS, PPS, SEI, IDR, IDR), (SPS, PPS))
    assert split(sample) == [SEI, IDR, IDR]


def test_changed_parameter_sets_stay_in_the_sample() -> None:
    """An encoder that changes its mind in mid-segment is still decodable: what the header does not hold stays."""
    assert split(to_avcc(stream(SPS + b"\1", PPS, IDR), (SPS, PPS))) == [SPS + b"\1", IDR]


def test_a_sample_needs_a_picture() -> None:
    """Parameter sets alone, as some encoders send them, are no frame."""
    with pytest.raises(MediaError, match="no picture"):
        to_avcc(stream(SPS, PPS))


def test_parameter_sets_are_found() -> None:
    """The first of each kind."""
    assert parameter_sets(stream(DELIMITER, SPS, PPS, PPS + b"\1", IDR)) == (SPS, PPS)


@pytest.mark.parametrize(
    ("nals", "wrong"),
    [
        ((PPS, IDR), "no SPS"),
        ((SPS, IDR), "no PPS"),
        ((SPS + b"\1" * 0x10000, PPS, IDR), "SPS of 65541 bytes"),
    ],
)
def test_missing_parameter_sets_are_named(nals: tuple[bytes, ...], wrong: str) -> None:
    """Who has to mend the encoder learns which one."""
    with pytest.raises(MediaError, match=wrong):
        parameter_sets(stream(*nals))


def test_idr() -> None:
    """Only an IDR picture begins a decodable stream."""
    assert is_idr(stream(SPS, PPS, IDR))
    assert not is_idr(stream(DELIMITER, SLICE))


@pytest.mark.parametrize("slices", [1, 4])
def test_real_access_units(slices: int) -> None:
    """What x264 makes, in one slice and in several a picture."""
    for unit in clip(1, options=(("slices", str(slices)),)).video:
        nals = nal_units(unit.data)
        pictures = [nal for nal in nals if nal_type(nal) in (NalType.SLICE, NalType.IDR)]
        assert len(pictures) == slices
        assert is_idr(unit.data) == unit.key
        assert split(to_avcc(unit.data)) == [nal for nal in nals if nal_type(nal) != NalType.DELIMITER]
