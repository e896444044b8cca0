"""Recipients of the class ``mlkem768x25519`` (section 4), from the page alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.evidence_maker.agefile import b64, bech32
from tests.vector_maker.pinned import pinned

_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
_INFO = b"age-encryption.org/mlkem768x25519"
_SHARE = 1120


@dataclass(frozen=True)
class HybridRecipient:
    """A key pair, always the same for a seed."""

    seed: str

    @property
    def _identity(self) -> bytes:
        return hashlib.sha256(self.seed.encode()).digest()

    def _halves(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = hashlib.shake_256(self._identity).digest(96)
        return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])

    @property
    def address(self) -> str:
        """``age1pq1...``."""
        first, second = self._halves()
        return bech32("age1pq", first.public_key().public_bytes_raw() + second.public_key().public_bytes_raw())

    @property
    def key_file(self) -> str:
        """The file of the private key."""
        secret = bech32("age-secret-key-pq-", self._identity).upper()
        return f"# created: 2026-01-01T00:00:00Z\n# public key: {self.address}\n{secret}\n"

    def stanza(self, file_key: bytes, _drawn: bytes) -> bytes:
        """Wraps a file key.  The library draws for itself, so what it made is kept."""
        first, second = self._halves()
        public = hpke.MLKEM768X25519PublicKey(first.public_key(), second.public_key())
        sealed = pinned(lambda: _SUITE.encrypt(file_key, public, info=_INFO), b"hybrid", self._identity, file_key)
        return b"-> mlkem768x25519 " + b64(sealed[:_SHARE]) + b"\n" + b64(sealed[_SHARE:]) + b"\n"


HYBRID = (HybridRecipient("hybrid-authority"), HybridRecipient("hybrid-escrow"))
