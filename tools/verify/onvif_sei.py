"""The SEI of ONVIF Media Signing in H.264 (section 5): read strictly, every length checked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import utils

from tools.verify import nal
from tools.verify.findings import Refused, need
from tools.verify.jws import ORDER

UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
HASH = 32

_HEADER = b"\x06"
_USER_DATA = 5
_AS_IT_STANDS = 0x40
_STOP = b"\x80"
_SHA256 = bytes.fromhex("0609608648016503040201")
_MAX_UNIT = 1 << 20
_MAX_SIZE_BYTES = _MAX_UNIT // 255 + 2
_MAX_CHAIN = 8
_GENERAL, _HASH_LIST, _SIGNATURE, _CRYPTO, _VENDOR, _CERTIFICATES = 1, 2, 3, 4, 5, 6
_TAGS = range(_GENERAL, _CERTIFICATES + 1)
_GENERAL_VERSION = 2
_GENERAL_FIELDS = ">B3sBqqIH32s32s"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE-----\n")
_EPOCH_1601_MS = 11_644_473_600_000


@dataclass(frozen=True, slots=True)
class Vendor:
    """Who made the signature, by its own words."""

    firmware: str
    serial: str
    maker: str


@dataclass(frozen=True, slots=True)
class Sei:
    """One SEI that is spelt well; nothing is verified yet.

    ``begin`` and ``end`` in milliseconds since 1970; ``count`` slices with the hash of their hashes ``total``; ``link``:
    the hash of the first slice of the GOP before; ``hashes``: one a slice, in order, None without a list; ``chain``: DER
    certificates, leaf first, None where an earlier SEI has them; ``digest``: what is signed; ``signature``: DER.
    """

    counter: int
    begin: int
    end: int
    count: int
    total: bytes
    link: bytes
    hashes: tuple[bytes, ...] | None
    chain: tuple[bytes, ...] | None
    vendor: Vendor | None
    digest: bytes
    signature: bytes


def is_sei(unit: bytes | memoryview) -> bool:
    """Whether a NAL unit claims to be a SEI of ONVIF Media Signing."""
    head = bytes(unit[:1]) == _HEADER and unit[1:2] == bytes([_USER_DATA])
    at = 2
    while head and at < _MAX_SIZE_BYTES and unit[at : at + 1] == b"\xff":
        at += 1
    return head and bytes(unit[at + 1 : at + 1 + len(UUID)]) == UUID


def read_sei(unit: bytes | memoryview) -> Sei:
    """Take a SEI apart; ``Refused`` unless every byte stands as the format demands."""
    need(len(unit) <= _MAX_UNIT, "the signature's SEI is longer than any")
    need(is_sei(unit), "is no SEI of ONVIF Media Signing")
    raw = nal.raw(unit)
    payload, at = _payload(raw.data)
    mode = payload[len(UUID)] if len(payload) > len(UUID) else None
    need(mode in (0, _AS_IT_STANDS), "the signature's SEI is of a kind that the format does not have")
    tags = _tags(payload, len(UUID) + 1)
    need(list(tags)[-1:] == [_SIGNATURE], "the signature's SEI does not end with the signature")
    need(_GENERAL in tags, "the signature's SEI says nothing of a GOP")
    signed = at + tags[_SIGNATURE][0]
    covered = raw.data[:signed] if mode == 0 else bytes(unit[: raw.before(signed)])
    return _read_values({tag: value for tag, (_, value) in tags.items()}, hashlib.sha256(covered).digest())


def _payload(data: bytes) -> tuple[bytes, int]:
    """The payload of the unit's one message, and where it begins."""
    at, size = 2, 0
    while data[at : at + 1] == b"\xff":
        at, size = at + 1, size + 255
    need(at < len(data), "the signature's SEI is cut off")
    size += data[at]
    at += 1
    need(data[at + size :] == _STOP, "the signature's SEI does not end where it says")
    return data[at : at + size], at


def _tags(payload: bytes, at: int) -> dict[int, tuple[int, bytes]]:
    """Each tag with the place where it begins and its value, in order."""
    found: dict[int, tuple[int, bytes]] = {}
    while at < len(payload):
        need(at + 3 <= len(payload), "a tag of the signature's SEI is cut off")
        tag, length = struct.unpack_from(">BH", payload, at)
        need(tag in _TAGS, f"the signature's SEI has a tag {tag}, which the format does not have")
        need(tag not in found, f"the signature's SEI has two tags {tag}")
        need(at + 3 + length <= len(payload), f"tag {tag} of the signature's SEI goes on behind its end")
        need(length, f"tag {tag} of the signature's SEI is empty")
        found[tag] = at, payload[at + 3 : at + 3 + length]
        at += 3 + length
    return found


