"""The second signature of a manifest (section 8.1): ML-DSA-65, on a root of its own, so that it stands where P-256 has
fallen."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from tools.verify import canonical, files
from tools.verify.documents import SECOND, check_payload
from tools.verify.findings import Refused, need
from tools.verify.jws import MAX_HEADER, MAX_LINE
from tools.verify.manifest import Manifest

NAME = "manifest.pq.jws"
_PURPOSE = x509.ObjectIdentifier("2.25.126428781358865649511283307121384878724.1.10")
_FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_LARGEST = 8192
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
_MALFORMED = (
    ValueError,
    TypeError,
    Warning,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Second:
    """A second signature that fits its manifest.  ``root``: the post-quantum root that was given, to which its certificate
    leads; None: none was given, and it proves nothing."""

    device: str
    root: x509.Certificate | None
    certificate: x509.Certificate

    @property
    def rooted(self) -> bool:
        """Whether its certificate leads to a root that somebody believes."""
        return self.root is not None

    @property
    def fingerprints(self) -> list[str]:
        """The hashes by which settings withdraw it, the device's and the root's."""
        return [each.fingerprint(hashes.SHA256()).hex() for each in (self.certificate, self.root) if each is not None]


def load_root(pem: bytes) -> x509.Certificate:
    """The one certificate of a post-quantum root file; ``Refused`` unless it has that shape and signed itself."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except _MALFORMED:
        raise Refused("holds no certificate in PEM form") from None
    need(len(found) == 1, f"holds {len(found)} certificates instead of the post-quantum root alone")
    root = _load(found[0].public_bytes(serialization.Encoding.DER))
    _check_shape(root, root=True)
    _check_issued(root, root)
    return root


def fingerprint(root: x509.Certificate | None) -> str | None:
    """The hash of a post-quantum root, as reports name it."""
    return None if root is None else root.fingerprint(hashes.SHA256()).hex()


def read_second(directory: Path, manifest: Manifest, root: x509.Certificate | None) -> Second | None:
    """The second signature of a verified manifest; None where the manifest names none and none is there.

    ``Refused`` where one is missing that the manifest names, or one is there that does not fit.
    """
    named = manifest.payload["second"]
    if not (directory / NAME).exists():
        need(named is None, "is missing, and the manifest names its certificate")
        return None
    need(named is not None, "the manifest names no second signature: it was added")
    line = files.read_jws(directory / NAME)
    need(len(line) <= MAX_LINE, f"is longer than {MAX_LINE} bytes")
    header, payload, signature = _split(line)
    need(
        header.keys() == {"alg", "typ", "x5c"} and header["alg"] == "ML-DSA-65" and header["typ"] == SECOND,
        f"the JWS header is not that of ML-DSA-65 and {SECOND}",
    )
    certificate = _certificate(header["x5c"])
    need(
        hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest() == named,
        "its certificate is not the one that the manifest names",
    )
    _check_shape(certificate, root=False)
    try:
        _key(certificate).verify(signature, line[: line.rindex(b".")])
    except InvalidSignature:
        raise Refused("the signature is wrong") from None
    check_payload(SECOND, payload)
    for member in ("device", "volume", "number"):
        need(payload[member] == manifest.payload[member], f"{member} is not this recording's")
    need(payload["manifest"] == manifest.hash, "it signs another manifest")
    device = str(next(iter(certificate.subject)).value)
    need(payload["device"] == device, f"device is {payload['device']}, the certificate is {device}'s")
    if root is not None:
        _check_issued(certificate, root)
    return Second(device, root, certificate)


def _split(line: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    parts = line.split(b".")
    need(len(parts) == 3, "is not a JWS in compact serialization")
    decoded = []
    for name, text in zip(("header", "payload", "signature"), parts, strict=True):
        try:
            decoded.append(canonical.base64url(text))
        except Refused as refused:
            raise Refused(f"the JWS {name} {refused}") from None
    need(len(decoded[0]) <= MAX_HEADER, f"the JWS header is longer than {MAX_HEADER} bytes")
    return canonical.decode(decoded[0]), canonical.decode(decoded[1]), decoded[2]


def _certificate(x5c: object) -> x509.Certificate:
    if not (isinstance(x5c, list) and len(x5c) == 1 and isinstance(x5c[0], str)):
        raise Refused("the JWS header: x5c does not hold the device's certificate alone")
    return _load(canonical.base64_padded(x5c[0]))


def _load(der: bytes) -> x509.Certificate:
    need(len(der) <= _LARGEST, f"its certificate is longer than {_LARGEST} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what the library only grumbles about is no certificate of ours
            certificate = x509.load_der_x509_certificate(der)
            # Read what is parsed late: from here on no malformed part can surprise.
            _ = certificate.version, certificate.subject, certificate.issuer, certificate.extensions
            certificate.public_key()
    except _MALFORMED:
        raise Refused("its certificate is no X.509 certificate") from None
    # The library lets the count of unused bits in front of the signature pass: a second spelling.
    need(der.endswith(b"\0" + certificate.signature), "its certificate is not DER")
    return certificate


def _key(certificate: x509.Certificate) -> MLDSA65PublicKey:
    key = certificate.public_key()
    if not isinstance(key, MLDSA65PublicKey):
        raise Refused("its certificate does not hold an ML-DSA-65 key")
    return key


def _check_shape(certificate: x509.Certificate, *, root: bool) -> None:
    key = _key(certificate)
    usages = ("key_cert_sign", "crl_sign") if root else ("digital_signature",)
    critical: list[x509.ExtensionType] = [
        x509.BasicConstraints(ca=root, path_length=None),
        x509.KeyUsage(**{each: each in usages for each in _USAGES}, encipher_only=False, decipher_only=False),
        *([] if root else [x509.ExtendedKeyUsage([_PURPOSE])]),
    ]
    wanted = {each.oid: (True, each) for each in critical}
    wanted[x509.SubjectKeyIdentifier.oid] = (False, x509.SubjectKeyIdentifier.from_public_key(key))
    present = {each.oid: (each.critical, each.value) for each in certificate.extensions}
    if not root:
        # Which issuer it names is compared where the issuer is known.
        loose = present.pop(x509.AuthorityKeyIdentifier.oid, None)
        need(loose is not None and not loose[0], "its certificate does not name its issuer's key")
    need(
        certificate.version is x509.Version.v3
        and certificate.serial_number > 0
        and certificate.signature_algorithm_oid == SignatureAlgorithmOID.ML_DSA_65
        and certificate.not_valid_after_utc == _FOREVER
        and [each.oid for each in certificate.subject] == [NameOID.COMMON_NAME]
        and present == wanted,
        f"its certificate does not have the exact shape of a post-quantum {'root' if root else 'device certificate'}",
    )


def _check_issued(certificate: x509.Certificate, root: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        raise Refused("its certificate was not issued by the given post-quantum root") from None
    need(certificate.not_valid_before_utc == root.not_valid_before_utc, "its certificate does not begin with its root")
    named = [each.value for each in certificate.extensions if isinstance(each.value, x509.AuthorityKeyIdentifier)]
    expected = x509.AuthorityKeyIdentifier.from_issuer_public_key(_key(root))
    need(all(each == expected for each in named), "its certificate names another key as its root's")
