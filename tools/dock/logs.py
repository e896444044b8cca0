"""The audit log's way into the store: fetched where it ends, held against what is stored, receipted, countersigned."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from firmware.dock.errors import RemoteProtocolError
from firmware.dock.messages import AnchorLine, LogReceiptLine
from firmware.evidence import jws
from firmware.evidence.errors import FormatError, MismatchError
from firmware.evidence.jws import FILE_LIMIT, Signed
from firmware.evidence.kinds import ANCHOR
from firmware.evidence.log_kinds import LOG_RECEIPT, MOST_LOG_FILES
from firmware.evidence.log_receipt import verify_log_receipt
from tools.dock import durable
from tools.dock.conversation import Memory, Talk, fetch, hand_over, list_files, list_items, until
from tools.dock.custody import AUDIT_LIMIT, AuditState, BrokenChainError, file_entry, head_behind, read_log
from tools.dock.events import Kind
from tools.dock.met import Met
from tools.dock.partial import Partial
from tools.dock.receipts import Receipts
from tools.dock.store import LOG_RECEIPT as LOG_RECEIPT_FILE

_NAME = re.compile(r"[0-9]{8}\.(jwsl|private\.age)")


class Logs:
    """Takes over the log of one camera."""

    def __init__(self, met: Met, receipts: Receipts) -> None:
        self._met = met
        self._receipts = receipts
        self._settled: set[tuple[str, int]] = set()
        self._receipted: dict[str, int] = {}
        self._elsewhere: Signed | None = None

    def meet(self) -> Talk[None]:
        """Fetch what the log has grown by, and see whether it goes on from what is stored: only then is this the camera that we know."""
        yield from self._fetch()
        if not self._met.apart:
            try:
                self._read()
            except BrokenChainError as error:
                self._met.conflict(str(error))

    def settle(self) -> Talk[int | None]:
        """Fetch the rest, receipt what is finished, and countersign the newest line; its index, None where that is refused."""
        yield from list_items()
        listed = yield from self._fetch()
        if self._met.apart:
            return None
        self._read()
        if (yield from self._receipt(listed)):
            yield from list_items()
            yield from self._fetch()
        return (yield from self._countersign(self._read()))

    def _fetch(self) -> Talk[dict[str, int]]:
        listed = yield from list_files("audit")
        if not listed:
            raise MismatchError("the camera lists no file of its log")
        for name in listed:
            if not _NAME.fullmatch(name):
                raise FormatError(f"{name} is no file of the audit log")
        yield from self._learn()
        newest = max(listed, default="")[:8]
        for name in sorted(listed):
            if (name, listed[name]) not in self._settled:
                yield from self._take(name, listed[name])
                if name[:8] != newest:
                    self._settled.add((name, listed[name]))
        return listed

    def _learn(self) -> Talk[None]:
        """What another dock took over of this log is in that one's store: its receipt says so, and is kept."""
        length = (yield from list_files("volume")).get(LOG_RECEIPT_FILE)
        if length is None:
            return
        if length > FILE_LIMIT + 1:
            raise MismatchError(f"{LOG_RECEIPT_FILE}: {length} bytes")
        memory = Memory()
        yield from fetch("volume", LOG_RECEIPT_FILE, length, memory, lambda _size: None)
        line = jws.from_file(bytes(memory.data), LOG_RECEIPT_FILE)
        facts = self._met.hello.facts
        trust = self._met.identity.trusted
        signed = verify_log_receipt(line, trust, nonce=None, device=facts.device, volume=facts.volume)
        self._elsewhere = signed
        if not self._met.apart and signed.payload["store"] != self._met.store.id:
            self._met.volume.keep_other_receipt(signed.payload["boot"], line)

    def _take(self, name: str, length: int) -> Talk[None]:
        """Fetch one file, from where an earlier attempt ended; it may have grown, but not changed."""
        if length > AUDIT_LIMIT:
            raise MismatchError(f"{name}: {length} bytes, no file of a log has more than {AUDIT_LIMIT}")
        volume = self._met.volume
        stored, arriving = volume.audit / name, volume.incoming_file(name)
        known = stored.stat().st_size if stored.exists() else 0
        if not (arriving.exists() and known <= arriving.stat().st_size <= length):
            arriving.unlink(missing_ok=True)
            if known and length >= known:
                shutil.copyfile(stored, arriving)
        for attempt in (1, 2):
            partial = Partial(arriving)
            try:
                theirs = yield from fetch("audit", name, length, partial, lambda _size: None)
            finally:
                partial.close()
            ours = partial.digest()
            if ours == theirs:
                break
            arriving.unlink()
            if attempt == 2:
                raise RemoteProtocolError(f"{name}: the camera's hash does not fit what it sent")
        grown = not stored.exists() or durable.begins_with(arriving, stored, known)
        if not grown:
            self._met.conflict(f"{name} of the audit log is another one than was stored")
        target = stored if grown and not self._met.apart else stored.with_name(f"{name}.conflict-{ours[:8]}")
        if self._met.apart and grown and stored.exists() and length == known:
            arriving.unlink()  # the part that both have
            return
        arriving.replace(target)
        durable.sync_names(target.parent)

    def _read(self) -> AuditState:
        stored = sorted(self._met.volume.audit.glob("[0-9]*.jwsl"))
        return read_log(stored, self._met.trust, self._met.last, self._elsewhere, **self._met.whose)

    def _receipt(self, listed: dict[str, int]) -> Talk[bool]:
        """Sign that all finished files are in durable storage; whether there was anything to sign."""
        newest = max(listed)[:8]
        finished = {name: length for name, length in sorted(listed.items()) if name[:8] < newest}
        if len(finished) > MOST_LOG_FILES:
            first_left = sorted(finished)[MOST_LOG_FILES][:8]
            finished = {name: length for name, length in finished.items() if name[:8] < first_left}
        if not finished or finished == self._receipted:
            return False
        directory, boot = self._met.volume.audit, int(max(finished)[:8])
        files = [file_entry(directory / name, length) for name, length in finished.items()]
        if not (yield from self._copied(directory, boot, files)):
            return False
        facts = {"boot": boot, "files": files, "audit": head_behind(directory, boot), "store": self._met.store.id}
        line = self._met.identity.sign(LOG_RECEIPT, {**self._met.whose, **facts, **self._met.signing})
        self._met.volume.keep_log_receipt(line)
        yield from hand_over(LogReceiptLine(line), line)
        self._receipted = finished
        self._met.tell(Kind.LOG_RECEIPTED, boot=boot, items=len(files), hash=jws.line_hash(line))
        return True

    def _copied(self, directory: Path, boot: int, files: Sequence[Mapping[str, Any]]) -> Talk[bool]:
        """Whether further places hold these, as many as were demanded."""
        copies = self._met.store.copies
        item = f"{directory.relative_to(self._met.store.root).as_posix()}/up to {boot:08d}"
        wanted = [copies.wanted(directory / each["name"], each["length"], each["hash"]) for each in files]
        job = copies.secure(item, wanted)
        yield from until(job.wait)
        if not job.enough:
            self._receipts.lack("audit", job.failures)
        return job.enough

    def _countersign(self, state: AuditState) -> Talk[int]:
        audit = {"line": state.head.line, "head": state.head.hash}
        facts = {"boot": state.boot, "number": state.number, "audit": audit}
        line = self._met.identity.sign(ANCHOR, {**self._met.whose, **facts, **self._met.signing})
        self._met.volume.keep_anchor(line)
        self._met.last = self._met.volume.last_anchor(self._met.identity.trusted)
        yield from hand_over(AnchorLine(line), line)
        self._met.tell(Kind.ANCHORED, line=state.head.line, number=state.number)
        return state.head.line
