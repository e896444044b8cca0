"""Small files that are there whole or not at all."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import TYPE_CHECKING

from firmware.runtime.names import UNFINISHED

if TYPE_CHECKING:
    from hal.interface import Directory

LIMIT = 1 << 20


def replace(directory: Directory, name: str, data: bytes) -> None:
    """Write ``data`` as ``name``, atomically and durably: written beside, synced, renamed, the directory synced."""
    unfinished = name + UNFINISHED
    if unfinished in directory.names():
        directory.remove(unfinished)
    try:
        file = directory.create(unfinished)
        try:
            file.append(data)
            file.sync()
        finally:
            file.close()
        directory.rename(unfinished, name)
    except OSError:
        with suppress(OSError):
            directory.remove(unfinished)
        raise
    directory.sync()


def read(directory: Directory, name: str, limit: int = LIMIT) -> bytes:
    """All of a file of at most ``limit`` bytes.  ``OSError`` when it is larger: somebody else's file."""
    file = directory.open(name)
    try:
        data = file.read(0, limit + 1)
    finally:
        file.close()
    if len(data) > limit:
        message = f"{name} is larger than {limit} bytes"
        raise OSError(message)
    return data


def head(directory: Directory, name: str, size: int) -> bytes:
    """The first bytes of a file."""
    file = directory.open(name)
    try:
        return file.read(0, size)
    finally:
        file.close()


def size(directory: Directory, name: str) -> int:
    """Bytes of a file."""
    file = directory.open(name)
    try:
        return file.size()
    finally:
        file.close()


def clear(directory: Directory) -> None:
    """Remove the empty files of a directory; ``OSError`` where anything else stands in it."""
    for name in directory.names():
        file = directory.open(name)
        size = file.size()
        file.close()
        if size:
            raise OSError(errno.ENOTEMPTY, "not empty", name)
        directory.remove(name)
