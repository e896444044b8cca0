"""The names on a volume, as section 1 of the evidence format has them."""

from __future__ import annotations

VOLUME = "volume.jws"
ANCHOR = "anchor.jws"
LOG_RECEIPT = "log-receipt.jws"
RESERVE = "reserve"
AUDIT = "audit"
RECORDINGS = "recordings"
ERASING = "erasing"
QUARANTINE = "quarantine"

LINES = ".jwsl"
JOURNAL = "journal.jwsl"
PRIVATE = "private.age"
MANIFEST = "manifest.jws"
SECOND = "manifest.pq.jws"
RECEIPT = "receipt.jws"
UNFINISHED = ".new"
"""Ending of a file that is written before it is renamed into place; what a cut leaves of it means nothing."""


def recording(number: int) -> str:
    """The directory of a recording."""
    return f"{number:08d}"


def segment(number: int) -> str:
    """The file of a segment."""
    return f"{number:06d}.mp4.age"


def audit(index: int) -> str:
    """The file of a boot's audit log."""
    return f"{index:08d}.jwsl"


def audit_private(index: int) -> str:
    """The file of a boot's private part of the audit log."""
    return f"{index:08d}.private.age"
