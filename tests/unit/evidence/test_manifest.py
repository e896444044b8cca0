"""Manifests and receipts: the word on a whole recording, and the word that it is safe elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from firmware.evidence import documents
from firmware.evidence.errors import ChainError, EvidenceError, MismatchError, SequenceError
from firmware.evidence.journal import Journal, read_journal
from firmware.evidence.jws import Signed
from firmware.evidence.keys import hash_of
from firmware.evidence.kinds import RECEIPT
from firmware.evidence.manifest import recovered_manifest, sealed_manifest, verify_manifest
from firmware.evidence.receipt import receipt_facts, receipt_files, verify_receipt
from firmware.evidence.session import Session
from tests import samples
from tests.pki import Pki

FACTS: dict[str, Any] = {
    "priority": True,
    "settings": samples.HASH,
    "signer": "software",
    "second": None,
    "clock": samples.clock(9000),
}
WHO = {"device": "cam-1", "volume": samples.VOLUME, "number": 7}


def journal(session: Session, *, closed: bool = True) -> tuple[Journal, bytes]:
    """A journal with a segment and a private part, and its file."""
    made = Journal(session, **samples.opening(live_from=1))
    lines = [
        made.opening,
        made.flush(**samples.flush("000001.mp4.age", 1, 0)),
        made.flush(**samples.flush("private.age", 1)),
        made.flush(**samples.flush("000000.mp4.age", 1, 0, last=True)),
    ]
    if closed:
        lines.append(made.flush(**samples.flush("000001.mp4.age", 2, 45_000, last=True)))
        lines.append(made.flush(**samples.flush("private.age", 2, last=True)))
    return made, b"".join(line + b"\n" for line in lines)


@pytest.fixture(scope="module")
def sealed(pki: Pki, session: Session) -> Signed:
    """A verified manifest."""
    made, _ = journal(session)
    return verify_manifest(sealed_manifest(session, made.transcript, made.extent, **FACTS), pki.trust)


def test_sealed(pki: Pki, session: Session) -> None:
    """A sealed recording's manifest says what the journal says, and signs each file whole."""
    made, data = journal(session)
    line = sealed_manifest(session, made.transcript, made.extent, **FACTS)
    manifest = verify_manifest(line, pki.trust, **WHO, opening=hash_of(made.opening)).payload
    assert manifest["journal"] == {"length": len(data), "hash": hash_of(data), "lines": 6, "head": made.transcript.head}
    assert [file["name"] for file in manifest["files"]] == ["000000.mp4.age", "000001.mp4.age", "private.age"]
    assert all(file["signed"] == {"length": file["length"], "hash": file["hash"]} for file in manifest["files"])
    assert (manifest["state"], manifest["missing"], manifest["boot"], manifest["signed_boot"]) == ("sealed", [], 3, 3)
    assert manifest["span"] == {"from": 0, "until": 90_000}
    assert manifest["samples"] == {"video": 45, "audio": 72}
    assert (manifest["priority"], manifest["clock"]) == (True, samples.clock(9000))


def test_open_file_is_not_sealed(session: Session) -> None:
    """A recording with a file that no line closes cannot be called sealed."""
    made, _ = journal(session, closed=False)
    with pytest.raises(SequenceError, match=r"000001.mp4.age, private.age: not closed"):
        sealed_manifest(session, made.transcript, made.extent, **FACTS)


def test_recovered(pki: Pki, session: Session) -> None:
    """A later boot signs what is there now beside what was signed then, a torn tail, a stray file and lost bytes
    included."""
    _, data = journal(session, closed=False)
    torn = data + b"torn"
    read = read_journal(torn, pki.trust, **WHO)
    assert read.transcript is not None
    longer, stray = samples.extent(99_999), samples.extent(5)
    files = {"000001.mp4.age": longer, "000002.mp4.age": stray, "000000.mp4.age": samples.extent(7)}
    later = pki.session()
    line = recovered_manifest(later, read.transcript, read.extent, files, signed_boot=4, **FACTS)
    manifest = verify_manifest(line, pki.trust, **WHO).payload
    nothing = {"length": 0, "hash": hash_of(b"")}
    assert (manifest["state"], manifest["boot"], manifest["signed_boot"]) == ("recovered", 3, 4)
    assert manifest["journal"] == {"length": len(torn), "hash": hash_of(torn), "lines": 4, "head": read.transcript.head}
    assert manifest["missing"] == []
    assert manifest["files"] == [
        {"name": "000000.mp4.age", **samples.extent(7), "signed": samples.extent(65552)},
        {"name": "000001.mp4.age", **longer, "signed": samples.extent(65552)},
        {"name": "000002.mp4.age", **stray, "signed": nothing},
        {"name": "private.age", **nothing, "signed": samples.extent(65552)},
    ]


