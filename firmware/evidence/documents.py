"""Signed objects in general: each is held against its table when it is made and when it is read.

The tables are in ``kinds``.  ``verify`` and ``verify_keyed`` are the only way from a line to a ``Signed`` that may be
relied on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firmware.evidence import jws
from firmware.evidence.certs import Chain, Trust
from firmware.evidence.errors import EvidenceError, FormatError, MismatchError
from firmware.evidence.keys import Sign
from firmware.evidence.roles import Role
from firmware.evidence.schema import Check


@dataclass(frozen=True, slots=True)
class Kind:
    """One object: its type, who signs it, which member is the signer's name, its table, what no table can say, and its
    longest line."""

    typ: str
    role: Role
    signer: str | None
    table: Check
    also: Callable[[Mapping[str, Any]], None] = lambda _: None
    limit: int = jws.LINE_LIMIT


def check(kind: Kind, payload: Mapping[str, Any]) -> None:
    """Hold a payload against its table; ``FormatError`` (or ``RecipientError``) names the type and the member."""
    try:
        kind.table(payload, "")
        kind.also(payload)
    except EvidenceError as error:
        raise type(error)(f"{kind.typ}: {error}") from None


def sign(kind: Kind, payload: Mapping[str, Any], key: Sign, x5c: Sequence[bytes]) -> bytes:
    """Make a line, without LF, that carries its signer's chain: what docks and authorities sign."""
    check(kind, payload)
    line = jws.sign(payload, kind.typ, key, x5c=x5c)
    if len(line) > kind.limit:
        raise FormatError(f"{kind.typ}: {len(line)} bytes, at most {kind.limit} are allowed")
    return line


def verify(kind: Kind, line: bytes, trust: Trust) -> jws.Signed:
    """Verify a line that carries its signer's chain, its table, and that its signer is who it says."""
    signed = jws.verify_chained(line, kind.typ, trust=trust, role=kind.role, limit=kind.limit)
    return _checked(kind, signed)


def verify_keyed(kind: Kind, line: bytes, certificate: Chain) -> jws.Signed:
    """Verify a line of a signer whose chain was verified before."""
    return _checked(kind, jws.verify_keyed(line, kind.typ, certificate=certificate, limit=kind.limit))


def expect(kind: Kind, signed: jws.Signed, facts: Mapping[str, Any]) -> None:
    """``MismatchError`` unless the object is about what was asked for; a None says that anything will do."""
    for name, value in facts.items():
        if value is not None and signed.payload[name] != value:
            raise MismatchError(f"{kind.typ}: {name}: is not the one expected")


def _checked(kind: Kind, signed: jws.Signed) -> jws.Signed:
    """A genuine line, held against its table."""
    check(kind, signed.payload)
    if kind.signer is not None and signed.payload[kind.signer] != signed.chain.name:
        raise MismatchError(f"{kind.typ}: {kind.signer}: the certificate is that of {signed.chain.name!r}")
    return signed
