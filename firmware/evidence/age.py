"""An age v1 file, written a chunk at a time to public keys alone.

The writer keeps no more than the key of the file that it is writing, and overwrites that when the file is closed: what
is on storage cannot be decrypted by the camera.  A file that was cut off yields all its whole chunks to any age tool.
"""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from firmware.evidence.recipients import Random, Recipients, base64_text, derive, draw, overwrite, parse_recipient

__all__ = ["CHUNK", "SEALED_CHUNK", "AgeWriter", "Recipients", "parse_recipient"]

CHUNK = 65536
"""Plain bytes in a chunk."""

SEALED_CHUNK = CHUNK + 16
"""Bytes of a whole chunk on storage."""

_VERSION = b"age-encryption.org/v1\n"


class AgeWriter:
    """One file: append ``header``, then what ``chunks`` returns as often as wanted, then what ``close`` returns."""

    def __init__(self, recipients: Recipients, random: Random) -> None:
        """Draw a fresh file key and wrap it for the recipients."""
        file_key = draw(random, 16)
        head = _VERSION + b"".join(recipients.stanzas(file_key, random)) + b"---"
        mac_key = derive(file_key, b"", b"header")
        nonce = bytes(random(16))
        self.header = head + b" " + base64_text(hmac.digest(mac_key, head, "sha256")) + b"\n" + nonce
        self._key = derive(file_key, nonce, b"payload")
        self._cipher: ChaCha20Poly1305 | None = ChaCha20Poly1305(self._key)
        self._chunk = 0
        overwrite(mac_key)
        overwrite(file_key)

    def chunks(self, plain: bytes | bytearray | memoryview) -> bytearray:
        """Encrypt any number of whole chunks that are not the file's last."""
        count, left = divmod(len(plain), CHUNK)
        if left:
            raise ValueError(f"{len(plain)} bytes are no multiple of {CHUNK}")
        sealed = bytearray(count * SEALED_CHUNK)
        source, target = memoryview(plain), memoryview(sealed)
        for index in range(count):
            self._seal(source[index * CHUNK :][:CHUNK], target[index * SEALED_CHUNK :][:SEALED_CHUNK], last=False)
        return sealed

    def close(self, last: bytes | bytearray | memoryview) -> bytearray:
        """Encrypt the last chunk of 1 to 65536 bytes (age allows no empty one) and forget the key."""
        if not 1 <= len(last) <= CHUNK:
            raise ValueError(f"the last chunk has 1 to {CHUNK} bytes, not {len(last)}")
        sealed = bytearray(len(last) + SEALED_CHUNK - CHUNK)
        self._seal(memoryview(last), memoryview(sealed), last=True)
        self.forget()
        return sealed

    def forget(self) -> None:
        """Overwrite the key; nothing can be written after that.  Harmless when closed."""
        self._cipher = None
        overwrite(self._key)

    def _seal(self, plain: memoryview, sealed: memoryview, *, last: bool) -> None:
        """Encrypt one chunk in place, under its number."""
        if self._cipher is None:
            raise ValueError("the file is closed")
        nonce = self._chunk.to_bytes(11, "big") + bytes((last,))
        self._cipher.encrypt_into(nonce, plain, None, sealed)
        self._chunk += 1
