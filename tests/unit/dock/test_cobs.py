"""COBS: our encoder against published vectors and the paper's own algorithm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.dock import cobs

RUNS = st.lists(
    st.sampled_from([b"\0", b"\1", b"\xff" * 253, b"\xfe" * 254, b"\1" * 255, b"\2" * 508]), max_size=6
).map(b"".join)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "01"),
        (b"\0", "0101"),
        (b"\0\0", "010101"),
        (b"\x11\x22\0\x33", "0311220233"),
        (b"\x11\0\0\0", "0211010101"),
        (b"\1" * 253, "fe" + "01" * 253),
        (b"\1" * 254, "ff" + "01" * 254),
        (b"\1" * 254 + b"\0", "ff" + "01" * 254 + "0101"),
        (b"\1" * 255, "ff" + "01" * 254 + "0201"),
        (b"\1" * 508, ("ff" + "01" * 254) * 2),
        (b"\0" + b"\1" * 254, "01ff" + "01" * 254),
        (b"\1" * 254 + b"\0\0", "ff" + "01" * 254 + "010101"),
    ],
)
def test_vectors(data: bytes, code: str) -> None:
    """Known inputs become exactly the published codes, and come back."""
    assert cobs.encode(data).hex() == code
    assert cobs.decode(bytes.fromhex(code)) == data


@given(st.binary(max_size=1200) | RUNS)
def test_round_trip(data: bytes) -> None:
    """Whatever is encoded holds no zero, stays within its bound, and decodes to itself."""
    code = cobs.encode(data)
    assert 0 not in code
    assert len(code) <= cobs.encoded_size(len(data))
    assert cobs.decode(code) == data


@given(st.binary(max_size=1200) | RUNS)
def test_against_the_paper(data: bytes) -> None:
    """The algorithm of the paper, byte by byte, makes the same bytes."""
    out, block = bytearray(), bytearray()
    for position, byte in enumerate(data):
        if byte:
            block.append(byte)
        if not byte or (len(block) == 254 and position < len(data) - 1):
            out += bytes((len(block) + 1,)) + block
            block.clear()
    out += bytes((len(block) + 1,)) + block
    assert cobs.encode(data) == out


@pytest.mark.parametrize("code", [b"", b"\0", b"\1\0", b"\3\1", b"\xff\1"])
def test_refuses(code: bytes) -> None:
    """No encoder makes an empty string, a zero, or a run that is cut short."""
    with pytest.raises(cobs.CobsError):
        cobs.decode(code)
