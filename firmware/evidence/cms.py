"""CMS SignedData (RFC 5652) with one signer, as time-stamping authorities make it: its content, once the signature holds."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from firmware.evidence.certs import UNREADABLE
from firmware.evidence.der import CONTEXT, INTEGER, NULL, OCTETS, OID, SEQUENCE, SET, Element, Elements, oid
from firmware.evidence.errors import ChainError, DateError, FormatError, MismatchError, SignatureError

ValueT = TypeVar("ValueT", bound=x509.ExtensionType)

MOST_CERTIFICATES = 16
LONGEST_PATH = 5
SHORTEST_RSA = 2048

_SIGNED_DATA = oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE, _DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
_SIGNER, _SIGNER_V2 = oid("1.2.840.113549.1.9.16.2.12"), oid("1.2.840.113549.1.9.16.2.47")
_HASHES: Mapping[bytes, hashes.HashAlgorithm] = {
    oid("2.16.840.1.101.3.4.2.1"): hashes.SHA256(),
    oid("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
    oid("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
}
_RSA = oid("1.2.840.113549.1.1.1")
_SIGNATURES: Mapping[bytes, tuple[type, str]] = {
    **{
        oid(f"1.2.840.113549.1.1.{number}"): (rsa.RSAPublicKey, name)
        for number, name in ((11, "sha256"), (12, "sha384"), (13, "sha512"))
    },
    **{
        oid(f"1.2.840.10045.4.3.{number}"): (ec.EllipticCurvePublicKey, name)
        for number, name in ((2, "sha256"), (3, "sha384"), (4, "sha512"))
    },
}
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CERTIFICATE_POLICIES,
    }
)
_PATH_HASHES = frozenset(each.name for each in _HASHES.values())


@dataclass(frozen=True, slots=True)
class SignedContent:
    """Content whose signature fits the certificate that came with it.  Who certified that one is ``check_path``'s question."""

    content: bytes
    signer: x509.Certificate
    certificates: tuple[x509.Certificate, ...]


def read_signed(token: Element, content_type: bytes) -> SignedContent:
    """Verify a ContentInfo with signed data; ``content_type``: of what it has to be, as ``oid`` writes it."""
    outer = token.inside()
    _expect(outer.take(OID, "contentType").content == _SIGNED_DATA, token, "is no SignedData")
    body = outer.take(CONTEXT, "content").inside().take(SEQUENCE, "SignedData").inside()
    outer.end()
    _expect(body.take(INTEGER, "version").integer() == 3, token, "version: is not 3")
    announced = [each.raw for each in _all(body.take(SET, "digestAlgorithms"))]
    wrapped = body.take(SEQUENCE, "encapContentInfo").inside()
    _expect(wrapped.take(OID, "eContentType").content == content_type, token, "eContentType: another than expected")
    explicit = wrapped.take(CONTEXT, "eContent").inside()
    content = explicit.take(OCTETS, "eContent").content
    explicit.end()
    wrapped.end()
    certificates = [load_certificate(each.raw, each.where) for each in _all(body.take(CONTEXT, "certificates"))]
    body.maybe(CONTEXT + 1, "crls")
    signers = _all(body.take(SET, "signerInfos"))
    body.end()
    _expect(len(certificates) <= MOST_CERTIFICATES, token, f"certificates: more than {MOST_CERTIFICATES}")
    _expect(len(signers) == 1, token, f"signerInfos: {len(signers)} instead of one")
    _expect(signers[0].tag == SEQUENCE, token, "signerInfos: no SEQUENCE")
    signer = _verify_signer(signers[0], content, content_type, certificates, announced)
    return SignedContent(content, signer, tuple(certificates))


