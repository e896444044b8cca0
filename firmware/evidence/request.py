"""A certificate request (PKCS #10, RFC 2986): a name and a public key, signed by that key, and nothing else.

The key may live in hardware: it is asked for one signature over a digest.  A request has one spelling, so that reading it is making it
again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from firmware.evidence.certs import UNREADABLE, assemble
from firmware.evidence.der import spell
from firmware.evidence.errors import EvidenceError, FormatError
from firmware.evidence.keys import PublicKey, Sign, check_signature, digest, load_public_key, p256, public_der
from firmware.evidence.roles import SHAPES, Role

LARGEST: Final = 1024
"""The largest request in bytes: with the longest name it has 240."""

_COMMON_NAME: Final = bytes.fromhex("0603550403")
_VERSION: Final = bytes.fromhex("020100")
_NO_ATTRIBUTES: Final = b"\xa0\0"
_SEQUENCE, _SET, _UTF8 = 0x30, 0x31, 0x0C


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose signature verifies: whoever sent it had the key at hand once.  ``read_request`` makes it."""

    name: str
    key: PublicKey = field(repr=False, compare=False)


def make_request(name: str, public: bytes, sign: Sign) -> bytes:
    """A request in DER for a device's certificate; ``public`` is the SubjectPublicKeyInfo of the key that ``sign`` signs with.

    ``EvidenceError`` for a name that no camera can have, or where the signer's answer does not fit its key.
    """
    if not _fits(name):
        raise FormatError(f"request: subject: {name[:80]!r} is not a name of a device certificate")
    key = load_public_key(public)
    told = _told(name, public_der(key))
    signature = sign(digest(told))
    check_signature(key, signature, digest(told), "request: signature")
    return assemble(told, signature)


def read_request(der: bytes) -> Request:
    """Read a request; ``FormatError`` unless it is spelt as ``make_request`` does, ``SignatureError`` unless its key signed it."""
    if len(der) > LARGEST:
        raise FormatError(f"request: {len(der)} bytes, at most {LARGEST} are allowed")
    try:
        parsed = x509.load_der_x509_csr(der)
        key = p256(parsed.public_key(), "request: public key")
        names = [str(each.value) for each in parsed.subject if each.oid == NameOID.COMMON_NAME]
        name = names[0] if len(names) == 1 else ""
        told, signature = _told(name, public_der(key)), parsed.signature
        same = assemble(told, signature) == der
    except UNREADABLE as error:
        raise FormatError(f"request: not a certificate request ({error})") from None
    except EvidenceError as error:
        raise FormatError(f"request: {error}") from None
    if not _fits(name):
        raise FormatError(f"request: subject: {name[:80]!r} is not a name of a device certificate")
    if not same:
        raise FormatError("request: not the one spelling of a name and a key, signed with ecdsa-with-SHA256")
    check_signature(key, signature, digest(told), "request: signature")
    return Request(name, key)


def _fits(name: str) -> bool:
    return re.fullmatch(SHAPES[Role.DEVICE].name, name) is not None


def _told(name: str, public: bytes) -> bytes:
    """What is signed: CertificationRequestInfo."""
    common = spell(_SEQUENCE, _COMMON_NAME, spell(_UTF8, name.encode()))
    return spell(_SEQUENCE, _VERSION, spell(_SEQUENCE, spell(_SET, common)), public, _NO_ATTRIBUTES)
