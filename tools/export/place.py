"""A file that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.verify.findings import Refused, need
from tools.verify.times import size

_SPARE = 16 << 20


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
        sync(temporary)
        _check_free(target, replace=replace)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync(target.parent)


@contextmanager
def new_folder(target: Path, *, keep: bool) -> Iterator[Path]:
    """Give a temporary directory beside ``target``; when the block ends well it takes the name ``target`` if it is to be
    kept.  Whatever happens else, it is removed.  ``Refused`` where ``target`` is taken: a directory is never replaced.
    """
    if keep:
        need(not os.path.lexists(target), f"{target}: is there already: choose another name")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.parts")
    try:
        temporary.mkdir()
    except OSError as error:
        raise Refused(f"{target}: cannot be written: {error.strerror}") from None
    try:
        yield temporary
        if keep:
            for folder in (*(path for path in temporary.rglob("*") if path.is_dir()), temporary):
                sync(folder)
            need(not os.path.lexists(target), f"{target}: is there already: choose another name")
            temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync(target.parent)


def need_space(folder: Path, length: int) -> None:
    """``Refused`` where a folder's disk has no room for this many bytes, and a little more."""
    free = shutil.disk_usage(folder).free
    need(
        length + _SPARE <= free,
        f"{folder}: {size(length + _SPARE)} are needed, {size(free)} are free: make room, or write elsewhere",
    )


def _check_free(target: Path, *, replace: bool) -> None:
    need(not target.is_dir(), f"{target}: is a directory")
    need(replace or not os.path.lexists(target), f"{target}: is there already; --force replaces it")


def sync(path: Path) -> None:
    """Make a file's bytes, or a directory's names, durable."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
