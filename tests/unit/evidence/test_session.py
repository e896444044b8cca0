"""The keys of one boot."""

from __future__ import annotations

import pytest

from firmware.evidence.certs import verify_chain
from firmware.evidence.errors import SignatureError
from firmware.evidence.keys import public_der
from firmware.evidence.roles import Role
from firmware.evidence.session import Session, check_proof
from tests.pki import Pki

EXPORTER = bytes(range(32))


def test_each_boot_has_its_own_keys(pki: Pki) -> None:
    """Two boots share the device and nothing else, and the link's key is not the session's."""
    one, two = pki.session(), pki.session()
    leaves = [one.chain.leaf, one.link_chain.leaf, two.chain.leaf, two.link_chain.leaf]
    assert len({public_der(leaf.key) for leaf in leaves}) == 4
    assert public_der(one.link_key.public_key()) == public_der(one.link_chain.leaf.key)
    assert one.device_chain == two.device_chain
    assert {leaf.name for leaf in leaves} == {"cam-1"}
    assert verify_chain(one.link_chain.ders, pki.trust, Role.LINK) == one.link_chain


def test_device_key_is_spared(pki: Pki) -> None:
    """The device key signs twice at the start, and after that only what is its own."""
    digests: list[bytes] = []

    def counting(digest: bytes) -> bytes:
        digests.append(digest)
        return pki.device.sign(digest)

    session = Session.begin(pki.device.chain, counting)
    session.sign_line({"a": 1}, "lapel.flush.1", chained=False)
    session.sign_line({"a": 1}, "lapel.opening.1", chained=True)
    assert len(digests) == 2
    session.sign_as_device({"a": 1}, "lapel.manifest.1")
    session.prove(EXPORTER)
    assert len(digests) == 4
    assert {len(digest) for digest in digests} == {32}


def test_no_key_is_shown(session: Session) -> None:
    """A session that lands in a log names no key."""
    assert "key" not in repr(session)
    assert "sign" not in repr(session).replace("signature", "")


def test_proof(pki: Pki, session: Session) -> None:
    """A proof holds for one device and one connection."""
    proof = session.prove(EXPORTER)
    check_proof(session.link_chain, EXPORTER, proof)
    other = pki.enrol(Role.DEVICE, "cam-2")
    foreign = Session.begin(other.chain, other.sign)
    for chain, exporter, signature in (
        (session.link_chain, bytes(32), proof),
        (foreign.link_chain, EXPORTER, proof),
        (session.link_chain, EXPORTER, foreign.prove(EXPORTER)),
        (session.link_chain, EXPORTER, b"junk"),
        (session.link_chain, EXPORTER, b""),
        (session.chain, EXPORTER, proof),
    ):
        with pytest.raises(SignatureError, match="^proof"):
            check_proof(chain, exporter, signature)


def test_exporter_length(session: Session) -> None:
    """The exporter value has 32 bytes, so that nothing shorter is ever signed."""
    for exporter in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueError, match="32 bytes"):
            session.prove(exporter)
