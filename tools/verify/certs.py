"""Certificates (section 3): exact shapes, exact chains, one role each."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from tools.verify.findings import Refused, need
from tools.verify.jws import ORDER
from tools.verify.schema import PLAIN

_ARC = "2.25.126428781358865649511283307121384878724.1."
_NAME = re.compile(r"[a-z0-9-]{1,32}\Z")
_TITLE = re.compile(rf"{PLAIN}{{1,64}}\Z")
MAX_DER = 4096
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
MALFORMED = (UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What the library raises for a malformed certificate, besides ValueError and TypeError."""

_TITLES = {
    x509.BasicConstraints.oid: "basicConstraints",
    x509.KeyUsage.oid: "keyUsage",
    x509.ExtendedKeyUsage.oid: "extendedKeyUsage",
    x509.SubjectKeyIdentifier.oid: "subjectKeyIdentifier",
    x509.AuthorityKeyIdentifier.oid: "authorityKeyIdentifier",
}
_FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_SIGN = frozenset({"digital_signature"})
_ISSUE = frozenset({"key_cert_sign", "crl_sign"})


class Role(IntEnum):
    """What a certificate is for: the last arc of its first extended key usage (0: the root, which has none)."""

    ROOT = 0
    DEVICE_CA = 1
    DEVICE = 2
    SESSION = 3
    DOCK_CA = 5
    DOCK = 6
    SETTINGS = 7
    EXPORT = 9

    @property
    def label(self) -> str:
        """Its name in words."""
        return self.name.lower().replace("_", "-")


_NAMED = (Role.DEVICE, Role.SESSION, Role.DOCK)


@dataclass(frozen=True, slots=True)
class _Shape:
    issuer: Role
    usage: frozenset[str]
    authority: bool = False
    path_length: int | None = None
    extra: x509.ObjectIdentifier | None = None


_SHAPES = {
    Role.ROOT: _Shape(Role.ROOT, _ISSUE, authority=True),
    Role.DEVICE_CA: _Shape(Role.ROOT, _ISSUE, authority=True, path_length=1, extra=Purpose.CLIENT_AUTH),
    Role.DEVICE: _Shape(
        Role.DEVICE_CA, _SIGN | {"key_cert_sign"}, authority=True, path_length=0, extra=Purpose.CLIENT_AUTH
    ),
    Role.SESSION: _Shape(Role.DEVICE, _SIGN),
    Role.DOCK_CA: _Shape(Role.ROOT, _ISSUE, authority=True, path_length=0, extra=Purpose.SERVER_AUTH),
    Role.DOCK: _Shape(Role.DOCK_CA, _SIGN, extra=Purpose.SERVER_AUTH),
    Role.SETTINGS: _Shape(Role.ROOT, _SIGN),
    Role.EXPORT: _Shape(Role.ROOT, _SIGN, extra=Purpose.EMAIL_PROTECTION),
}


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is believed: the root (None: nobody was named, chains hang in the air) and the time at which dates are
    judged (None: not)."""

    root: x509.Certificate | None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """A verified chain, leaf first and without the root.  ``name`` is the device's or the dock's; ``named_key`` that certificate's key as DER:
    for a session chain the device's."""

    role: Role
    name: str
    certificates: tuple[x509.Certificate, ...]
    fingerprint: str
    named_key: bytes

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate that signs."""
        return self.certificates[0]

    @property
    def roles(self) -> list[Role]:
        """The role of each certificate."""
        return _path(self.role)

    @property
    def fingerprints(self) -> list[str]:
        """The hash of each certificate, as settings withdraw it."""
        return [each.fingerprint(hashes.SHA256()).hex() for each in self.certificates]

    @property
    def key(self) -> ec.EllipticCurvePublicKey:
        """The leaf's key."""
        return _key(self.leaf)


def load_root(pem: bytes) -> x509.Certificate:
    """The one certificate of a root file; ``Refused`` unless it has the shape of a root and signed itself."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except (ValueError, TypeError, Warning, *MALFORMED):
        raise Refused("holds no certificate in PEM form") from None
    need(len(found) == 1, f"holds {len(found)} certificates instead of the root alone")
    root = _load(found[0].public_bytes(serialization.Encoding.DER))
    _check_shape(root, Role.ROOT)
    _check_issued(root, root)
    return root


def verify_chain(ders: Sequence[bytes], role: Role, trust: Trust) -> Chain:
    """Check a chain, leaf first and without the root, that must lead from ``role`` to the root, no step more or
    less."""
    roles = _path(role)
    need(len(ders) == len(roles), f"the chain has {len(ders)} certificates, a {role.label} chain has {len(roles)}")
    certificates = [_load(der) for der in ders]
    for certificate, each in zip(certificates, roles, strict=True):
        try:
            _check_shape(certificate, each)
            _check_dates(certificate, trust.at_ms)
        except Refused as refused:
            raise Refused(f"the {each.label} certificate {refused}") from None
    if trust.root is not None:
        try:
            _check_dates(trust.root, trust.at_ms)
        except Refused as refused:
            raise Refused(f"the root certificate {refused}") from None
    issuers = certificates[1:] + ([trust.root] if trust.root is not None else [])
    for certificate, issuer, each in zip(certificates, issuers, roles, strict=False):
        try:
            _check_issued(certificate, issuer)
        except Refused as refused:
            raise Refused(f"the {each.label} certificate {refused}") from None
    named = certificates[1] if role is Role.SESSION else certificates[0]
    name = common_name(named)
    need(common_name(certificates[0]) == name, "the session certificate bears another name than its device")
    return Chain(role, name, tuple(certificates), fingerprint(ders[0]), public_der(named))


def fingerprint(der: bytes) -> str:
    """The hash by which other objects name a certificate."""
    return hashlib.sha256(der).hexdigest()


def read_key(der: bytes) -> ec.EllipticCurvePublicKey:
    """The P-256 key in a certificate, whoever issued it and whatever for."""
    return _key(_load(der))


def public_der(certificate: x509.Certificate) -> bytes:
    """The certificate's key as SubjectPublicKeyInfo."""
    return _key(certificate).public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )


