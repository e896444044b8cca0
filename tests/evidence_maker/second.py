"""Second signatures of section 8.1: ML-DSA-65 on a root of its own, with every part open to forgery."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from cryptography.x509.oid import NameOID

from tests.evidence_maker.jose import b64, canonical, digest
from tests.evidence_maker.pki import BEGIN, FOREVER

TYP = "lapel.manifest-pq.1"
PURPOSE = x509.ObjectIdentifier("2.25.126428781358865649511283307121384878724.1.10")
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class PqIdentity:
    """An ML-DSA-65 key and its certificate."""

    key: MLDSA65PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate as a file holds it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def issue(name: str, above: PqIdentity | None, seed: str, **forged: Any) -> PqIdentity:
    """A root, or below ``above`` a device; the same key for the same seed.

    ``forged`` may set ``begin``, ``end``, ``usages``, ``ca``, ``purpose`` (None for none), ``extra`` (extensions) and
    ``signer`` (a key other than the issuer's).
    """
    key = MLDSA65PrivateKey.from_seed_bytes(hashlib.sha256(seed.encode()).digest())
    signer = forged.get("signer") or (above.key if above else key)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usages = forged.get("usages", ("digital_signature",) if above else ("key_cert_sign", "crl_sign"))
    begin: datetime = forged.get("begin", BEGIN)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.certificate.subject if above else subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(f"serial {seed}".encode()).digest()[:16], "big") >> 1)
        .not_valid_before(begin)
        .not_valid_after(forged.get("end", FOREVER))
        .add_extension(x509.BasicConstraints(ca=forged.get("ca", above is None), path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{each: each in usages for each in _USAGES}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if above:
        purpose = forged.get("purpose", PURPOSE)
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(identifier, critical=False)
    for extension, critical in forged.get("extra", ()):
        builder = builder.add_extension(extension, critical=critical)
    return PqIdentity(key, builder.sign(signer, None))


def sign_again(directory: Path, who: dict[str, Any], identity: PqIdentity, **forged: Any) -> None:
    """Write ``manifest.pq.jws`` beside the manifest.  ``forged`` replaces members of the payload, or with ``header`` those of
    the header."""
    manifest = (directory / "manifest.jws").read_bytes()[:-1]
    header = {"alg": "ML-DSA-65", "typ": TYP, "x5c": [base64.b64encode(identity.der).decode()]}
    header |= forged.pop("header", {})
    payload = {name: who[name] for name in ("device", "volume", "number")} | {"manifest": digest(manifest)} | forged
    signing_input = b64(canonical(header)) + b"." + b64(canonical(payload))
    (directory / "manifest.pq.jws").write_bytes(signing_input + b"." + b64(identity.key.sign(signing_input)) + b"\n")
