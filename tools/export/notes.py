"""What the private part of a recording says, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tools.export.source import Source
from tools.verify import canonical
from tools.verify.documents import check_private
from tools.verify.findings import Refused
from tools.verify.model import PRIVATE, Flush
from tools.verify.plain import read_flushes

Note = Mapping[str, Any]
"""One entry of ``private.age`` (``docs/evidence-format.md``, section 7)."""


def read_notes(source: Source) -> list[Note]:
    """Decrypt the private part as far as the journal vouches for it; ``Refused`` where it is none."""
    flushes: Sequence[Flush] = source.journal.of(PRIVATE)
    found: list[Note] = []

    def take(_flush: Flush, data: bytes) -> None:
        for row in data.split(b"\n"):
            if entry := row.rstrip(b" "):
                found.append(canonical.decode(entry))
                check_private(found[-1])

    if flushes:
        try:
            read_flushes(source.directory / PRIVATE, source.given.keys, flushes, take)
        except Refused as refused:
            raise Refused(f"{PRIVATE}: {refused}") from None
    return found
