"""age's class ``X25519`` (section 4): the file key, from age's specification.

``pyrage``, an implementation by others, opens each header first; what decrypts all that follows is ``hybrid``, which is several times as fast and lets other
threads work meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tools.verify.hybrid import Stanza, derive, from_bech32, unpadded

NAME = "X25519"
_PREFIX = "AGE-SECRET-KEY-"
_INFO = b"age-encryption.org/v1/X25519"


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key of this class, for ``pyrage`` and for us, and the ``age1...`` that belongs to it."""

    recipient: str
    theirs: pyrage.x25519.Identity
    key: X25519PrivateKey


def read_identity(text: str) -> Identity:
    """Read ``AGE-SECRET-KEY-1...``; ``pyrage.IdentityError`` unless it is one."""
    theirs = pyrage.x25519.Identity.from_str(text)
    return Identity(
        str(theirs.to_public()),
        theirs,
        X25519PrivateKey.from_private_bytes(from_bech32(str(theirs), _PREFIX)),
    )


def unwrap(stanzas: Iterable[Stanza], identities: Sequence[Identity]) -> bytes | None:
    """The file key, if one of the identities opens one of the stanzas of this class."""
    for stanza in stanzas:
        if stanza.arguments[0] != NAME.encode() or len(stanza.arguments) != 2:  # others may stand beside them
            continue
        share, body = unpadded(stanza.arguments[1]), unpadded(stanza.body)
        for identity in identities:
            try:
                shared = identity.key.exchange(X25519PublicKey.from_public_bytes(share))
                salt = share + identity.key.public_key().public_bytes_raw()
                return ChaCha20Poly1305(derive(shared, salt, _INFO)).decrypt(bytes(12), body, None)
            except (InvalidTag, ValueError):
                continue
    return None
