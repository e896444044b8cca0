"""The manifest: the device key's word on a whole recording (``docs/evidence-format.md``, section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import SequenceError
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import MANIFEST
from firmware.evidence.session import Session
from firmware.evidence.transcript import NOTHING, Transcript

_SAME = ("device", "volume", "boot", "number")

Extents = Mapping[str, Mapping[str, Any]]
"""``length`` and ``hash`` of files by name."""


def sealed_manifest(session: Session, transcript: Transcript, journal: Mapping[str, Any], **facts: Any) -> bytes:
    """The manifest of a recording that was closed in full: each file is what the journal vouches for.

    ``journal`` is the journal's ``extent``, ``facts`` are the members ``priority``, ``settings``, ``signer``,
    ``second`` (the certificate of a second signature, None without one) and ``clock``.
    """
    if transcript.open_files:
        raise SequenceError(f"{MANIFEST.typ}: {', '.join(sorted(transcript.open_files))}: not closed")
    stands = {"state": "sealed", "signed_boot": transcript.opening["boot"], "missing": []}
    return _sign(session, transcript, journal, transcript.files, {**stands, **facts})


def recovered_manifest(
    session: Session, transcript: Transcript, journal: Mapping[str, Any], files: Extents, **facts: Any
) -> bytes:
    """The manifest of a recording that was cut off: ``files`` is what lies on the card now, segments and
    ``private.age``.

    ``facts`` are those of ``sealed_manifest``, and ``signed_boot``.
    """
    stands = {"state": "recovered", "missing": transcript.missing()}
    return _sign(session, transcript, journal, files, {**stands, **facts})


def verify_manifest(line: bytes, trust: Trust, **expected: Any) -> Signed:
    """Verify a manifest; ``expected`` are members that it must have, like ``device``, ``volume``, ``number``,
    ``opening``."""
    signed = documents.verify(MANIFEST, line, trust)
    documents.expect(MANIFEST, signed, expected)
    return signed


def _sign(
    session: Session, transcript: Transcript, journal: Mapping[str, Any], files: Extents, facts: Mapping[str, Any]
) -> bytes:
    """Put the members together and have the device key sign them."""
    signed = transcript.files
    payload = {
        **{name: transcript.opening[name] for name in _SAME},
        "opening": transcript.opening_hash,
        "journal": {**journal, "lines": transcript.lines, "head": transcript.head},
        "files": [
            {"name": name, **files.get(name, NOTHING), "signed": dict(signed.get(name, NOTHING))}
            for name in sorted({*files, *signed})
        ],
        "span": transcript.span,
        "samples": dict(transcript.samples),
        "gaps": transcript.gaps,
        **facts,
    }
    documents.check(MANIFEST, payload)
    return session.sign_as_device(payload, MANIFEST.typ)
