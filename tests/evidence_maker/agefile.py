"""age v1 files for X25519 recipients, chunk by chunk, and key files as ``age-keygen`` writes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK = 65536
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


@dataclass(frozen=True)
class Recipient:
    """An X25519 key pair, always the same for a seed."""

    seed: str

    @property
    def secret(self) -> X25519PrivateKey:
        """The private key."""
        return X25519PrivateKey.from_private_bytes(hashlib.sha256(self.seed.encode()).digest())

    @property
    def public(self) -> bytes:
        """The public key."""
        return self.secret.public_key().public_bytes_raw()

    @property
    def address(self) -> str:
        """``age1...``."""
        return bech32("age", self.public)

    @property
    def key_file(self) -> str:
        """The file of the private key."""
        secret = bech32("age-secret-key-", self.secret.private_bytes_raw()).upper()
        return f"# created: 2026-01-01T00:00:00Z\n# public key: {self.address}\n{secret}\n"

    def stanza(self, file_key: bytes, drawn: bytes) -> bytes:
        """Wraps a file key, with an ephemeral key of these bytes."""
        ephemeral = X25519PrivateKey.from_private_bytes(drawn)
        share = ephemeral.public_key().public_bytes_raw()
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.public))
        wrap = _hkdf(shared, share + self.public, b"age-encryption.org/v1/X25519")
        body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
        return b"-> X25519 " + b64(share) + b"\n" + b64(body) + b"\n"


class Wraps(Protocol):
    """A recipient of any class."""

    def stanza(self, file_key: bytes, drawn: bytes) -> bytes:
        """What a header says to it."""


class AgeFile:
    """Writes one file; ``data`` is the ciphertext so far.  All randomness comes from ``seed``."""

    def __init__(self, recipients: tuple[Wraps, ...], seed: str) -> None:
        self._seed = seed
        self._count = 0
        file_key = self._random("file key", 16)
        header = b"age-encryption.org/v1\n"
        for index, recipient in enumerate(recipients):
            header += recipient.stanza(file_key, self._random(f"ephemeral {index}", 32))
        header += b"---"
        mac = hmac.new(_hkdf(file_key, b"", b"header"), header, hashlib.sha256).digest()
        nonce = self._random("nonce", 16)
        self._aead = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
        self.data = bytearray(header + b" " + b64(mac) + b"\n" + nonce)

    def chunks(self, plain: bytes) -> None:
        """Whole chunks, none of them the last."""
        for start in range(0, len(plain), CHUNK):
            self._chunk(plain[start : start + CHUNK], final=False)

    def close(self, plain: bytes) -> None:
        """The last chunk."""
        self._chunk(plain, final=True)

    def _chunk(self, plain: bytes, *, final: bool) -> None:
        self.data += self._aead.encrypt(self._count.to_bytes(11, "big") + bytes([final]), plain, None)
        self._count += 1

    def _random(self, what: str, size: int) -> bytes:
        return hashlib.sha256(f"{self._seed} {what}".encode()).digest()[:size]


def _hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)


def b64(data: bytes) -> bytes:
    """Unpadded base64."""
    return base64.b64encode(data).rstrip(b"=")


def bech32(prefix: str, data: bytes) -> str:
    """A key as age spells it."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    words = [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]
    expanded = [ord(each) >> 5 for each in prefix] + [0] + [ord(each) & 31 for each in prefix]
    check = _polymod([*expanded, *words, 0, 0, 0, 0, 0, 0]) ^ 1
    words += [check >> 5 * (5 - each) & 31 for each in range(6)]
    return prefix + "1" + "".join(_ALPHABET[word] for word in words)


def _polymod(words: list[int]) -> int:
    check = 1
    for word in words:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ word
        for index, generator in enumerate(_GENERATOR):
            check ^= generator if top >> index & 1 else 0
    return check
