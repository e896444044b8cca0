"""The camera behind a docking: what the links' threads read themselves, and what they ask the writer to make durable."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from firmware.dock.facts import AuditHead, Charge, ClockReading, Facts, Room
from firmware.dock.shelf import Item
from firmware.evidence.errors import SequenceError
from firmware.evidence.kinds import words
from firmware.evidence.timetoken import Vouched, stamper, verify_token
from firmware.runtime import durable, names
from firmware.runtime.bundles import BundleParts, Bundles
from firmware.runtime.stamps import NS_PER_MS
from firmware.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.runtime.intake import Intake
    from firmware.runtime.inventory import Entry
    from firmware.runtime.vault import Vault
    from firmware.runtime.writer import Writer
    from hal.interface import Directory, File, Hal

AUDIT_ITEM: Final = "audit"
VOLUME_ITEM: Final = "volume"
PAPERS: Final = (names.LOG_RECEIPT, names.VOLUME)
MOST_OPEN: Final = 4
"""Files that stay open, and recordings whose hashes stay known: each link reads on in one of its own."""


class CameraShelf:
    """Implements ``firmware.dock.shelf.Shelf``.  Reads sealed recordings only, for one link at a time; every change is the writer's to
    make, who makes one after another."""

    def __init__(self, vault: Vault, writer: Writer, hal: Hal) -> None:
        self._vault = vault
        self._writer = writer
        self._hal = hal
        self._reading = threading.Lock()
        self._open: dict[tuple[str, str], File] = {}
        self._hashes: dict[str, Mapping[str, str]] = {}
        parts = BundleParts(
            hal.config,
            hal.updater,
            hal.power,
            vault.trust,
            self._note,
            lambda: bool(writer.takes),
            hal.clock.monotonic_ns,
        )
        self.bundles = Bundles(parts)

    def hello(self) -> Facts:
        """What the camera says about itself."""
        volume, wall = self._vault.volume, self._hal.clock.utc()
        newest, space = volume.audit.newest, volume.storage.space()
        return Facts(
            device=self._vault.enrolment.session.device,
            volume=volume.id,
            boot=newest.boot,
            number=newest.number,
            firmware=VERSION,
            clock=ClockReading(self._hal.clock.monotonic_ns() // 1_000_000, wall.utc_ms, wall.quality.value),
            battery=self._charge(),
            space=Room(space.total, space.free),
            audit=AuditHead(newest.line, newest.head),
            update=self.bundles.facts(),
        )

    def _charge(self) -> Charge:
        """What the gauge says.  One that cannot be read keeps no evidence from leaving, and asks for nothing that takes a charge."""
        try:
            battery = self._hal.power.battery()
        except OSError:
            return Charge(0, charging=False)
        return Charge(battery.percent, battery.charging)

    def items(self) -> list[Item]:
        """Marked recordings first, then the most recent; the audit log and the volume's own file behind them."""
        with self._reading:
            waiting = [entry for entry in self._vault.custody.inventory.all() if entry.receipted_ms is None]
            waiting.sort(key=lambda entry: (not entry.priority, -entry.number))
            volume = self._vault.volume
            audit = tuple(volume.audit.offered().items())
            here = volume.root.names()
            own = tuple((name, durable.size(volume.root, name)) for name in PAPERS if name in here)
            return [
                *(_item(entry) for entry in waiting),
                Item("audit", AUDIT_ITEM, priority=False, files=audit),
                Item("volume", VOLUME_ITEM, priority=False, files=own),
            ]

    def read(self, item: str, file: str, offset: int, size: int) -> bytes:
        """Bytes of a file.  The last ones read stay open: a dock reads on where it was."""
        with self._reading:
            opened = self._open.pop((item, file), None) or self._directory(item).open(file)
            self._open[item, file] = opened  # behind the others: the first one was not read for the longest time
            if len(self._open) > MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            return opened.read(offset, size)

    def signed(self, item: str, file: str) -> str | None:
        """What the manifest of a sealed recording says."""
        if item in (AUDIT_ITEM, VOLUME_ITEM):
            return None
        with self._reading:
            hashes = self._hashes.pop(item, None) or self._vault.custody.hashes(int(item))
            self._hashes[item] = hashes
            if len(self._hashes) > MOST_OPEN:
                self._hashes.pop(next(iter(self._hashes)))
            return hashes.get(file)

    def receipt(self, number: int, line: bytes, nonce: str) -> None:
        """Keep a receipt."""
        self._writer.ask(lambda: self._vault.custody.receipt(number, line, nonce))
        self._let_go(names.recording(number))  # it may be erased now, and an open file would keep its room

    def anchor(self, line: bytes, nonce: str) -> None:
        """Keep an anchor."""
        self._writer.ask(lambda: self._vault.custody.anchor(line, nonce))

    def log_receipt(self, line: bytes, nonce: str) -> None:
        """Keep a receipt for the log.  Its files change no more: they are read here, so that no flush waits for that."""
        kept_log = self._vault.kept_log
        with self._reading:
            receipt = kept_log.verify(line, nonce)
        self._writer.ask(lambda: kept_log.keep(receipt))
        # What it covers may be erased now, and itself it took the place of another one.
        for item in (AUDIT_ITEM, VOLUME_ITEM):
            self._let_go(item)

    def conflict(self, dock: str, reason: str) -> None:
        """Have the log say that a dock contests it."""
        self._note("conflict", {"dock": words(dock), "reason": words(reason)})

    def settings(self, line: bytes) -> None:
        """Keep settings."""
        self._writer.ask(lambda: self._vault.custody.settings(line))

    def assign(self, line: bytes) -> None:
        """Keep an assignment."""
        self._writer.ask(lambda: self._vault.custody.assign(line))

    def order(self, line: bytes) -> None:
        """Keep the authority's word that this camera records no more, or may again."""
        self._writer.ask(lambda: self._vault.recalls.take(line))

    def bundle(self, line: bytes) -> Intake | None:
        """Take a firmware bundle: onto the small partition, past the writer."""
        return self.bundles.offer(line)

    def vouched(self, token: bytes, nonce: str) -> Vouched:
        """Judge what came with a dock's time."""
        enrolment = self._vault.enrolment
        believed = stamper(enrolment.settings.payload["values"])
        return verify_token(token, nonce, enrolment.trust_now, believed, least_ms=enrolment.known_ms)

    def set_clock(self, utc_ms: int, source: str) -> None:
        """Set the wall clock and note by how much it moved.  Never back while a recording is written: the press may have come behind the
        question, and whether it has only the writer knows, who may also have been busy until now."""
        clock = self._hal.clock
        said_ns = clock.monotonic_ns()

        def set_it() -> None:
            now_ms = utc_ms + (clock.monotonic_ns() - said_ns) // NS_PER_MS
            if self._writer.takes and now_ms < clock.utc().utc_ms:
                message = "the clock does not run back while a recording is being made"
                raise SequenceError(message)
            self._vault.timekeeping.set(now_ms, source)

        self._writer.ask(set_it)

    def dock_event(self, dock: str, outcome: str) -> None:
        """Note that a dock was met."""
        self._note("dock", {"dock": words(dock), "outcome": words(outcome)})

    def _note(self, kind: str, data: dict[str, object]) -> None:
        self._writer.ask(lambda: self._vault.volume.audit.write(kind, data))

    def _let_go(self, item: str) -> None:
        with self._reading:
            for key in [key for key in self._open if key[0] == item]:
                self._open.pop(key).close()
            self._hashes.pop(item, None)

    def _directory(self, item: str) -> Directory:
        volume = self._vault.volume
        roots = {AUDIT_ITEM: lambda: volume.root.enter(names.AUDIT), VOLUME_ITEM: lambda: volume.root}
        return roots.get(item, lambda: volume.recordings.enter(item))()


def _item(entry: Entry) -> Item:
    return Item("recording", names.recording(entry.number), entry.priority, tuple(sorted(entry.files.items())))
