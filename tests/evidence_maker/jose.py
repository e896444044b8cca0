"""Strict JWS of section 2."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from tests.evidence_maker.pki import Identity


def canonical(value: Any) -> bytes:
    """Canonical JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def b64(data: bytes) -> bytes:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def sign(payload: dict[str, Any], typ: str, identity: Identity, *, chained: bool) -> bytes:
    """A line, without its LF."""
    header: dict[str, Any] = {"alg": "ES256", "typ": typ}
    if chained:
        header["x5c"] = [base64.b64encode(der).decode() for der in identity.x5c]
    else:
        header["kid"] = identity.kid
    signing_input = b64(canonical(header)) + b"." + b64(canonical(payload))
    return signing_input + b"." + b64(identity.sign(signing_input))


def digest(data: bytes) -> str:
    """A hash as the format writes it."""
    return hashlib.sha256(data).hexdigest()
