"""The SEIs of ONVIF Media Signing are read strictly, within bounds, and prove exactly the frames that they are about."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence_maker.onvif import (
    CERTIFICATES,
    CRYPTO,
    GENERAL,
    HASH_LIST,
    UUID,
    VENDOR,
    Film,
    Signer,
    escaped,
    slices,
    unescaped,
    write_sei,
)
from tests.vector_maker.onvif_films import authority, film, session, signatures, source
from tools.verify import nal
from tools.verify.certs import Trust, load_root
from tools.verify.findings import Refused
from tools.verify.onvif import Judge, judge_stream
from tools.verify.onvif_key import read_signer
from tools.verify.onvif_sei import Sei, is_sei, read_sei
from tools.verify.signatures import Picture, Signatures

TRUST = Trust(load_root(authority().root_pem))


def signed(**options: Any) -> Film:
    """The source, signed."""
    return Signer(session(), **options).sign(film())


def units(frames: Film) -> Iterator[memoryview]:
    """The NAL units of a film."""
    return (memoryview(unit) for frame in frames for unit in frame)


def judged(frames: Film) -> Signatures:
    """The verdict on a film."""
    return judge_stream(units(frames), TRUST)


def a_sei(number: int = 1, **options: Any) -> bytes:
    """One SEI of the source."""
    frames = signed(**options)
    at, place = signatures(frames)[number]
    return frames[at][place]


def tags(**changed: bytes | None) -> dict[int, bytes]:
    """The tags of a SEI that is well made, some changed or left out."""
    general = b"\2\x19\x0c\0\0" + struct.pack(">qqIH", 1, 2, 3, 1) + bytes(64)
    made: dict[str, bytes | None] = {
        "crypto": b"\1\x0b" + bytes.fromhex("0609608648016503040201") + bytes(3),
        "vendor": b"\1\x010\x08cam-0042\x05Lapel",
        "general": general,
        "hashes": b"\1" + bytes(32),
    }
    numbers = {
        "crypto": CRYPTO,
        "vendor": VENDOR,
        "certificates": CERTIFICATES,
        "general": GENERAL,
        "hashes": HASH_LIST,
    }
    return {numbers[name]: value for name, value in (made | changed).items() if value is not None}


class TestUnits:
    """NAL units are taken apart without trusting a length."""

    @pytest.mark.parametrize(
        "sample", [b"\0\0\0", b"\0\0\0\2a", b"\0\0\0\0", b"\xff\xff\xff\xffab", b"\0\0\0\1a\0\0"], ids=repr
    )
    def test_bad_lengths(self, sample: bytes) -> None:
        """A length that is cut off, empty, or goes on behind the end is refused."""
        with pytest.raises(Refused, match="NAL unit"):
            nal.split(sample)

    def test_too_many(self) -> None:
        """A sample of a million units is refused before they are all made."""
        with pytest.raises(Refused, match="more than 4096"):
            nal.split(b"\0\0\0\1a" * 100_000)

    @given(st.binary(max_size=40), st.sampled_from([1, 2, 4]))
    def test_any_bytes(self, sample: bytes, size: int) -> None:
        """Any bytes are units that fill them, or are refused."""
        try:
            found = nal.split(sample, size)
        except Refused:
            return
        assert b"".join(len(unit).to_bytes(size, "big") + bytes(unit) for unit in found) == sample

    @pytest.mark.parametrize(
        "config", [b"", b"\1\x64\0\x1f\xff\xe1", b"\0\x64\0\x1f\xff\xe1\0", b"\1\x64\0\x1f\xfe\xe1\0"]
    )
    def test_bad_configuration(self, config: bytes) -> None:
        """A decoder configuration that is cut off, of another version, or with lengths of three bytes is refused."""
        with pytest.raises(Refused):
            nal.length_size(config)

    @given(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 255]), max_size=40).map(bytes))
    def test_emulation_prevention(self, data: bytes) -> None:
        """It is removed, and each place is found again; where it is missing, the unit is refused."""
        data = b"\6" + data + b"\x80"
        raw = nal.raw(escaped(data))
        assert raw.data == data
        for place in range(len(data)):
            assert escaped(data[:place]) == escaped(data)[: raw.before(place)]
        if re.search(rb"\0\0[\x00-\x02]", data):
            with pytest.raises(Refused, match="missing"):
                nal.raw(data)


class TestSei:
    """A SEI has one spelling."""

    def test_fields(self) -> None:
        """What the second writer wrote is what is read."""
        found = read_sei(a_sei())
        assert (found.counter, found.count, found.hashes is not None and len(found.hashes)) == (2, 5, 5)
        assert (found.begin, found.end) == (1_767_225_600_500, 1_767_225_601_000)
        assert found.chain == session().x5c
        assert found.vendor is not None
        assert (found.vendor.firmware, found.vendor.serial, found.vendor.maker) == ("0.1.0", "cam-0042", "Lapel")
        assert read_signer(session().x5c, TRUST).signed(found)

    @pytest.mark.parametrize(
        "options",
        [{}, {"certified": lambda _made: False, "listed": False}, {"raw": True, "certified": lambda _made: False}],
        ids=["all", "bare", "raw"],
    )
    def test_no_byte_can_be_changed(self, options: dict[str, Any]) -> None:
        """Any one bit changed anywhere: no SEI, refused, or the signature does not hold."""
        sei, signer = a_sei(**options), read_signer(session().x5c, TRUST)
        drawn = random.Random(7)
        for at in range(len(sei)):
            changed = bytearray(sei)
            changed[at] ^= 1 << drawn.randrange(8)
            assert not holds(bytes(changed), signer.signed), at

    def test_no_byte_can_be_cut_or_added(self) -> None:
        """Cut off anywhere, or with a byte behind it, it is refused."""
        sei = a_sei(certified=lambda _made: False)
        for length in range(len(sei)):
            with pytest.raises(Refused):
                read_sei(sei[:length])
        with pytest.raises(Refused, match="end"):
            read_sei(sei + b"\x80")

    @given(st.binary(max_size=60), st.integers(0, 600))
    def test_any_bytes(self, noise: bytes, at: int) -> None:
        """Noise written over it raises nothing but a refusal."""
        sei = a_sei(certified=lambda _made: False)
        holds(sei[:at] + noise + sei[at + len(noise) :], lambda _sei: True)

    @pytest.mark.parametrize(
        ("made", "reason"),
        [
            (tags(general=None), "says nothing of a GOP"),
            (tags(general=b"\1" + bytes(90)), "version 1"),
            (tags(general=b"\2" + bytes(89)), "another length"),
            (tags(general=b"\2\x19\x0c\0\1" + struct.pack(">qqIH", 1, 2, 3, 1) + bytes(64)), "part of a GOP"),
            (tags(general=b"\2\x19\x0c\0\0" + struct.pack(">qqIH", 2, 1, 3, 1) + bytes(64)), "ends before it begins"),
            (tags(hashes=b"\1" + bytes(64)), "counts other hashes"),
            (tags(hashes=b"\1" + bytes(31)), "hash list"),
            (tags(hashes=b"\2" + bytes(32)), "hash list"),
            (tags(crypto=b"\1\0\0\0\0"), "ES256"),
            (tags(vendor=b"\1\x05ab"), "cut off"),
            (tags(vendor=b"\1\1a\1b\1cd"), "longer"),
            (tags(vendor=b"\1\1\xff\0\0"), "not text"),
            (tags(certificates=b"\1\0"), "none"),
            (tags(certificates=b"\1\1x"), "certificates"),
            (tags(certificates=b"\1\0-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n"), "PEM"),
            (tags(certificates=b"\1\0-----BEGIN CERTIFICATE-----\nAA\nAA\n-----END CERTIFICATE-----\n"), "strict PEM"),
            (tags(certificates=b"\1\0" + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" * 9), "PEM"),
            ({7: b"\1x", **tags()}, "tag 7"),
            ({0: b"x", **tags()}, "tag 0"),
            ({**tags(), CERTIFICATES: b""}, "empty"),
        ],
    )
    def test_other_forms(self, made: dict[int, bytes], reason: str) -> None:
        """What the format does not have is refused by name, even if the camera's key signed it."""
        with pytest.raises(Refused, match=reason):
            read_sei(write_sei(made, session()))

    def test_repeated_tag(self) -> None:
        """A tag stands once."""
        plain = unescaped(write_sei(tags(), session()))
        at = plain.index(bytes([VENDOR, 0]))
        length = 3 + int.from_bytes(plain[at + 1 : at + 3], "big")
        twice = plain[: at + length] + plain[at : at + length] + plain[at + length :]
        grown = bytearray(twice)
        grown[grown.index(UUID) - 1] += length
        with pytest.raises(Refused, match="two tags 5"):
            read_sei(escaped(bytes(grown)))

    def test_bounds(self) -> None:
        """A unit of megabytes is refused unread, however long it says its payload is."""
        with pytest.raises(Refused, match="longer than any"):
            read_sei(b"\6\5" + b"\xff" * (2 << 20))
        assert not is_sei(b"\6\5" + b"\xff" * (2 << 20))


