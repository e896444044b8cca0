"""Who made a volume, and its id (``docs/evidence-format.md``, section 12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import VOLUME
from firmware.evidence.session import Session


def volume_line(session: Session, volume: str, clock: Mapping[str, Any]) -> bytes:
    """The line of ``volume.jws`` for a new volume, without LF; ``volume`` is 32 hexadecimal digits, drawn at random."""
    payload = {"device": session.device, "volume": volume, "clock": clock}
    documents.check(VOLUME, payload)
    return session.sign_as_device(payload, VOLUME.typ)


def verify_volume(line: bytes, trust: Trust, *, device: str | None) -> Signed:
    """Verify whose volume this is (``device`` None: anybody's of our authority)."""
    signed = documents.verify(VOLUME, line, trust)
    documents.expect(VOLUME, signed, {"device": device})
    return signed
