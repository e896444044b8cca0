"""The device's key in a file, for a board that has nothing better; every manifest says so.

What guards it is the file's mode, and that nobody but the service's user gets in: whoever reads the card has the key.  It has no counter,
since whoever puts an old card's contents back would set that back too.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path
from typing import Final

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

OWN: Final = 0o600
_DIGEST_BYTES: Final = 32
_LIMIT: Final = 4096  # bytes; a key has 241


class KeyFile:
    """Signs with the key in a file.  Where there is none, or others may read it, each use is an ``OSError``."""

    def __init__(self, path: Path) -> None:
        """A signer with the PEM key at ``path``, read at first use."""
        self._path = path
        self._key: ec.EllipticCurvePrivateKey | None = None

    @property
    def kind(self) -> str:
        """The key lives in software."""
        return "software"

    def create(self) -> bytes:
        """Make the key unless it is there, whole or not at all, and return the public key.  ``OSError`` if what is there is of no use."""
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
        """There is none."""
        return None

    def advance(self) -> int | None:
        """There is none."""
        return None

    def _loaded(self) -> ec.EllipticCurvePrivateKey:
        if self._key is None:
            self._key = _parse(_guarded(self._path), self._path)
        return self._key


def _place(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write it beside its place, sync it, and link it there: a cut leaves all or nothing, and a key that is there stays."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, OWN)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            stream.flush()
            os.fsync(file)
        os.link(fresh, path, follow_symlinks=False)
    finally:
        fresh.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _guarded(path: Path) -> bytes:
    """What the file holds; ``OSError`` unless it is a file of ours that nobody else may touch."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise OSError(errno.EPERM, "the key is no file of the service's own", str(path))
        if status.st_mode & 0o077:
            raise OSError(
                errno.EPERM, f"others may touch the key: its mode is {stat.S_IMODE(status.st_mode):o}", str(path)
            )
        return os.read(file, _LIMIT)
    finally:
        os.close(file)


def _parse(pem: bytes, path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise OSError(errno.EINVAL, "not an unencrypted PEM key", str(path)) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise OSError(errno.EINVAL, "not a P-256 key", str(path))
    return key