def holds(unit: bytes, verify: Callable[[Sei], bool]) -> bool:
    """Whether a unit is a SEI that verifies."""
    try:
        return is_sei(unit) and verify(read_sei(unit))
    except Refused:
        return False


class TestJudge:
    """The judge keeps little, and says where."""

    @pytest.mark.parametrize("at", range(30))
    def test_any_frame_that_is_changed_is_named(self, at: int) -> None:
        """With the GOP it is in; where a keyframe is changed, with the whole GOP."""
        frames = signed()
        place = next(index for index, unit in enumerate(frames[at]) if unit in slices(frames[at]))
        frames[at][place] = frames[at][place][:-1] + bytes([frames[at][place][-1] ^ 2])
        found = judged(frames)
        (finding,) = found.findings
        assert (found.verdict, found.proven, found.pending) == (Picture.INVALID, 25, 0)
        assert finding.gop == at // 5 + 1
        assert finding.frames == ((at, at) if at % 5 else (at, at + 4))

    def test_what_was_covered_is_counted(self) -> None:
        """Frames, GOPs and times of a whole film."""
        found = judged(signed())
        assert (found.frames, found.proven, found.gops, found.pending, found.missing) == (30, 30, 6, 0, 0)
        assert (found.begin, found.end) == (1_767_225_600_000, 1_767_225_603_000)
        assert found.signer is not None
        assert (found.signer.device, found.signer.session) == ("cam-0042", session().kid)

    def test_zeros_behind_a_unit(self) -> None:
        """Some muxers leave zeros behind a NAL unit; they are not part of it."""
        frames = [[unit + bytes(2) for unit in frame] for frame in signed()]
        assert judged(frames).verdict is Picture.VALID

    def test_no_root(self) -> None:
        """Without a root nobody vouches for the key, and the rest is judged."""
        found = judge_stream(units(signed()), Trust(None))
        assert (found.verdict, found.distrust) == (Picture.VALID, None)

    def test_endless_film_without_signatures(self) -> None:
        """Of a film whose signatures stop, or that never had any, only a few GOPs are held in memory."""
        judge = Judge(TRUST)
        gop = [unit for frame in source("source")[0][:5] for unit in frame]
        for frames in (signed(), [gop] * 1000):
            for unit in units(frames):
                judge.unit(unit)
            assert len(judge._waiting) <= 16
        found = judge.finish()
        assert (found.verdict, found.frames, found.pending) == (Picture.VALID, 5030, 5000)
        assert found.pending_gops == 1000

    def test_gops_put_in_between(self) -> None:
        """Also more of them than are held in memory are found, and what follows is still judged."""
        frames = signed()
        found = judged([*frames[:15], *[list(frame) for frame in source("source-other")[0][:5]] * 40, *frames[15:]])
        assert found.verdict is Picture.INVALID
        assert [each.frames for each in found.findings] == [(10, 209), (210, 214)]
        assert found.gops == 5

    def test_findings_are_bounded(self) -> None:
        """A film in which everything is wrong has no endless list."""
        frames = [[*frame, b"\x42\x9a"] for frame in signed()] * 20
        found = judged(frames)
        assert (len(found.findings), found.more > 0) == (100, True)

    def test_words_of_a_finding(self) -> None:
        """A finding says where."""
        found = judged(signed()[7:])
        assert str(found.findings[0]).startswith("GOP 2, frames 0 to 2: ")

    @pytest.mark.parametrize("paired", [True, False])
    def test_a_film_in_the_dark(self, *, paired: bool) -> None:
        """Where all GOPs are the same to the last bit, their signatures are still told apart, in every trim."""
        gop = [list(frame) for frame in source("source")[0][:5]]
        frames = Signer(session(), paired=paired).sign([list(frame) for frame in gop * 9], (5, -1))
        for first in range(0, 45, 5):
            found = judged(frames[first:])
            assert (found.verdict, found.proven, found.pending) == (Picture.VALID, 45 - first, 0), first
        assert judged([*frames[:10], *frames[15:]]).verdict is Picture.INVALID

    def test_signatures_without_frames(self) -> None:
        """A stream of signatures alone is judged within bounds."""
        judge = Judge(TRUST)
        for _ in range(200):
            judge.unit(memoryview(a_sei(certified=lambda _made: False)))
        assert len(judge._first) <= 64
        assert judge.finish().verdict is Picture.UNDECIDED
