"""Strict JWS (section 2): compact serialization, ES256, one spelling only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tools.verify import canonical
from tools.verify.findings import Refused, need

MAX_LINE = 65536
"""Bytes of one line, without its LF."""

MAX_JWS = 4 << 20
"""The same for the JWS of a ``.jws`` file: a manifest names every segment."""

MAX_PAPER = 2 << 20
"""The same for what a dock hands to a camera: settings, receipts, receipts for the log."""

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256's group."""

MAX_CHAIN = 3
MAX_HEADER = 16384
"""Bytes of a header, decoded."""
_SCALAR = 32


@dataclass(frozen=True, slots=True)
class Parsed:
    """A line that is spelt well.  Nothing is verified yet: ``x5c`` is empty where ``kid`` names the certificate."""

    typ: str
    x5c: tuple[bytes, ...]
    kid: str | None
    payload: Mapping[str, Any]
    signing_input: bytes
    signature: tuple[int, int]
    hash: str


def line_hash(line: bytes) -> str:
    """The hash by which other objects name this line (without its LF)."""
    return hashlib.sha256(line).hexdigest()


def parse(line: bytes, limit: int) -> Parsed:
    """Take one line (without its LF) apart; ``Refused`` unless every byte stands as section 2 demands."""
    need(len(line) <= limit, f"the line is longer than {limit} bytes")
    parts = line.split(b".")
    need(len(parts) == 3, "is not a JWS in compact serialization")
    need(3 * len(parts[0]) // 4 <= MAX_HEADER, f"the JWS header is longer than {MAX_HEADER} bytes")
    header = _part("header", parts[0])
    payload = _part("payload", parts[1])
    x5c, kid = _key_members(header)
    return Parsed(
        typ=header["typ"],
        x5c=x5c,
        kid=kid,
        payload=payload,
        signing_input=parts[0] + b"." + parts[1],
        signature=_signature(parts[2]),
        hash=line_hash(line),
    )


def verify(parsed: Parsed, key: ec.EllipticCurvePublicKey) -> None:
    """``Refused`` unless the holder of ``key`` signed exactly this line."""
    try:
        key.verify(
            utils.encode_dss_signature(*parsed.signature),
            parsed.signing_input,
            ec.ECDSA(hashes.SHA256()),
        )
    except InvalidSignature:
        raise Refused("the signature is wrong") from None


def _part(name: str, text: bytes) -> dict[str, Any]:
    try:
        return canonical.decode(canonical.base64url(text))
    except Refused as refused:
        raise Refused(f"the JWS {name} {refused}") from None


def _key_members(header: Mapping[str, Any]) -> tuple[tuple[bytes, ...], str | None]:
    need(header.get("alg") == "ES256", "the JWS header: alg is not ES256")
    need(isinstance(header.get("typ"), str), "the JWS header: typ is missing")
    members = set(header) - {"alg", "typ"}
    if members == {"kid"} and isinstance(header["kid"], str):
        return (), header["kid"]
    chain = header.get("x5c")
    if members != {"x5c"} or not isinstance(chain, list):
        raise Refused("the JWS header holds other members than alg, typ and x5c or kid")
    need(chain and len(chain) <= MAX_CHAIN, "the JWS header: x5c holds no chain of the format")
    need(all(isinstance(each, str) for each in chain), "the JWS header: x5c holds something else than text")
    try:
        return tuple(canonical.base64_padded(each) for each in chain), None
    except Refused as refused:
        raise Refused(f"the JWS header: x5c {refused}") from None


def _signature(text: bytes) -> tuple[int, int]:
    try:
        data = canonical.base64url(text)
    except Refused as refused:
        raise Refused(f"the JWS signature {refused}") from None
    need(len(data) == 2 * _SCALAR, "the JWS signature is not 64 bytes long")
    r, s = int.from_bytes(data[:_SCALAR], "big"), int.from_bytes(data[_SCALAR:], "big")
    need(0 < r < ORDER and 0 < s < ORDER, "the JWS signature is out of range")
    need(s <= ORDER // 2, "the JWS signature has a high s")
    return r, s
