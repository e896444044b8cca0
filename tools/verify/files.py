"""Reading a tree that may be hostile: no symlinks, no devices, every length bounded, names taken as they are."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from tools.verify.findings import Refused, need
from tools.verify.jws import MAX_JWS

BLOCK = 1 << 20
MAX_FILE = 4 << 30
"""Bytes of one file of a recording."""

_MAX_ENTRIES = 200_000
_MAX_LINES = 1 << 30


class Kind(Enum):
    """What a name stands for."""

    FILE = "file"
    DIRECTORY = "directory"
    OTHER = "neither file nor directory"


@dataclass(frozen=True, slots=True)
class Digest:
    """A file's length and hash, and its hash up to each of the points that were asked for (where it is long enough)."""

    length: int
    hash: str
    prefixes: Mapping[int, str]


def listing(path: Path) -> dict[str, Kind]:
    """The names in a directory, sorted, with what each stands for.  A symlink is ``OTHER``."""
    found: dict[str, Kind] = {}
    with os.scandir(path) as entries:
        for entry in entries:
            need(len(found) < _MAX_ENTRIES, f"holds more than {_MAX_ENTRIES} names")
            found[entry.name] = _kind(entry)
    return dict(sorted(found.items()))


def folder(path: Path) -> dict[str, Kind]:
    """The same of a directory inside what is judged, which may not be a link to elsewhere."""
    need(not path.is_symlink(), "is a symbolic link")
    return listing(path)


def open_file(path: Path) -> BinaryIO:
    """Open an ordinary file for reading; ``Refused`` where it is missing or anything else."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Refused("is missing") from None
    except OSError as error:
        raise Refused(f"cannot be opened: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Refused("is not an ordinary file")
    return os.fdopen(handle, "rb")


def length(path: Path) -> int:
    """The length of an ordinary file."""
    with open_file(path) as file:
        return os.fstat(file.fileno()).st_size


def read_small(path: Path, limit: int) -> bytes:
    """All of a file that holds at most ``limit`` bytes."""
    with open_file(path) as file:
        data = file.read(limit + 1)
    need(len(data) <= limit, f"is longer than {limit} bytes")
    return data


def read_jws(path: Path) -> bytes:
    """The one line of a ``.jws`` file, without its LF."""
    data = read_small(path, MAX_JWS + 1)
    need(data.endswith(b"\n") and data.count(b"\n") == 1, "is not one line with one LF")
    return data[:-1]


def lines(path: Path, limit: int) -> Iterator[tuple[bytes, bool]]:
    """The lines of a ``.jwsl`` file without their LF, each with whether it is whole; a torn tail comes last, and may
    be longer than ``limit`` (cut there), which a whole line may not."""
    with open_file(path) as file:
        need(os.fstat(file.fileno()).st_size <= _MAX_LINES, "is longer than any journal")
        while line := file.readline(limit + 1):
            whole = line.endswith(b"\n")
            need(whole or len(line) <= limit or not _more(file), f"holds a line longer than {limit} bytes")
            yield (line[:-1] if whole else line), whole


def feed(rows: Iterable[tuple[bytes, bool]], take: Callable[[bytes], None], where: Callable[[], str]) -> int:
    """Give the lines of a file to ``take`` until a power cut's traces begin; returns how many bytes those are.

    A cut leaves a line without LF, or zeros where a line was to be.  ``Refused`` names ``where`` the first line is that
    was altered.
    """
    torn = 0
    for line, whole in rows:
        if torn or not whole:
            torn += len(line) + whole
            continue
        try:
            take(line)
        except Refused as refused:
            if b"\0" not in line:
                raise Refused(f"{where()}: {refused}; nothing from there on is proven") from None
            torn += len(line) + whole
    return torn


def digest(path: Path, points: Iterable[int] = (), progress: Callable[[int], None] | None = None) -> Digest:
    """Hash a file once, noting the hash at each point on the way.  ``progress`` gets the size of each piece that was
    read."""
    running, length = hashlib.sha256(), 0
    prefixes: dict[int, str] = {}
    pending = sorted(set(points), reverse=True)
    with open_file(path) as file:
        need(os.fstat(file.fileno()).st_size <= MAX_FILE, "is longer than any file of a recording")
        while True:
            while pending and pending[-1] == length:
                prefixes[pending.pop()] = running.hexdigest()
            size = min(BLOCK, pending[-1] - length) if pending else BLOCK
            block = file.read(size)
            if not block:
                return Digest(length, running.hexdigest(), prefixes)
            running.update(block)
            length += len(block)
            if progress is not None:
                progress(len(block))


def shown(name: str) -> str:
    """A name fit for a terminal: control characters and broken encodings are escaped."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in name)


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_file(follow_symlinks=False):
        return Kind.FILE
    return Kind.DIRECTORY if entry.is_dir(follow_symlinks=False) else Kind.OTHER


def _more(file: BinaryIO) -> bool:
    """Whether an LF follows: then what was cut is a line, not a torn tail."""
    while block := file.read(BLOCK):
        if b"\n" in block:
            return True
    return False