def _path(role: Role) -> list[Role]:
    path = [role]
    while _SHAPES[path[-1]].issuer is not Role.ROOT:
        path.append(_SHAPES[path[-1]].issuer)
    return path


def _load(der: bytes) -> x509.Certificate:
    need(len(der) <= MAX_DER, f"a certificate of the chain is longer than {MAX_DER} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what the library only grumbles about is no certificate of ours
            certificate = x509.load_der_x509_certificate(der)
            # Read what is parsed late: from here on no malformed part can surprise.
            _ = certificate.version, certificate.subject, certificate.issuer, certificate.extensions
            utils.decode_dss_signature(certificate.signature)
            certificate.public_key()
    except (ValueError, TypeError, Warning, *MALFORMED):
        raise Refused("a certificate of the chain is no X.509 certificate") from None
    # The library lets the count of unused bits in front of the signature pass: a second spelling.
    need(der.endswith(b"\0" + certificate.signature), "a certificate of the chain is not DER")
    return certificate


def _check_shape(certificate: x509.Certificate, role: Role) -> None:
    need(certificate.version is x509.Version.v3, "is not X.509 v3")
    need(certificate.serial_number > 0, "has a serial number that is not positive")
    need(
        certificate.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        "is not signed with ecdsa-with-SHA256",
    )
    need(utils.decode_dss_signature(certificate.signature)[1] <= ORDER // 2, "is signed with a high s")
    need(
        [each.oid for each in certificate.subject] == [NameOID.COMMON_NAME], "has another subject than one common name"
    )
    form = _NAME if role in _NAMED else _TITLE
    need(form.match(common_name(certificate)), "bears a common name that is no name of the format")
    need(
        role is not Role.SESSION or certificate.not_valid_after_utc == _FOREVER, "does not end 9999-12-31 23:59:59 UTC"
    )
    key = _key(certificate)
    present = {each.oid: (each.critical, each.value) for each in certificate.extensions}
    expected = _extensions(key, role, present)
    wrong = [each for each in {**expected, **present} if expected.get(each) != present.get(each)]
    names = ", ".join(_TITLES.get(each, each.dotted_string) for each in wrong)
    need(not wrong, f"does not have the exact shape of a {role.label} certificate: {names}")


def _extensions(
    key: ec.EllipticCurvePublicKey,
    role: Role,
    present: dict[x509.ObjectIdentifier, tuple[bool, x509.ExtensionType]],
) -> dict[x509.ObjectIdentifier, tuple[bool, x509.ExtensionType]]:
    """The extensions, each with whether it is critical, that a certificate with ``key`` and ``role`` has."""
    shape = _SHAPES[role]
    critical: list[x509.ExtensionType] = [
        x509.BasicConstraints(ca=shape.authority, path_length=shape.path_length),
        x509.KeyUsage(**{each: each in shape.usage for each in _KEY_USAGES}, encipher_only=False, decipher_only=False),
    ]
    loose: list[x509.ExtensionType] = [x509.SubjectKeyIdentifier.from_public_key(key)]
    if role is not Role.ROOT:
        purposes = [x509.ObjectIdentifier(f"{_ARC}{role.value}"), *([shape.extra] if shape.extra else [])]
        critical.append(x509.ExtendedKeyUsage(purposes))
        # Which issuer it names is compared where the issuer is known.
        _, named = present.get(x509.AuthorityKeyIdentifier.oid, (False, None))
        identifier = named.key_identifier if isinstance(named, x509.AuthorityKeyIdentifier) else None
        loose.append(x509.AuthorityKeyIdentifier(identifier or b"none", None, None))
    return {each.oid: (each in critical, each) for each in critical + loose}


def _check_dates(certificate: x509.Certificate, at_ms: int | None) -> None:
    if at_ms is None:
        return
    try:
        moment = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    except (ValueError, OverflowError):
        raise Refused("cannot be judged: the trusted time is out of range") from None
    need(
        certificate.not_valid_before_utc <= moment,
        f"was not yet valid at the trusted time {moment:%Y-%m-%d %H:%M:%S} UTC",
    )
    need(
        moment <= certificate.not_valid_after_utc,
        f"was no longer valid at the trusted time {moment:%Y-%m-%d %H:%M:%S} UTC",
    )


def _check_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        raise Refused("was not issued by the certificate above it") from None
    need(certificate.not_valid_before_utc == issuer.not_valid_before_utc, "does not begin when its issuer does")
    named = [each.value for each in certificate.extensions if isinstance(each.value, x509.AuthorityKeyIdentifier)]
    above = x509.SubjectKeyIdentifier.from_public_key(_key(issuer)).digest
    need(all(each.key_identifier == above for each in named), "names another key as its issuer's")


def _key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Refused("does not hold a P-256 key")
    return key


def common_name(certificate: x509.Certificate) -> str:
    """The one name of a certificate's subject."""
    return str(next(iter(certificate.subject)).value)
