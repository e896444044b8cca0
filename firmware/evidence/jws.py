"""Strict JWS: compact serialization, ES256, and one spelling only (``docs/evidence-format.md``, section 2).

Common JOSE libraries accept a changed last character, padding, a high s and header members that they do not know.  Here
every byte of a line counts: change one and the line is refused.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from firmware.evidence import canonical
from firmware.evidence.certs import Certificate, Chain, Trust, verify_chain
from firmware.evidence.errors import FormatError, SequenceError
from firmware.evidence.keys import Sign, check_signature, der_signature, digest, hash_of, raw_signature
from firmware.evidence.roles import Role

LINE_LIMIT = 64 * 1024
"""The longest line of a ``.jwsl`` file, in bytes, without its LF."""

FILE_LIMIT = 4 * 1024 * 1024
"""The longest JWS in a ``.jws`` file, in bytes, without its LF."""

PAPER_LIMIT = 2 * 1024 * 1024
"""The longest of those that a dock hands to a camera, in bytes: settings, and receipts.  The camera parses it before it knows who signed it."""

HEADER_LIMIT = 16 * 1024
"""The longest header, decoded, in bytes."""

CHAIN_LIMIT = 3
"""The longest chain, without the root."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a well-formed line claims.  Proves nothing."""

    typ: str
    x5c: tuple[bytes, ...]
    kid: str | None
    payload: Mapping[str, Any]
    line: bytes = field(repr=False)
    sha256: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """A line whose signature and signer were verified.  Only the functions of this module make one."""

    typ: str
    payload: Mapping[str, Any]
    line: bytes = field(repr=False)
    hash: str
    chain: Chain = field(repr=False)

    @property
    def certificate(self) -> Certificate:
        """The signer's certificate."""
        return self.chain.leaf


def sign(
    payload: Mapping[str, Any], typ: str, sign: Sign, *, x5c: Sequence[bytes] = (), kid: str | None = None
) -> bytes:
    """Make a line, without LF, that names its signer by ``x5c`` (certificates in DER, leaf first, without the root) or
    by ``kid``."""
    if bool(x5c) is (kid is not None):
        raise ValueError("a line names its signer by x5c or by kid")
    head = _keyed_header(typ, kid) if kid is not None else _chained_header(typ, x5c)
    signed = head + b"." + base64url(canonical.encode(payload, "payload"))
    line = signed + b"." + base64url(raw_signature(sign(digest(signed))))
    if len(line) > FILE_LIMIT:
        raise FormatError(f"{typ}: {len(line)} bytes, at most {FILE_LIMIT} are allowed")
    return line


@lru_cache(maxsize=32)
def _keyed_header(typ: str, kid: str) -> bytes:
    """The same for all lines of a type that one key signs: of these a boot has a handful, and a recording thousands of lines."""
    return base64url(canonical.encode({"alg": "ES256", "typ": typ, "kid": kid}, "header"))


def _chained_header(typ: str, x5c: Sequence[bytes]) -> bytes:
    chain = [base64.b64encode(der).decode() for der in x5c]
    return base64url(canonical.encode({"alg": "ES256", "typ": typ, "x5c": chain}, "header"))


def signing_input(header: Mapping[str, Any], payload: Mapping[str, Any]) -> bytes:
    """What the signature of a line is over."""
    return b".".join(
        base64url(canonical.encode(part, name)) for part, name in ((header, "header"), (payload, "payload"))
    )


def line_hash(line: bytes) -> str:
    """The hash by which others name this line (given without its LF)."""
    return hash_of(line)


def from_file(data: bytes, where: str = "file") -> bytes:
    """The line of a ``.jws`` file, which is the line and one LF."""
    line = data.removesuffix(b"\n")
    if len(line) != len(data) - 1:
        raise FormatError(f"{where}: does not end in one line feed")
    return line


