"""An assignment: for which shift a camera records, in the dock's register (``docs/evidence-format.md``, section 14)."""

from __future__ import annotations

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import ASSIGNMENT


def verify_assignment(line: bytes, trust: Trust, *, device: str) -> Signed:
    """Verify an assignment of this device."""
    signed = documents.verify(ASSIGNMENT, line, trust)
    documents.expect(ASSIGNMENT, signed, {"device": device})
    return signed
