"""CMS SignedData (RFC 5652) with one signer, as far as time stamps use it: content, signed attributes, signature."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tools.verify.certs import MALFORMED
from tools.verify.der import INTEGER, NULL, OCTETS, OID, SEQUENCE, SET, Element, Fields, read
from tools.verify.findings import Refused, need

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_RSA = "1.2.840.113549.1.1.1"
_SIGNATURES: dict[str, tuple[str, str]] = {
    "1.2.840.113549.1.1.11": ("rsa", "sha256"),
    "1.2.840.113549.1.1.12": ("rsa", "sha384"),
    "1.2.840.113549.1.1.13": ("rsa", "sha512"),
    "1.2.840.10045.4.3.2": ("ecdsa", "sha256"),
    "1.2.840.10045.4.3.3": ("ecdsa", "sha384"),
    "1.2.840.10045.4.3.4": ("ecdsa", "sha512"),
}
_VERSION = 3  # whatever content is not plain data
_MOST_CERTIFICATES = 16
_SHORTEST_RSA = 2048


@dataclass(frozen=True, slots=True)
class SignedData:
    """Signed content: ``signer`` is the certificate whose key signed it, one of ``certificates``."""

    content: bytes
    signer: x509.Certificate
    certificates: tuple[x509.Certificate, ...]


def read_signed_data(data: bytes, content_type: str) -> SignedData:
    """Verify that the content, which must be of ``content_type``, is signed under a certificate that stands here.

    Who certified that one is not judged.
    """
    outer = read(data, "the token").children()
    need(outer.take(OID, "the token's type").oid() == _SIGNED_DATA, "the token is no signed data")
    body = outer.take(0xA0, "signed data").children().take(SEQUENCE, "signed data").children()
    outer.end("the token")
    need(body.take(INTEGER, "signed data: version").integer() == _VERSION, f"signed data: version is not {_VERSION}")
    digests = body.take(SET, "signed data: digestAlgorithms").children().rest()
    wrapped = body.take(SEQUENCE, "signed data: content").children()
    need(wrapped.take(OID, "the content's type").oid() == content_type, "the signed content is of another type")
    content = wrapped.take(0xA0, "the content").children().take(OCTETS, "the content").content
    bag = body.maybe(0xA0)
    need(bag is not None, "the token does not carry its signer's certificate")
    body.maybe(0xA1)
    signers = body.take(SET, "signed data: signerInfos").children().rest()
    body.end("signed data")
    need(len(signers) == 1 and signers[0].tag == SEQUENCE, f"the token has {len(signers)} signers instead of one")
    certificates = _certificates(bag)
    digest = _digest(digests[0]) if len(digests) == 1 else None
    signer = _verify(signers[0].children(), content, content_type, certificates, digest)
    return SignedData(content, signer, certificates)


def _certificates(bag: Element | None) -> tuple[x509.Certificate, ...]:
    raws = [] if bag is None else bag.children().rest()
    need(0 < len(raws) <= _MOST_CERTIFICATES, f"the token carries {len(raws)} certificates")
    try:
        return tuple(load_foreign(each.raw) for each in raws)
    except Refused:
        raise Refused("a certificate in the token is no X.509 certificate") from None


def load_foreign(der: bytes) -> x509.Certificate:
    """A certificate of somebody else's, of which no part can surprise later; ``Refused`` where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # others' certificates need not please the library, only be read by it
            found = x509.load_der_x509_certificate(der)
            _ = found.extensions, found.subject, found.issuer, found.public_key(), found.signature_hash_algorithm
            _ = found.not_valid_before_utc, found.not_valid_after_utc
            need(found.serial_number > 0, "has a serial number that is not positive")
    except (ValueError, TypeError, *MALFORMED):
        raise Refused("is no X.509 certificate") from None
    # The library lets the count of unused bits in front of the signature pass: a second spelling.
    need(der.endswith(b"\0" + found.signature), "is not DER")
    return found


