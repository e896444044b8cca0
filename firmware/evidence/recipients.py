"""Whom a file is encrypted to: the recipient classes of age v1 (``age-encryption.org/v1``, C2SP).

A file has at least two recipients, so that one lost key never means lost footage, and all of one class, since a file is
as strong as its weakest recipient.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from firmware.evidence import bech32
from firmware.evidence.errors import RecipientError

Random = Callable[[int], bytes | bytearray]
"""Draws this many secret random bytes, like ``os.urandom``; only a bytearray can be overwritten after use."""

FEWEST, MOST = 2, 16
LONGEST = 4096
_FIELD = 2**255 - 19
_MLKEM = 1184
_ENCAPSULATED = 1120
_HPKE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


def derive(key: bytes | bytearray, salt: bytes, info: bytes) -> bytearray:
    """HKDF-SHA-256 to 32 bytes that can be overwritten."""
    derived = bytearray(32)
    HKDF(hashes.SHA256(), 32, salt, info).derive_into(key, derived)
    return derived


def overwrite(key: bytearray) -> None:
    """Leave nothing of a key."""
    key[:] = bytes(len(key))


def draw(random: Random, size: int) -> bytearray:
    """Random bytes that can be overwritten.  Where ``random`` hands out bytearrays, no other copy is made."""
    drawn = random(size)
    return drawn if isinstance(drawn, bytearray) else bytearray(drawn)


def base64_text(data: bytes) -> bytes:
    """Unpadded base64, as an age header has it."""
    return base64.b64encode(data).rstrip(b"=")


Wrap = Callable[[bytes, bytearray, Random], bytes]
"""Makes the stanza that wraps a file key for a public key."""


@dataclass(frozen=True, slots=True)
class RecipientClass:
    """One row: name, bech32 prefix, size of a key in bytes, what refuses a bad one, and how to wrap for it."""

    name: str
    prefix: str
    size: int
    check: Callable[[bytes], None]
    wrap: Wrap


def _check_x25519(key: bytes) -> None:
    """Refuse what would encrypt to nobody."""
    if int.from_bytes(key, "little") >= _FIELD:
        raise RecipientError("not the canonical form of a key")
    try:
        X25519PrivateKey.from_private_bytes(bytes(32)).exchange(X25519PublicKey.from_public_bytes(key))
    except ValueError:
        raise RecipientError("a key of low order, which keeps nothing secret") from None


def _wrap_x25519(key: bytes, file_key: bytearray, random: Random) -> bytes:
    """The X25519 stanza.

    What the exchange yields is the one secret that the library hands out as bytes: nobody keeps it, but it cannot be
    overwritten.
    """
    secret = draw(random, 32)
    ephemeral = X25519PrivateKey.from_private_bytes(secret)
    overwrite(secret)
    share = ephemeral.public_key().public_bytes_raw()
    salt = share + key
    wrapping = derive(ephemeral.exchange(X25519PublicKey.from_public_bytes(key)), salt, b"age-encryption.org/v1/X25519")
    body = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    overwrite(wrapping)
    return b"-> X25519 " + base64_text(share) + b"\n" + base64_text(body) + b"\n"


def _hybrid(key: bytes) -> hpke.MLKEM768X25519PublicKey:
    """The two halves of a hybrid key, which only both together open anything."""
    share = X25519PublicKey.from_public_bytes(key[_MLKEM:])
    return hpke.MLKEM768X25519PublicKey(MLKEM768PublicKey.from_public_bytes(key[:_MLKEM]), share)


def _check_hybrid(key: bytes) -> None:
    """Refuse what is no ML-KEM key, or has an X25519 half that keeps nothing secret."""
    try:
        _hybrid(key)
    except ValueError:
        raise RecipientError("its first half is no ML-KEM-768 key") from None
    _check_x25519(key[_MLKEM:])


def _wrap_hybrid(key: bytes, file_key: bytearray, _random: Random) -> bytes:
    """The hybrid stanza: HPKE in its base mode.  It draws its randomness itself."""
    sealed = _HPKE.encrypt(file_key, _hybrid(key), info=b"age-encryption.org/mlkem768x25519")
    share, body = sealed[:_ENCAPSULATED], sealed[_ENCAPSULATED:]
    return b"-> mlkem768x25519 " + base64_text(share) + b"\n" + base64_text(body) + b"\n"


CLASSES = (
    RecipientClass("X25519", "age", 32, _check_x25519, _wrap_x25519),
    RecipientClass("mlkem768x25519", "age1pq", 1216, _check_hybrid, _wrap_hybrid),
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One public key."""

    text: str
    key: bytes
    kind: RecipientClass


def parse_recipient(text: str) -> Recipient:
    """Read ``age1...``; ``RecipientError`` names the recipient and what is wrong with it."""
    if len(text) > LONGEST:
        raise RecipientError(f"recipient {text[:20]}...: too long")
    try:
        prefix, key = bech32.decode(text)
        kind = next((row for row in CLASSES if row.prefix == prefix), None)
        if kind is None:
            known = " or ".join(row.prefix for row in CLASSES)
            raise RecipientError(f"the prefix {prefix[:20]!r} is not that of an age public key ({known})")
        if len(key) != kind.size:
            raise RecipientError(f"{len(key)} bytes instead of {kind.size}")
        kind.check(key)
    except RecipientError as error:
        raise RecipientError(f"recipient {_shown(text)!r}: {error}") from None
    return Recipient(text, key, kind)


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom one file is encrypted to: two or more, all of one class.  ``parse`` makes it."""

    items: tuple[Recipient, ...]

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Recipients:
        """Read a set of recipients; ``RecipientError`` names what is wrong."""
        items = tuple(parse_recipient(text) for text in texts[: MOST + 1])
        if not FEWEST <= len(items) <= MOST:
            raise RecipientError(f"recipients: {len(texts)}, there have to be {FEWEST} to {MOST}")
        if len({item.key for item in items}) < len(items):
            raise RecipientError("recipients: the same key twice")
        kinds = {item.kind.name: item.kind for item in items}
        if len(kinds) > 1:
            raise RecipientError(f"recipients: the classes {' and '.join(sorted(kinds))} are mixed")
        return cls(items)

    def stanzas(self, file_key: bytearray, random: Random) -> Iterator[bytes]:
        """The file key, wrapped for each recipient."""
        return (item.kind.wrap(item.key, file_key, random) for item in self.items)


def _shown(text: str) -> str:
    """A recipient as a message shows it: a secret key, pasted in the wrong place, is not shown."""
    return "AGE-SECRET-KEY-..." if text.upper().startswith("AGE-SECRET-KEY-") else text[:80]
