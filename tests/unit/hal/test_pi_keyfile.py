"""The device key in a file: who may read it, and what a cut leaves of it."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hal.pi.keyfile import KeyFile

DIGEST = hashlib.sha256(b"message").digest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the key will be."""
    return tmp_path / "device.key.pem"


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    """A key file."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def lay(path: Path, data: bytes, mode: int = 0o600) -> KeyFile:
    """Somebody puts a file there."""
    path.write_bytes(data)
    path.chmod(mode)
    return KeyFile(path)


def test_without_a_key_each_use_says_so(path: Path) -> None:
    """Nothing makes a key by the way."""
    signer = KeyFile(path)
    for use in (signer.public_key, lambda: signer.sign_digest(DIGEST)):
        with pytest.raises(FileNotFoundError):
            use()
    assert not path.exists()


def test_nobody_else_may_touch_it_whatever_the_mask(path: Path) -> None:
    """A file of the service's own, and nothing beside it."""
    before = os.umask(0)
    try:
        KeyFile(path).create()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_nlink == 1


def test_what_is_there_stays(path: Path) -> None:
    """A second `create` makes no second key."""
    first = KeyFile(path).create()
    assert KeyFile(path).create() == first


def test_a_key_that_came_meanwhile_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that enrol at once: one key wins, the other one is refused, and nothing of it is left."""
    theirs = ec.generate_private_key(ec.SECP256R1())
    sync = os.fsync

    def meanwhile(file: int) -> None:
        sync(file)
        if not path.exists():
            lay(path, pem(theirs))

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(FileExistsError):
        KeyFile(path).create()
    monkeypatch.undo()
    public = theirs.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert KeyFile(path).public_key() == public
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failing", ["fsync", "link"])
def test_a_key_that_cannot_be_kept_is_none(path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    """A full or broken card: an error, and no file, whole or not."""

    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(os, failing, broken)
    with pytest.raises(OSError, match="no room"):
        KeyFile(path).create()
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o644, 0o666])
def test_a_key_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    """It may be known, so that nothing that it signs proves anything."""
    signer = lay(path, pem(ec.generate_private_key(ec.SECP256R1())), mode)
    for use in (signer.public_key, signer.create, lambda: signer.sign_digest(DIGEST)):
        with pytest.raises(PermissionError, match=f"others may touch the key: its mode is {mode:o}"):
            use()


def test_only_a_file_is_a_key(path: Path, tmp_path: Path) -> None:
    """Not what a link leads to, nor a folder, nor a pipe that nobody fills."""
    real = tmp_path / "real"
    lay(real, pem(ec.generate_private_key(ec.SECP256R1())))
    path.symlink_to(real)
    with pytest.raises(OSError, match="symbolic link"):
        KeyFile(path).create()
    path.unlink()
    for make in (os.mkdir, os.mkfifo):
        make(path, 0o600)
        with pytest.raises(PermissionError, match="no file of the service's own"):
            KeyFile(path).public_key()
        (os.rmdir if path.is_dir() else os.unlink)(path)


def test_another_user_s_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever laid it there knows it."""
    KeyFile(path).create()
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(PermissionError, match="no file of the service's own"):
        KeyFile(path).public_key()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not an unencrypted PEM key"),
        (b"nonsense", "not an unencrypted PEM key"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "not a P-256 key"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "not a P-256 key"),
    ],
    ids=["empty", "nonsense", "P-384", "Ed25519"],
)
def test_what_is_no_key_is_refused(path: Path, data: bytes, said: str) -> None:
    """With the path and the reason, and it is not replaced: it may be all that is left of a key."""
    signer = lay(path, data)
    for use in (signer.public_key, signer.create):
        with pytest.raises(OSError, match=said) as raised:
            use()
        assert raised.value.errno == errno.EINVAL
        assert raised.value.filename == str(path)
    assert path.read_bytes() == data
