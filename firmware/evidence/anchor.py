"""A dock's countersignature under the audit log: the proof that lies outside the card (``docs/evidence-format.md``,
section 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import MismatchError
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import ANCHOR


def verify_anchor(
    line: bytes, trust: Trust, *, nonce: str | None, head_of: Callable[[int], str | None] | None = None, **expected: Any
) -> Signed:
    """Verify an anchor; ``expected`` are members that it must have, like ``device`` and ``volume`` (None: any).

    ``head_of`` gives the hash of our audit line with an index, None where we have none: the line that the anchor
    countersigns has to be ours.  ``nonce`` is the session's; it and ``head_of`` are None for an anchor that was
    accepted before and is read back.
    """
    signed = documents.verify(ANCHOR, line, trust)
    documents.expect(ANCHOR, signed, {**expected, "nonce": nonce})
    audit = signed.payload["audit"]
    if head_of is not None and head_of(audit["line"]) != audit["head"]:
        raise MismatchError(f"{ANCHOR.typ}: audit: line {audit['line']} of our log is another one")
    return signed
