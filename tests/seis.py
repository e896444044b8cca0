"""Signatures in the picture, read and checked from the page alone (section 5.2)."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.evidence.keys import check_signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from firmware.evidence.keys import PublicKey

UUID: Final = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
GENERAL: Final = struct.Struct(">5sqqIH32s32s")


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


@dataclass(frozen=True)
class Sei:
    """What a SEI says: its tags in order, and the fields of the general one."""

    tags: dict[int, bytes]
    start: int
    end: int
    counter: int
    count: int
    gop_hash: bytes
    linked: bytes

    @property
    def certified(self) -> bool:
        """Whether it carries certificates."""
        return 6 in self.tags

    @property
    def hashes(self) -> list[bytes]:
        """The hash list."""
        listed = self.tags.get(2, b"\1")[1:]
        return [listed[at : at + 32] for at in range(0, len(listed), 32)]


@dataclass(frozen=True)
class Gop:
    """A GOP as the stream has it: the hashes of its slices, the media time of its first."""

    time: int
    hashes: tuple[bytes, ...]

    @property
    def sum(self) -> bytes:
        """The GOP hash."""
        return sha256(b"".join(self.hashes))


def units(sample: bytes) -> list[bytes]:
    """The NAL units of a sample."""
    found, at = [], 0
    while at < len(sample):
        length = int.from_bytes(sample[at : at + 4], "big")
        found.append(sample[at + 4 : at + 4 + length])
        at += 4 + length
    assert at == len(sample)
    return found


def is_sei(nal: bytes) -> bool:
    """Whether it is one of these, and no encoder's."""
    return nal[0] == 6 and UUID in nal[:64]


def without(sample: bytes) -> bytes:
    """A sample as it was before it was signed."""
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in units(sample) if not is_sei(nal))


def bare(nal: bytes) -> tuple[bytes, list[int]]:
    """Without emulation prevention, and where in ``nal`` each byte stood."""
    found, places, zeros = bytearray(), [], 0
    for at, byte in enumerate(nal):
        assert zeros < 2 or byte >= 3, "a start code"
        if zeros >= 2 and byte == 3:
            zeros = 0
            continue
        zeros = zeros + 1 if byte == 0 else 0
        found.append(byte)
        places.append(at)
    return bytes(found), places


def read(nal: bytes, key: PublicKey) -> Sei:
    """Read a SEI and check its signature."""
    data, places = bare(nal)
    assert data[:2] == b"\x06\x05"
    at = 2
    while data[at] == 255:
        at += 1
    size, at = 255 * (at - 2) + data[at], at + 1
    assert (len(data), data[-1]) == (at + size + 1, 0x80)
    assert data[at : at + 17] == UUID + b"\x40"
    at, tags, signed = at + 17, {}, 0
    while at < len(data) - 1:
        tag, length = data[at], int.from_bytes(data[at + 1 : at + 3], "big")
        assert tag not in tags
        signed = places[at - 1] + 1  # an emulation prevention byte in front of the tag is not signed
        tags[tag] = data[at + 3 : at + 3 + length]
        at += 3 + length
    assert list(tags) == [tag for tag in (4, 5, 6, 1, 2, 3) if tag in tags]
    version, length = struct.unpack(">BH", tags[3][:3])
    assert (version, len(tags[3]), tags[3][3 + length :].strip(b"\1")) == (1, 75, b"")
    check_signature(key, tags[3][3 : 3 + length], sha256(nal[:signed]))
    edition, *fields = GENERAL.unpack(tags[1])
    assert edition == b"\x02\x19\x0c\x00\x00"
    return Sei(tags, *fields)


def gops(samples: Iterable[tuple[int, bytes]]) -> Iterator[Gop]:
    """The GOPs of samples, each with its media time."""
    hashes: list[bytes] = []
    began = 0
    for time, sample in samples:
        for nal in units(sample):
            if nal[0] & 31 == 5 and nal[1] & 128:
                if hashes:
                    yield Gop(began, tuple(hashes))
                hashes, began = [sha256(nal)], time
            elif nal[0] & 31 in (1, 5) and hashes:
                hashes.append(sha256(hashes[0] + sha256(nal)))
    if hashes:
        yield Gop(began, tuple(hashes))