def _verify(
    info: Fields,
    content: bytes,
    content_type: str,
    certificates: tuple[x509.Certificate, ...],
    announced: hashes.HashAlgorithm | None,
) -> x509.Certificate:
    need(info.take(INTEGER, "signer: version").integer() == 1, "signer: version is not 1")
    who = info.take(SEQUENCE, "signer: issuer and serial number").children()
    issuer, serial = who.take(SEQUENCE, "signer: issuer").raw, who.take(INTEGER, "signer: serial number").integer()
    signer = next(
        (each for each in certificates if each.serial_number == serial and each.issuer.public_bytes() == issuer), None
    )
    if signer is None:
        raise Refused("the token does not carry its signer's certificate")
    digest = _digest(info.take(SEQUENCE, "signer: digestAlgorithm"))
    need(digest is announced, "signed data: digestAlgorithms are not the signer's one")
    signed = info.maybe(0xA0)
    if signed is None:
        raise Refused("signer: signed attributes are missing")
    algorithm = info.take(SEQUENCE, "signer: signatureAlgorithm").children()
    signature = info.take(OCTETS, "signer: signature").content
    info.maybe(0xA1)
    info.end("signer")
    _check_attributes(_attributes(signed), content, content_type, digest, signer)
    # What is signed is the set itself, not its place here.
    _check_signature(signer, algorithm, digest, bytes([SET]) + signed.raw[1:], signature)
    return signer


def _digest(algorithm: Element) -> hashes.HashAlgorithm:
    need(algorithm.tag == SEQUENCE, "a digest algorithm is no SEQUENCE")
    fields = algorithm.children()
    oid = fields.take(OID, "a digest algorithm").oid()
    need([each.raw for each in fields.rest()] in ([], [bytes([NULL, 0])]), "a digest algorithm has parameters")
    if oid not in _HASHES:
        raise Refused(f"signer: digest algorithm {oid} is none of SHA-256, SHA-384, SHA-512")
    return _HASHES[oid]


def _attributes(signed: Element) -> dict[str, Element]:
    """The signed attributes, each with its one value."""
    found: dict[str, Element] = {}
    for each in signed.children().rest():
        fields = each.children()
        name = fields.take(OID, "a signed attribute's type").oid()
        values = fields.take(SET, "a signed attribute's value").children().rest()
        fields.end("a signed attribute")
        need(name not in found, "a signed attribute stands twice")
        need(len(values) == 1, "a signed attribute has not one value")
        found[name] = values[0]
    return found


def _check_attributes(
    found: dict[str, Element],
    content: bytes,
    content_type: str,
    digest: hashes.HashAlgorithm,
    signer: x509.Certificate,
) -> None:
    need(_CONTENT_TYPE in found and found[_CONTENT_TYPE].oid() == content_type, "contentType is not the content's")
    told = found.get(_MESSAGE_DIGEST)
    need(
        told is not None and told.tag == OCTETS and told.content == hashlib.new(digest.name, content).digest(),
        "messageDigest is not the content's",
    )
    named = _named(found)
    need(named, "the signed attributes do not name the signer's certificate")
    der = read(signer.public_bytes(serialization.Encoding.DER), "a certificate").raw
    need(all(hashlib.new(name, der).digest() == value for name, value in named), "another certificate signed this")


def _named(found: dict[str, Element]) -> list[tuple[str, bytes]]:
    """Hash algorithm and hash of the signer's certificate (RFC 5035), by each attribute that is there."""
    named = []
    for attribute, default in ((_SIGNING_CERTIFICATE, "sha1"), (_SIGNING_CERTIFICATE_V2, "sha256")):
        if attribute in found:
            identifiers = found[attribute].children().take(SEQUENCE, "signingCertificate").children()
            first = identifiers.take(SEQUENCE, "signingCertificate").children()
            algorithm = first.maybe(SEQUENCE) if attribute == _SIGNING_CERTIFICATE_V2 else None
            name = default if algorithm is None else _digest(algorithm).name
            named.append((name, first.take(OCTETS, "signingCertificate: hash").content))
    return named


def _check_signature(
    signer: x509.Certificate, algorithm: Fields, digest: hashes.HashAlgorithm, data: bytes, signature: bytes
) -> None:
    oid = algorithm.take(OID, "signer: signatureAlgorithm").oid()
    parameters = algorithm.rest()
    need(not parameters or [each.raw for each in parameters] == [bytes([NULL, 0])], "signatureAlgorithm has parameters")
    kind, name = ("rsa", digest.name) if oid == _RSA else _SIGNATURES.get(oid, ("", ""))
    need(name == digest.name, f"signer: signature algorithm {oid} does not fit, or is not known here")
    key = signer.public_key()
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            need(key.key_size >= _SHORTEST_RSA, f"the signer's RSA key has less than {_SHORTEST_RSA} bits")
            key.verify(signature, data, padding.PKCS1v15(), digest)
        elif kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
        else:
            raise Refused("the signer's key is of another kind than its signature")
    except InvalidSignature:
        raise Refused("the signature is wrong") from None
