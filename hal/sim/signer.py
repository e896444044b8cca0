"""The simulated secure element: a P-256 key in a PEM file, and a counter in another."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_DIGEST_BYTES = 32


class SoftwareSigner:
    """Signs with a key in a file.  A camera that was not enrolled yet has none: then each use is an ``OSError``."""

    def __init__(self, key: Path, counter: Path | None = None) -> None:
        """A signer with the unencrypted PEM key at ``key``, read at first use; without ``counter`` it has none."""
        self._path = key
        self._counter = counter
        self._key: ec.EllipticCurvePrivateKey | None = None

    @property
    def kind(self) -> str:
        """The key lives in software."""
        return "software"

    def create(self) -> bytes:
        """Make the key unless it is there, whole or not at all, and return the public key."""
        if not os.path.lexists(self._path):
            _place(self._path, ec.generate_private_key(ec.SECP256R1()))
        return self.public_key()

    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        return self._loaded().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign_digest(self, digest: bytes) -> bytes:
        """The DER ECDSA signature over a SHA-256 digest of 32 bytes."""
        if len(digest) != _DIGEST_BYTES:
            raise ValueError(f"a SHA-256 digest has 32 bytes, not {len(digest)}")
        return self._loaded().sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))

    def counter(self) -> int | None:
        """The counter; None if this signer has none."""
        if self._counter is None:
            return None
        try:
            return int(self._counter.read_text())
        except FileNotFoundError:
            return 0
        except ValueError:
            raise OSError(errno.EIO, "the counter is not a number", str(self._counter)) from None

    def advance(self) -> int | None:
        """Count one up, durably."""
        value = self.counter()
        if self._counter is None or value is None:
            return None
        fresh = self._counter.with_suffix(".new")
        with fresh.open("w") as file:
            file.write(f"{value + 1}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._counter)
        return value + 1

    def _loaded(self) -> ec.EllipticCurvePrivateKey:
        if self._key is None:
            self._key = _load(self._path)
        return self._key


def _place(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write it beside its place, and link it there: a key that is there stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    os.link(fresh, path)
    fresh.unlink()


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise OSError(errno.EINVAL, "not an unencrypted PEM key", str(path)) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise OSError(errno.EINVAL, "not a P-256 key", str(path))
    return key
