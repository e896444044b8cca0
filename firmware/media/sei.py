"""The SEI of ONVIF Media Signing in H.264: its bytes (``docs/evidence-format.md``, section 5.2).

A *user data unregistered* SEI with a UUID of its own, that holds tags, lengths and values.  What is signed is the NAL unit as it
stands in the stream, emulation prevention included, up to the signature's tag.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass, field
from itertools import starmap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

UUID: Final = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
MOST_HASHES: Final = 300
"""The longest hash list that the reference validator takes; a longer one is left out."""
MOST_COUNTED: Final = 0xFFFF

_SEI: Final = 6
_USER_DATA_UNREGISTERED: Final = 5
_AS_IT_STANDS: Final = b"\x40"
"""The signature is over the bytes with their emulation prevention."""
_FORMAT: Final = bytes((25, 12, 0))
"""The edition of ONVIF's specification: the one that introduced this layout of the general tag, so that each validator since takes it."""
_SHA256: Final = bytes.fromhex("0609608648016503040201")
"""Its object identifier in DER."""
_SIGNATURE_ROOM: Final = 72
"""The longest DER signature on P-256; a shorter one is followed by ones."""
_STOP_BIT: Final = b"\x80"
_GENERAL, _HASH_LIST, _SIGNATURE, _CRYPTO, _VENDOR, _CERTIFICATES = 1, 2, 3, 4, 5, 6
_EMULATION: Final = re.compile(rb"\0\0(?=[\0-\3])")
_TLV_HEADER: Final = 3
_SIGNATURE_TLV: Final = _TLV_HEADER + 1 + 2 + _SIGNATURE_ROOM


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs a recording's picture.

    ``sign`` takes a SHA-256 digest and returns a DER ECDSA signature on P-256.  ``chain``: the certificates in PEM, leaf first,
    without the root.  ``zero``: where the monotonic clock was 0, in units of 100 ns since 1601 in UTC.
    """

    sign: Callable[[bytes], bytes] = field(repr=False)
    chain: bytes = field(repr=False)
    firmware: str
    device: str
    zero: int


@dataclass(frozen=True, slots=True)
class GopFacts:
    """What a SEI says of one GOP.

    ``start`` and ``end`` in units of 100 ns since 1601; ``count`` slices, ``gop_hash`` over the hashes of all, which are
    ``hashes``, unless they are too many; ``linked``: the hash of the first slice of the GOP before, zeros for the first.
    """

    counter: int
    start: int
    end: int
    count: int
    gop_hash: bytes
    hashes: tuple[bytes, ...]
    linked: bytes


def signed_sei(gop: GopFacts, signatory: Signatory, *, certificates: bool) -> bytes:
    """The SEI NAL unit, ready for the stream; with the certificates, or without."""
    tags = [(_CRYPTO, bytes((1, len(_SHA256))) + _SHA256 + bytes(3))]
    if certificates:
        vendor = b"".join(_short(text) for text in (signatory.firmware, signatory.device, "Lapel"))
        tags += [(_VENDOR, b"\1" + vendor), (_CERTIFICATES, b"\1\0" + signatory.chain)]
    tags.append((_GENERAL, _general(gop)))
    if len(gop.hashes) == gop.count:
        tags.append((_HASH_LIST, b"\1" + b"".join(gop.hashes)))
    payload = UUID + _AS_IT_STANDS + b"".join(starmap(_tlv, tags))
    whole, rest = divmod(len(payload) + _SIGNATURE_TLV, 255)
    head = bytes((_SEI, _USER_DATA_UNREGISTERED)) + b"\xff" * whole + bytes((rest,))
    signature = signatory.sign(hashlib.sha256(_prevented(head + payload)).digest())
    if len(signature) > _SIGNATURE_ROOM:
        raise ValueError(f"a signature of {len(signature)} bytes")
    value = struct.pack(">BH", 1, len(signature)) + signature.ljust(_SIGNATURE_ROOM, b"\1")
    return _prevented(head + payload + _tlv(_SIGNATURE, value)) + _STOP_BIT


def _general(gop: GopFacts) -> bytes:
    counted = min(gop.count, MOST_COUNTED)
    numbers = struct.pack(">qqIH", gop.start, gop.end, gop.counter & 0xFFFFFFFF, counted)
    return b"\2" + _FORMAT + b"\0" + numbers + gop.gop_hash + gop.linked


def _tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(value)) + value


def _short(text: str) -> bytes:
    data = text.encode()[:255]
    return bytes((len(data),)) + data


def _prevented(data: bytes) -> bytes:
    """With emulation prevention (H.264, 7.4.1): what has it is the beginning of what has it and goes on."""
    return _EMULATION.sub(b"\0\0\3", data)
