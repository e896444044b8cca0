"""The private part of a recording: what is about people and conduct (``docs/evidence-format.md``, section 7).

Each record fills whole chunks of the age file, so that it is durable on its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware.evidence import canonical
from firmware.evidence.age import CHUNK
from firmware.evidence.errors import FormatError
from firmware.evidence.kinds import PRIVATE

END = b"\n"
"""The last chunk of the file."""


def private_record(record: Mapping[str, Any]) -> bytes:
    """A record as it is encrypted: one line, a multiple of 65536 bytes long.  ``FormatError`` names a member that is
    wrong."""
    check = PRIVATE.get(record.get("kind", ""))
    if check is None:
        raise FormatError(f"kind: {record.get('kind')!r} is not one of {', '.join(PRIVATE)}")
    check(record, "")
    text = canonical.encode(record, "record")
    return text + b" " * (-(len(text) + 1) % CHUNK) + b"\n"
