"""Messages: one spelling each, exact members, every bound kept on both sides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.dock.bundling import BundleLine, Piece, Taken, Wanted
from firmware.dock.facts import AuditHead, Charge, ClockReading, Facts, Room
from firmware.dock.messages import (
    DATA_LIMIT,
    HEADER,
    PAGE,
    AnchorLine,
    Data,
    Error,
    FileEntry,
    Files,
    Get,
    Hello,
    ItemEntry,
    Items,
    ListItems,
    Message,
    Pong,
    Raw,
    ReceiptLine,
    Welcome,
)
from firmware.dock.wire import MESSAGES, encode
from firmware.evidence import canonical
from firmware.evidence.errors import FormatError
from firmware.evidence.jws import LINE_LIMIT, PAPER_LIMIT
from tests.unit.dock.samples import FACTS, SAMPLES


def test_all_types_have_a_sample() -> None:
    """The samples cover every message type, and each type has its own number."""
    assert {type(sample) for sample in SAMPLES} == set(MESSAGES.values())
    assert sorted(MESSAGES) == list(range(1, len(SAMPLES) + 1))


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: type(message).__name__)
def test_round_trip(message: Message) -> None:
    """What is encoded is parsed back to an equal message, behind a header of type and length."""
    data = encode(message)
    number, length = HEADER.unpack_from(data)
    assert (number, length) == (message.TYPE, len(data) - HEADER.size)
    assert MESSAGES[number].parse(data[HEADER.size :]) == message


def test_layout() -> None:
    """The bytes are those that the specification shows."""
    body = b'{"file":"000000.mp4.age","item":"00000017","length":5,"offset":0}'
    assert encode(Get("00000017", "000000.mp4.age", 0, 5)) == b"\x0a\x00\x00\x00" + bytes((len(body),)) + body
    assert encode(Data(b"\xff")) == b"\x0b\x00\x00\x00\x01\xff"


BAD: list[Message] = [
    Hello((1,) * 17, FACTS, "00" * 16, "3045" * 4),
    Hello((0,), FACTS, "00" * 16, "3045" * 4),
    Hello((1,), FACTS, "00" * 15, "3045" * 4),
    Hello((1,), FACTS, "00" * 16, "30"),
    Hello((1,), replace(FACTS, device="CAM"), "00" * 16, "3045" * 4),
    Hello((1,), replace(FACTS, device="a" * 33), "00" * 16, "3045" * 4),
    Hello((1,), replace(FACTS, volume="x" * 32), "00" * 16, "3045" * 4),
    Hello((1,), replace(FACTS, boot=0), "00" * 16, "3045" * 4),
    Hello((1,), replace(FACTS, number=100_000_000), "00" * 16, "3045" * 4),
    Hello((1,), replace(FACTS, firmware="a\nb"), "00" * 16, "3045" * 4),
    Hello((1,), replace(FACTS, battery=Charge(101, False)), "00" * 16, "3045" * 4),
    Hello((1,), replace(FACTS, space=Room(2**53, 0)), "00" * 16, "3045" * 4),
    Hello((1,), replace(FACTS, audit=AuditHead(-1, "00" * 32)), "00" * 16, "3045" * 4),
    Pong(replace(FACTS, clock=ClockReading(0, 0, "gps")), False),
    Pong(replace(FACTS, clock=ClockReading(0, True, "rtc")), False),
    Pong(FACTS, 1),  # type: ignore[arg-type]  # which is refused
    Pong(FACTS, None),  # type: ignore[arg-type]  # which is refused
    Welcome(256, "dock-1", 0, None),
    Welcome(1, "", 0, None),
    Welcome(1, "dock-1", -1, None),
    Welcome(1, "dock-1", 0, "*"),
    Welcome(1, "dock-1", 0, "A" * 16385),
    ListItems(-1),
    ListItems("0"),  # type: ignore[arg-type]  # which is refused
    Items((ItemEntry("movie", "00000001", False, 1, 1),), 1),
    Items((ItemEntry("recording", "../etc", False, 1, 1),), 1),
    Items((ItemEntry("recording", "00000001", False, 1, 1),) * (PAGE + 1), PAGE + 1),
    Items((ItemEntry("recording", "00000001", False, 100_011, 1),), 1),
    Files("none", 0),  # type: ignore[arg-type]  # which is refused
    Files((FileEntry("receipt.jws", 1),), 1),
    Files((FileEntry("/etc/passwd", 1),), 1),
    Get("00000001", "../000000.mp4.age", 0, 1),
    Get("00000001", "٠٠٠٠٠٠.mp4.age", 0, 1),
    Get("00000001\n", "000000.mp4.age", 0, 1),
    Error("STORE", ""),
    Error("store", "x" * 257),
    Data(bytes(DATA_LIMIT + 1)),
    AnchorLine(bytes(LINE_LIMIT + 1)),
    ReceiptLine(bytes(PAPER_LIMIT + 1)),
    BundleLine(bytes(LINE_LIMIT + 1)),
    Piece(bytes(DATA_LIMIT + 1)),
    Wanted(-1),
    Taken(2**53),
]


@pytest.mark.parametrize("message", BAD, ids=lambda message: f"{type(message).__name__}-{str(message)[-40:]}"[:60])
def test_out_of_bounds(message: Message) -> None:
    """A member out of its bounds is refused before it is sent."""
    with pytest.raises(FormatError):
        encode(message)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if not isinstance(s, Raw)], ids=lambda s: type(s).__name__)
def test_members_are_exact(sample: Message) -> None:
    """A missing, unknown or differently spelled member is refused when it is read."""
    good = canonical.decode(sample.body(), 1 << 20)
    variants = [canonical.encode({**good, "zzz": 1}), b" " + sample.body(), sample.body() + b"\n", b"[]", b"", b"\xff"]
    variants += [canonical.encode({k: v for k, v in good.items() if k != name}) for name in good]
    variants += [canonical.encode({**good, name: {"nested": []}}) for name in good]
    for body in variants:
        with pytest.raises(FormatError):
            type(sample).parse(body)


@given(st.sampled_from(sorted(MESSAGES)), st.binary(max_size=300))
def test_parse_never_crashes(number: int, body: bytes) -> None:
    """Any bytes are a message or a ``FormatError``."""
    try:
        message = MESSAGES[number].parse(body)
    except FormatError:
        return
    assert message.body() == body


def test_negative_clock() -> None:
    """A clock before 1970 can be told."""
    encode(Pong(replace(FACTS, clock=replace(FACTS.clock, utc_ms=-1)), busy=True))


def test_full_pages_fit() -> None:
    """The largest pages stay within a message."""
    big = 2**53 - 1
    encode(Items((ItemEntry("recording", "99999999", False, 100_010, big),) * PAGE, 1 << 31))
    encode(Files((FileEntry("999999.mp4.age", big),) * PAGE, 1 << 31))


def test_facts_are_values() -> None:
    """Facts compare by value."""
    assert replace(FACTS) == FACTS
    assert isinstance(FACTS, Facts)
