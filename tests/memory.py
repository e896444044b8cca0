"""What a running process holds in its memory, and the secrets behind an age file that must not stay there."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_BLOCK = 1 << 16
_MASK = 0x5A


@dataclass(frozen=True)
class Memory:
    """A copy of every writable page of a process that is not all zeros, in runs of pages that lie side by side."""

    runs: Sequence[bytes]

    @classmethod
    def of(cls, process_id: int) -> Memory:
        """Read it.  A process may read its child's; one that runs on meanwhile is read as it changes."""
        process = Path("/proc") / str(process_id)
        runs: list[bytes] = []
        with (process / "maps").open() as maps, (process / "mem").open("rb", 0) as memory:
            for line in list(maps):
                span, rights, *_ = line.split()
                start, end = (int(text, 16) for text in span.split("-"))
                if rights.startswith("rw"):
                    memory.seek(start)
                    runs += _runs(memory.read(end - start))
        return cls(runs)

    def holds(self, secret: bytes | bytearray) -> bool:
        """Whether it is anywhere in there."""
        return any(secret in run for run in self.runs)

    def found(self, secrets: Mapping[str, bytes]) -> set[str]:
        """The names of those that are in there."""
        return {name for name, secret in secrets.items() if self.holds(secret)}


def _runs(data: bytes) -> Iterator[bytes]:
    """The runs of blocks that hold anything."""
    run: list[bytes] = []
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK]
        if block.count(0) < len(block):
            run.append(block)
        elif run:
            yield b"".join(run)
            run = []
    if run:
        yield b"".join(run)


def masked(secret: bytes | bytearray) -> bytes:
    """A secret, or one that was masked, so that the one can be told without leaving the other in memory."""
    return bytes(byte ^ _MASK for byte in secret)


def secrets_of(file: bytes, identities: Sequence[X25519PrivateKey]) -> dict[str, bytes]:
    """All that could open an age file with these X25519 recipients, in their order, computed from its header anew: each recipient's shared
    secret and the key that wraps, the file key, the payload key, the header's key, and what HKDF makes on the way to each (``... seed``).

    What it cannot tell is the ephemeral private keys, which only the writer ever had.
    """
    version, *lines = file.split(b"\n", 1 + 2 * len(identities) + 1)
    assert version == b"age-encryption.org/v1"
    found: dict[str, bytes] = {}
    for index, identity in enumerate(identities):
        kind, share = lines[2 * index].removeprefix(b"-> ").split(b" ")
        assert kind == b"X25519"
        public = identity.public_key().public_bytes_raw()
        shared = identity.exchange(X25519PublicKey.from_public_bytes(_unpadded(share)))
        found[f"shared secret {index}"] = shared
        seed, key = _hkdf(shared, _unpadded(share) + public, b"age-encryption.org/v1/X25519")
        found |= {f"wrapping seed {index}": seed, f"wrapping key {index}": key}
        file_key = ChaCha20Poly1305(key).decrypt(bytes(12), _unpadded(lines[2 * index + 1]), None)
        assert found.setdefault("file key", file_key) == file_key
    return found | derived(found["file key"], lines[-1][:16])


def derived(file_key: bytes, nonce: bytes) -> dict[str, bytes]:
    """A file key, and all that is made of it."""
    found = {"file key": file_key}
    for name, salt in (("header", b""), ("payload", nonce)):
        found[f"{name} seed"], found[f"{name} key"] = _hkdf(file_key, salt, name.encode())
    return found


def _hkdf(key: bytes, salt: bytes, info: bytes) -> tuple[bytes, bytes]:
    """HKDF-SHA-256 (RFC 5869): the pseudorandom key, and 32 bytes of output."""
    seed = hmac.digest(salt or bytes(32), key, "sha256")
    return seed, hmac.digest(seed, info + b"\1", "sha256")


def _unpadded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4))