def parse(line: bytes, limit: int = LINE_LIMIT) -> Unverified:
    """Take a line apart, as strictly as the format asks for, without believing it."""
    if len(line) > limit:
        raise FormatError(f"line: {len(line)} bytes, at most {limit} are allowed")
    parts = line.split(b".")
    if len(parts) != 3:
        raise FormatError(f"line: {len(parts)} parts instead of header, payload and signature")
    raw_header, raw_payload, raw = (
        _from_base64url(part, name) for part, name in zip(parts, ("header", "payload", "signature"), strict=True)
    )
    del parts  # what is parsed is larger than its line; this is not needed beside it
    header = canonical.decode(raw_header, HEADER_LIMIT, "header")
    typ, x5c, kid = _read_header(header)
    signature = der_signature(raw)
    payload = canonical.decode(raw_payload, limit, "payload")
    return Unverified(typ, x5c, kid, payload, line, digest(line[: line.rindex(b".")]), signature)


def peek_typ(line: bytes, limit: int = LINE_LIMIT) -> str:
    """What a well-formed line says it is.  Proves nothing."""
    return parse(line, limit).typ


def verify_chained(line: bytes, typ: str, *, trust: Trust, role: Role, limit: int = LINE_LIMIT) -> Signed:
    """Verify a line that carries its signer's chain: its form, its ``typ``, the chain for this role, the signature."""
    claim = parse(line, limit)
    _expect_typ(claim, typ)
    if not claim.x5c:
        raise FormatError(f"x5c: missing, a {role} line of the type {typ} carries its certificates")
    return _verify(claim, verify_chain(claim.x5c, trust, role))


def verify_keyed(line: bytes, typ: str, *, certificate: Chain, limit: int = LINE_LIMIT) -> Signed:
    """Verify a line that names a signer whose chain was verified before."""
    claim = parse(line, limit)
    _expect_typ(claim, typ)
    if claim.kid is None:
        raise FormatError("kid: missing, this line names its signer by kid")
    if claim.kid != certificate.fingerprint:
        raise SequenceError("kid: not the certificate that signs these lines")
    return _verify(claim, certificate)


def _verify(claim: Unverified, chain: Chain) -> Signed:
    """The one place where a claim becomes a fact."""
    check_signature(chain.leaf.key, claim.signature, claim.sha256)
    return Signed(claim.typ, claim.payload, claim.line, line_hash(claim.line), chain)


def _expect_typ(claim: Unverified, typ: str) -> None:
    """One ``typ`` in each place."""
    if claim.typ != typ:
        raise FormatError(f"typ: {claim.typ[:80]!r} instead of {typ!r}")


def _read_header(header: Mapping[str, Any]) -> tuple[str, tuple[bytes, ...], str | None]:
    """``typ``, ``x5c`` and ``kid`` of a header that has exactly the members allowed."""
    if header.keys() not in ({"alg", "typ", "x5c"}, {"alg", "typ", "kid"}):
        raise FormatError(f"header: members {', '.join(header)[:80]} instead of alg, typ and either x5c or kid")
    if header["alg"] != "ES256":
        raise FormatError("alg: not ES256")
    if not isinstance(header["typ"], str):
        raise FormatError("typ: not text")
    if "kid" in header:
        if not isinstance(header["kid"], str):
            raise FormatError("kid: not text")
        return header["typ"], (), header["kid"]
    x5c = header["x5c"]
    if not (isinstance(x5c, list) and 1 <= len(x5c) <= CHAIN_LIMIT):
        raise FormatError(f"x5c: not a list of 1 to {CHAIN_LIMIT} certificates")
    return header["typ"], tuple(_from_base64(text, f"x5c[{index}]") for index, text in enumerate(x5c)), None


def base64url(data: bytes) -> bytes:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _from_base64url(text: bytes, where: str) -> bytes:
    """Decode unpadded base64url in its one spelling."""
    try:
        data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        data = b""
    if not text or base64url(data) != text:
        raise FormatError(f"{where}: not canonical base64url")
    return data


def _from_base64(text: object, where: str) -> bytes:
    """Decode padded base64, as ``x5c`` wants it, in its one spelling."""
    try:
        data = base64.b64decode(text.encode()) if isinstance(text, str) else b""
    except binascii.Error:
        data = b""
    if not data or base64.b64encode(data).decode() != text:
        raise FormatError(f"{where}: not canonical base64")
    return data
