"""Key pairs for age, in the files that ``age-keygen`` writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from firmware.evidence import bech32


@dataclass(frozen=True, slots=True)
class AgeKey:
    """A key pair: the recipient that cameras encrypt to, and the identity that opens what they encrypted."""

    recipient: str
    identity: str = field(repr=False)

    @classmethod
    def generate(cls) -> AgeKey:
        """A new X25519 key pair."""
        key = X25519PrivateKey.generate()
        recipient = bech32.encode("age", key.public_key().public_bytes_raw())
        return cls(recipient, bech32.encode("age-secret-key-", key.private_bytes_raw()).upper())

    def file(self, created: datetime) -> bytes:
        """The key file, letter for letter as ``age-keygen`` writes it."""
        stamp = created.isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"# created: {stamp}\n# public key: {self.recipient}\n{self.identity}\n".encode()