def load_certificate(der: bytes, where: str) -> x509.Certificate:
    """A certificate of somebody else's, no part of which surprises later; ``FormatError`` where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it need not please the library, only be read by it
            found = x509.load_der_x509_certificate(der)
            _ = found.extensions, found.subject, found.issuer, found.public_key(), found.signature_hash_algorithm
            _ = found.not_valid_before_utc, found.not_valid_after_utc
            serial = found.serial_number
    except UNREADABLE:
        raise FormatError(f"{where}: is no X.509 certificate") from None
    if serial < 1:
        raise FormatError(f"{where}: has a serial number that is not positive")
    if not der.endswith(b"\0" + found.signature):  # the library lets the count of unused bits before the signature pass
        raise FormatError(f"{where}: is not DER")
    return found


def check_path(signed: SignedContent, root: x509.Certificate, at: datetime) -> None:
    """``ChainError`` unless the signer's certificate is for time stamping alone, and leads over at most five, each of them good at
    that time, to the one that is believed; ``DateError`` where only the time is wrong."""
    purposes = _extension(signed.signer, x509.ExtendedKeyUsage)
    if (
        purposes is None
        or not purposes.critical
        or list(purposes.value) != [x509.ObjectIdentifier(ExtendedKeyUsageOID.TIME_STAMPING.dotted_string)]
    ):
        raise ChainError("signer: its certificate is not for time stamping alone")
    usage = _extension(signed.signer, x509.KeyUsage)
    if usage is not None and not (usage.value.digital_signature or usage.value.content_commitment):
        raise ChainError("signer: its certificate is not for signatures")
    here, passed = signed.signer, [signed.signer]
    while here != root:
        _check_standing(here, at)
        above = next(
            (each for each in (root, *signed.certificates) if each not in passed and _issued(here, each)), None
        )
        if above is None or len(passed) > LONGEST_PATH:
            raise ChainError("signer: no path from its certificate to the one that the authority believes")
        _check_issuer(above, len(passed) - 1)
        here = above
        passed.append(above)
    _check_standing(root, at)


def _verify_signer(
    info: Element,
    content: bytes,
    content_type: bytes,
    certificates: Sequence[x509.Certificate],
    announced: Sequence[bytes],
) -> x509.Certificate:
    fields = info.inside()
    _expect(fields.take(INTEGER, "version").integer() == 1, info, "version: is not 1")
    who = fields.take(SEQUENCE, "issuerAndSerialNumber").inside()
    issuer, serial = who.take(SEQUENCE, "issuer").raw, who.take(INTEGER, "serialNumber").integer()
    who.end()
    algorithm = fields.take(SEQUENCE, "digestAlgorithm")
    digest = _hash_of(algorithm)
    _expect([*announced] == [algorithm.raw], info, "digestAlgorithm: not the one that is announced")
    attributes = fields.take(CONTEXT, "signedAttrs")
    signature_algorithm = fields.take(SEQUENCE, "signatureAlgorithm")
    signature = fields.take(OCTETS, "signature").content
    fields.maybe(CONTEXT + 1, "unsignedAttrs")
    fields.end()
    signer = next(
        (each for each in certificates if (each.issuer.public_bytes(), each.serial_number) == (issuer, serial)), None
    )
    if signer is None:
        raise FormatError(f"{info.where}: its certificate did not come along")
    _check_attributes(attributes, content, content_type, digest, signer)
    signed = bytes([SET]) + attributes.raw[1:]  # the set itself, not its place here
    _check_signature(signer.public_key(), signature_algorithm, digest, signed, signature)
    return signer


def _check_attributes(
    attributes: Element, content: bytes, content_type: bytes, digest: hashes.HashAlgorithm, signer: x509.Certificate
) -> None:
    found: dict[bytes, Element] = {}
    for each in _all(attributes):
        fields = each.inside()
        name, values = fields.take(OID, "type").content, _all(fields.take(SET, "values"))
        fields.end()
        _expect(name not in found and len(values) == 1, attributes, "an attribute twice, or not with one value")
        found[name] = values[0]
    told = found.get(_CONTENT_TYPE)
    if told is None or told.tag != OID or told.content != content_type:
        raise FormatError(f"{attributes.where}: contentType: not that of the content")
    told = found.get(_DIGEST)
    if told is None or told.tag != OCTETS or told.content != hashlib.new(digest.name, content).digest():
        raise MismatchError(f"{attributes.where}: messageDigest: not that of the content")
    named = [(found[name], name == _SIGNER_V2) for name in (_SIGNER, _SIGNER_V2) if name in found]
    _expect(bool(named), attributes, "signingCertificate: missing")
    der = signer.public_bytes(serialization.Encoding.DER)
    for value, second in named:
        first = value.inside().take(SEQUENCE, "certs").inside().take(SEQUENCE, "first").inside()
        other = first.maybe(SEQUENCE, "hashAlgorithm") if second else None
        used = ("sha256" if second else "sha1") if other is None else _hash_of(other).name
        if first.take(OCTETS, "certHash").content != hashlib.new(used, der).digest():
            raise MismatchError(f"{attributes.where}: signingCertificate: another certificate than the signer's")


def _check_signature(
    key: object, algorithm: Element, digest: hashes.HashAlgorithm, data: bytes, signature: bytes
) -> None:
    fields = algorithm.inside()
    named = fields.take(OID, "algorithm").content
    _no_parameters(fields, algorithm)
    kind, name = (rsa.RSAPublicKey, digest.name) if named == _RSA else _SIGNATURES.get(named, (None, ""))
    if kind is None or name != digest.name or not isinstance(key, kind):
        raise FormatError(f"{algorithm.where}: not one of the known ones, or not that of key and digest")
    try:
        if isinstance(key, rsa.RSAPublicKey):
            _expect(key.key_size >= SHORTEST_RSA, algorithm, f"an RSA key below {SHORTEST_RSA} bits")
            key.verify(signature, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
    except InvalidSignature:
        raise SignatureError("signer: the signature does not fit what it signs") from None


def _hash_of(algorithm: Element) -> hashes.HashAlgorithm:
    _expect(algorithm.tag == SEQUENCE, algorithm, "is no AlgorithmIdentifier")
    fields = algorithm.inside()
    found = _HASHES.get(fields.take(OID, "algorithm").content)
    _no_parameters(fields, algorithm)
    if found is None:
        raise FormatError(f"{algorithm.where}: none of SHA-256, SHA-384, SHA-512")
    return found


def _no_parameters(fields: Elements, algorithm: Element) -> None:
    null = fields.maybe(NULL, "parameters")
    fields.end()
    _expect(null is None or not null.content, algorithm, "has parameters")


def _check_standing(certificate: x509.Certificate, at: datetime) -> None:
    if any(each.critical and each.oid not in _UNDERSTOOD for each in certificate.extensions):
        raise ChainError("signer: a certificate of its path demands what is not known here")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise DateError("signer: a certificate of its path was not valid at the time that it says")


def _check_issuer(issuer: x509.Certificate, below: int) -> None:
    """``below``: how many certificates that issue stand between this one and the signer."""
    constraints, usage = _extension(issuer, x509.BasicConstraints), _extension(issuer, x509.KeyUsage)
    if constraints is None or not constraints.value.ca or not (usage is None or usage.value.key_cert_sign):
        raise ChainError("signer: certified by a certificate that may not certify")
    longest = constraints.value.path_length
    if longest is not None and below > longest:
        raise ChainError("signer: a longer path than a certificate of it allows")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.name not in _PATH_HASHES:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _extension(certificate: x509.Certificate, kind: type[ValueT]) -> x509.Extension[ValueT] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _all(container: Element) -> list[Element]:
    """Everything in a SET or SEQUENCE OF."""
    fields = container.inside()
    found: list[Element] = []
    while fields.left:
        found.append(fields.any(str(len(found))))
    return found


def _expect(holds: bool, where: Element, what: str) -> None:  # noqa: FBT001 - a condition is what it is about
    if not holds:
        raise FormatError(f"{where.where}: {what}")
