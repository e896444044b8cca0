"""A file that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.verify.findings import Refused, need


@contextmanager
def new_file(target: Path, *, replace: bool) -> Iterator[Path]:
    """Give a temporary path beside ``target``; when the block ends well, its file is made durable and takes the name
    ``target``.

    On any other end it is removed, and whatever ``target`` was is untouched.  ``Refused`` where ``target`` is taken and
    ``replace`` false.
    """
    _check_free(target, replace=replace)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666))
    except OSError as error:
        raise Refused(f"{target}: cannot be written: {error.strerror}") from None
    try:
        yield temporary
        _sync(temporary)
        _check_free(target, replace=replace)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(target.parent)


def _check_free(target: Path, *, replace: bool) -> None:
    need(not target.is_dir(), f"{target}: is a directory")
    need(replace or not os.path.lexists(target), f"{target}: is there already; --force replaces it")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
