"""Time stamps (RFC 3161), written element by element, so that each can be forged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.evidence_maker.pki import END, key_of

SHA256 = "2.16.840.1.101.3.4.2.1"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def der(tag: int, *content: bytes) -> bytes:
    """One element."""
    body = b"".join(content)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def integer(value: int, tag: int = 0x02) -> bytes:
    """An INTEGER."""
    return der(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    out = b""
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        out += bytes(reversed(septets))
    return der(0x06, out)


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return der(0x30, *parts)


def algorithm(dotted: str) -> bytes:
    """An AlgorithmIdentifier without parameters."""
    return sequence(oid(dotted))


def generalized(utc_ms: int) -> bytes:
    """A GeneralizedTime with as many digits behind the point as needed."""
    moment = _EPOCH + timedelta(milliseconds=utc_ms)
    fraction = f".{utc_ms % 1000:03d}".rstrip("0").rstrip(".")
    return der(0x18, f"{moment:%Y%m%d%H%M%S}{fraction}Z".encode())


def certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    above: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    *,
    authority: bool = False,
    purposes: tuple[x509.ObjectIdentifier, ...] = (),
    critical: bool = True,
    begin: datetime = LONG_AGO,
    end: datetime = END,
    path_length: int | None = None,
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> x509.Certificate:
    """A certificate of a time-stamping authority, or of one that certifies such."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above[0].subject if above else subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") | 1)
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    for extension, needed in extra:
        builder = builder.add_extension(extension, critical=needed)
    return builder.sign(above[1] if above else key, hashes.SHA256(), ecdsa_deterministic=True)


@dataclass
class TimeAuthority:
    """An authority with an issuer in between; ``forged`` goes to its own certificate, ``middle`` to its issuer's."""

    seed: str = "tsa"
    forged: dict[str, Any] = field(default_factory=dict)
    middle: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = [key_of(f"{self.seed} {each}") for each in ("root", "issuer", "leaf")]
        self.key = keys[2]
        self.root = certificate(f"{self.seed} root", keys[0], None, authority=True)
        self.issuer = certificate(
            f"{self.seed} issuer", keys[1], (self.root, keys[0]), **{"authority": True, **self.middle}
        )
        purposes = (ExtendedKeyUsageOID.TIME_STAMPING,)
        self.leaf = certificate(
            f"{self.seed} authority", self.key, (self.issuer, keys[1]), **{"purposes": purposes, **self.forged}
        )

    @property
    def root_pem(self) -> bytes:
        """The file that ``--tsa-root`` takes."""
        return self.root.public_bytes(serialization.Encoding.PEM)

    def stamp(self, data: bytes, utc_ms: int, **forged: Any) -> bytes:
        """A TimeStampResp over ``data``.

        ``forged`` may set ``imprint``, ``status``, ``accuracy`` (the element, or b""), ``digest`` (of the content),
        ``named`` (the hash of the signer's certificate), ``signed_type``, ``content_type``, ``info_version``, ``hash_oid``,
        ``certificates``, ``signers``, ``version``, ``time`` (the element) and ``key``.
        """
        info = sequence(
            integer(forged.get("info_version", 1)),
            oid("1.2.3.4.1"),
            sequence(algorithm(forged.get("hash_oid", SHA256)), der(0x04, forged.get("imprint", _hash(data)))),
            integer(7),
            forged.get("time", generalized(utc_ms)),
            forged.get("accuracy", sequence(integer(1))),
            integer(0x0102030405060708),
        )
        content_type = forged.get("content_type", "1.2.840.113549.1.9.16.1.4")
        leaf = self.leaf.public_bytes(serialization.Encoding.DER)
        named = sequence(sequence(sequence(der(0x04, forged.get("named", _hash(leaf))))))
        attributes = [
            sequence(oid("1.2.840.113549.1.9.3"), der(0x31, oid(forged.get("signed_type", content_type)))),
            sequence(oid("1.2.840.113549.1.9.4"), der(0x31, der(0x04, forged.get("digest", _hash(info))))),
            sequence(oid("1.2.840.113549.1.9.16.2.47"), der(0x31, named)),
        ]
        signed = b"".join(sorted(forged.get("attributes", attributes)))
        key = forged.get("key", self.key)
        signature = key.sign(der(0x31, signed), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        signer = sequence(
            integer(1),
            sequence(self.leaf.issuer.public_bytes(), integer(self.leaf.serial_number)),
            algorithm(SHA256),
            der(0xA0, signed),
            algorithm("1.2.840.10045.4.3.2"),
            der(0x04, signature),
        )
        given = forged.get("certificates", [self.leaf, self.issuer])
        bag = sorted(each.public_bytes(serialization.Encoding.DER) for each in given)
        body = sequence(
            integer(forged.get("version", 3)),
            der(0x31, algorithm(SHA256)),
            sequence(oid(content_type), der(0xA0, der(0x04, info))),
            der(0xA0, *bag),
            der(0x31, *[signer] * forged.get("signers", 1)),
        )
        token = sequence(oid("1.2.840.113549.1.7.2"), der(0xA0, body))
        return sequence(sequence(integer(forged.get("status", 0))), token)


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
