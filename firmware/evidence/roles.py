"""Who may do what: the one table of certificate roles (``docs/evidence-format.md``, section 3).

Issuing and verifying both read this table: a certificate is what its row says, no more and no less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from firmware.evidence.keys import PublicKey
from firmware.evidence.schema import PLAIN

ARC = "2.25.126428781358865649511283307121384878724.1"
"""Below this object identifier stand the roles."""

CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH.dotted_string
EMAIL_PROTECTION = ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string
"""What C2PA's certificate profile asks of a signer that any validator is to know."""
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The notAfter of a certificate without an end (RFC 5280, 4.1.2.5)."""


class Role(StrEnum):
    """What a certificate is for."""

    ROOT = "root"
    DEVICE_CA = "device-ca"
    DEVICE = "device"
    SESSION = "session"
    LINK = "link"
    DOCK_CA = "dock-ca"
    DOCK = "dock"
    SETTINGS = "settings"
    UPDATE = "update"
    EXPORT = "export"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Shape:
    """One row: the role above, key usages, extended key usages in order, path length of a CA, and what the name looks
    like."""

    parent: Role | None
    usages: frozenset[str]
    purposes: tuple[str, ...] = ()
    ca: bool = False
    path_length: int | None = None
    name: str = f"{PLAIN}{{1,64}}"


_CA = frozenset({"key_cert_sign", "crl_sign"})
_LEAF = frozenset({"digital_signature"})
_NAME = r"[a-z0-9-]{1,32}"

SHAPES: Mapping[Role, Shape] = MappingProxyType(
    {
        Role.ROOT: Shape(None, _CA, ca=True),
        Role.DEVICE_CA: Shape(Role.ROOT, _CA, (f"{ARC}.1", CLIENT_AUTH), ca=True, path_length=1),
        Role.DEVICE: Shape(
            Role.DEVICE_CA,
            frozenset({"digital_signature", "key_cert_sign"}),
            (f"{ARC}.2", CLIENT_AUTH),
            ca=True,
            path_length=0,
            name=_NAME,
        ),
        Role.SESSION: Shape(Role.DEVICE, _LEAF, (f"{ARC}.3",), name=_NAME),
        Role.LINK: Shape(Role.DEVICE, _LEAF, (f"{ARC}.4", CLIENT_AUTH), name=_NAME),
        Role.DOCK_CA: Shape(Role.ROOT, _CA, (f"{ARC}.5", SERVER_AUTH), ca=True, path_length=0),
        Role.DOCK: Shape(Role.DOCK_CA, _LEAF, (f"{ARC}.6", SERVER_AUTH), name=_NAME),
        Role.SETTINGS: Shape(Role.ROOT, _LEAF, (f"{ARC}.7",)),
        Role.UPDATE: Shape(Role.ROOT, _LEAF, (f"{ARC}.8",)),
        Role.EXPORT: Shape(Role.ROOT, _LEAF, (f"{ARC}.9", EMAIL_PROTECTION)),
        Role.RELEASE: Shape(Role.ROOT, _LEAF, (f"{ARC}.10",)),
    }
)

USAGES = (
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

EXTENSION_NAMES: Mapping[x509.ObjectIdentifier, str] = MappingProxyType(
    {
        ExtensionOID.BASIC_CONSTRAINTS: "basicConstraints",
        ExtensionOID.KEY_USAGE: "keyUsage",
        ExtensionOID.EXTENDED_KEY_USAGE: "extendedKeyUsage",
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: "subjectKeyIdentifier",
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: "authorityKeyIdentifier",
    }
)


def path(role: Role) -> tuple[Role, ...]:
    """The roles of a chain as ``x5c`` holds it: leaf first, without the root."""
    parent = SHAPES[role].parent
    return () if parent is None else (role, *path(parent))


def name_fits(role: Role, name: str) -> bool:
    """Whether a certificate of this role may carry this common name."""
    return re.fullmatch(SHAPES[role].name, name) is not None


def extensions(
    role: Role, key: PublicKey, issuer_key: PublicKey
) -> dict[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]]:
    """Every extension that a certificate of this role has, by object identifier; all are critical but the key
    identifiers."""
    shape = SHAPES[role]
    critical: list[x509.ExtensionType] = [
        x509.BasicConstraints(shape.ca, shape.path_length),
        x509.KeyUsage(**{usage: usage in shape.usages for usage in USAGES}),
    ]
    if shape.purposes:
        critical.append(x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose) for purpose in shape.purposes]))
    hints: list[x509.ExtensionType] = [x509.SubjectKeyIdentifier.from_public_key(key)]
    if shape.parent is not None:
        hints.append(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key))
    return {value.oid: x509.Extension(value.oid, value in critical, value) for value in (*critical, *hints)}