def _read_values(tags: Mapping[int, bytes], digest: bytes) -> Sei:
    counter, begin, end, count, total, link = _general(tags[_GENERAL])
    if _CRYPTO in tags:
        _crypto(tags[_CRYPTO])
    hashes = _hash_list(tags[_HASH_LIST]) if _HASH_LIST in tags else None
    need(hashes is None or len(hashes) == count, "the signature's SEI counts other hashes than it has")
    return Sei(
        counter=counter,
        begin=begin // 10_000 - _EPOCH_1601_MS,
        end=end // 10_000 - _EPOCH_1601_MS,
        count=count,
        total=total,
        link=link,
        hashes=hashes,
        chain=_certificates(tags[_CERTIFICATES]) if _CERTIFICATES in tags else None,
        vendor=_vendor(tags[_VENDOR]) if _VENDOR in tags else None,
        digest=digest,
        signature=_signature(tags[_SIGNATURE]),
    )


def _general(value: bytes) -> tuple[int, int, int, int, bytes, bytes]:
    need(len(value) == struct.calcsize(_GENERAL_FIELDS), "the general tag has another length than the format's")
    version, _, partial, begin, end, counter, count, total, link = struct.unpack(_GENERAL_FIELDS, value)
    need(version == _GENERAL_VERSION, f"the general tag has version {version}")
    need(not partial, "the signature is over part of a GOP, which the format does not have")
    need(0 <= begin <= end, "the general tag: a GOP ends before it begins")
    return counter, begin, end, count, total, link


def _hash_list(value: bytes) -> tuple[bytes, ...]:
    need(value[0] == 1 and len(value) % HASH == 1, "the hash list is not of the form that the format demands")
    return tuple(value[at : at + HASH] for at in range(1, len(value), HASH))


def _signature(value: bytes) -> bytes:
    need(len(value) >= 3 and value[0] == 1, "the signature's tag is not of the form that the format demands")
    length = int.from_bytes(value[1:3], "big")
    signature, padding = value[3 : 3 + length], value[3 + length :]
    need(length == len(signature), "the signature is cut off")
    need(not padding.strip(b"\1"), "the signature's padding is not plain")
    try:
        r, s = utils.decode_dss_signature(signature)
    except ValueError:
        raise Refused("the signature is no ECDSA signature") from None
    need(0 < r < ORDER and 0 < s < ORDER, "the signature is out of range")
    need(utils.encode_dss_signature(r, s) == signature, "the signature is not DER")
    need(s <= ORDER // 2, "the signature has a high s")
    return signature


def _crypto(value: bytes) -> None:
    need(value == b"\1" + bytes([len(_SHA256)]) + _SHA256 + bytes(3), "the signature is not ES256 over SHA-256")


def _vendor(value: bytes) -> Vendor:
    need(value[0] == 1, "the vendor's tag has another version than the format's")
    texts: list[str] = []
    at = 1
    for _ in range(3):
        need(at < len(value), "the vendor's tag is cut off")
        end = at + 1 + value[at]
        need(end <= len(value), "the vendor's tag is cut off")
        try:
            texts.append(value[at + 1 : end].decode())
        except UnicodeDecodeError:
            raise Refused("the vendor's tag is not text") from None
        at = end
    need(at == len(value), "the vendor's tag is longer than its texts")
    return Vendor(*texts)


def _certificates(value: bytes) -> tuple[bytes, ...]:
    """DER from PEM, in the one spelling that RFC 7468 calls strict."""
    need(value[:2] == b"\1\0", "the certificates' tag is not of the form that the format demands")
    pem = value[2:]
    ders: list[bytes] = []
    at = 0
    while at < len(pem):
        block = _PEM.match(pem, at)
        need(block and len(ders) < _MAX_CHAIN, "the certificates are not in PEM form")
        assert block is not None  # noqa: S101 - refused above
        try:
            der = base64.b64decode(block[1].replace(b"\n", b""), validate=True)
        except binascii.Error:
            raise Refused("the certificates are not in PEM form") from None
        text = base64.b64encode(der)
        lines = b"".join(text[each : each + 64] + b"\n" for each in range(0, len(text), 64))
        need(lines == block[1], "the certificates are not in the strict PEM form")
        ders.append(der)
        at = block.end()
    need(ders, "the certificates' tag holds none")
    return tuple(ders)
