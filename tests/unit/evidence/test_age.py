"""age files: any age tool opens them, whole or cut off, and nothing here can."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pyrage
import pytest

from firmware.evidence.age import CHUNK, SEALED_CHUNK, AgeWriter
from firmware.evidence.recipients import Recipients, derive
from tests.oracles import needs
from tests.pki import Pki


@pytest.fixture(scope="module")
def recipients(pki: Pki) -> Recipients:
    """Authority and escrow."""
    return Recipients.parse(pki.recipients)


def write(recipients: Recipients, whole: int, last: int) -> tuple[bytes, bytes]:
    """The plaintext and the file of so many whole chunks and a last one of so many bytes."""
    plain = os.urandom(whole * CHUNK + last)
    writer = AgeWriter(recipients, os.urandom)
    sealed = bytes(writer.header + writer.chunks(plain[: whole * CHUNK]) + writer.close(plain[whole * CHUNK :]))
    return plain, sealed


@pytest.mark.parametrize(
    ("whole", "last"), [(0, 1), (0, 8), (0, CHUNK - 1), (0, CHUNK), (1, 1), (1, CHUNK), (2, 8), (17, 100)]
)
def test_pyrage_opens(pki: Pki, recipients: Recipients, whole: int, last: int) -> None:
    """Another implementation opens the file with the authority's key, and with escrow's."""
    plain, sealed = write(recipients, whole, last)
    for identity in (pki.authority_identity, pki.escrow_identity):
        assert pyrage.decrypt(sealed, [identity]) == plain
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [pyrage.x25519.Identity.generate()])


def test_chunks_are_exact(recipients: Recipients) -> None:
    """Each call yields its chunks and nothing else, whatever the buffer's type, so that a flush ends where its chunk
    ends."""
    writer = AgeWriter(recipients, os.urandom)
    assert writer.chunks(b"") == b""
    assert len(writer.chunks(bytearray(CHUNK))) == SEALED_CHUNK
    assert len(writer.chunks(memoryview(bytes(3 * CHUNK)))) == 3 * SEALED_CHUNK
    assert len(writer.close(b"12345678")) == 8 + 16


def test_cut_at_each_border(pki: Pki, recipients: Recipients, tmp_path: Path) -> None:
    """A file that was cut at the border of a chunk, or inside the next, yields exactly its whole chunks, and then an
    error."""
    plain, sealed = write(recipients, 4, 8)
    header = len(sealed) - 4 * SEALED_CHUNK - 24
    cut, out = tmp_path / "cut.age", tmp_path / "out"
    for chunks in range(5):
        for more in (0, 1, 23):
            cut.write_bytes(sealed[: header + chunks * SEALED_CHUNK + more])
            with cut.open("rb") as source, out.open("wb") as target, pytest.raises((OSError, pyrage.DecryptError)):
                pyrage.decrypt_io(source, target, [pki.escrow_identity])
            assert out.read_bytes() == plain[: chunks * CHUNK]


@needs("age")
def test_age_opens(pki: Pki, recipients: Recipients, tmp_path: Path) -> None:
    """The stock tool opens a closed file, and yields the whole chunks of one that was cut off before it reports the end
    missing."""
    plain, sealed = write(recipients, 3, 8)
    key, whole, cut = tmp_path / "key", tmp_path / "whole.age", tmp_path / "cut.age"
    key.write_text(f"{pki.authority_identity}\n")
    whole.write_bytes(sealed)
    cut.write_bytes(sealed[: -24 - SEALED_CHUNK])
    opened = subprocess.run(["age", "-d", "-i", key, whole], capture_output=True, check=True)
    assert opened.stdout == plain
    prefix = subprocess.run(["age", "-d", "-i", key, cut], capture_output=True, check=False)
    assert prefix.stdout == plain[: 2 * CHUNK]
    assert prefix.returncode == 1


def test_one_key_a_file(recipients: Recipients) -> None:
    """The same plaintext is never the same file: file key, nonce and shares are drawn afresh."""
    writers = [AgeWriter(recipients, os.urandom) for _ in range(2)]
    assert writers[0].header != writers[1].header
    assert writers[0].chunks(bytes(CHUNK)) != writers[1].chunks(bytes(CHUNK))


def test_randomness_comes_in(recipients: Recipients) -> None:
    """All randomness is drawn from what was handed in: the same bytes make the same file."""

    def files() -> bytes:
        counter = iter(range(1000))
        writer = AgeWriter(recipients, lambda size: hashlib.shake_256(bytes((next(counter),))).digest(size))
        return bytes(writer.header + writer.close(b"x"))

    assert files() == files()


def test_what_is_drawn_is_overwritten(recipients: Recipients) -> None:
    """Randomness that came in a bytearray is overwritten once it was used; the nonce, which the header shows, is not."""
    drawn: list[bytearray] = []

    def random(size: int) -> bytearray:
        drawn.append(bytearray(os.urandom(size)))
        return drawn[-1]

    writer = AgeWriter(recipients, random)
    assert [any(each) for each in drawn] == [False, False, False, True]
    assert writer.header.endswith(drawn[-1])


def test_closed_is_closed(recipients: Recipients) -> None:
    """After the last chunk, or after forgetting, nothing more is written, and the key is overwritten."""
    closed, forgotten = AgeWriter(recipients, os.urandom), AgeWriter(recipients, os.urandom)
    assert any(closed._key)
    closed.close(b"x")
    forgotten.forget()
    forgotten.forget()
    for writer in (closed, forgotten):
        assert not any(writer._key)
        with pytest.raises(ValueError, match="closed"):
            writer.chunks(bytes(CHUNK))
        with pytest.raises(ValueError, match="closed"):
            writer.close(b"x")


def test_sizes(recipients: Recipients) -> None:
    """What is no whole chunk, and an empty or oversized last chunk, are refused; the file goes on."""
    writer = AgeWriter(recipients, os.urandom)
    for size in (1, CHUNK - 1, CHUNK + 1):
        with pytest.raises(ValueError, match="multiple"):
            writer.chunks(bytes(size))
    for size in (0, CHUNK + 1):
        with pytest.raises(ValueError, match="last chunk"):
            writer.close(bytes(size))
    assert writer.close(b"x")


def test_derive_is_hkdf() -> None:
    """Keys are derived by HKDF-SHA-256 (RFC 5869, test case 1, cut to 32 bytes)."""
    okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    assert derive(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA))).hex() == okm
