"""Files that are there after a power cut: write, sync, name, sync the names."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK = 1 << 20


def sync_names(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(directory: Path) -> None:
    """Make a directory and its parents, durably."""
    if not directory.is_dir():
        make_directory(directory.parent)
        directory.mkdir(exist_ok=True)
        sync_names(directory.parent)


def write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a small file; after a cut there is the old one or the new one."""
    unfinished = path.with_name(path.name + ".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_names(path.parent)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep everybody else who asks for the same path waiting, in this process and in others: for files that are read,
    changed and written anew.

    What is locked is a file beside it, since the file itself is replaced.
    """
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def append(path: Path, line: bytes) -> None:
    """Write one line behind the others; a cut leaves it whole, half or not there, and the others untouched.

    Behind half a line, which a cut left, a new one begins.
    """
    fresh = not path.exists()
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if fresh:
        sync_names(path.parent)


def move(source: Path, target: Path) -> None:
    """Rename durably; the target must not exist."""
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    source.rename(target)
    sync_names(target.parent)
    sync_names(source.parent)


def read_chunks(path: Path, limit: int | None = None) -> Iterator[bytes]:
    """The bytes of a file, up to ``limit``, in chunks."""
    left = path.stat().st_size if limit is None else limit
    with path.open("rb") as file:
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def free(directory: Path) -> int:
    """Bytes that there is room for."""
    return shutil.disk_usage(directory).free


def begins_with(longer: Path, shorter: Path, size: int) -> bool:
    """Whether a file begins with all of another."""
    pairs = zip(read_chunks(longer, size), read_chunks(shorter, size), strict=False)
    return longer.stat().st_size >= size and all(one == other for one, other in pairs)
