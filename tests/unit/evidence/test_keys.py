"""Keys on P-256 only, signatures in their lower spelling only."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from firmware.evidence import keys
from firmware.evidence.errors import FormatError, KeyFileError, SignatureError

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8, SPKI = serialization.PrivateFormat.PKCS8, serialization.PublicFormat.SubjectPublicKeyInfo


def test_pem_round_trip() -> None:
    """A written key is read back and signs what its public key verifies."""
    key = keys.new_key()
    again = keys.load_key(keys.key_pem(key))
    signature = keys.software_sign(again)(keys.digest(b"x"))
    public = keys.load_public_key(keys.public_der(key.public_key()))
    keys.check_signature(public, signature, keys.digest(b"x"))


def test_foreign_private_keys() -> None:
    """An encrypted key, another curve, another algorithm and no key at all are refused in words."""
    secret = keys.new_key().private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"pw"))
    p384 = ec.generate_private_key(ec.SECP384R1()).private_bytes(PEM, PKCS8, serialization.NoEncryption())
    edwards = ed25519.Ed25519PrivateKey.generate().private_bytes(PEM, PKCS8, serialization.NoEncryption())
    for pem, reason in ((secret, "unencrypted"), (p384, "P-256"), (edwards, "P-256"), (b"hello", "unencrypted")):
        with pytest.raises(KeyFileError, match=reason):
            keys.load_key(pem)


def test_foreign_public_keys() -> None:
    """A public key on another curve, and what is no key, are refused."""
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(DER, SPKI)
    for der, reason in ((p384, "P-256"), (b"hello", "SubjectPublicKeyInfo")):
        with pytest.raises(KeyFileError, match=reason):
            keys.load_public_key(der)
    good = keys.new_key().public_key()
    assert keys.load_public_key_pem(good.public_bytes(PEM, SPKI)) == good
    pem = ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(PEM, SPKI)
    for text, reason in ((pem, "P-256"), (b"hello", "not PEM")):
        with pytest.raises(KeyFileError, match=reason):
            keys.load_public_key_pem(text)


def test_high_s_is_made_low() -> None:
    """Whatever a signer answers, the raw form has the low s."""
    r, s = 7, 9
    low = keys.raw_signature(utils.encode_dss_signature(r, s))
    assert low == keys.raw_signature(utils.encode_dss_signature(r, ORDER - s))
    assert low == r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert utils.decode_dss_signature(keys.der_signature(low)) == (r, s)


@pytest.mark.parametrize(
    "answer", [b"", b"junk", utils.encode_dss_signature(0, 1), utils.encode_dss_signature(1, ORDER)]
)
def test_broken_signer(answer: bytes) -> None:
    """A signer's answer that is no signature is refused before it is written anywhere."""
    with pytest.raises(SignatureError, match="signer"):
        keys.raw_signature(answer)


@pytest.mark.parametrize(
    ("r", "s", "reason"),
    [
        (0, 1, "r is out"),
        (ORDER, 1, "r is out"),
        (1, 0, "s is out"),
        (1, ORDER // 2 + 1, "not low"),
        (1, ORDER - 1, "not low"),
    ],
)
def test_raw_range(r: int, s: int, reason: str) -> None:
    """Both r and s are within their range, and s is low."""
    with pytest.raises(FormatError, match=reason):
        keys.der_signature(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def test_raw_length() -> None:
    """A raw signature has 64 bytes."""
    with pytest.raises(FormatError, match="63 bytes"):
        keys.der_signature(bytes(63))


def test_wrong_signature() -> None:
    """A signature of another key or over another digest is refused."""
    one, two = keys.new_key(), keys.new_key()
    signature = keys.software_sign(one)(keys.digest(b"x"))
    for key, text in ((two, b"x"), (one, b"y")):
        with pytest.raises(SignatureError, match="^proof"):
            keys.check_signature(key.public_key(), signature, keys.digest(text), "proof")
