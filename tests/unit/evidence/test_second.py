"""Keys, certificates and lines of second signatures."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature

from firmware.evidence import keys
from firmware.evidence.certs import write_pem
from firmware.evidence.errors import EvidenceError, FormatError
from firmware.evidence.second import Issuer, SecondKey, key_pem, load_key
from tests import samples
from tests.pki import Pki

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """A post-quantum root."""
    return Issuer.create("Test pq-root", BEGAN)


def test_read_back(issuer: Issuer) -> None:
    """Root and device are what they were when they are read from their files; keys are 32 bytes of seed there."""
    again = Issuer.load(issuer.pem, key_pem(issuer.key), "pq-root.crt.pem")
    assert again.certificate == issuer.certificate
    key = again.enrol("cam-1")
    read = SecondKey.load(key.pem, key_pem(key.key), "cam-1")
    assert (read.der, read.fingerprint) == (key.der, keys.hash_of(key.der))
    assert len(key_pem(key.key)) < 150
    assert "key" not in repr(key)


def test_the_signature_is_over_header_and_payload(issuer: Issuer) -> None:
    """The line is a compact JWS whose signature the certificate's key verifies over its first two parts."""
    key = issuer.enrol("cam-1")
    line = key.sign(samples.VOLUME, 7, b"a.b.c")
    text, _, _ = line.rpartition(b".")
    assert line.count(b".") == 2
    assert len(line) < 16_000
    public = key.key.public_key()
    signature = urlsafe_b64decode(line.rpartition(b".")[2] + b"==")
    public.verify(signature, text)
    with pytest.raises(InvalidSignature):
        public.verify(signature, text + b"x")


def test_only_what_the_format_allows_is_signed(issuer: Issuer) -> None:
    """A member out of range is refused before the key is asked."""
    key = issuer.enrol("cam-1")
    for volume, number in (("x", 1), (samples.VOLUME, 0)):
        with pytest.raises(FormatError, match="volume|number"):
            key.sign(volume, number, b"a.b.c")


def test_a_key_that_the_library_does_not_know(issuer: Issuer) -> None:
    """A certificate for a key of an algorithm that does not exist is refused as one, and by name."""
    key = issuer.enrol("cam-1")
    before, oid, rest = key.der.partition(bytes.fromhex("608648016503040312"))  # ML-DSA-65: how it is signed
    middle, _, behind = rest.partition(oid)  # and of which kind its key is
    unknown = before + oid + middle + oid[:-1] + b"\x7f" + behind
    with pytest.raises(EvidenceError, match="^second certificate: not a certificate"):
        SecondKey.load(write_pem([unknown]), key_pem(key.key), "cam-1")


def test_what_does_not_belong_together(issuer: Issuer, pki: Pki) -> None:
    """Another key, another device, another algorithm and junk are refused, and the message says which file."""
    key, other = issuer.enrol("cam-1"), issuer.enrol("cam-2")
    p256 = pki.device
    for certificate, secret, reason in (
        (key.pem, key_pem(other.key), "second key: not the key of"),
        (other.pem, key_pem(other.key), "second certificate: not that of 'cam-1'"),
        (key.pem, p256.key_pem, "second key: not an ML-DSA-65 key"),
        (write_pem(p256.chain.ders[:1]), key_pem(key.key), "second certificate: not that of an ML-DSA-65 key"),
        (key.pem * 2, key_pem(key.key), "second certificate: 2 certificates"),
        (b"junk", key_pem(key.key), "second certificate: not PEM"),
        (key.pem, b"junk", "second key: not an unencrypted PEM key"),
    ):
        with pytest.raises(EvidenceError, match=reason):
            SecondKey.load(certificate, secret, "cam-1")
    for certificate, secret in ((issuer.pem, key_pem(key.key)), (key.pem, key_pem(key.key))):
        with pytest.raises(EvidenceError, match=r"pq-root\.crt\.pem: not the certificate of a post-quantum root"):
            Issuer.load(certificate, secret, "pq-root.crt.pem")
    assert load_key(key_pem(key.key), "x").public_key() == key.key.public_key()
