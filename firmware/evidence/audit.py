"""The device's audit log: one file a boot, one chain over all of them (``docs/evidence-format.md``, section 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import SequenceError
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import ZEROS
from firmware.evidence.lines import LineReader, Tail
from firmware.evidence.log_kinds import AUDIT
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
    reader = AuditReader(trust, previous, **expected)
    lines = reader.feed(data)
    return replace(reader.finish(), lines=lines)


class AuditReader:
    """Reads one file of the log in pieces, so that one of any length needs little memory.  Arguments as for ``read_audit``."""

    def __init__(self, trust: Trust, previous: Head | None = None, **expected: Any) -> None:
        self._trust = trust
        self._expected = expected
        self._head = previous
        self._first: Signed | None = None
        self._fresh: list[Signed] = []
        self._lines = LineReader(self._accept)

    def feed(self, data: bytes) -> tuple[Signed, ...]:
        """Read on; the lines that this made complete and that are good."""
        self._fresh = []
        self._lines.feed(data)
        return tuple(self._fresh)

    def finish(self) -> AuditRead:
        """What the file holds, if it ends here; without its lines."""
        tail = self._lines.tail()
        return AuditRead(tail.valid_length, tail.ending, tail.refusal, (), self._head or Head())

    def _accept(self, line: bytes) -> None:
        """Verify one more line."""
        if self._first is not None:
            signed = documents.verify_keyed(AUDIT, line, self._first.chain)
            same = ("device", "volume", "boot")
            documents.expect(AUDIT, signed, {name: self._first.payload[name] for name in same})
        else:
            signed = documents.verify(AUDIT, line, self._trust)
        documents.expect(AUDIT, signed, self._expected)
        if (signed.payload["kind"] == FIRST) is (self._first is not None):
            raise SequenceError(f"kind: a file begins with {FIRST}, and only begins with it")
        self._follow(signed.payload)
        self._first = self._first or signed
        self._fresh.append(signed)
        self._head = Head(signed.payload["line"], signed.hash)

    def _follow(self, payload: Mapping[str, Any]) -> None:
        """Hold a line against the one before."""
        if self._head is None:
            return
        for member, value in (("line", self._head.line + 1), ("prev", self._head.hash)):
            if payload[member] != value:
                raise SequenceError(f"{member}: {payload[member]!r} instead of {value!r}")
