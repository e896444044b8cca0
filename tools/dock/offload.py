"""One round of offload: fetch, check, store, sync, and only then sign.

What breaks off is resumed where its own durable bytes end.  Nothing that is stored is ever written over: other bytes
for the same place are kept beside it, and flagged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
from tools.dock.stamping import Stamping
from tools.dock.store import MANIFEST, SECOND, keep_beside

VOLUME = "volume.jws"
PROGRESS_EVERY = 1 << 20
PING_AFTER = 64 << 20


class Offload:
    """Takes over what one camera has."""

    def __init__(self, met: Met, stamping: Stamping | None = None) -> None:
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
        entries = yield from list_items()
        recordings = [entry for entry in entries if entry.kind == "recording"]
        self._done, self._total = 0, sum(entry.size for entry in recordings)
        self._tell(Kind.STOCK, items=len(recordings), size=self._total)
        yield from self._guarded("volume", self._take_volume())
        known = yield from self._guarded("audit", self._logs.meet())
        for entry in recordings:
            yield from self._guarded(entry.name, self._take_recording(entry))
            yield from self._receipts.hand_over()
        yield from self._receipts.hand_over(wait=True)
        if known:
            yield from self._guarded("audit", self._settle())
        self._met.store.copies.later(*self._volume.few())
        self._met.store.copies.later(*self._volume.newest(), paper=True)
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

    def _take_recording(self, entry: ItemEntry) -> Talk[None]:
        if not entry.name.isdigit():
            raise FormatError(f"{entry.name} is no recording")
        listed = yield from list_files(entry.name)
        data = yield from self._small(entry.name, MANIFEST, listed)
        expected = {**self._met.whose, "number": int(entry.name)}
        manifest = verify_manifest(jws.from_file(data, MANIFEST), self._met.trust, **expected)
        second = (yield from self._small(entry.name, SECOND, listed)) if SECOND in listed else None
        papers = custody.Papers(manifest, data, second)
        wanted = custody.wanted_files(papers, listed)
        place = self._volume.place(int(entry.name), manifest.hash, apart=self._met.apart)
        if ".conflict-" in place.name and not self._met.apart:
            self._met.conflict(f"recording {entry.name} is stored with another manifest")
        if self._receipts.expected(place) or (place.exists() and self._receipts.trouble(place)):
            self._progress(entry.size)
            return
        if place.exists() and (yield from self._still_good(place, papers)):
            self._progress(entry.size)
        else:
            yield from self._fetch_recording(entry.name, papers, wanted, place)
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

    def _fetch_recording(
        self, name: str, papers: custody.Papers, wanted: Sequence[Mapping[str, Any]], place: Path
    ) -> Talk[None]:
        incoming = self._volume.incoming(int(name), papers.manifest.hash)
        for small, data in papers.small.items():
            durable.write(incoming / small, data)
            self._progress(len(data))
        self._tell(Kind.FETCHING, item=name)
        for entry in wanted:
            if entry["name"] not in papers.small:
                yield from self._fetch_file(name, entry, incoming / entry["name"])
        durable.sync_names(incoming)
        durable.move(incoming, place)

    def _fetch_file(self, item: str, entry: Mapping[str, Any], path: Path) -> Talk[None]:
        """Fetch one file, from where an earlier attempt ended; once more from the start if that turns out wrong."""
        name, length = entry["name"], entry["length"]
        if path.exists() and path.stat().st_size > length:
            path.unlink()
        for attempt in (1, 2):
            partial = durable.Partial(path)
            self._progress(partial.length)
            try:
                theirs = yield from fetch(item, name, length, partial, self._progress)
            finally:
                partial.close()
            if partial.sha256.hexdigest() == entry["hash"]:
                return
            path.unlink()
            self._progress(-length)
            if theirs == entry["hash"] and attempt == 1:
                continue  # what was here was wrong, not what the camera has
            raise MismatchError(f"{name}: its hash is not the one that the manifest signs")

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
        self._done += size
        if abs(self._done - self._shown) >= PROGRESS_EVERY or self._done == self._total:
            self._shown = self._done
            self._tell(Kind.PROGRESS, done=self._done, total=self._total)
