"""Frames: found again after any garbage, damaged ones dropped, memory bounded."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.dock import cobs
from firmware.dock.frames import PAYLOAD_LIMIT, WIRE_LIMIT, Deframer, Frame, FrameType, parse

U32 = st.integers(0, 2**32 - 1)
FRAMES = st.builds(Frame, st.sampled_from(FrameType), U32, U32, U32, st.binary(max_size=PAYLOAD_LIMIT))


def test_layout() -> None:
    """The bytes of a frame are those that the specification shows."""
    frame = Frame(FrameType.DATA, 0x01020304, 5, 6, b"hi")
    body = bytes.fromhex("03010203040000000500000006") + b"hi"
    assert frame.encode() == cobs.encode(body + zlib.crc32(body).to_bytes(4, "big")) + b"\0"


def test_size() -> None:
    """No frame is longer than 512 bytes on the wire, whatever it holds."""
    assert WIRE_LIMIT <= 512
    for filler in (b"\0", b"\xff"):
        assert (
            len(Frame(FrameType.DATA, 2**32 - 1, 2**32 - 1, 2**32 - 1, filler * PAYLOAD_LIMIT).encode()) <= WIRE_LIMIT
        )


@given(st.lists(FRAMES, max_size=5), st.integers(1, 700))
def test_round_trip(frames: list[Frame], piece: int) -> None:
    """Frames come back from a stream cut anywhere."""
    stream = b"".join(frame.encode() for frame in frames)
    deframer = Deframer()
    found = [frame for at in range(0, len(stream), piece) for frame in deframer.receive_data(stream[at : at + piece])]
    assert found == frames
    assert (deframer.good, deframer.bad) == (len(frames), 0)


@given(FRAMES, st.binary(max_size=1500))
def test_finds_its_feet(frame: Frame, garbage: bytes) -> None:
    """After any garbage and one zero the next frame is found."""
    assert Deframer().receive_data(garbage + b"\0" + frame.encode())[-1:] == [frame]


@given(FRAMES, st.integers(0, 10_000), st.integers(0, 7))
def test_flipped_bit(frame: Frame, place: int, bit: int) -> None:
    """A frame with one flipped bit is never taken for a frame."""
    code = bytearray(frame.encode()[:-1])
    code[place % len(code)] ^= 1 << bit
    deframer = Deframer()
    assert deframer.receive_data(bytes(code) + b"\0") == []
    assert deframer.bad >= 1


def test_memory_is_bounded() -> None:
    """A flood without a zero is not kept, and does not swallow what comes after its end."""
    deframer = Deframer()
    for _ in range(100):
        assert deframer.receive_data(b"\x55" * 10_000) == []
        assert len(deframer._rest) <= WIRE_LIMIT
    frame = Frame(FrameType.PROBE, 1)
    assert deframer.receive_data(b"\0" + frame.encode()) == [frame]
    assert deframer.bad == 1


@pytest.mark.parametrize("kind", [0, 7, 255])
def test_unknown_type(kind: int) -> None:
    """A type of a later version is dropped like damage."""
    body = bytes((kind,)) + bytes(12)
    assert parse(cobs.encode(body + zlib.crc32(body).to_bytes(4, "big"))) is None


def test_too_short() -> None:
    """Less than a header and a checksum is no frame."""
    assert parse(cobs.encode(b"abc")) is None
    assert parse(b"\x09\1") is None
