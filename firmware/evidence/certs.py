"""Certificates: exact shapes, exact chains.

A chain is believed if each certificate is precisely what its place in the chain asks for (``roles``), is signed by the
one above, and none of them is withdrawn.  Nothing is searched for and nothing is skipped: the chain is the one that was
sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from firmware.evidence.der import spell
from firmware.evidence.errors import ChainError, DateError, EvidenceError, FormatError, RevokedError, SignatureError
from firmware.evidence.keys import PublicKey, der_signature, hash_of, p256, raw_signature
from firmware.evidence.roles import EXTENSION_NAMES, FOREVER, Role, extensions, name_fits, path

LARGEST = 4096
"""The largest certificate in DER, in bytes."""

_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    Warning,
)
"""What the parser raises, here or there, for bytes that are no certificate (warnings where they are errors)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate with the shape of its role.  Says nothing yet about who signed it."""

    der: bytes = field(repr=False)
    role: Role
    name: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    key: PublicKey = field(repr=False, compare=False)
    x509: x509.Certificate = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verifier goes by: its root, the fingerprints that the authority withdrew, and the time to judge dates at
    (None: not judged)."""

    root: Certificate
    revoked: frozenset[str] = frozenset()
    at: datetime | None = None

    def __post_init__(self) -> None:
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError("the time to judge dates at needs a time zone")

    @staticmethod
    def load(pem: bytes, revoked: frozenset[str] = frozenset(), at: datetime | None = None) -> Trust:
        """Trust the one root in a PEM file; ``ChainError`` unless it is one."""
        ders = read_pem(pem, "root certificate")
        if len(ders) != 1:
            raise ChainError(f"root certificate: {len(ders)} certificates instead of one")
        root = read_certificate(ders[0], Role.ROOT, None, "root certificate")
        return Trust(root, revoked, at)


@dataclass(frozen=True, slots=True)
class Chain:
    """A verified chain, leaf first, without the root.  Only ``verify_chain`` makes one."""

    certificates: tuple[Certificate, ...]

    @property
    def leaf(self) -> Certificate:
        """The certificate whose key signs."""
        return self.certificates[0]

    @property
    def name(self) -> str:
        """The leaf's common name: for a device, its sessions and its links the device's, for a dock the dock's."""
        return self.leaf.name

    @property
    def fingerprint(self) -> str:
        """The hash of the leaf's DER: the ``kid`` of what it signs."""
        return self.leaf.fingerprint

    @property
    def ders(self) -> tuple[bytes, ...]:
        """The certificates as ``x5c`` carries them."""
        return tuple(certificate.der for certificate in self.certificates)

    def ended(self, utc_ms: int) -> str | None:
        """Which certificate had ended at a time, and when, in words; None where none had."""
        for each in self.certificates:
            if each.not_after.timestamp() * 1000 < utc_ms and each.not_after != FOREVER:
                return f"{each.name} ended {each.not_after:%Y-%m-%d}"
        return None

    def issuer(self, role: Role) -> Certificate:
        """The certificate of this role in the chain."""
        return next(certificate for certificate in self.certificates if certificate.role is role)


def verify_chain(ders: Sequence[bytes], trust: Trust, role: Role, where: str = "x5c") -> Chain:
    """Verify a chain for one role, leaf first, without the root; ``ChainError`` or ``SignatureError`` names the
    certificate that is wrong."""
    roles = path(role)
    if not roles:
        raise ValueError("a root signs certificates alone, and heads no chain")
    if len(ders) != len(roles):
        raise ChainError(f"{where}: {len(ders)} certificates, the role {role} has {len(roles)} ({', '.join(roles)})")
    issuer = trust.root
    certificates: list[Certificate] = []
    for index in reversed(range(len(ders))):
        place = f"{where}[{index}] ({roles[index]})"
        certificate = read_certificate(ders[index], roles[index], issuer, place)
        _check_standing(certificate, trust, place)
        certificates.insert(0, certificate)
        issuer = certificate
    _check_standing(trust.root, trust, "root certificate")
    return Chain(tuple(certificates))


def read_certificate(der: bytes, role: Role, issuer: Certificate | None, where: str) -> Certificate:
    """Read a certificate that has to have this role and to be signed by ``issuer`` (None: by itself)."""
    certificate = _parse(der, role, issuer, where)
    signer = certificate if issuer is None else issuer
    parsed = certificate.x509
    if parsed.issuer != signer.x509.subject:
        raise ChainError(f"{where}: issuer: is not {signer.name!r}")
    if role in (Role.SESSION, Role.LINK) and certificate.name != signer.name:
        raise ChainError(f"{where}: subject: {certificate.name!r} is not its device's name {signer.name!r}")
    if certificate.not_before != signer.not_before:
        raise ChainError(f"{where}: notBefore: is not that of {signer.name!r}")
    if role in (Role.SESSION, Role.LINK) and certificate.not_after != FOREVER:
        raise ChainError(f"{where}: notAfter: is not {FOREVER:%Y-%m-%d %H:%M:%S}")
    try:
        parsed.verify_directly_issued_by(signer.x509)
    except InvalidSignature:
        raise SignatureError(f"{where}: signature: not made by {signer.name!r}") from None
    except ValueError as error:
        raise ChainError(f"{where}: signature: {error}") from None
    return certificate


