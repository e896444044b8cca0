"""Files of an authority: secrets that only their owner reads, and nothing that is ever overwritten by accident."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

SECRET = 0o600
PUBLIC = 0o644
DIRECTORY = 0o700
_SECRET_ENDINGS = (".key.pem", ".agekey")


class ProvisionError(Exception):
    """What was asked for cannot be done; the message says what is wrong and what to do."""


def is_secret(name: str) -> bool:
    """Whether a file of this name holds a private key."""
    return name.endswith(_SECRET_ENDINGS)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that was not there, readable by others only if it is no secret."""
    mode = SECRET if is_secret(path.name) else PUBLIC
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def replace(path: Path, data: bytes) -> None:
    """Write a file in the place of an older one, whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    write_new(beside, data)
    beside.replace(path)


def make_directory(path: Path) -> None:
    """Make a directory, and those above it, for its owner alone; harmless if it is there."""
    if not path.is_dir():
        make_directory(path.parent)
        path.mkdir(mode=DIRECTORY, exist_ok=True)


def refuse_taken(directory: Path, names: Iterable[str]) -> None:
    """``ProvisionError`` if the directory has one of these files."""
    taken = sorted(name for name in names if (directory / name).exists())
    if taken:
        raise ProvisionError(f"{directory} has {', '.join(taken)} already, which is never overwritten: choose another")


def write_all(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write new files into a directory that is made if it is not there."""
    make_directory(directory)
    for name, data in files.items():
        write_new(directory / name, data)
