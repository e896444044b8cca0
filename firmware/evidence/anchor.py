"""A dock's countersignature under the audit log: the proof that lies outside the card (``docs/evidence-format.md``,
section 10)."""

from __future__ import annotations

from collections.abc import Callable

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import MismatchError
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import ANCHOR


def verify_anchor(
    line: bytes,
    trust: Trust,
    *,
    nonce: str | None,
    device: str | None = None,
    volume: str | None = None,
    head_of: Callable[[int], str | None] | None = None,
) -> Signed:
    """Verify an anchor of this session, device and volume (None: any, for one that was accepted before).

    ``head_of`` gives the hash of our audit line with an index, None where we have none: the line that the anchor
    countersigns has to be ours.
    """
    signed = documents.verify(ANCHOR, line, trust)
    documents.expect(ANCHOR, signed, {"device": device, "volume": volume, "nonce": nonce})
    audit = signed.payload["audit"]
    if head_of is not None and head_of(audit["line"]) != audit["head"]:
        raise MismatchError(f"{ANCHOR.typ}: audit: line {audit['line']} of our log is another one")
    return signed
