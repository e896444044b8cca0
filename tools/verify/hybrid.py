"""age's post-quantum class ``mlkem768x25519`` (section 4): identities, stanzas and the payload, from age's
specification.

``pyrage`` knows none of it.  The payload, and the header's MAC, are those of the other class as well.  What is here is bounded: two chunks of
64 KiB are held at a time, and nothing is handed on that was not authenticated.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tools.verify.findings import need

NAME = "mlkem768x25519"
PREFIX = "AGE-SECRET-KEY-PQ-"
_RECIPIENT = "age1pq"
_INFO = b"age-encryption.org/mlkem768x25519"
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
SHARE, BODY, _SEED, _FILE_KEY, _NONCE, _TAG = 1120, 32, 32, 16, 16, 16
_CHUNK = 65536
_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_POLYNOMIAL = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class Stanza:
    """One recipient's part of a header: all arguments, the class first, and the body."""

    arguments: tuple[bytes, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key of this class, and the ``age1pq...`` that belongs to it."""

    recipient: str
    key: hpke.MLKEM768X25519PrivateKey


def read_identity(text: str) -> Identity:
    """Read ``AGE-SECRET-KEY-PQ-1...``; ``Refused`` unless it is one."""
    seed = from_bech32(text, PREFIX)
    need(len(seed) == _SEED, f"holds {len(seed)} bytes instead of {_SEED}")
    expanded = hashlib.shake_256(seed).digest(96)
    first, second = (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )
    public = first.public_key().public_bytes_raw() + second.public_key().public_bytes_raw()
    return Identity(_to_bech32(_RECIPIENT, public), hpke.MLKEM768X25519PrivateKey(first, second))


def check_stanza(stanza: Stanza, share: int = SHARE, body: int = BODY) -> None:
    """``Refused`` unless a stanza has the one shape that the specification gives to its class: one argument of ``share``
    bytes, a body of ``body``."""
    kind = stanza.arguments[0].decode()
    need(len(stanza.arguments) == 2, f"a {kind} stanza has {len(stanza.arguments) - 1} arguments instead of one")
    need(len(unpadded(stanza.arguments[1])) == share, f"the share of a {kind} stanza is not {share} bytes long")
    need(len(unpadded(stanza.body)) == body, f"the body of a {kind} stanza is not {body} bytes long")


def unwrap(stanzas: Iterable[Stanza], identities: Sequence[Identity]) -> bytes | None:
    """The file key, if one of the identities opens one of the stanzas."""
    for stanza in stanzas:
        sealed = unpadded(stanza.arguments[1]) + unpadded(stanza.body)
        for identity in identities:
            try:
                return _SUITE.decrypt(sealed, identity.key, info=_INFO)
            except (InvalidTag, ValueError):
                continue
    return None


def check_mac(file_key: bytes, head: bytes, mac: bytes) -> None:
    """``Refused`` unless the header, up to and including its ``---``, is the one that the file key vouches for."""
    need(len(file_key) == _FILE_KEY, f"the file key has {len(file_key)} bytes instead of {_FILE_KEY}")
    expected = hmac.digest(derive(file_key, b"", b"header"), head, "sha256")
    need(hmac.compare_digest(unpadded(mac), expected), "cannot be decrypted: the header's MAC is wrong")


def open_payload(file: BinaryIO, file_key: bytes, write: Callable[[bytes], object]) -> bool:
    """Hand on the payload chunk by chunk as far as it is authentic; whether it goes to its end.  ``file`` stands behind
    the header."""
    nonce = file.read(_NONCE)
    if len(nonce) < _NONCE:
        return False
    cipher = ChaCha20Poly1305(derive(file_key, nonce, b"payload"))
    sealed, number = file.read(_CHUNK + _TAG), 0
    while sealed:
        behind = file.read(_CHUNK + _TAG)
        plain = None if behind else _chunk(cipher, number, sealed, last=True)
        if plain is not None:
            if not plain and number:
                return False  # a last chunk is empty only where the whole payload is
            write(plain)
            return True
        plain = _chunk(cipher, number, sealed, last=False) if len(sealed) == _CHUNK + _TAG else None
        if plain is None:
            return False
        write(plain)
        sealed, number = behind, number + 1
    return False


def _chunk(cipher: ChaCha20Poly1305, number: int, sealed: bytes, *, last: bool) -> bytes | None:
    try:
        return cipher.decrypt(number.to_bytes(11, "big") + bytes((last,)), sealed, None)
    except InvalidTag:
        return None


def derive(file_key: bytes, salt: bytes, info: bytes) -> bytes:
    """A key of 32 bytes from another one."""
    return HKDF(hashes.SHA256(), 32, salt, info).derive(file_key)


def unpadded(text: bytes) -> bytes:
    """Unpadded base64 in its one spelling."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        data = b""
    need(data and base64.b64encode(data).rstrip(b"=") == text, "the age header holds base64 that is not canonical")
    return data


def from_bech32(text: str, prefix: str) -> bytes:
    """The data behind a prefix in capitals (BIP 173); ``Refused`` unless it is spelt as it has to be."""
    need(len(text) <= _LONGEST and text.startswith(f"{prefix}1"), f"does not begin with {prefix}1")
    values = [_LETTERS.find(each) for each in text[len(prefix) + 1 :].lower()]
    need(text.isascii() and text == text.upper() and -1 not in values, "holds a character that no key has")
    need(len(values) > 6 and _checksum(prefix.lower(), values) == 1, "its checksum does not fit")
    bits = "".join(f"{value:05b}" for value in values[:-6])
    spare = len(bits) % 8
    need(spare < 5 and "1" not in bits[len(bits) - spare :], "its padding is not zero")
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - spare, 8))


def _to_bech32(prefix: str, data: bytes) -> str:
    bits = "".join(f"{each:08b}" for each in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]
    check = _checksum(prefix, [*values, 0, 0, 0, 0, 0, 0]) ^ 1
    values += [check >> 5 * (5 - index) & 31 for index in range(6)]
    return f"{prefix}1{''.join(_LETTERS[value] for value in values)}"


def _checksum(prefix: str, values: Sequence[int]) -> int:
    check = 1
    for value in [*(ord(each) >> 5 for each in prefix), 0, *(ord(each) & 31 for each in prefix), *values]:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, mask in enumerate(_POLYNOMIAL):
            check ^= mask if top >> bit & 1 else 0
    return check
