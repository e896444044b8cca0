"""One encrypted file that grows flush by flush."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firmware.evidence.age import AgeWriter
    from firmware.runtime.beside import Beside
    from hal.interface import File


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a file goes, and the hash of all of it, in hexadecimal."""

    length: int
    hash: str

    def as_json(self) -> dict[str, object]:
        """As the evidence format writes it."""
        return {"length": self.length, "hash": self.hash}


class SealedFile:
    """Encrypts, appends, syncs, and hashes beside that.  Plaintext comes in whole chunks, so that each flush ends on a chunk of the age file.

    What is hashed beside is nobody else's to change until ``append`` returns: plaintext is immutable, ciphertext a buffer of that flush alone.
    """

    def __init__(self, name: str, file: File, age: AgeWriter, hashing: Beside) -> None:
        self.name = name
        self._hashing = hashing
        self._file = file
        self._age = age
        self._cipher = hashlib.sha256()
        self._plain = hashlib.sha256()
        self._lengths = [0, 0]
        self._pending = age.header

    def append(self, plain: bytes, end: bytes = b"") -> tuple[Extent, Extent]:
        """Make ``plain`` (a multiple of 65536 bytes) durable, and close the file with ``end`` if there is one.

        Returns the extents of ciphertext and plaintext from the file's first byte on.  ``OSError`` when the storage fails; then nothing
        more can be appended.
        """
        whole = plain + end if end else plain
        plain_hashed = self._hashing.begin(len(whole), partial(self._plain.update, whole))
        sealed: bytes | bytearray = self._age.chunks(plain)
        if self._pending or end:
            sealed = b"".join((self._pending, sealed, self._age.close(end) if end else b""))
        cipher_hashed = self._hashing.begin(len(sealed), partial(self._cipher.update, sealed))
        self._pending = b""
        self._file.append(sealed)
        self._file.sync()
        if end:
            self._file.reserve(0)
            self._file.close()
        for hashed in (plain_hashed, cipher_hashed):
            hashed.result()  # a hash that was not made is never taken for one that was
        return self._extent(self._cipher, 0, sealed), self._extent(self._plain, 1, whole)

    def abandon(self) -> None:
        """Forget the key and leave the file as it is."""
        self._age.forget()
        self._file.close()

    def _extent(self, state: hashlib._Hash, which: int, data: bytes | bytearray) -> Extent:
        self._lengths[which] += len(data)
        return Extent(self._lengths[which], state.copy().hexdigest())
