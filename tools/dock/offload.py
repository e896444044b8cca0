"""One round of offload: fetch, check, store, sync, and only then sign.

What breaks off is resumed where its own durable bytes end.  Nothing that is stored is ever written over: other bytes
for the same place are kept beside it, and flagged.  A camera's other sessions fetch along; everything else is done here.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware.dock.messages import ItemEntry, Ping, Pong
from firmware.evidence import jws
from firmware.evidence.errors import EvidenceError, FormatError, MismatchError
from firmware.evidence.jws import FILE_LIMIT
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.volume import verify_volume
from tools.dock import custody, durable
from tools.dock.conversation import DeclinedError, Memory, Talk, ask, fetch, list_files, list_items
from tools.dock.events import Kind
from tools.dock.logs import Logs
from tools.dock.met import Met
from tools.dock.receipts import Receipts
from tools.dock.sharing.claims import Seat
from tools.dock.sharing.helping import Waiting, bring
from tools.dock.sharing.pool import Batch
from tools.dock.store import MANIFEST, SECOND, keep_beside
from tools.dock.timing.stamping import Stamping

VOLUME = "volume.jws"
PROGRESS_EVERY = 1 << 20
PING_AFTER = 64 << 20


class Offload:
    """Takes over what one camera has."""

    def __init__(self, met: Met, seat: Seat, stamping: Stamping | None = None) -> None:
        self._seat = seat
        self._pool = seat.pool
        self._arriving: dict[str, _Arriving] = {}
        self._counting = threading.Lock()
        self.anchored: int | None = None
        self._met = met
        self._receipts = Receipts(met, stamping)
        self._logs = Logs(met, self._receipts)
        self._tell = met.tell
        self._volume = met.volume
        self._done = self._total = self._shown = self._read = 0
        if stamping:
            stamping.sweep(self._volume.recordings)

    @property
    def receipted(self) -> int:
        """How many receipts the camera has taken."""
        return self._receipts.given

    def talk(self) -> Talk[None]:
        """Go through one round.  ``YieldedError`` if the camera begins to record."""
        self.anchored = None
        self._receipts.begin()
        entries = yield from list_items()
        recordings = [entry for entry in entries if entry.kind == "recording"]
        self._done, self._total = 0, sum(entry.size for entry in recordings)
        self._tell(Kind.STOCK, items=len(recordings), size=self._total)
        yield from self._guarded("volume", self._take_volume())
        known = yield from self._guarded("audit", self._logs.meet())
        yield from self._take_recordings(deque(recordings))
        yield from self._receipts.hand_over(wait=True)
        if known:
            yield from self._guarded("audit", self._settle())
        self._met.store.copies.later(*self._volume.few())
        self._met.store.copies.later(*self._volume.newest(), paper=True)

    def part(self) -> Talk[None]:
        """Where anything got no receipt for lack of copies, say so, which ends the session, and those beside it."""
        if self._receipts.lacking:
            self._seat.finish()
            yield from self._receipts.complain()

    def _settle(self) -> Talk[None]:
        self.anchored = yield from self._logs.settle()

    def _guarded(self, item: str, talk: Talk[None]) -> Talk[bool]:
        """What is wrong with one item is told, and does not keep the others; whether nothing was."""
        try:
            yield from self._met.say_conflicts()
            yield from talk
            yield from self._met.say_conflicts()
        except (EvidenceError, DeclinedError) as error:
            self._tell(Kind.REJECTED, item=item, text=str(error))
            return False
        return True

    # -- the volume ----------------------------------------------------------------------------------------------------

    def _take_volume(self) -> Talk[None]:
        files = yield from list_files("volume")
        data = yield from self._small("volume", VOLUME, files)
        signed = verify_volume(jws.from_file(data, VOLUME), self._met.trust, device=self._met.whose["device"])
        if signed.payload["volume"] != self._met.whose["volume"]:
            raise MismatchError("volume: the card says that it is another one")
        path = self._volume.path / VOLUME
        if not path.exists():
            durable.write(path, data)
        elif path.read_bytes() != data:
            self._met.conflict("another volume.jws for a volume that is known")
            keep_beside(path, data)

    # -- recordings ----------------------------------------------------------------------------------------------------

    def _take_recordings(self, waiting: deque[ItemEntry]) -> Talk[None]:
        """Begin one after the other, whenever a session would find no file, and finish what is whole; fetch in between."""
        self._pool.clear()
        self._arriving.clear()
        idle = Waiting(self._seat)
        while waiting or self._pool.busy:
            if batch := self._pool.settled():
                yield from self._guarded(batch.item, self._finish(batch))
            elif waiting and self._pool.wants_more():
                entry = waiting.popleft()
                yield from self._guarded(entry.name, self._begin(entry))
            elif claim := self._pool.claim(self._seat.hand):
                yield from bring(claim)
            else:
                yield from idle.talk()
                continue
            yield from self._receipts.hand_over()
            idle.over()

    def _begin(self, entry: ItemEntry) -> Talk[None]:
        """Fetch and check the papers of a recording, and put its files where all sessions take from."""
        if not entry.name.isdigit():
            raise FormatError(f"{entry.name} is no recording")
        if entry.name in self._arriving:
            raise FormatError(f"{entry.name} is listed twice")
        listed = yield from list_files(entry.name)
        data = yield from self._small(entry.name, MANIFEST, listed)
        expected = {**self._met.whose, "number": int(entry.name)}
        manifest = verify_manifest(jws.from_file(data, MANIFEST), self._met.trust, **expected)
        second = (yield from self._small(entry.name, SECOND, listed)) if SECOND in listed else None
        papers = custody.Papers(manifest, data, second)
        wanted = custody.wanted_files(papers, listed)
        custody.check_room(self._volume.path, wanted)
        place = self._volume.place(int(entry.name), manifest.hash, apart=self._met.apart)
        if ".conflict-" in place.name and not self._met.apart:
            self._met.conflict(f"recording {entry.name} is stored with another manifest")
        if self._receipts.expected(place) or (place.exists() and self._receipts.trouble(place)):
            self._progress(entry.size)
            return
        if place.exists() and (yield from self._still_good(place, papers)):
            self._progress(entry.size)
            self._keep(place, papers)
            return
        incoming = self._volume.incoming(int(entry.name), manifest.hash)
        for small, content in papers.small.items():
            durable.write(incoming / small, content)
            self._progress(len(content))
        self._tell(Kind.FETCHING, item=entry.name)
        rest = [each for each in wanted if each["name"] not in papers.small]
        self._arriving[entry.name] = _Arriving(place, papers)
        self._pool.put(Batch(entry.name, rest, incoming, self._progress))

    def _finish(self, batch: Batch) -> Talk[None]:
        """All is here: give it its name.  Nothing has to be said for that."""
        yield from ()
        arrived = self._arriving.pop(batch.item)
        if batch.error is not None:
            raise batch.error
        durable.sync_names(batch.folder)
        durable.move(batch.folder, arrived.place)
        self._keep(arrived.place, arrived.papers)

    def _keep(self, place: Path, papers: custody.Papers) -> None:
        self._tell(Kind.STORED, item=place.name)
        self._receipts.prepare(place, papers)

    def _still_good(self, place: Path, papers: custody.Papers) -> Talk[bool]:
        """A dock that is asked again reads its store again before it signs anew."""
        for entry in papers.files:
            problem = custody.reads_badly(place, entry)
            if problem:
                aside = self._volume.set_aside(place)
                self._tell(Kind.DAMAGED, item=place.name, text=f"{problem}; moved to {aside.name}, fetched again")
                return False
            self._read += entry["length"]
            if self._read >= PING_AFTER:
                self._read = 0
                yield from ask(Ping(), Pong)
        return True

    # -- helpers -------------------------------------------------------------------------------------------------------

    def _small(self, item: str, name: str, listed: Mapping[str, int]) -> Talk[bytes]:
        """Fetch a file that is one signed line."""
        length = listed.get(name)
        if length is None or length > FILE_LIMIT + 1:
            raise MismatchError(f"{name}: missing, or too long" if length is None else f"{name}: {length} bytes")
        memory = Memory()
        yield from fetch(item, name, length, memory, lambda _size: None)
        return bytes(memory.data)

    def _progress(self, size: int) -> None:
        """Count, on whichever session's thread."""
        with self._counting:
            self._done += size
            if abs(self._done - self._shown) >= PROGRESS_EVERY or self._done == self._total:
                self._shown = self._done
                self._tell(Kind.PROGRESS, done=self._done, total=self._total)


@dataclass(frozen=True, slots=True)
class _Arriving:
    """Where a recording belongs once all of it is here, and what signs it."""

    place: Path
    papers: custody.Papers
