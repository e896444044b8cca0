"""Signed objects: the only way from bytes to something that may be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.verify import jws
from tools.verify.certs import Chain, Role, Trust, verify_chain
from tools.verify.documents import LINES, PAPERS, check_payload
from tools.verify.findings import need


@dataclass(frozen=True, slots=True)
class Signed:
    """A verified object: what it says, the hash of its line, and the chain of who signed it."""

    payload: Mapping[str, Any]
    hash: str
    chain: Chain


def verify_chained(line: bytes, typ: str, role: Role, trust: Trust) -> Signed:
    """Verify a line that carries its chain (``x5c``), which must lead from ``role`` to the root."""
    parsed = _parse(line, typ)
    need(parsed.x5c, "the line does not carry its certificates (x5c)")
    chain = verify_chain(parsed.x5c, role, trust)
    return _finish(parsed, typ, chain)


def verify_keyed(line: bytes, typ: str, chain: Chain) -> Signed:
    """Verify a line that names its certificate (``kid``), which must be the leaf of ``chain``."""
    parsed = _parse(line, typ)
    need(parsed.kid is not None, "the line carries certificates of its own")
    need(parsed.kid == chain.fingerprint, "the line names another certificate than the one that signs here")
    return _finish(parsed, typ, chain)


def _parse(line: bytes, typ: str) -> jws.Parsed:
    parsed = jws.parse(line, jws.MAX_LINE if typ in LINES else jws.MAX_PAPER if typ in PAPERS else jws.MAX_JWS)
    need(parsed.typ == typ, f"the line is of type {parsed.typ!r}, here stands {typ}")
    return parsed


def _finish(parsed: jws.Parsed, typ: str, chain: Chain) -> Signed:
    jws.verify(parsed, chain.key)
    check_payload(typ, parsed.payload)
    return Signed(parsed.payload, parsed.hash, chain)
