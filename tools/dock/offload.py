"""One round of offload: fetch, check, store, sync, and only then sign.

What breaks off is resumed where its own durable bytes end.  Nothing that is stored is ever written over: other bytes
for the same place are kept beside it, and flagged.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from firmware.dock.errors import RemoteProtocolError
from firmware.dock.messages import AnchorLine, Hello, ItemEntry, Ping, Pong, ReceiptLine
from firmware.evidence import jws
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError, FormatError, MismatchError
from firmware.evidence.jws import FILE_LIMIT
from firmware.evidence.kinds import ANCHOR, RECEIPT
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.volume import verify_volume
from tools.dock import custody, durable
from tools.dock.conversation import DeclinedError, Memory, Talk, ask, fetch, hand_over, list_files, list_items
from tools.dock.events import Kind
from tools.dock.identity import DockIdentity
from tools.dock.stamping import Stamping
from tools.dock.store import MANIFEST, SECOND, Store, keep_beside
from tools.dock.store import RECEIPT as RECEIPT_FILE

VOLUME = "volume.jws"
PROGRESS_EVERY = 1 << 20
PING_AFTER = 64 << 20


class Tell(Protocol):
    """Emits an event about the camera."""

    def __call__(self, kind: Kind, **facts: str | int | bool) -> None:
        """Emit it."""


class Offload:
    """Takes over what one camera has."""

    def __init__(
        self,
        identity: DockIdentity,
        store: Store,
        tell: Tell,
        utc_ms: Callable[[], int],
        hello: Hello,
        stamping: Stamping | None = None,
    ) -> None:
        """Look up what is known of this camera; one that contradicts it is kept apart from now on."""
        self._stamping = stamping
        self.receipted = 0
        self.anchored: int | None = None
        self._identity = identity
        self._store = store
        self._tell = tell
        self._utc_ms = utc_ms
        self._device, self._volume_id, self._nonce = hello.facts.device, hello.facts.volume, hello.nonce
        self._volume = store.volume(self._device, self._volume_id)
        self._last = self._volume.last_anchor(identity.trusted)
        self._apart = False
        self._done = self._total = self._shown = self._read = 0
        if reason := custody.contradiction(self._last, hello.facts):
            self._conflict(reason)
        if stamping:
            stamping.sweep(self._volume.recordings)

    @property
    def _trust(self) -> Trust:
        return self._identity.trust(self._utc_ms())

    def talk(self) -> Talk[None]:
        """Go through one round.  ``YieldedError`` if the camera begins to record."""
        self.anchored = None
        entries = yield from list_items()
        recordings = [entry for entry in entries if entry.kind == "recording"]
        self._done, self._total = 0, sum(entry.size for entry in recordings)
        self._tell(Kind.STOCK, items=len(recordings), size=self._total)
        yield from self._guarded("volume", self._take_volume())
        for entry in recordings:
            yield from self._guarded(entry.name, self._take_recording(entry))
        yield from self._guarded("audit", self._take_audit())

    def _guarded(self, item: str, talk: Talk[None]) -> Talk[None]:
        """What is wrong with one item is told, and does not keep the others."""
        try:
            yield from talk
        except (EvidenceError, DeclinedError) as error:
            self._tell(Kind.REJECTED, item=item, text=str(error))

    def _conflict(self, reason: str) -> None:
        self._apart = True
        self._tell(Kind.CONFLICT, text=f"{reason}: two cameras with one identity? Kept apart, nothing overwritten")

    # -- the volume ----------------------------------------------------------------------------------------------------

    def _take_volume(self) -> Talk[None]:
        files = yield from list_files("volume")
        data = yield from self._small("volume", VOLUME, files)
        signed = verify_volume(jws.from_file(data, VOLUME), self._trust, device=self._device)
        if signed.payload["volume"] != self._volume_id:
            raise MismatchError("volume: the card says that it is another one")
        path = self._volume.path / VOLUME
        if not path.exists():
            durable.write(path, data)
        elif path.read_bytes() != data:
            self._conflict("another volume.jws for a volume that is known")
            keep_beside(path, data)

    # -- recordings ----------------------------------------------------------------------------------------------------

    def _take_recording(self, entry: ItemEntry) -> Talk[None]:
        if not entry.name.isdigit():
            raise FormatError(f"{entry.name} is no recording")
        listed = yield from list_files(entry.name)
        data = yield from self._small(entry.name, MANIFEST, listed)
        expected = {"device": self._device, "volume": self._volume_id, "number": int(entry.name)}
        manifest = verify_manifest(jws.from_file(data, MANIFEST), self._trust, **expected)
        second = (yield from self._small(entry.name, SECOND, listed)) if SECOND in listed else None
        papers = custody.Papers(manifest, data, second)
        wanted = custody.wanted_files(papers, listed)
        place = self._volume.place(int(entry.name), manifest.hash, apart=self._apart)
        if ".conflict-" in place.name and not self._apart:
            self._conflict(f"recording {entry.name} is stored with another manifest")
        if place.exists() and (yield from self._still_good(place, papers)):
            self._progress(entry.size)
        else:
            yield from self._fetch_recording(entry.name, papers, wanted, place)
        self._tell(Kind.STORED, item=place.name)
        yield from self._receipt(place, papers)

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

    def _receipt(self, place: Path, papers: custody.Papers) -> Talk[None]:
        """Everything is durable: say so."""
        facts = {"dock": self._identity.name, "store": self._store.id, "utc_ms": self._utc_ms(), "nonce": self._nonce}
        line = self._identity.sign(RECEIPT, {**papers.facts, **facts})
        durable.write(place / RECEIPT_FILE, line + b"\n")
        yield from hand_over(ReceiptLine(line), line)
        self.receipted += 1
        self._tell(Kind.RECEIPTED, item=place.name, hash=jws.line_hash(line))
        if self._stamping:
            self._stamping.ask(place)

    # -- the audit log -------------------------------------------------------------------------------------------------

    def _take_audit(self) -> Talk[None]:
        """Fetch what the log has grown by, the receipts just given included, and countersign its head."""
        yield from list_items()
        files = yield from list_files("audit")
        for name in sorted(files):
            if len(name) != len("00000001.jwsl"):
                raise FormatError(f"{name} is no file of the audit log")
            yield from self._take_log(name, files[name], newest=name == max(files))
        if self._apart:
            return
        stored = sorted(self._volume.audit.glob("[0-9]*.jwsl"))
        state = custody.read_log(stored, self._trust, self._device, self._volume_id, self._last)
        line = self._identity.sign(
            ANCHOR,
            {
                "device": self._device,
                "volume": self._volume_id,
                "boot": state.boot,
                "number": state.number,
                "audit": {"line": state.head.line, "head": state.head.hash},
                "dock": self._identity.name,
                "utc_ms": self._utc_ms(),
                "nonce": self._nonce,
            },
        )
        self._volume.keep_anchor(line)
        self._last = self._volume.last_anchor(self._identity.trusted)
        yield from hand_over(AnchorLine(line), line)
        self.anchored = state.head.line
        self._tell(Kind.ANCHORED, line=state.head.line, number=state.number)

    def _take_log(self, name: str, length: int, *, newest: bool) -> Talk[None]:
        """Fetch one file of the log; it may have grown, but not changed."""
        stored, arriving = self._volume.audit / name, self._volume.incoming_file(name)
        known = stored.stat().st_size if stored.exists() else 0
        if length == known and not newest:
            return
        arriving.unlink(missing_ok=True)
        if known and length >= known:
            shutil.copyfile(stored, arriving)
        for attempt in (1, 2):
            partial = durable.Partial(arriving)
            try:
                theirs = yield from fetch("audit", name, length, partial, lambda _size: None)
            finally:
                partial.close()
            ours = partial.sha256.hexdigest()
            if ours == theirs:
                break
            arriving.unlink()
            if attempt == 2:
                raise RemoteProtocolError(f"{name}: the camera's hash does not fit what it sent")
        grown = not known or _begins_with(arriving, stored, known)
        if not grown:
            self._conflict(f"{name} of the audit log is another one than was stored")
        target = stored if grown and not self._apart else stored.with_name(f"{name}.conflict-{ours[:8]}")
        arriving.replace(target)
        durable.sync_names(target.parent)

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


def _begins_with(longer: Path, shorter: Path, size: int) -> bool:
    """Whether a file begins with all of another."""
    pairs = zip(durable.read_chunks(longer, size), durable.read_chunks(shorter, size), strict=False)
    return longer.stat().st_size >= size and all(one == other for one, other in pairs)
