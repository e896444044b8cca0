"""Whole access units out of what encoders hand out."""

from __future__ import annotations

import pytest

from hal.pi.annexb import AccessUnits, head

SPS, PPS = b"\0\0\0\1\x67sps", b"\0\0\0\1\x68pps"
IDR, INTER, SEI, AUD = b"\0\0\1\x65picture", b"\0\0\0\1\x41picture", b"\0\0\0\1\x06sei", b"\0\0\0\1\x09\x10"


def test_head_ends_with_the_first_slice() -> None:
    """A frame is searched no further than where its picture begins, whatever looks like a start code behind."""
    assert [kind for kind, _, _ in head(AUD + SPS + PPS + SEI + IDR + IDR)] == [9, 7, 8, 6, 5]


def test_head_covers_every_byte() -> None:
    """The units lie one behind the other, up to the end, whether start codes have three or four bytes."""
    data = SPS + PPS + IDR + INTER
    places = [(begin, end) for _, begin, end in head(data)]
    assert places == [(0, len(SPS)), (len(SPS), len(SPS + PPS)), (len(SPS + PPS), len(data))]


@pytest.mark.parametrize("data", [b"", b"\0\0\1", b"\0\0\0\1", b"nothing", b"\0" * 40])
def test_head_of_nothing(data: bytes) -> None:
    """A buffer without a unit has none."""
    assert list(head(data)) == []


@pytest.mark.parametrize(
    ("data", "key"), [(SPS + PPS + IDR, True), (AUD + SPS + PPS + SEI + IDR, True), (INTER, False)]
)
def test_whole_units_stay_as_they_are(data: bytes, key: bool) -> None:  # noqa: FBT001 - a table's column
    """What is in order is not touched, and a keyframe is what holds an IDR."""
    assert AccessUnits().whole(data) == (data, key)


@pytest.mark.parametrize("data", [SPS + PPS, AUD, SEI, b"", b"noise" + INTER, IDR, SPS + IDR, PPS + IDR])
def test_what_nobody_can_decode_is_left_out(data: bytes) -> None:
    """No picture, no start code in front, or a keyframe whose parameter sets were never seen: no unit."""
    assert AccessUnits().whole(data) is None


def test_sets_in_a_buffer_of_their_own_go_before_the_keyframe() -> None:
    """An encoder that sends them once, or apart, still gives keyframes that can be decoded alone."""
    units = AccessUnits()
    assert units.whole(SPS + PPS) is None
    assert units.whole(IDR) == (SPS + PPS + IDR, True)
    assert units.whole(AUD + SEI + IDR) == (AUD + SPS + PPS + SEI + IDR, True)
    assert units.whole(INTER) == (INTER, False)


def test_the_newest_sets_are_taken() -> None:
    """One of the two may come anew; the order of both is the same however they came."""
    newer = SPS + b"newer"
    units = AccessUnits()
    units.whole(SPS + PPS + IDR)
    assert units.whole(newer + IDR) == (newer + PPS + IDR, True)
    assert units.whole(PPS + IDR) == (newer + PPS + IDR, True)
    assert units.whole(IDR) == (newer + PPS + IDR, True)
