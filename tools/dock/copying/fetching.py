"""The way back: what a place holds, brought into a directory, where ``lapel verify`` and everything else can read it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tools.dock import durable
from tools.dock.partial import Partial
from tools.dock.places.place import Place, PlaceError, Watch

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}"
_KEY = re.compile(rf"{_NAME}(/{_NAME}){{1,9}}")
UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Fetched:
    """One key: where it lies now, and how many bytes were fetched (0 where it was there already); None for what is no file of a store."""

    key: str
    path: Path | None
    size: int


def fetch_all(place: Place, into: Path, store: str = "", device: str = "") -> Iterator[Fetched]:
    """Bring every file here, or those of one store, or of one camera.  What is here already in full is left as it is; ``PlaceError``, OSError."""
    for key in place.keys(f"{store}/" if store else ""):
        if device and key.split("/")[1:2] not in ([device], ["store.id"]):
            continue
        if not _KEY.fullmatch(key):
            yield Fetched(key, None, 0)  # somebody else's; above all nothing that leads out of the directory
            continue
        length = place.size(key)
        if length is None:
            raise PlaceError(f"{key} is listed, and is not there")
        path = into / key
        if path.is_file() and path.stat().st_size == length:
            yield Fetched(key, path, 0)
        else:
            yield Fetched(key, path, _fetch(place, key, length, path))


def _fetch(place: Place, key: str, length: int, path: Path) -> int:
    """One file, which gets its name once it is whole and durable."""
    durable.make_directory(path.parent)
    unfinished, watch, seen = path.with_name(path.name + UNFINISHED), Watch(length, threading.Event()), 0
    unfinished.unlink(missing_ok=True)
    with closing(Partial(unfinished)) as file, closing(place.read(key)) as chunks:
        for chunk in chunks:
            watch.check()
            seen += len(chunk)
            if seen > length:
                break
            file.add(chunk)
    if seen != length:
        raise PlaceError(f"{key}: {seen} bytes or more came, {length} are said to be there")
    unfinished.replace(path)
    durable.sync_names(path.parent)
    return length
