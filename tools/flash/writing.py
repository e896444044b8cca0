"""Bytes onto a disk, and back again: a card that forgets, or is smaller than it says, is found before it leaves the desk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BLOCK: Final = 4 << 20
_FIRST: Final = 4096  # what makes a card one that starts, written last

Progress = Callable[[int], None]
"""Hears the number of bytes of each piece that was done."""


class DifferentError(OSError):
    """What is read back is not what was written."""


@contextmanager
def alone(path: Path) -> Iterator[int]:
    """A handle that writes and reads a disk; ``OSError`` where anybody has it mounted or opened so."""
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_EXCL)
    try:
        yield handle
    finally:
        os.close(handle)


def write(plan: Path, size: int, handle: int, progress: Progress) -> None:
    """Write the first ``size`` bytes of a file, the beginning last: a card that was pulled out half written does not start."""
    os.pwrite(handle, bytes(_FIRST), 0)
    with plan.open("rb") as source:
        first = source.read(_FIRST)
        at = _FIRST
        while at < size:
            data = source.read(min(BLOCK - at % BLOCK, size - at))
            _all(handle, data, at)
            at += len(data)
            progress(len(data))
    os.fsync(handle)
    _all(handle, first[:size], 0)
    os.fsync(handle)
    progress(len(first[:size]))


def read_back(plan: Path, size: int, handle: int, progress: Progress) -> str:
    """Compare what the disk has with the file; the SHA-256 of both, in hexadecimal.  ``DifferentError`` says where they part."""
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)  # from the card, not from memory
    digest = hashlib.sha256()
    with plan.open("rb") as source:
        for at in range(0, size, BLOCK):
            wanted = source.read(min(BLOCK, size - at))
            data = os.pread(handle, len(wanted), at)
            if data != wanted:
                where = at + next((i for i, (a, b) in enumerate(zip(data, wanted, strict=False)) if a != b), len(data))
                raise DifferentError(
                    f"byte {where} is not what was written: this card is worn out, or lies about its size"
                )
            digest.update(data)
            progress(len(data))
    return digest.hexdigest()


def _all(handle: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(handle, view, at)
        view = view[done:]
        at += done
