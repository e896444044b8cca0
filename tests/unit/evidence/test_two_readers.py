"""The firmware's reader and the independent verifier, written apart from the same page, judge the same bytes alike."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firmware.evidence import documents, kinds, log_kinds
from firmware.evidence.audit import audit_line
from firmware.evidence.documents import Kind
from firmware.evidence.errors import EvidenceError
from firmware.evidence.journal import Journal
from firmware.evidence.manifest import sealed_manifest, verify_manifest
from firmware.evidence.receipt import receipt_facts
from firmware.evidence.roles import Role
from firmware.evidence.session import Session
from firmware.evidence.volume import volume_line
from tests import samples
from tests.pki import Pki
from tools.verify import certs as desk_certs
from tools.verify import signed as desk
from tools.verify.findings import Refused

ROLES = {
    Role.SESSION: desk_certs.Role.SESSION,
    Role.DEVICE: desk_certs.Role.DEVICE,
    Role.DOCK: desk_certs.Role.DOCK,
}


def papers(pki: Pki, session: Session) -> Iterator[tuple[Kind, bytes]]:
    """One line of each kind that the verifier reads and that carries its chain."""
    journal = Journal(session, **samples.opening(live_from=0))
    journal.flush(**samples.flush("000000.mp4.age", last=True))
    facts = {
        "priority": False,
        "settings": samples.HASH,
        "signer": "software",
        "second": None,
        "clock": samples.clock(),
    }
    manifest = sealed_manifest(session, journal.transcript, journal.extent, **facts)
    receipt = {
        **receipt_facts(verify_manifest(manifest, pki.trust)),
        **{name: samples.anchor()[name] for name in ("dock", "utc_ms", "nonce")},
        "store": "store-1",
    }
    yield kinds.OPENING, journal.opening
    yield log_kinds.AUDIT, audit_line(session, samples.audit())
    yield kinds.VOLUME, volume_line(session, samples.VOLUME, samples.clock())
    yield kinds.MANIFEST, manifest
    docks: list[tuple[Kind, dict[str, Any]]] = [
        (kinds.ANCHOR, samples.anchor()),
        (kinds.RECEIPT, receipt),
        (log_kinds.LOG_RECEIPT, samples.log_receipt()),
    ]
    for kind, payload in docks:
        yield kind, documents.sign(kind, payload, pki.dock.sign, pki.dock.chain.ders)


def accepts(reader: Callable[..., object], *arguments: object) -> bool:
    """Whether a reader takes these bytes; each refuses in its own words."""
    try:
        reader(*arguments)
    except (EvidenceError, Refused):
        return False
    return True


@pytest.fixture(scope="module")
def trust(pki: Pki) -> desk_certs.Trust:
    """What the verifier goes by."""
    return desk_certs.Trust(desk_certs.load_root(pki.root_pem))


def test_they_agree(pki: Pki, session: Session, trust: desk_certs.Trust) -> None:
    """Both take every kind of line, with the same content, and both refuse it for any byte that was changed."""
    draw = random.Random(5)
    for kind, line in papers(pki, session):
        ours, theirs = (
            documents.verify(kind, line, pki.trust),
            desk.verify_chained(line, kind.typ, ROLES[kind.role], trust),
        )
        assert (ours.payload, ours.hash) == (theirs.payload, theirs.hash)
        for at in draw.sample(range(len(line)), 60):
            changed = line[:at] + bytes((line[at] ^ draw.choice((1, 2, 4, 0x20)),)) + line[at + 1 :]
            assert not accepts(documents.verify, kind, changed, pki.trust)
            assert not accepts(desk.verify_chained, changed, kind.typ, ROLES[kind.role], trust)


def test_they_agree_on_flushes(pki: Pki, session: Session, trust: desk_certs.Trust) -> None:
    """A flush line is taken by both under the opening's chain, and by neither under another boot's."""
    journal = Journal(session, **samples.opening())
    flush = journal.flush(**samples.flush())
    other = Journal(pki.session(), **samples.opening()).opening
    for opening, good in ((journal.opening, True), (other, False)):
        ours = documents.verify(kinds.OPENING, opening, pki.trust).chain
        theirs = desk.verify_chained(opening, kinds.OPENING.typ, desk_certs.Role.SESSION, trust).chain
        assert accepts(documents.verify_keyed, kinds.FLUSH, flush, ours) is good
        assert accepts(desk.verify_keyed, flush, kinds.FLUSH.typ, theirs) is good


def test_they_agree_on_roles(pki: Pki, rogue: Pki, session: Session) -> None:
    """Both refuse a chain in another role's place, and one of another authority."""
    chains = {Role.SESSION: session.chain, Role.DEVICE: pki.device.chain, Role.DOCK: pki.dock.chain}
    roots = [desk_certs.Trust(desk_certs.load_root(each.root_pem)) for each in (pki, rogue)]
    for held, chain in chains.items():
        for role, theirs in ROLES.items():
            for root in roots:
                good = held is role and root is roots[0]
                assert accepts(desk_certs.verify_chain, chain.ders, theirs, root) is good
