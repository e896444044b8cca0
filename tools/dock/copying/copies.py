"""Copies of what a dock stores, in further places, each read back and hashed before it counts.

The directory of the store is where evidence arrives, is checked and synced.  What is finished there goes to every place that was named with
``--copy``, under ``STORE-ID/`` and the same names, so that stores which share a place never meet.  A receipt waits until as many places hold the
item as were demanded.  ``copies.jsonl`` in the store says which copies were read back well, and when.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from tools.dock import durable
from tools.dock.copying.route import Route
from tools.dock.copying.secured import Wanted, secure, state
from tools.dock.events import DockEvent, Emit, Kind
from tools.dock.places.place import DiffersError, Place, PlaceError

RECORD = "copies.jsonl"


class Job:
    """One item on its way to all places."""

    def __init__(self, item: str, files: Sequence[Wanted], places: int, demanded: int, *, noted: bool = False) -> None:
        """Nothing holds it yet.  ``noted``: what comes of it is told, and goes into the record."""
        self.noted = noted
        self.item = item
        self.files = files
        self._places = places
        self._demanded = demanded
        self._held: list[str] = []
        self._failed: dict[str, str] = {}
        self._changed = threading.Condition()

    @property
    def enough(self) -> bool:
        """Whether as many places hold it as were demanded."""
        return len(self._held) >= self._demanded

    @property
    def settled(self) -> bool:
        """Whether that is so, or cannot become so."""
        return self.enough or self._places - len(self._failed) < self._demanded

    @property
    def over(self) -> bool:
        """Whether every place holds it or failed."""
        return len(self._held) + len(self._failed) >= self._places

    @property
    def failures(self) -> dict[str, str]:
        """What failed: words by place."""
        return dict(self._failed)

    def held(self, place: str) -> None:
        """This place holds it."""
        with self._changed:
            self._held.append(place)
            self._changed.notify_all()

    def failed(self, place: str, text: str) -> None:
        """This place does not."""
        with self._changed:
            self._failed[place] = text
            self._changed.notify_all()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is settled; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self.settled, timeout_s)

    def finish(self, timeout_s: float | None = None) -> bool:
        """Wait until it is over; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self.over, timeout_s)


class Copies:
    """What a store's copies are kept by; without places everything is held at once."""

    def __init__(
        self,
        root: Path,
        store_id: str,
        places: Sequence[Place] = (),
        demanded: int | None = None,
        emit: Emit = lambda _event: None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        utc_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """``demanded``: how many of the places must hold an item before its receipt, None for all; ``emit`` hears on their threads."""
        self._root = root
        self._id = store_id
        self._routes = [Route(place, monotonic=monotonic) for place in places]
        self._demanded = len(places) if demanded is None else demanded
        self._emit = emit
        self._utc_ms = utc_ms
        self._lock = threading.Lock()
        self._running: dict[str, Job] = {}
        self._known: dict[str, tuple[int, int, int]] = {}

    @property
    def trouble(self) -> dict[str, str]:
        """Why no receipt can be signed at the moment: words by place; empty if one may."""
        words = {route.place.name: route.trouble for route in self._routes}
        bad = {name: text for name, text in words.items() if text}
        return bad if len(self._routes) - len(bad) < self._demanded else {}

    @property
    def places(self) -> frozenset[str]:
        """Their names."""
        return frozenset(route.place.name for route in self._routes)

    def secure(self, item: str, files: Iterable[Wanted]) -> Job:
        """Bring an item into every place, or read it there again; one that is under way already is not begun twice.

        ``item``: where it lies in the store.
        """
        with self._lock:
            job = self._running.get(item)
            if job is not None:
                return job
            job = self._running[item] = Job(item, tuple(files), len(self._routes), self._demanded, noted=True)
        self._send(job)
        return job

    def later(self, *paths: Path, paper: bool = False) -> Job | None:
        """Bring files that no receipt waits for into every place, if they have changed since; those that are not there are left out."""
        if not self._routes:
            return None
        changed = [path for path in paths if path.is_file() and self._known.get(str(path)) != state(path)]
        if not changed:
            return None
        self._known |= {str(path): state(path) for path in changed}
        files = tuple(self.wanted(path, paper=paper) for path in changed)
        job = Job(self._key(changed[0]), files, len(self._routes), self._demanded)
        self._send(job)
        return job

    def wanted(
        self, path: Path, length: int | None = None, sha256: str | None = None, *, paper: bool = False
    ) -> Wanted:
        """A file of the store as places are to hold it."""
        return Wanted(f"{self._id}/{self._key(path)}", path, length, sha256, paper)

    def close(self) -> None:
        """Finish, as far as that goes in some seconds; the rest is done at another docking, or by ``lapel dock copy``."""
        for route in self._routes:
            route.close()

    def _send(self, job: Job) -> None:
        for route in self._routes:
            if trouble := route.trouble:
                job.failed(route.place.name, trouble)
            else:
                route.submit(partial(self._carry, route, job))
        self._forget(job)

    def _key(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _carry(self, route: Route, job: Job) -> None:
        """Bring one item into one place, on that one's thread."""
        name = route.place.name
        failure: str | None = "this dock failed"  # what stays true if anything is raised that nobody foresaw
        try:
            failure = route.trouble
            if failure is None:
                size = sum(self._secure(route, wanted) for wanted in job.files)
                if job.noted:
                    self._note(job, name, size)
                route.worked()
        except DiffersError as error:
            failure = self._told(job, name, str(error))
        except PlaceError as error:
            route.failed(str(error))
            failure = self._told(job, name, str(error))
        except OSError as error:
            failure = self._told(job, name, f"the store itself: {error.filename or 'write'}: {error.strerror or error}")
        finally:
            if failure is None:
                job.held(name)
            else:
                for wanted in job.files:
                    self._known.pop(str(wanted.path), None)
                job.failed(name, failure)
            self._forget(job)

    def _secure(self, route: Route, wanted: Wanted) -> int:
        with route.only(wanted.key):
            return secure(route.place, wanted, route.stopping)

    def _told(self, job: Job, place: str, text: str) -> str:
        if not self._stopping:
            self._tell(Kind.UNCOPIED, job, place=place, text=text)
        return text

    def _note(self, job: Job, place: str, size: int) -> None:
        """Say that an item was read back well from a place."""
        facts: dict[str, str | int] = {"place": place, "files": len(job.files), "size": size}
        line = json.dumps({"item": job.item, **facts, "utc_ms": self._utc_ms()}, sort_keys=True)
        with durable.alone(self._root / RECORD), (self._root / RECORD).open("a+b") as file:
            if file.tell() and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                file.write(b"\n")  # behind what a cut left of a line
            file.write(f"{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        self._tell(Kind.COPIED, job, **facts)

    def _tell(self, kind: Kind, job: Job, **facts: str | int) -> None:
        """About ``DEVICE/VOLUME/...``, or a file of the store itself."""
        *whose, rest = job.item.split("/", 2)
        self._emit(DockEvent(kind, whose[0] if whose else "", {"item": rest, **facts}))

    @property
    def _stopping(self) -> bool:
        return any(route.stopping.is_set() for route in self._routes)

    def _forget(self, job: Job) -> None:
        with self._lock:
            if job.over and self._running.get(job.item) is job:
                del self._running[job.item]
