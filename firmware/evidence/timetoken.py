"""What lets a dock move a clock that was set: somebody's word for the time, over the camera's nonce (``docs/dock-protocol.md``,
section 4.1).

Either a line that the authority signed, or a time stamp (RFC 3161) of an authority that it named in its settings.  What
is stamped begins with a label of its own, so that no time stamp over anything else can pass for one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import FormatError, MismatchError, SequenceError
from firmware.evidence.kinds import TIME_WORD
from firmware.evidence.timestamp import LONGEST, Stamper, verify_timestamp

LABEL = b"lapel time 1"
AUTHORITY, STAMP = "authority", "time-stamp"
"""Who vouched, as the audit log says it behind ``dock``."""

_DER = b"\x30"


@dataclass(frozen=True, slots=True)
class Vouched:
    """A time that somebody else than the dock stands for: when, how far it may be off (ms), and who (``AUTHORITY``, ``STAMP``)."""

    utc_ms: int
    accuracy_ms: int
    source: str


def stamped(nonce: str) -> bytes:
    """What a time-stamping authority stamps for a camera with this nonce (32 hexadecimal digits)."""
    return LABEL + bytes.fromhex(nonce)


def stamper(values: Mapping[str, Any]) -> Stamper | None:
    """Whose time stamps the authority's settings believe; None if nobody's.  ``FormatError`` names the setting that is wrong."""
    root, policy = values.get("time_root", ""), values.get("time_policy", "")
    if not (isinstance(root, str) and isinstance(policy, str)):
        raise FormatError("time_root, time_policy: not both text")
    if not root:
        if policy:
            raise FormatError("time_policy: means nothing without time_root")
        return None
    return Stamper.parse(root, policy)


def decode(text: str) -> bytes:
    """The bytes of Welcome's ``token``; ``FormatError`` unless it is base64 in its one spelling, of at most 12 288 bytes."""
    try:
        token = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("token: is not base64") from None
    if base64.b64encode(token).decode() != text:
        raise FormatError("token: is not base64 in its one spelling")
    if len(token) > LONGEST:
        raise FormatError(f"token: {len(token)} bytes, at most {LONGEST} are allowed")
    return token


def verify_token(token: bytes, nonce: str, trust: Trust, believed: Stamper | None, *, least_ms: int) -> Vouched:
    """Verify what came with a dock's time; an ``EvidenceError`` names what does not hold.

    ``trust`` judges dates at a time that is known without the clock in question; ``least_ms``: a time that is past for certain.
    """
    vouched = verify_stamp(token, nonce, believed) if token[:1] == _DER else verify_word(token, nonce, trust)
    if vouched.utc_ms + vouched.accuracy_ms < least_ms:
        raise SequenceError("token: says a time that is past for certain")
    return vouched


def verify_stamp(token: bytes, nonce: str, believed: Stamper | None) -> Vouched:
    """Verify a time stamp over the nonce."""
    if believed is None:
        raise MismatchError("token: a time stamp, and the settings name nobody whose time stamps are believed")
    found = verify_timestamp(token, stamped(nonce), believed)
    return Vouched(found.utc_ms, found.accuracy_ms, STAMP)


def verify_word(token: bytes, nonce: str, trust: Trust) -> Vouched:
    """Verify what the authority signed over the nonce."""
    signed = documents.verify(TIME_WORD, token, trust)
    documents.expect(TIME_WORD, signed, {"nonce": nonce})
    return Vouched(signed.payload["utc_ms"], 0, AUTHORITY)
