"""The bytes of a SEI."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.media.sei import MOST_HASHES, GopFacts, Signatory, signed_sei
from tests.seis import UUID, read, sha256
from tests.unit.media.recorded import key, signatory

ANCHOR = sha256(b"anchor")


def facts(hashes: tuple[bytes, ...] = (ANCHOR, sha256(b"second")), **changes: int) -> GopFacts:
    """Facts of a GOP with these hashes."""
    numbers = {"counter": 7, "start": 1000, "end": 11_000, "count": len(hashes)} | changes
    return GopFacts(**numbers, gop_hash=sha256(b"".join(hashes)), hashes=hashes, linked=sha256(b"link"))


def test_every_byte_is_as_the_page_says() -> None:
    """Head, tags in their order, padded signature, stop bit: written out once more, by hand."""
    signature = bytes(range(1, 71))
    hashes = (ANCHOR, sha256(b"second"))
    signer = Signatory(lambda _: signature, b"PEM\n", "1.2", "cam-1", 0)
    tags = [
        bytes.fromhex("04 0010 01 0b 0609608648016503040201 00 0000"),
        bytes.fromhex("05 0011 01 03 312e32 05 63616d2d31 05 4c6170656c"),
        bytes.fromhex("06 0006 01 00 50454d0a"),
        b"\1\0\x5b\x02\x19\x0c\x00\x00"
        + struct.pack(">qqIH", 0x0101010101010101, 0x0202020202020202, 0x07070707, 2)
        + sha256(hashes[0] + hashes[1])
        + sha256(b"link"),
        b"\2\0\x41\1" + hashes[0] + hashes[1],
        b"\3\0\x4b\1\0\x46" + signature + b"\1\1",
    ]
    payload = UUID + b"\x40" + b"".join(tags)
    assert len(payload) == 255 + 50
    gop = facts(hashes, counter=0x07070707, start=0x0101010101010101, end=0x0202020202020202)
    # the only zeros in a row are those of the algorithms, and of the general tag's head
    expected = (b"\6\5\xff\x32" + payload + b"\x80").replace(b"\0\0\0\5", b"\0\0\3\0\5").replace(b"\0\0\1", b"\0\0\3\1")
    assert signed_sei(gop, signer, certificates=True) == expected


def test_without_certificates_two_tags_less() -> None:
    """Every second SEI does without them; all else is the same."""
    full, short = (
        read(signed_sei(facts(), signatory(), certificates=each), key().public_key()) for each in (True, False)
    )
    assert [*full.tags] == [4, 5, 6, 1, 2, 3]
    assert [*short.tags] == [4, 1, 2, 3]
    assert all(full.tags[tag] == short.tags[tag] for tag in (4, 1, 2))


@pytest.mark.parametrize("last", [b"\0", b"\0\0", b"\0\0\0", b"\0\0\3"])
def test_zeros_in_front_of_the_signature(last: bytes) -> None:
    """What is signed ends before the emulation prevention byte that the signature's tag may need."""
    hashes = (ANCHOR, sha256(b"second")[: -len(last)] + last)
    assert read(signed_sei(facts(hashes), signatory(), certificates=False), key().public_key()).hashes == [*hashes]


@given(st.lists(st.sampled_from([b"\0", b"\1", b"\2", b"\3", b"\4"]), min_size=32, max_size=32).map(b"".join))
def test_emulation_prevention(digest: bytes) -> None:
    """No start code stands in a SEI, whatever its hashes are, and it reads back as it was."""
    read_back = read(signed_sei(facts((digest, digest)), signatory(), certificates=False), key().public_key())
    assert read_back.hashes == [digest, digest]


def test_what_is_too_long_is_left_out() -> None:
    """A hash list that a validator has no room for, a count that has no room, a firmware's name of a kilobyte."""
    assert MOST_HASHES == 300  # with more the reference validator calls the film invalid
    many = facts((ANCHOR,) * MOST_HASHES)
    assert len(read(signed_sei(many, signatory(), certificates=False), key().public_key()).hashes) == MOST_HASHES
    more = facts((ANCHOR,) * MOST_HASHES, count=70_000, counter=(1 << 32) + 5)
    found = read(signed_sei(more, signatory(), certificates=False), key().public_key())
    assert (2 in found.tags, found.count, found.counter) == (False, 0xFFFF, 5)
    wordy = Signatory(signatory().sign, b"PEM\n", "v" * 1000, "cam-1", 0)
    vendor = read(signed_sei(facts(), wordy, certificates=True), key().public_key()).tags[5]
    assert vendor == b"\1\xff" + b"v" * 255 + b"\5cam-1\5Lapel"


def test_a_signature_that_is_none_is_refused() -> None:
    """A longer one than the curve's would leave a SEI that no validator reads."""
    broken = Signatory(lambda _: bytes(73), b"PEM\n", "1", "cam-1", 0)
    with pytest.raises(ValueError, match="a signature of 73 bytes"):
        signed_sei(facts(), broken, certificates=False)
