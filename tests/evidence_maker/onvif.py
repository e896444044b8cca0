"""ONVIF Media Signing of H.264, a second signer made from the format alone, with every part open to forgery.

A film is a list of frames, a frame a list of NAL units without lengths or start codes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.evidence_maker.clips import Sample
from tests.evidence_maker.pki import ORDER, Identity

UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
GENERAL, HASH_LIST, SIGNATURE, CRYPTO, VENDOR, CERTIFICATES, ARBITRARY = range(1, 8)
EPOCH = 134_116_992_000_000_000
"""2026-01-01 00:00:00 UTC in units of 100 ns since 1601."""

Frame = list[bytes]
Film = list[Frame]
Forge = Callable[[int, dict[int, bytes]], dict[int, bytes]]
"""Gets the GOP's number and the values of its tags, in order, and returns them as they shall be signed."""


@dataclass
class Signer:
    """Signs a film GOP by GOP.

    The first GOP has the number ``first``; ``listed``: with hash lists; ``certified`` says which SEIs (counted from 0)
    carry certificates; ``raw``: the hash is over the bytes without emulation prevention; ``paired``: the SEIs stand as
    section 5.2 has it, two together of which the first carries certificates; else each by itself behind its GOP, as
    other cameras do it.
    """

    session: Identity
    first: int = 1
    listed: bool = True
    certified: Callable[[int], bool] = lambda _number: True
    raw: bool = False
    paired: bool = False
    frame_ms: int = 100
    epoch: int = EPOCH
    forge: Forge = lambda _number, tags: tags
    _made: int = field(default=0, init=False)

    def sign(self, film: Film, ends: Collection[int] = (-1,)) -> Film:
        """The film with SEIs: one frame behind the keyframe that ends a GOP (or a pair of GOPs), or, of the GOPs ``ends``
        (-1: the last), that end a segment, at their own end."""
        gops = gops_of(film)
        closed = {each % len(gops) for each in ends}
        made: Film = []
        waiting: Frame = []
        in_segment = 0
        link = bytes(32)
        at = 0
        for index, gop in enumerate(gops):
            certified = in_segment % 2 == 0 if self.paired else self.certified(self._made)
            sei = self._sei(index, gop, link, at, certified=certified)
            in_segment += 1
            link = digest(slices(gop[0])[0])
            at += len(gop)
            frames = [list(frame) for frame in gop]
            if waiting and (not self.paired or in_segment % 2 == 1):
                place = 1 if len(frames) > 1 else 0
                frames[place] = [*waiting, *frames[place]]
                waiting = []
            waiting.append(sei)
            if index in closed:
                frames[-1] += waiting
                waiting, in_segment = [], 0
            made += frames
        return made

    def _sei(self, index: int, gop: Film, link: bytes, at: int, *, certified: bool) -> bytes:
        units = [unit for frame in gop for unit in slices(frame)]
        anchor = digest(units[0])
        listed = [anchor, *(digest(anchor + digest(unit)) for unit in units[1:])]
        begin = self.epoch + at * self.frame_ms * 10_000
        numbers = struct.pack(">qqIH", begin, begin + len(gop) * self.frame_ms * 10_000, self.first + index, len(units))
        tags = {CRYPTO: b"\1\x0b" + bytes.fromhex("0609608648016503040201") + bytes(3)}
        if certified:
            pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in self.session.certificates[:-1])
            texts = ("0.1.0", self.session.name, "Lapel")
            tags[VENDOR] = b"\1" + b"".join(bytes([len(each)]) + each.encode() for each in texts)
            tags[CERTIFICATES] = b"\1\0" + pem
        tags[GENERAL] = b"\2\x19\x0c\x00\0" + numbers + digest(b"".join(listed)) + link
        if self.listed:
            tags[HASH_LIST] = b"\1" + b"".join(listed)
        self._made += 1
        return write_sei(self.forge(self.first + index, tags), self.session, raw=self.raw)


def write_sei(tags: dict[int, bytes], session: Identity, *, raw: bool = False) -> bytes:
    """A SEI with these tags, and the signature behind them."""
    body = UUID + (b"\0" if raw else b"\x40") + b"".join(_tag(tag, value) for tag, value in tags.items())
    size = len(body) + 3 + 3 + 72
    head = b"\x06\x05" + b"\xff" * (size // 255) + bytes([size % 255]) + body
    der = session.key.sign(
        digest(head if raw else escaped(head)),
        ec.ECDSA(utils.Prehashed(hashes.SHA256()), deterministic_signing=True),
    )
    r, s = utils.decode_dss_signature(der)
    der = utils.encode_dss_signature(r, min(s, ORDER - s))
    value = b"\1" + struct.pack(">H", len(der)) + der.ljust(72, b"\1")
    return escaped(head + _tag(SIGNATURE, value)) + b"\x80"


def escaped(data: bytes) -> bytes:
    """With emulation prevention."""
    made, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            made.append(3)
            zeros = 0
        made.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(made)


def unescaped(data: bytes) -> bytes:
    """Without it."""
    made, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte == 3:
            zeros = 0
            continue
        made.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(made)


def tags_of(sei: bytes) -> dict[int, tuple[int, int]]:
    """Where the value of each tag of a SEI without emulation prevention begins and ends."""
    at = 2
    while sei[at] == 255:
        at += 1
    at += 1 + 16 + 1
    found = {}
    while at < len(sei) - 1:
        tag, length = struct.unpack_from(">BH", sei, at)
        found[tag] = at + 3, at + 3 + length
        at += 3 + length
    return found


def gops_of(film: Film) -> list[Film]:
    """The GOPs of a film, each beginning with a keyframe."""
    gops: list[Film] = []
    for frame in film:
        if any(unit[0] & 31 == 5 for unit in frame):
            gops.append([])
        gops[-1].append(frame)
    return gops


def slices(frame: Frame) -> Frame:
    """The slices of a frame."""
    return [unit for unit in frame if unit[0] & 31 in (1, 5)]


def is_onvif(unit: bytes) -> bool:
    """Whether a NAL unit is one of these SEIs."""
    return unit[0] == 6 and UUID in unit[:600]


def frames_of(samples: Sequence[Sample]) -> Film:
    """The film that samples hold."""
    film = []
    for sample in samples:
        at, frame = 0, []
        while at < len(sample.data):
            length = int.from_bytes(sample.data[at : at + 4], "big")
            frame.append(sample.data[at + 4 : at + 4 + length])
            at += 4 + length
        film.append(frame)
    return film


def sample_data(frame: Frame) -> bytes:
    """A frame as a sample holds it."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in frame)


def digest(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def _tag(tag: int, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(value)) + value
