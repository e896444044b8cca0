"""Issuing certificates by the table of ``roles``, with a key that only signs digests.

The key may live in hardware: it is asked for one signature over the certificate's digest.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from firmware.evidence.certs import Certificate, assemble, read_certificate
from firmware.evidence.errors import ChainError, KeyFileError, SignatureError
from firmware.evidence.keys import PublicKey, Sign, digest, new_key
from firmware.evidence.roles import FOREVER, SHAPES, Role, extensions, name_fits


def issue_root(
    name: str, key: PublicKey, sign: Sign, not_before: datetime, not_after: datetime = FOREVER
) -> Certificate:
    """A root: ``sign`` is its own key's."""
    return _issue(Role.ROOT, name, key, None, sign, (not_before, not_after))


def issue(
    role: Role, name: str, key: PublicKey, issuer: Certificate, sign: Sign, not_after: datetime = FOREVER
) -> Certificate:
    """A certificate below ``issuer``, whose key ``sign`` is.

    Its notBefore is its issuer's: a camera whose clock was never set judges dates at the last time it has from its
    authority, and has to accept a dock that was enrolled since.  ``ChainError`` where the table has no such
    certificate, ``KeyFileError`` where ``sign`` is not the issuer's.
    """
    if SHAPES[role].parent is not issuer.role:
        raise ChainError(f"{role}: a {issuer.role} certificate does not issue it")
    return _issue(role, name, key, issuer, sign, (issuer.not_before, not_after))


def _issue(
    role: Role, name: str, key: PublicKey, issuer: Certificate | None, sign: Sign, valid: tuple[datetime, datetime]
) -> Certificate:
    """Build, sign and read back one certificate."""
    if not name_fits(role, name):
        raise ChainError(f"subject: {name[:80]!r} is not a name of a {role} certificate")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.x509.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
    )
    for extension in extensions(role, key, key if issuer is None else issuer.key).values():
        builder = builder.add_extension(extension.value, extension.critical)
    # The builder wants a key, not a signature: a throw-away key signs once, for the bytes to be signed.
    tbs = builder.sign(new_key(), hashes.SHA256()).tbs_certificate_bytes
    der = assemble(tbs, sign(digest(tbs)))
    try:
        return read_certificate(der, role, issuer, role)
    except SignatureError:
        raise KeyFileError(f"{role}: the signing key is not the one that its certificate names") from None
