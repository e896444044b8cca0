"""The private part of the audit log: what is about people and conduct (``docs/evidence-format.md``, section 11.2).

A batch of records fills exactly one chunk of the age file, so that it is durable on its own and shows neither how many records it has
nor how long they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from firmware.evidence import canonical
from firmware.evidence.age import CHUNK
from firmware.evidence.errors import FormatError
from firmware.evidence.log_kinds import LOG_PRIVATE

RECORD_LIMIT = 2048
"""The most bytes of one record: no text in it has more than 256 characters."""
MOST = CHUNK // RECORD_LIMIT
"""Records that one batch takes in any case."""


def log_record(record: Mapping[str, Any]) -> bytes:
    """A record as canonical JSON, without its LF.  ``FormatError`` names a member that is wrong."""
    check = LOG_PRIVATE.get(record.get("kind", ""))
    if check is None:
        raise FormatError(f"kind: {record.get('kind')!r} is not one of {', '.join(LOG_PRIVATE)}")
    check(record, "")
    return canonical.encode(record, "record")


def log_batch(records: Sequence[bytes]) -> bytes:
    """The records of one batch, each with its LF, the last one padded with spaces before it: one chunk.  ``FormatError`` where they do
    not fit, or there is none."""
    text = b"\n".join(records)
    if not 0 < len(text) < CHUNK:
        raise FormatError(f"batch: {len(text)} bytes do not fit into one chunk")
    return text + b" " * (CHUNK - 1 - len(text)) + b"\n"
