"""Certificates of section 3, issued from a table, with every part open to forgery."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2056, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_ARC = "2.25.126428781358865649511283307121384878724.1."
_CLIENT, _SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
_USAGES = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
]

# role: CA, path length, key usages, role's arc, further extended key usage
ROLES: dict[str, tuple[bool, int | None, tuple[str, ...], int | None, x509.ObjectIdentifier | None]] = {
    "root": (True, None, ("key_cert_sign", "crl_sign"), None, None),
    "device-ca": (True, 1, ("key_cert_sign", "crl_sign"), 1, _CLIENT),
    "device": (True, 0, ("digital_signature", "key_cert_sign"), 2, _CLIENT),
    "session": (False, None, ("digital_signature",), 3, None),
    "link": (False, None, ("digital_signature",), 4, _CLIENT),
    "dock-ca": (True, 0, ("key_cert_sign", "crl_sign"), 5, _SERVER),
    "dock": (False, None, ("digital_signature",), 6, _SERVER),
    "settings": (False, None, ("digital_signature",), 7, None),
    "update": (False, None, ("digital_signature",), 8, None),
    "release": (False, None, ("digital_signature",), 10, None),
    "export": (False, None, ("digital_signature",), 9, ExtendedKeyUsageOID.EMAIL_PROTECTION),
}


@dataclass(frozen=True)
class Identity:
    """A key with its certificate and those above it, root last."""

    key: ec.EllipticCurvePrivateKey
    certificates: tuple[x509.Certificate, ...]

    @property
    def x5c(self) -> tuple[bytes, ...]:
        """The chain as ``x5c`` has it: leaf first, without the root."""
        return tuple(each.public_bytes(serialization.Encoding.DER) for each in self.certificates[:-1])

    @property
    def kid(self) -> str:
        """Hash of the certificate."""
        return self.certificates[0].fingerprint(hashes.SHA256()).hex()

    @property
    def name(self) -> str:
        """Common name."""
        return str(next(iter(self.certificates[0].subject)).value)

    def sign(self, data: bytes) -> bytes:
        """R || s with a low s; of a key on another curve, cut to the length that a signature has."""
        der = self.key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = utils.decode_dss_signature(der)
        if self.key.key_size != 256:
            r, s = r % ORDER, s % ORDER
        return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def key_of(seed: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 key that is always the same for a seed."""
    return ec.derive_private_key(
        int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big") % (ORDER - 1) + 1, ec.SECP256R1()
    )


def issue(role: str, name: str, above: Identity | None, seed: str, **forged: Any) -> Identity:
    """An identity with the shape of ``role``.

    ``forged`` may set ``begin``, ``end``, ``curve_key``, ``shape`` (another role's), ``extra`` (extensions),
    ``high_s``, ``signer`` (a key other than the issuer's) and ``subject``.
    """
    authority, path_length, usages, arc, further = ROLES[forged.get("shape", role)]
    key = forged.get("curve_key") or key_of(seed)
    issuer_key = forged.get("signer") or (above.key if above else key)
    issuer = above.certificates[0] if above else None
    subject = forged.get("subject") or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .not_valid_before(forged.get("begin", BEGIN))
        .not_valid_after(forged.get("end", FOREVER if role in ("session", "link") else END))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
        .add_extension(x509.KeyUsage(**{each: each in usages for each in _USAGES}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if arc is not None:
        purposes = [x509.ObjectIdentifier(f"{_ARC}{arc}"), *([further] if further else [])]
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    for extension, critical in forged.get("extra", ()):
        builder = builder.add_extension(extension, critical=critical)
    serial = int.from_bytes(hashlib.sha256(f"serial {seed}".encode()).digest()[:16], "big") >> 1
    while True:
        # Deterministic, so a low s is found by counting the serial number up.
        made = builder.serial_number(serial).sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)
        low = utils.decode_dss_signature(made.signature)[1] <= ORDER // 2
        if low != bool(forged.get("high_s")) or issuer_key.key_size != 256:
            return Identity(key, (made, *(above.certificates if above else ())))
        serial += 1


class Authority:
    """A root and what hangs below it; the same for the same seed."""

    def __init__(self, seed: str = "authority") -> None:
        self.seed = seed
        self.root = issue("root", "Test authority", None, f"{seed} root")
        self.device_ca = issue("device-ca", "Devices", self.root, f"{seed} device-ca")
        self.dock_ca = issue("dock-ca", "Docks", self.root, f"{seed} dock-ca")
        self.dock = issue("dock", "dock-1", self.dock_ca, f"{seed} dock")
        self.settings = issue("settings", "Test settings", self.root, f"{seed} settings")
        self.update = issue("update", "Test updates", self.root, f"{seed} update")
        self.desk = issue("export", "desk-1", self.root, f"{seed} desk")

    @property
    def root_pem(self) -> bytes:
        """The root certificate as a file holds it."""
        return self.root.certificates[0].public_bytes(serialization.Encoding.PEM)

    def device(self, name: str, **forged: Any) -> Identity:
        """A camera."""
        return issue("device", name, self.device_ca, f"{self.seed} device {name}", **forged)
