"""P-256 keys and signatures: the only algorithm, since it is what TPM 2.0, secure elements and the Pi's firmware have
in common.

A signature has two spellings, s and n-s, that both verify.  Only the lower one is allowed here, in our own objects and
in certificates alike: a certificate is withdrawn by the hash of its bytes, and must not have a second spelling either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from firmware.evidence.errors import FormatError, KeyFileError, SignatureError

Sign = Callable[[bytes], bytes]
"""Signs a SHA-256 digest of 32 bytes and returns the DER ECDSA signature, like ``hal.interface.Signer.sign_digest``."""

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_PREHASHED = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


def digest(data: bytes) -> bytes:
    """The SHA-256 digest that a ``Sign`` takes."""
    return hashlib.sha256(data).digest()


def hash_of(data: bytes) -> str:
    """A *hash* as the format writes it: SHA-256 in 64 lowercase hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def new_key() -> PrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def load_key(pem: bytes) -> PrivateKey:
    """Read an unencrypted private key in PEM; ``KeyFileError`` unless it is one on P-256."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"private key: not an unencrypted PEM key ({error})") from None
    if not (isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)):
        raise KeyFileError("private key: not on the curve P-256")
    return key


def key_pem(key: PrivateKey) -> bytes:
    """Write a private key as unencrypted PKCS #8 PEM."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def load_public_key(der: bytes) -> PublicKey:
    """Read a SubjectPublicKeyInfo in DER; ``KeyFileError`` unless it is a key on P-256."""
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"public key: not a SubjectPublicKeyInfo ({error})") from None
    return p256(key, "public key")


def load_public_key_pem(pem: bytes) -> PublicKey:
    """Read a SubjectPublicKeyInfo in PEM; ``KeyFileError`` unless it is a key on P-256."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"public key: not PEM ({error})") from None
    return p256(key, "public key")


def public_der(key: PublicKey) -> bytes:
    """Write a public key as SubjectPublicKeyInfo in DER."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def p256(key: object, where: str) -> PublicKey:
    """``key`` if it is a public key on P-256, else ``KeyFileError``."""
    if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
        raise KeyFileError(f"{where}: not on the curve P-256")
    return key


def software_sign(key: PrivateKey) -> Sign:
    """Sign with a key in memory."""

    def sign(sha256: bytes) -> bytes:
        return key.sign(sha256, _PREHASHED)

    return sign


def raw_signature(der: bytes) -> bytes:
    """The 64 bytes r || s of any DER signature, its s made low; ``SignatureError`` if a signer's answer is not one."""
    try:
        r, s = utils.decode_dss_signature(der)
    except ValueError:
        raise SignatureError("signer: the answer is not a DER ECDSA signature") from None
    if not (0 < r < _ORDER and 0 < s < _ORDER):
        raise SignatureError("signer: the answer is out of range")
    return r.to_bytes(32, "big") + min(s, _ORDER - s).to_bytes(32, "big")


def der_signature(raw: bytes, where: str = "signature") -> bytes:
    """The DER form of r || s; ``FormatError`` unless it is 64 bytes, both in range, and s low."""
    if len(raw) != 64:
        raise FormatError(f"{where}: {len(raw)} bytes instead of 64")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    if not 0 < r < _ORDER:
        raise FormatError(f"{where}: r is out of range")
    if not 0 < s <= _ORDER // 2:
        raise FormatError(f"{where}: s is out of range or not low")
    return utils.encode_dss_signature(r, s)


def check_signature(key: PublicKey, der: bytes, sha256: bytes, where: str = "signature") -> None:
    """``SignatureError`` unless the DER signature over the digest is of this key."""
    try:
        key.verify(der, sha256, _PREHASHED)
    except InvalidSignature:
        raise SignatureError(f"{where}: does not fit what it signs") from None
