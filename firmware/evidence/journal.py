"""A recording's journal: the opening, then one line for each flush that is durable (``docs/evidence-format.md``,
section 6)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError
from firmware.evidence.jws import Signed, line_hash
from firmware.evidence.kinds import FLUSH, OPENING
from firmware.evidence.lines import LineReader, Tail
from firmware.evidence.session import Session
from firmware.evidence.transcript import Transcript


class Journal:
    """Makes the lines of one recording.  The lines have no LF: the file has one behind each.

    ``opening`` is the first line, ready to be written; ``transcript`` is what all lines so far vouch for.
    """

    def __init__(self, session: Session, **facts: Any) -> None:
        """Open a recording: ``facts`` are the members of the opening but ``device``.  ``FormatError`` names one that is
        wrong."""
        payload = {"device": session.device, **facts}
        documents.check(OPENING, payload)
        self._session = session
        self.opening = session.sign_line(payload, OPENING.typ, chained=True)
        self.transcript = Transcript(payload, line_hash(self.opening))
        self._sha256 = hashlib.sha256()
        self._length = 0
        self._count(self.opening)

    @property
    def extent(self) -> dict[str, Any]:
        """``length`` and ``hash`` of the file, once all lines are in it."""
        return {"length": self._length, "hash": self._sha256.hexdigest()}

    def flush(
        self,
        *,
        file: str,
        last: bool,
        cipher: Mapping[str, Any],
        plain: Mapping[str, Any],
        tracks: Mapping[str, Any] | None,
        until: int | None,
        clock: Mapping[str, Any],
        gaps: Mapping[str, Any],
        lag_ms: int,
    ) -> bytes:
        """The line for a flush whose bytes are durable; ``FormatError`` or ``SequenceError`` names what is wrong."""
        payload = {
            "number": self.transcript.number,
            "line": self.transcript.lines,
            "prev": self.transcript.head,
            "file": file,
            "last": last,
            "cipher": cipher,
            "plain": plain,
            "tracks": tracks,
            "until": until,
            "clock": clock,
            "gaps": gaps,
            "lag_ms": lag_ms,
        }
        documents.check(FLUSH, payload)
        self.transcript.check(payload)
        line = self._session.sign_line(payload, FLUSH.typ, chained=False)
        self.transcript.add(payload, line_hash(line))
        self._count(line)
        return line

    def _count(self, line: bytes) -> None:
        """Take a line into the file's length and hash."""
        self._sha256.update(line + b"\n")
        self._length += len(line) + 1


@dataclass(frozen=True, slots=True)
class JournalRead(Tail):
    """A journal as far as it is good.

    ``transcript`` is the sum of its good lines, ``extent`` length and hash of the whole file, torn tail included;
    ``flushes`` are the good lines behind the opening, oldest first (empty where a ``JournalReader`` handed them out as
    it went).
    """

    opening: Signed | None
    flushes: tuple[Signed, ...]
    transcript: Transcript | None
    extent: Mapping[str, Any]


class JournalReader:
    """Reads a journal in pieces, so that one of any length needs little memory.

    Never raises for what is in the file: reading stops at the first line that is not good.
    """

    def __init__(self, trust: Trust, **expected: Any) -> None:
        """``expected``: members that the opening must have, like ``device``, ``volume``, ``boot``, ``number`` (None:
        any)."""
        self._trust = trust
        self._expected = expected
        self._lines = LineReader(self._accept)
        self._opening: Signed | None = None
        self._transcript: Transcript | None = None
        self._fresh: list[Signed] = []

    def feed(self, data: bytes) -> tuple[Signed, ...]:
        """Read on; the flush lines that this made complete and that are good."""
        self._fresh = []
        self._lines.feed(data)
        return tuple(self._fresh)

    def finish(self) -> JournalRead:
        """What the file holds, if it ends here."""
        extent = {"length": self._lines.length, "hash": self._lines.hash}
        tail = self._lines.tail()
        return JournalRead(tail.valid_length, tail.ending, tail.refusal, self._opening, (), self._transcript, extent)

    def _accept(self, line: bytes) -> None:
        """Verify one more line."""
        if self._opening is None or self._transcript is None:
            opening = documents.verify(OPENING, line, self._trust)
            documents.expect(OPENING, opening, self._expected)
            self._opening, self._transcript = opening, Transcript(opening.payload, opening.hash)
            return
        flush = documents.verify_keyed(FLUSH, line, self._opening.chain)
        self._transcript.add(flush.payload, flush.hash)
        self._fresh.append(flush)


def read_journal(data: bytes, trust: Trust, **expected: Any) -> JournalRead:
    """Read a whole journal; ``expected`` as for ``JournalReader``."""
    reader = JournalReader(trust, **expected)
    flushes = reader.feed(data)
    return replace(reader.finish(), flushes=flushes)


def last_clock(head: bytes, tail: bytes, trust: Trust) -> Mapping[str, Any]:
    """The ``clock`` of a journal's newest good line, without reading all of it.

    ``head`` begins with the opening, ``tail`` is the end of the file, which may be torn.  ``EvidenceError`` if the
    opening is not good.
    """
    opening = documents.verify(OPENING, head.split(b"\n", 1)[0], trust)
    for line in reversed(tail.split(b"\n")[:-1]):
        try:
            clock: Mapping[str, Any] = documents.verify_keyed(FLUSH, line, opening.chain).payload["clock"]
        except EvidenceError:
            continue  # torn, or cut off at the front: the line before it counts
        return clock
    began: Mapping[str, Any] = opening.payload["clock"]
    return began
