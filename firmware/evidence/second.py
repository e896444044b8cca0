"""A second signature under a manifest that a quantum computer cannot forge either: ML-DSA-65 (FIPS 204), off by default
(``docs/evidence-format.md``, section 8.1).

Its certificates stand on a root of their own, or who can break P-256 would issue one: ``pq-root``, and below it one for
each device.  The key is software on the camera.  The camera makes signatures, and judges none: that is the verifier's.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey
from cryptography.x509.oid import NameOID

from firmware.evidence import jws
from firmware.evidence.certs import read_pem
from firmware.evidence.errors import ChainError, KeyFileError
from firmware.evidence.keys import hash_of
from firmware.evidence.kinds import HASH, IDENTIFIER, NAME, NUMBER
from firmware.evidence.roles import ARC, FOREVER, USAGES
from firmware.evidence.schema import record

ALGORITHM = "ML-DSA-65"
TYP = "lapel.manifest-pq.1"
PURPOSE = f"{ARC}.10"
TABLE = record({"device": NAME, "volume": IDENTIFIER, "number": NUMBER, "manifest": HASH})

PrivateKey = MLDSA65PrivateKey


@dataclass(frozen=True, slots=True)
class Issuer:
    """A ``pq-root``: its certificate and its key."""

    certificate: x509.Certificate = field(repr=False)
    key: PrivateKey = field(repr=False)

    @classmethod
    def create(cls, name: str, not_before: datetime) -> Issuer:
        """A new root."""
        key = MLDSA65PrivateKey.generate()
        return cls(_issue(name, key.public_key(), None, key, not_before), key)

    @classmethod
    def load(cls, certificate: bytes, key: bytes, where: str) -> Issuer:
        """Read it from PEM; ``EvidenceError`` where the two do not belong together or are something else."""
        read, loaded = _one(certificate, where), load_key(key, where)
        if read.public_key() != loaded.public_key() or read.issuer != read.subject:
            raise KeyFileError(f"{where}: not the certificate of a post-quantum root and its key")
        return cls(read, loaded)

    @property
    def pem(self) -> bytes:
        """The certificate as a PEM file."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def enrol(self, device: str) -> SecondKey:
        """A new key of a device, and its certificate."""
        key, begin = MLDSA65PrivateKey.generate(), self.certificate.not_valid_before_utc
        made = _issue(device, key.public_key(), self.certificate, self.key, begin)
        return SecondKey(device, made.public_bytes(serialization.Encoding.DER), key)


@dataclass(frozen=True, slots=True)
class SecondKey:
    """A device's ML-DSA-65 key, and its certificate in DER."""

    device: str
    der: bytes = field(repr=False)
    key: PrivateKey = field(repr=False)

    @classmethod
    def load(cls, certificate: bytes, key: bytes, device: str) -> SecondKey:
        """Read both from PEM; ``EvidenceError`` unless they belong together and to this device."""
        read, loaded = _one(certificate, "second certificate"), load_key(key, "second key")
        if read.public_key() != loaded.public_key():
            raise KeyFileError("second key: not the key of the second certificate")
        if read.subject != _named(device):
            raise ChainError(f"second certificate: not that of {device!r}")
        return cls(device, read.public_bytes(serialization.Encoding.DER), loaded)

    @property
    def fingerprint(self) -> str:
        """The hash of the certificate, by which a manifest names it."""
        return hash_of(self.der)

    @property
    def pem(self) -> bytes:
        """The certificate as a PEM file."""
        return x509.load_der_x509_certificate(self.der).public_bytes(serialization.Encoding.PEM)

    def sign(self, volume: str, number: int, manifest: bytes) -> bytes:
        """The line, without LF, that signs the line of a manifest."""
        payload = {"device": self.device, "volume": volume, "number": number, "manifest": jws.line_hash(manifest)}
        TABLE(payload, "")
        header = {"alg": ALGORITHM, "typ": TYP, "x5c": [base64.b64encode(self.der).decode()]}
        text = jws.signing_input(header, payload)
        return text + b"." + jws.base64url(self.key.sign(text))


def load_key(pem: bytes, where: str) -> PrivateKey:
    """Read an unencrypted ML-DSA-65 key in PEM; ``KeyFileError`` unless it is one."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{where}: not an unencrypted PEM key ({error})") from None
    if not isinstance(key, MLDSA65PrivateKey):
        raise KeyFileError(f"{where}: not an {ALGORITHM} key")
    return key


def key_pem(key: PrivateKey) -> bytes:
    """Write a key as unencrypted PKCS #8 PEM, in its form of a seed (RFC 9881)."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _issue(
    name: str, key: MLDSA65PublicKey, above: x509.Certificate | None, signer: PrivateKey, not_before: datetime
) -> x509.Certificate:
    """A root, or below ``above`` a device's certificate."""
    subject = _named(name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if above is None else above.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(FOREVER)
    )
    for value in _extensions(key, root=above is None, issuer=signer.public_key()):
        hint = isinstance(value, x509.SubjectKeyIdentifier | x509.AuthorityKeyIdentifier)
        builder = builder.add_extension(value, critical=not hint)
    return builder.sign(signer, None)


def _named(name: str) -> x509.Name:
    """A subject of exactly one common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _extensions(key: MLDSA65PublicKey, *, root: bool, issuer: MLDSA65PublicKey) -> Sequence[x509.ExtensionType]:
    """What a root or a device's certificate has, and nothing else."""
    allowed = ("key_cert_sign", "crl_sign") if root else ("digital_signature",)
    both = (
        x509.BasicConstraints(root, None),
        x509.KeyUsage(**{usage: usage in allowed for usage in USAGES}),
        x509.SubjectKeyIdentifier.from_public_key(key),
    )
    if root:
        return both
    purpose = x509.ExtendedKeyUsage([x509.ObjectIdentifier(PURPOSE)])
    return (*both, purpose, x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer))


def _one(pem: bytes, where: str) -> x509.Certificate:
    """The one certificate in a PEM file, which has to be an ML-DSA-65 key's."""
    ders = read_pem(pem, where)
    if len(ders) != 1:
        raise ChainError(f"{where}: {len(ders)} certificates instead of one")
    try:
        read = x509.load_der_x509_certificate(ders[0])
        right = isinstance(read.public_key(), MLDSA65PublicKey)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ChainError(f"{where}: not a certificate ({error})") from None
    if not right:
        raise ChainError(f"{where}: not that of an {ALGORITHM} key")
    return read
