"""A whole store brought into its places: what was there before there were places, what failed, and a reading of all that is there."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from firmware.evidence import jws
from firmware.evidence.errors import EvidenceError
from tools.dock.copying.copies import RECORD, Job
from tools.dock.copying.secured import Wanted
from tools.dock.store import RECEIPT, TRANSIENT, Store, StoreError

AT_ONCE = 16
_NOT_EVIDENCE = ".damaged-"


def catch_up(store: Store, *, only_new: bool = False) -> Iterator[Job]:
    """Secure everything that a store has, item by item; each job when it is over.

    ``only_new``: leave out the recordings of which the store's record says that every place had them.
    """
    known = held(store.root) if only_new else {}
    names = store.copies.places
    under_way: deque[Job] = deque()
    for item, files in _items(store):
        if "/recordings/" in item and only_new and names <= known.get(item, set()):
            continue  # a log grows, a recording does not
        under_way.append(store.copies.secure(item, files))
        if len(under_way) >= AT_ONCE:
            yield _over(under_way.popleft())
    while under_way:
        yield _over(under_way.popleft())


def held(root: Path) -> dict[str, set[str]]:
    """By item, the places from which the store's record says that it was read back well."""
    path = root / RECORD
    return read_record(path.read_bytes()) if path.exists() else {}


def read_record(data: bytes) -> dict[str, set[str]]:
    """The same from the record's bytes.  What a cut left of a line says nothing."""
    found: dict[str, set[str]] = {}
    for line in data.splitlines():
        try:
            entry = json.loads(line)
            found.setdefault(str(entry["item"]), set()).add(str(entry["place"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return found


def _over(job: Job) -> Job:
    job.finish()
    return job


def _items(store: Store) -> Iterator[tuple[str, list[Wanted]]]:
    """What a store has, volume by volume: what is about the volume, then each recording."""
    copies, root = store.copies, store.root
    yield "store.id", [copies.wanted(path, paper=True) for path in store.papers() if path.exists()]
    for path in sorted(root.glob("*/*/recordings")):
        device, name = path.parts[-3:-1]
        volume = store.volume(device, name)
        few = [copies.wanted(each) for each in volume.few()]
        newest = [copies.wanted(each, paper=True) for each in volume.newest() if each.exists()]
        yield f"{device}/{name}/audit", few + newest
        for recording in sorted(volume.recordings.iterdir()):
            if recording.is_dir() and _NOT_EVIDENCE not in recording.name:
                yield recording.relative_to(root).as_posix(), _recording(store, recording)


def _recording(store: Store, path: Path) -> list[Wanted]:
    """Its files, as the receipt names them: a file that has changed since is no evidence any more, here or there."""
    try:
        signed = jws.parse(jws.from_file((path / RECEIPT).read_bytes(), RECEIPT)).payload["files"]
        named = {str(entry["name"]): (int(entry["length"]), str(entry["hash"])) for entry in signed}
    except FileNotFoundError:
        named = {}
    except (EvidenceError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path / RECEIPT}: {error}") from None
    files = [each for each in sorted(path.iterdir()) if each.is_file() and each.suffix not in TRANSIENT]
    absent = [path / name for name, (length, _) in named.items() if length and path / name not in files]
    return [
        store.copies.wanted(each, *named.get(each.name, (None, None)), paper=each.name == RECEIPT)
        for each in (*files, *absent)
    ]
