"""What sealing cannot be faster than: the ciphers and hashes alone, the writes and syncs alone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from firmware.evidence.age import CHUNK, SEALED_CHUNK
from firmware.runtime.recording import RESERVE_JOURNAL, RESERVE_SEGMENT
from hal.pi.storage import PiStorage

HASHES: Final = 3
LINE: Final = bytes(1_250)
"""As long as a journal line."""
FLUSHES_A_FILE: Final = 20


def compute(plain: bytes) -> None:
    """Encrypt in chunks of 64 KiB, and hash three times: on this thread, and nothing is kept."""
    cipher, sealed, view = ChaCha20Poly1305(os.urandom(32)), memoryview(bytearray(SEALED_CHUNK)), memoryview(plain)
    states = [hashlib.sha256() for _ in range(HASHES)]
    for number, begin in enumerate(range(0, len(plain), CHUNK)):
        chunk = view[begin : begin + CHUNK]
        cipher.encrypt_into(number.to_bytes(12, "big"), chunk, None, sealed[: len(chunk) + SEALED_CHUNK - CHUNK])
        for state in states:
            state.update(chunk)


def writes(plain: bytes, flushes: int, place: Path) -> int:
    """Write the bytes in so many pieces to files in ``place``, and behind each a line to another: all are synced, as are the names of new
    files.  How many syncs these were."""
    place.mkdir()
    folder, view, syncs = PiStorage(place, partition=False).root(), memoryview(plain), 0
    lines = folder.create("lines")
    lines.reserve(RESERVE_JOURNAL)
    size = -(-len(plain) // flushes)
    for number in range(flushes):
        if not number % FLUSHES_A_FILE:
            file = folder.create(f"{number}")
            file.reserve(RESERVE_SEGMENT)
            folder.sync()
            syncs += 1
        file.append(view[number * size : (number + 1) * size])
        file.sync()
        lines.append(LINE)
        lines.sync()
        syncs += 2
    return syncs
