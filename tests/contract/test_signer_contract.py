"""What every signer must do."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from firmware.evidence.request import make_request
from tests.contract.rigs import SignerRig
from tests.oracles import needs


def public(rig: SignerRig) -> ec.EllipticCurvePublicKey:
    """The signer's public key."""
    key = load_der_public_key(rig.signer.public_key())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def test_key_is_p256_and_stays(signer: SignerRig) -> None:
    """The key is on P-256, and the same after a power cycle."""
    assert isinstance(public(signer).curve, ec.SECP256R1)
    before = signer.signer.public_key()
    assert signer.again().public_key() == before


def test_a_key_that_is_there_stays(signer: SignerRig) -> None:
    """Told to make one, a signer that has a key answers with that: nothing on this side replaces it, and the next start has it too."""
    before = signer.signer.public_key()
    assert signer.signer.create() == before
    assert signer.again().create() == before
    assert signer.again().public_key() == before


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
    assert signer.signer.counter() == before + 2
    again = signer.again()
    assert again.counter() == before + 2
    assert again.advance() == before + 3


@needs("openssl")
def test_openssl_agrees(signer: SignerRig, tmp_path: Path) -> None:
    """Another's code reads the public key and verifies the signature, and no other message's."""
    files = {"key.der": signer.signer.public_key(), "message": b"message", "another": b"another"}
    files["signature"] = signer.signer.sign_digest(hashlib.sha256(b"message").digest())
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert "Verified OK" in verified(tmp_path, "message")
    assert "Verified OK" not in verified(tmp_path, "another")


def verified(folder: Path, message: str) -> str:
    """What openssl says of a message there."""
    command = [
        "openssl",
        "dgst",
        "-sha256",
        "-keyform",
        "DER",
        "-verify",
        "key.der",
        "-signature",
        "signature",
        message,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=30).stdout


@needs("openssl")
def test_a_certificate_can_be_asked_for(signer: SignerRig, tmp_path: Path) -> None:
    """The firmware's request over this signer: openssl reads it and believes that the key is held."""
    (tmp_path / "request.der").write_bytes(make_request("cam-1", signer.signer.public_key(), signer.signer.sign_digest))
    command = ["openssl", "req", "-inform", "DER", "-in", "request.der", "-verify", "-noout", "-subject"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30)
    assert "verify OK" in said.stdout + said.stderr
    assert said.stdout.strip().endswith("CN = cam-1")
