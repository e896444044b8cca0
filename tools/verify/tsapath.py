"""From a time-stamping authority's certificate to a root that is believed (RFC 5280, RFC 3161 section 2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from tools.verify.findings import need

ValueT = TypeVar("ValueT", bound=x509.ExtensionType)

_LONGEST = 5
_HASHES = ("sha256", "sha384", "sha512")
_UNDERSTOOD = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CERTIFICATE_POLICIES,
}


def find_path(
    signer: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], moment: datetime
) -> None:
    """``Refused`` unless a chain of at most five certificates, each valid at ``moment``, leads from ``signer`` over
    some of ``others`` to one of ``roots``."""
    _check_signer(signer)
    at, below, seen = signer, 0, [signer]
    while at not in roots:
        _check_standing(at, moment)
        root = next((each for each in roots if _issued(at, each)), None)
        above = root or next((each for each in others if each not in seen and _issued(at, each)), None)
        need(above is not None and below < _LONGEST, "no certificate of the given file certified it")
        assert above is not None  # noqa: S101 - refused above
        _check_issuer(above, below)
        at, below, seen = above, below + 1, [*seen, above]
    _check_standing(at, moment)


def _check_signer(signer: x509.Certificate) -> None:
    purposes = _extension(signer, x509.ExtendedKeyUsage)
    need(
        purposes is not None and purposes.critical and list(purposes.value) == [ExtendedKeyUsageOID.TIME_STAMPING],
        "its certificate is not for time stamping alone",
    )
    usage = _extension(signer, x509.KeyUsage)
    need(
        usage is None or usage.value.digital_signature or usage.value.content_commitment,
        "its certificate is not for signatures",
    )


def _check_issuer(issuer: x509.Certificate, below: int) -> None:
    """``below``: how many certificates that issue stand between this one and the signer."""
    constraints = _extension(issuer, x509.BasicConstraints)
    need(constraints is not None and constraints.value.ca, "it was certified by one that may not certify")
    assert constraints is not None  # noqa: S101 - refused above
    longest = constraints.value.path_length
    need(longest is None or below <= longest, "the chain is longer than a certificate in it allows")
    usage = _extension(issuer, x509.KeyUsage)
    need(usage is None or usage.value.key_cert_sign, "it was certified by one that may not certify")


def _check_standing(certificate: x509.Certificate, moment: datetime) -> None:
    unknown = [each.oid for each in certificate.extensions if each.critical and each.oid not in _UNDERSTOOD]
    need(not unknown, "a certificate of its chain demands what is not known here")
    need(
        certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc,
        "a certificate of its chain was not valid at the time of the stamp",
    )


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.name not in _HASHES:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _extension(certificate: x509.Certificate, kind: type[ValueT]) -> x509.Extension[ValueT] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None
