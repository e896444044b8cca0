"""Key pairs for age, in the files that ``age-keygen`` and ``age-keygen -pq`` write."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from firmware.evidence import bech32


@dataclass(frozen=True, slots=True)
class AgeKey:
    """A key pair: the recipient that cameras encrypt to, and the identity that opens what they encrypted."""

    recipient: str
    identity: str = field(repr=False)

    @classmethod
    def generate(cls, *, post_quantum: bool = False) -> AgeKey:
        """A new key pair: X25519, or the hybrid of ML-KEM-768 and X25519 that a quantum computer does not open."""
        secret = secrets.token_bytes(32)
        if post_quantum:
            return cls(bech32.encode("age1pq", _hybrid_public(secret)), _identity("age-secret-key-pq-", secret))
        public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        return cls(bech32.encode("age", public), _identity("age-secret-key-", secret))

    def file(self, created: datetime) -> bytes:
        """The key file, letter for letter as ``age-keygen`` writes it."""
        stamp = created.isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"# created: {stamp}\n# public key: {self.recipient}\n{self.identity}\n".encode()


def _identity(prefix: str, secret: bytes) -> str:
    """Identities are spelt in capitals."""
    return bech32.encode(prefix, secret).upper()


def _hybrid_public(seed: bytes) -> bytes:
    """The public key of a hybrid identity: its 32 bytes are a seed for the keys of both halves."""
    expanded = hashlib.shake_256(seed).digest(96)
    first = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    return first + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()
