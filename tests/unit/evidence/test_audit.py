"""The audit log: one chain over all boots, tolerant of a torn tail and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from firmware.evidence.audit import AuditRead, Head, audit_line, read_audit
from firmware.evidence.errors import FormatError
from firmware.evidence.keys import hash_of
from firmware.evidence.kinds import ZEROS
from firmware.evidence.lines import Ending
from firmware.evidence.session import Session
from tests import samples
from tests.pki import Pki

EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("opening", {"number": 1, "opening": samples.HASH}),
    ("closing", {"number": 1, "manifest": samples.HASH, "state": "sealed"}),
    ("stop", {"reason": "shutdown", "resume": False}),
]


def boot(session: Session, number: int, head: Head) -> list[bytes]:
    """The lines of one boot."""
    lines: list[bytes] = []
    for kind, data in [("boot", samples.audit()["data"]), *EVENTS]:
        payload = samples.audit(kind, data, boot=number, line=head.line + 1, prev=head.hash)
        lines.append(audit_line(session, payload))
        head = Head(head.line + 1, hash_of(lines[-1]))
    return lines


def as_file(lines: list[bytes]) -> bytes:
    """The file with these lines."""
    return b"".join(line + b"\n" for line in lines)


def outcome(read: AuditRead) -> tuple[int, Ending]:
    """How many lines were good, and how the file ends."""
    return len(read.lines), read.ending


def test_chain_over_files(pki: Pki) -> None:
    """The second boot's file continues the first's, and no other."""
    first = boot(pki.session(), 1, Head())
    read = read_audit(as_file(first), pki.trust, Head(), device="cam-1", volume=samples.VOLUME)
    assert outcome(read) == (4, Ending.WHOLE)
    assert read.head == Head(4, hash_of(first[-1]))
    assert [line.payload["kind"] for line in read.lines] == ["boot", "opening", "closing", "stop"]
    second = boot(pki.session(), 2, read.head)
    after = read_audit(as_file(second), pki.trust, read.head)
    assert (outcome(after), after.head.line) == ((4, Ending.WHOLE), 8)
    assert read_audit(as_file(second), pki.trust).head == after.head
    for wrong in (Head(), Head(4, samples.HASH), Head(3, read.head.hash)):
        refused = read_audit(as_file(second), pki.trust, wrong)
        assert outcome(refused) == (0, Ending.REFUSED)
        assert refused.head == wrong


def test_nothing(pki: Pki) -> None:
    """An empty file, left by a boot that was cut off at once, changes nothing."""
    assert read_audit(b"", pki.trust) == AuditRead(0, Ending.WHOLE, None, (), Head())
    assert Head() == Head(0, ZEROS)


def test_torn(pki: Pki, session: Session) -> None:
    """A torn tail is passed over, and the next line follows the last whole one."""
    lines = boot(session, 1, Head())
    for tail in (lines[3][:-1], lines[3][:40], bytes(600)):
        read = read_audit(as_file(lines[:3]) + tail, pki.trust, Head())
        assert outcome(read) == (3, Ending.TORN)
        assert (read.head.line, read.damaged) == (3, False)
        assert read.valid_length == len(as_file(lines[:3]))


def test_altered(pki: Pki, session: Session) -> None:
    """A line that was changed, taken out, exchanged or brought from elsewhere ends what is believed."""
    lines = boot(session, 1, Head())
    other = boot(pki.session(), 1, Head())
    changed = lines[2][:50] + bytes((lines[2][50] ^ 1,)) + lines[2][51:]
    for file, good in (
        ([*lines[:2], changed, lines[3]], 2),
        ([*lines[:2], lines[3]], 2),
        ([lines[0], lines[2], lines[1]], 1),
        ([lines[0], *other[1:]], 1),
        ([lines[0], lines[0]], 1),
        (lines[1:], 0),
    ):
        read = read_audit(as_file(file), pki.trust, Head())
        assert outcome(read) == (good, Ending.REFUSED)
        assert read.damaged


@pytest.mark.parametrize(("name", "value"), [("device", "cam-2"), ("volume", samples.NONCE), ("boot", 9)])
def test_one_file_one_boot(pki: Pki, session: Session, name: str, value: object) -> None:
    """All lines of a file are of one device, volume and boot, and of those that were asked for."""
    lines = boot(session, 1, Head())[:1]
    payload = samples.audit(*EVENTS[0], line=2, prev=hash_of(lines[0]))
    strayed = audit_line(session, {**payload, name: value})
    assert outcome(read_audit(as_file([*lines, strayed]), pki.trust, Head())) == (1, Ending.REFUSED)
    asked = read_audit(as_file(lines), pki.trust, Head(), **{name: value})
    assert outcome(asked) == (0, Ending.REFUSED)


def test_first_line_is_boot(pki: Pki, session: Session) -> None:
    """A file that begins with a chained line of another kind, or has a second ``boot``, is refused."""
    payload = samples.audit(*EVENTS[0])
    chained = session.sign_line(payload, "lapel.audit.1", chained=True)
    assert outcome(read_audit(as_file([chained]), pki.trust, Head())) == (0, Ending.REFUSED)
    lines = boot(session, 1, Head())[:1]
    again = session.sign_line(samples.audit(line=2, prev=hash_of(lines[0])), "lapel.audit.1", chained=False)
    assert outcome(read_audit(as_file([*lines, again]), pki.trust, Head())) == (1, Ending.REFUSED)


def test_wrong_line_is_not_made(session: Session) -> None:
    """A line that its table does not allow is never signed."""
    with pytest.raises(FormatError, match=r"lapel.audit.1: kind"):
        audit_line(session, samples.audit("party", {}))
    with pytest.raises(FormatError, match=r"lapel.audit.1: data.number"):
        audit_line(session, samples.audit("void", {"number": "1"}))
