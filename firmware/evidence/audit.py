"""The device's audit log: one file a boot, one chain over all of them (``docs/evidence-format.md``, section 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import SequenceError
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import AUDIT, ZEROS
from firmware.evidence.lines import LineReader, Tail
from firmware.evidence.session import Session

FIRST = "boot"
"""The kind of the first line of each file."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest line of the log: its index and its hash.  Without arguments: of a log that has no line yet."""

    line: int = 0
    hash: str = ZEROS


def audit_line(session: Session, payload: Mapping[str, Any]) -> bytes:
    """Make one line, without LF; ``FormatError`` names a member that is wrong.  A ``boot`` line carries the session's
    chain."""
    documents.check(AUDIT, payload)
    return session.sign_line(payload, AUDIT.typ, chained=payload["kind"] == FIRST)


@dataclass(frozen=True, slots=True)
class AuditRead(Tail):
    """One file of the log as far as it is good: its good lines, and the head that the next file has to continue."""

    lines: tuple[Signed, ...]
    head: Head


def read_audit(data: bytes, trust: Trust, previous: Head | None = None, **expected: Any) -> AuditRead:
    """Read one file of the log, never raising for what is in it.

    ``previous`` is the head that it has to continue (None: any; its first line says where it stands), ``expected`` are
    members that each line must have, like ``device`` and ``volume`` (None: any).
    """
    reader = _Reader(trust, previous, expected)
    lines = LineReader(reader.accept)
    lines.feed(data)
    tail = lines.tail()
    return AuditRead(tail.valid_length, tail.ending, tail.refusal, tuple(reader.lines), reader.head or Head())


class _Reader:
    """Verifies line after line of one file."""

    def __init__(self, trust: Trust, previous: Head | None, expected: Mapping[str, Any]) -> None:
        self.head = previous
        self.lines: list[Signed] = []
        self._trust = trust
        self._expected = expected

    def accept(self, line: bytes) -> None:
        """Verify one more line."""
        if self.lines:
            signed = documents.verify_keyed(AUDIT, line, self.lines[0].chain)
            first = self.lines[0].payload
            documents.expect(AUDIT, signed, {name: first[name] for name in ("device", "volume", "boot")})
        else:
            signed = documents.verify(AUDIT, line, self._trust)
        documents.expect(AUDIT, signed, self._expected)
        if (signed.payload["kind"] == FIRST) is bool(self.lines):
            raise SequenceError(f"kind: a file begins with {FIRST}, and only begins with it")
        self._follow(signed.payload)
        self.lines.append(signed)
        self.head = Head(signed.payload["line"], signed.hash)

    def _follow(self, payload: Mapping[str, Any]) -> None:
        """Hold a line against the one before."""
        if self.head is None:
            return
        for member, value in (("line", self.head.line + 1), ("prev", self.head.hash)):
            if payload[member] != value:
                raise SequenceError(f"{member}: {payload[member]!r} instead of {value!r}")