def test_other_manifests(pki: Pki, rogue: Pki, session: Session) -> None:
    """A manifest of another recording, of another authority or of a session key is refused."""
    made, _ = journal(session)
    line = sealed_manifest(session, made.transcript, made.extent, **FACTS)
    for name, value in (("device", "cam-2"), ("volume", samples.NONCE), ("number", 8), ("opening", samples.HASH)):
        with pytest.raises(MismatchError, match=name):
            verify_manifest(line, pki.trust, **{name: value})
    with pytest.raises(EvidenceError):
        verify_manifest(line, rogue.trust)
    payload = dict(verify_manifest(line, pki.trust).payload)
    with pytest.raises(ChainError):
        verify_manifest(session.sign_line(payload, "lapel.manifest.1", chained=True), pki.trust)


def receipt(pki: Pki, sealed: Signed, **changes: Any) -> bytes:
    """A receipt of ``dock-1`` for a recording."""
    facts = {"dock": "dock-1", "store": "store-1", "utc_ms": 1_790_000_000_000, "nonce": samples.NONCE}
    payload = {**receipt_facts(sealed), **facts, **changes}
    return documents.sign(RECEIPT, payload, pki.dock.sign, pki.dock.chain.ders)


def test_receipt(pki: Pki, sealed: Signed) -> None:
    """A receipt lists every file of the directory but itself, sorted by name, as the manifest has them."""
    signed = verify_receipt(receipt(pki, sealed), pki.trust, sealed, nonce=samples.NONCE)
    files = {file["name"]: file for file in signed.payload["files"]}
    assert list(files) == ["000000.mp4.age", "000001.mp4.age", "journal.jwsl", "manifest.jws", "private.age"]
    on_disk = sealed.line + b"\n"
    assert files["manifest.jws"] == {"name": "manifest.jws", "length": len(on_disk), "hash": hash_of(on_disk)}
    assert verify_receipt(signed.line, pki.trust, sealed, nonce=None).hash == signed.hash


def test_receipt_for_something_else(pki: Pki, sealed: Signed) -> None:
    """A receipt that differs in anything from what was handed over allows no erasure."""
    files = receipt_files(sealed)
    other = [{**files[0], "hash": samples.HASH}, *files[1:]]
    changes: list[dict[str, Any]] = [
        {"device": "cam-2"},
        {"volume": samples.NONCE},
        {"number": 8},
        {"manifest": samples.HASH},
        {"nonce": samples.VOLUME},
        {"files": files[1:]},
        {"files": other},
        {"files": []},
    ]
    for change in changes:
        with pytest.raises(MismatchError, match=next(iter(change))):
            verify_receipt(receipt(pki, sealed, **change), pki.trust, sealed, nonce=samples.NONCE)
    with pytest.raises(MismatchError, match="dock: the certificate is that of 'dock-1'"):
        verify_receipt(receipt(pki, sealed, dock="dock-2"), pki.trust, sealed, nonce=samples.NONCE)


def test_receipt_by_a_camera(pki: Pki, session: Session, sealed: Signed) -> None:
    """A camera cannot write its own receipt."""
    payload = dict(verify_receipt(receipt(pki, sealed), pki.trust, sealed, nonce=None).payload)
    with pytest.raises(ChainError):
        verify_receipt(session.sign_as_device(payload, RECEIPT.typ), pki.trust, sealed, nonce=None)
