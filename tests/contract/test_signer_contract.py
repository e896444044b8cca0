"""What every signer must do."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.contract.rigs import SignerRig


def public(rig: SignerRig) -> ec.EllipticCurvePublicKey:
    """The signer's public key."""
    key = load_der_public_key(rig.signer.public_key())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def test_key_is_p256_and_stays(signer: SignerRig) -> None:
    """The key is on P-256, and the same after a power cycle."""
    assert isinstance(public(signer).curve, ec.SECP256R1)
    assert signer.again().public_key() == signer.signer.public_key()


def test_kind_is_a_known_word(signer: SignerRig) -> None:
    """A manifest can say where the key lives."""
    assert signer.signer.kind in {"software", "tpm2", "firmware"}


def test_signature_is_of_the_digest(signer: SignerRig) -> None:
    """A signature verifies over the message whose digest was signed, and over no other."""
    signature = signer.signer.sign_digest(hashlib.sha256(b"message").digest())
    public(signer).verify(signature, b"message", ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        public(signer).verify(signature, b"another", ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("size", [0, 20, 31, 33, 64])
def test_only_digests_are_signed(signer: SignerRig, size: int) -> None:
    """What is not 32 bytes long is no SHA-256 digest: a wrong call."""
    with pytest.raises(ValueError, match="32"):
        signer.signer.sign_digest(bytes(size))


def test_counter_only_rises(signer: SignerRig) -> None:
    """Each advance counts one up and outlives a power cycle; without a counter both are None."""
    before = signer.signer.counter()
    if before is None:
        assert signer.signer.advance() is None
        return
    assert [signer.signer.advance(), signer.signer.advance()] == [before + 1, before + 2]
    assert signer.again().counter() == signer.signer.counter() == before + 2
