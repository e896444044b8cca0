"""Writes to the card as the service does: a flush of the film and its sync, a line of the journal and its sync, twice a second."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hal.pi.storage import PiStorage
from tests.hil.on_board import parts, talk

FLUSH_S = 0.5
LINE = 1024
FILM, JOURNAL = "hil-film", "hil-journal"
_PATTERN = hashlib.sha256(b"lapel").digest() * 2048  # 64 KiB


def mounted(place: str) -> str:
    """How the partition is mounted: device, type and options."""
    rows = [line.split() for line in parts.text("/proc/mounts").splitlines()]
    named = [row for row in rows if place == row[1] or place.startswith(row[1].rstrip("/") + "/")]
    return " ".join(max(named, key=lambda row: len(row[1]))[i] for i in (0, 2, 3)) if named else "unknown"


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """For so many ``seconds`` at so many ``bytes`` a flush in ``place``; how long each flush took, both syncs together, in ms."""
    desk = talk.Desk()
    storage = PiStorage(Path(given["place"]), partition=given["partition"])
    root = storage.root()
    for name in set(root.names()) & {FILM, JOURNAL}:
        root.remove(name)
    film, journal = root.create(FILM), root.create(JOURNAL)
    piece = (_PATTERN * (given["bytes"] // len(_PATTERN) + 1))[: given["bytes"]]
    film.reserve(len(piece) * int(given["seconds"] / FLUSH_S))
    root.sync()
    took, digest = [], hashlib.sha256()
    talk.say("ready", free=storage.space().free, mounted=mounted(given["place"]))
    began = time.monotonic()
    for number in range(int(given["seconds"] / FLUSH_S)):
        if desk.gone(max(0.0, began + number * FLUSH_S - time.monotonic())):
            break
        at = time.monotonic()
        film.append(piece)
        film.sync()
        digest.update(piece)
        journal.append(b"%-*d\n" % (LINE - 1, number))
        journal.sync()
        took.append(round((time.monotonic() - at) * 1000, 3))
    written = film.size()
    film.close()
    journal.close()
    os.sync()
    again, back = root.open(FILM), hashlib.sha256()  # opening it asks the system to forget what it has in memory
    for offset in range(0, written, len(_PATTERN)):
        back.update(again.read(offset, len(_PATTERN)))
    again.close()
    for name in (FILM, JOURNAL):
        root.remove(name)
    root.sync()
    talk.say("stored", ms=took, bytes=written, whole=back.digest() == digest.digest())