def assemble(tbs: bytes, signature: bytes) -> bytes:
    """The one DER spelling of a certificate over ``tbs``, given any DER signature."""
    low = der_signature(raw_signature(signature))
    return spell(0x30, tbs, _ECDSA_SHA256, spell(0x03, b"\0", low))


def read_pem(pem: bytes, where: str = "certificate") -> tuple[bytes, ...]:
    """The certificates in a PEM file, in order, each in DER; ``FormatError`` if there is none."""
    try:
        parsed = x509.load_pem_x509_certificates(pem)
    except UNREADABLE as error:
        raise FormatError(f"{where}: not PEM ({error})") from None
    return tuple(certificate.public_bytes(serialization.Encoding.DER) for certificate in parsed)


def write_pem(ders: Sequence[bytes]) -> bytes:
    """The certificates as a PEM file."""
    parsed = (x509.load_der_x509_certificate(der) for der in ders)
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in parsed)


def _parse(der: bytes, role: Role, issuer: Certificate | None, where: str) -> Certificate:
    """Read one certificate and hold it against its row of the table."""
    if len(der) > LARGEST:
        raise FormatError(f"{where}: {len(der)} bytes, at most {LARGEST} are allowed")
    try:
        parsed = x509.load_der_x509_certificate(der)
        key = p256(parsed.public_key(), f"{where}: public key")
        if assemble(parsed.tbs_certificate_bytes, parsed.signature) != der:
            raise FormatError(f"{where}: not the one spelling of a certificate signed with ecdsa-with-SHA256")
        version = parsed.version
        subject, _ = list(parsed.subject), parsed.issuer
        found = list(parsed.extensions)
        dates = parsed.not_valid_before_utc, parsed.not_valid_after_utc
    except UNREADABLE as error:
        raise FormatError(f"{where}: not a certificate ({error})") from None
    except SignatureError:
        raise ChainError(f"{where}: signature: not one of ecdsa-with-SHA256 on P-256") from None
    except EvidenceError as error:
        raise ChainError(str(error)) from None
    if version is not x509.Version.v3:
        raise ChainError(f"{where}: version: not 3")
    if parsed.serial_number < 1:
        raise ChainError(f"{where}: serialNumber: not positive")
    _check_extensions(found, extensions(role, key, key if issuer is None else issuer.key), role, where)
    name = _common_name(subject, role, where)
    return Certificate(der, role, name, hash_of(der), *dates, key, parsed)


def _check_extensions(
    found: Sequence[x509.Extension[x509.ExtensionType]],
    expected: dict[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]],
    role: Role,
    where: str,
) -> None:
    """Exactly the expected extensions, in any order."""
    for extension in found:
        title = EXTENSION_NAMES.get(extension.oid, extension.oid.dotted_string)
        if extension.oid not in expected:
            raise ChainError(f"{where}: {title}: a {role} certificate has no such extension")
        if extension != expected[extension.oid]:
            raise ChainError(f"{where}: {title}: not that of a {role} certificate")
    missing = expected.keys() - {extension.oid for extension in found}
    if missing:
        titles = ", ".join(sorted(EXTENSION_NAMES[oid] for oid in missing))
        raise ChainError(f"{where}: {titles}: missing")


def _common_name(subject: Sequence[x509.NameAttribute[str | bytes]], role: Role, where: str) -> str:
    """The subject's one common name, if the role may carry it."""
    if len(subject) != 1 or subject[0].oid != NameOID.COMMON_NAME:
        raise ChainError(f"{where}: subject: not exactly one common name")
    name = str(subject[0].value)
    if not name_fits(role, name):
        raise ChainError(f"{where}: subject: {name[:80]!r} is not a name of a {role} certificate")
    return name


def _check_standing(certificate: Certificate, trust: Trust, where: str) -> None:
    """Refuse what was withdrawn, and, where there is a time to judge at, what was not valid then."""
    if certificate.fingerprint in trust.revoked:
        raise RevokedError(f"{where}: withdrawn by the authority ({certificate.fingerprint})")
    if trust.at is None:
        return
    if trust.at < certificate.not_before:
        raise DateError(
            f"{where}: notBefore: {certificate.not_before:%Y-%m-%d %H:%M:%S} is after the time it is judged at"
        )
    if trust.at > certificate.not_after:
        raise DateError(
            f"{where}: notAfter: {certificate.not_after:%Y-%m-%d %H:%M:%S} is before the time it is judged at"
        )
