"""The authority's settings: whom to encrypt to, whom not to believe any more, how to behave
(``docs/evidence-format.md``, section 13)."""

from __future__ import annotations

from dataclasses import replace

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import SequenceError
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import SETTINGS
from firmware.evidence.recipients import Recipients


def verify_settings(line: bytes, trust: Trust, *, newer_than: int = 0) -> Signed:
    """Verify settings whose serial is greater than ``newer_than``; ``SequenceError`` for older ones, which were
    replayed or mixed up."""
    signed = documents.verify(SETTINGS, line, trust)
    serial = signed.payload["serial"]
    if serial <= newer_than:
        raise SequenceError(f"{SETTINGS.typ}: serial: {serial} is not newer than {newer_than}")
    return signed


def recipients(settings: Signed) -> Recipients:
    """Whom footage is encrypted to under these verified settings."""
    return Recipients.parse([recipient["age"] for recipient in settings.payload["recipients"]])


def trust_under(settings: Signed, trust: Trust) -> Trust:
    """The same trust, less what these verified settings withdraw: at once, whatever they say since when."""
    return replace(trust, revoked=trust.revoked | {each["hash"] for each in settings.payload["revoked"]})
