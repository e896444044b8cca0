"""A camera's shelf in memory, with genuine evidence, and wires between a camera and a dock on a virtual clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from firmware.dock.channel import Channel, Secured
from firmware.dock.errors import DockError
from firmware.dock.facts import AuditHead, Charge, ClockReading, Facts, Room
from firmware.dock.link import Link
from firmware.dock.protocol import Side
from firmware.dock.shelf import Item
from firmware.dock.tls import Tls
from firmware.evidence import jws
from firmware.evidence.anchor import verify_anchor
from firmware.evidence.assignment import verify_assignment
from firmware.evidence.audit import audit_line
from firmware.evidence.certs import Trust
from firmware.evidence.errors import MismatchError
from firmware.evidence.journal import Journal
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import ZEROS
from firmware.evidence.log_receipt import verify_log_receipt
from firmware.evidence.manifest import recovered_manifest, sealed_manifest, verify_manifest
from firmware.evidence.recall import verify_order
from firmware.evidence.receipt import verify_receipt
from firmware.evidence.second import SecondKey
from firmware.evidence.session import Session as Boot
from firmware.evidence.settings_doc import verify_settings
from firmware.evidence.timestamp import Stamper
from firmware.evidence.timetoken import Vouched, verify_token
from firmware.evidence.volume import volume_line
from firmware.runtime.bundles import BundleParts, Bundles
from firmware.runtime.docklink import DockLink, DockNews, DockParts
from firmware.runtime.intake import Intake
from hal.interface import ClockQuality, DockPort, PortKind, WallTime
from hal.sim.memory import MemoryStorage
from hal.sim.power import SimPower
from hal.sim.updater import SimUpdater
from tests.pki import Pki
from tools.dock.conversation import Talk
from tools.dock.events import DockEvent
from tools.dock.identity import DockIdentity
from tools.dock.session import Session, farewell
from tools.dock.store import Store, StoreError
from tools.dock.visit import Desk, Visit

VOLUME = "0123456789abcdef" * 2
DOCK_UTC_MS = 1_800_000_000_000
NANO = 1_000_000_000


class VirtualClock:
    """A ``Clock`` that moves only when it is told to."""

    def __init__(self, utc_ms: int = DOCK_UTC_MS, quality: ClockQuality = ClockQuality.RTC) -> None:
        self.now_ns = NANO
        self._offset_ms = utc_ms - 1000
        self._quality = quality

    def monotonic_ns(self) -> int:
        """Now."""
        return self.now_ns

    def utc(self) -> WallTime:
        """Now, as far as it is known."""
        return WallTime(self.now_ns // 1_000_000 + self._offset_ms, self._quality)

    def set_utc(self, utc_ms: int) -> None:
        """Take a dock's word."""
        self._offset_ms = utc_ms - self.now_ns // 1_000_000
        self._quality = ClockQuality.DOCK

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += round(seconds * NANO)


def extent(data: bytes) -> dict[str, Any]:
    """Length and hash."""
    return {"length": len(data), "hash": hashlib.sha256(data).hexdigest()}


@dataclass
class MemoryShelf:
    """A camera's evidence in memory.  ``erase`` does what a camera may do only against receipts."""

    pki: Pki
    session: Boot
    clock: VirtualClock
    volume: str = VOLUME
    boot: int = 1
    trust: Trust = field(init=False)
    recordings: dict[int, dict[str, bytes]] = field(default_factory=dict)
    receipts: dict[int, bytes] = field(default_factory=dict)
    anchors: list[bytes] = field(default_factory=list)
    log_receipts: list[bytes] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    assignments: list[str] = field(default_factory=list)
    orders: list[Signed] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    hashes: dict[tuple[str, str], str] = field(default_factory=dict)
    audit: dict[str, list[bytes]] = field(default_factory=dict)
    serial: int = 0
    percent: int = 80
    stamper: Stamper | None = None
    trouble: OSError | None = None
    config: MemoryStorage = field(default_factory=MemoryStorage)
    writing: bool = False

    def __post_init__(self) -> None:
        self.trust = self.pki.trust
        self.volume_file = volume_line(self.session, self.volume, self._stamp()) + b"\n"
        self._lines: list[str] = []
        self.power, self.updater = SimPower(), SimUpdater(MemoryStorage())
        writing, now = lambda: self.writing, self.clock.monotonic_ns
        parts = BundleParts(self.config, self.updater, self.power, lambda: self.trust, self._log, writing, now)
        self.bundles = Bundles(parts)
        self._opening = ZEROS
        self._log(
            "boot",
            {
                "firmware": "0.1.0",
                "signer": "software",
                "counter": None,
                "start": "first",
                "power": None,
                "next": 1,
                "opening": ZEROS,
                "open": [],
                "contested": False,
            },
        )

    # -- making evidence

    def record(
        self,
        number: int,
        sizes: Sequence[int] = (70_000, 30_000),
        *,
        lost: str | None = None,
        again: SecondKey | None = None,
    ) -> None:
        """Make a recording with segments of these sizes (what is in them means nothing): sealed, or, with a file
        ``lost`` to a cut, recovered; with a second signature, if there is a key for ``again``."""
        journal = Journal(
            self.session,
            volume=self.volume,
            boot=self.boot,
            number=number,
            previous=self._opening,
            anchor=None,
            settings=ZEROS,
            firmware="0.1.0",
            signer="software",
            clock=self._stamp(),
            live_from=0,
            continues=None,
            overlaps=[],
            video={"width": 1280, "height": 720, "fps": 30},
            audio=None,
        )
        self._opening = journal.transcript.opening_hash
        self._log("opening", {"number": number, "opening": self._opening})
        lines = [journal.opening]
        files: dict[str, bytes] = {}
        names = [*(f"{index:06d}.mp4.age" for index in range(len(sizes))), "private.age"]
        for index, (name, size) in enumerate(zip(names, (*sizes, 500), strict=True)):
            files[name] = hashlib.shake_128(f"{self.session.chain.fingerprint} {number} {name}".encode()).digest(size)
            media = name != "private.age"
            track = {"samples": 1, "from": index, "hash": ZEROS}
            lines.append(
                journal.flush(
                    file=name,
                    last=True,
                    cipher=extent(files[name]),
                    plain=extent(files[name]),
                    clock=self._stamp(),
                    tracks={"video": track, "audio": None} if media else None,
                    until=index + 1 if media else None,
                    gaps={"video": 0, "audio": 0, "overflow": 0},
                    lag_ms=20,
                )
            )
        files["journal.jwsl"] = b"".join(line + b"\n" for line in lines)
        facts: dict[str, Any] = {
            "priority": False,
            "settings": ZEROS,
            "signer": "software",
            "second": again and again.fingerprint,
            "clock": self._stamp(),
        }
        if lost is None:
            manifest = sealed_manifest(self.session, journal.transcript, journal.extent, **facts)
        else:
            del files[lost]
            left = {name: extent(data) for name, data in files.items() if name != "journal.jwsl"}
            facts["signed_boot"] = self.boot + 1  # as if a later boot had found it
            manifest = recovered_manifest(self.session, journal.transcript, journal.extent, left, **facts)
        files["manifest.jws"] = manifest + b"\n"
        if again is not None:
            files["manifest.pq.jws"] = again.sign(self.volume, number, manifest) + b"\n"
        self._log(
            "closing",
            {"number": number, "manifest": jws.line_hash(manifest), "state": "recovered" if lost else "sealed"},
        )
        self.recordings[number] = dict(sorted(files.items()))

    def erase(self) -> None:
        """Erase what has a receipt, and nothing else."""
        for number in self.receipts:
            self.recordings.pop(number, None)

    def reboot(self, session: Boot) -> None:
        """Begin the next boot's log."""
        self.boot += 1
        self.session = session
        self._log(
            "boot",
            {
                "firmware": "0.1.0",
                "signer": "software",
                "counter": None,
                "start": "power",
                "power": None,
                "next": max((*self.recordings, *self.receipts), default=0) + 1,
                "opening": self._opening,
                "open": [],
                "contested": False,
            },
        )

    def _stamp(self) -> dict[str, Any]:
        utc = self.clock.utc()
        return {"mono_ms": self.clock.now_ns // 1_000_000, "utc_ms": utc.utc_ms, "quality": utc.quality.value}

    def _log(self, kind: str, data: Mapping[str, Any]) -> None:
        payload = {
            "device": self.session.device,
            "volume": self.volume,
            "boot": self.boot,
            "line": len(self._lines) + 1,
            "prev": self._lines[-1] if self._lines else ZEROS,
            "clock": self._stamp(),
            "kind": kind,
            "data": data,
        }
        line = audit_line(self.session, payload)
        self._lines.append(jws.line_hash(line))
        self.audit.setdefault(f"{self.boot:08d}.jwsl", []).append(line)

    # -- the Shelf

    def hello(self) -> Facts:
        """The facts now."""
        head = AuditHead(len(self._lines), self._lines[-1])
        number = max((*self.recordings, *self.receipts), default=0)
        return Facts(
            self.session.device,
            self.volume,
            self.boot,
            number,
            "0.1.0",
            ClockReading(**self._stamp()),
            Charge(self.percent, charging=True),
            Room(1 << 36, 1 << 35),
            head,
            self.bundles.facts(),
        )

    def items(self) -> Sequence[Item]:
        """All that has no receipt, newest first."""
        items = [
            Item("recording", f"{number:08d}", False, tuple((name, len(data)) for name, data in files.items()))
            for number, files in reversed(self.recordings.items())
            if number not in self.receipts
        ]
        log = tuple((name, len(self._file("audit", name))) for name in sorted(self.audit))
        own = tuple((name, len(data)) for name, data in self.log_paper.items())
        return [
            *items,
            Item("audit", "audit", False, log),
            Item("volume", "volume", False, (*own, ("volume.jws", len(self.volume_file)))),
        ]

    def read(self, item: str, file: str, offset: int, size: int) -> bytes:
        """Read, or fail as ``trouble`` says."""
        if self.trouble:
            raise self.trouble
        return self._file(item, file)[offset : offset + size]

    def signed(self, item: str, file: str) -> str | None:
        """What a test says; by default every hash is made of what is read here."""
        return self.hashes.get((item, file))

    def _file(self, item: str, file: str) -> bytes:
        if item == "audit":
            return b"".join(line + b"\n" for line in self.audit[file])
        papers = {"volume.jws": self.volume_file, **self.log_paper}
        return papers[file] if item == "volume" else self.recordings[int(item)][file]

    @property
    def log_paper(self) -> dict[str, bytes]:
        """The newest receipt for the log, once there is one."""
        return {"log-receipt.jws": self.log_receipts[-1] + b"\n"} if self.log_receipts else {}

    def receipt(self, number: int, line: bytes, nonce: str) -> None:
        """Verify as a camera does, and keep."""
        if number not in self.recordings:
            raise MismatchError(f"number: there is no recording {number}")
        manifest = verify_manifest(jws.from_file(self.recordings[number]["manifest.jws"]), self.trust)
        second = self.recordings[number].get("manifest.pq.jws")
        signed = verify_receipt(line, self.trust, manifest, nonce=nonce, second=second)
        self.receipts[number] = line
        self._log("receipt", {"number": number, "receipt": signed.hash})

    def anchor(self, line: bytes, nonce: str) -> None:
        """Verify as a camera does, and keep."""
        verify_anchor(
            line,
            self.trust,
            nonce=nonce,
            device=self.session.device,
            volume=self.volume,
            head_of=lambda index: self._lines[index - 1] if index <= len(self._lines) else None,
        )
        self.anchors.append(line)

    def log_receipt(self, line: bytes, nonce: str) -> None:
        """Verify as a camera does, keep, and remove what is covered."""
        signed = verify_log_receipt(
            line, self.trust, nonce=nonce, device=self.session.device, volume=self.volume, files=self._finished
        )
        self.log_receipts.append(line)
        covered = [each["name"] for each in signed.payload["files"]]
        told = signed.payload
        self._log("cleared", {"receipt": signed.hash, "boot": told["boot"], "line": told["audit"]["line"]})
        for name in covered:
            del self.audit[name]

    def _finished(self, boot: int) -> list[dict[str, Any]]:
        names = [name for name in sorted(self.audit) if int(name[:8]) <= boot < self.boot]
        return [{"name": name, **extent(self._file("audit", name))} for name in names]

    def conflict(self, dock: str, reason: str) -> None:
        """Keep and log."""
        self.conflicts.append(reason)
        self._log("conflict", {"dock": dock, "reason": reason})

    def settings(self, line: bytes) -> None:
        """Verify as a camera does, and keep."""
        self.serial = verify_settings(line, self.trust, newer_than=self.serial).payload["serial"]

    def assign(self, line: bytes) -> None:
        """Verify as a camera does, and keep."""
        self.assignments.append(verify_assignment(line, self.trust, device=self.session.device).payload["shift"])

    def order(self, line: bytes) -> None:
        """Verify as a camera does, and keep."""
        self.orders.append(verify_order(line, self.trust, device=self.session.device)[1])

    def bundle(self, line: bytes) -> Intake | None:
        """Take a firmware bundle, as a camera does."""
        return self.bundles.offer(line)

    def vouched(self, token: bytes, nonce: str) -> Vouched:
        """Verify as a camera does."""
        return verify_token(token, nonce, self.trust, self.stamper, least_ms=0)

    def set_clock(self, utc_ms: int, source: str) -> None:
        """Set and log."""
        before = self.clock.utc().utc_ms
        self.clock.set_utc(utc_ms)
        self._log("clock", {"before_ms": before, "after_ms": utc_ms, "source": source, "drift_ppm": None})

    def dock_event(self, dock: str, outcome: str) -> None:
        """Keep and log."""
        self.events.append((dock, outcome))
        self._log("dock", {"dock": dock, "outcome": outcome})


class Passage(Protocol):
    """A clock that whoever waits moves."""

    @property
    def now_ns(self) -> int:
        """Where it stands."""

    def advance(self, seconds: float) -> None:
        """Let time pass."""


class Peer(Protocol):
    """Whoever is at the other end of a ``Wire``."""

    def pump(self, data: bytes, now_ns: int) -> bytes:
        """Hear what the camera wrote; say something."""

    def hang_up(self) -> None:
        """The cable is out."""


class DockEnd:
    """A dock at the other end of a ``Wire``: a session that runs ``talk``, by default a ``Visit`` at ``desk``."""

    def __init__(
        self,
        desk: Desk,
        kind: PortKind,
        *,
        trust: Trust | None = None,
        talk: Callable[[Secured], Talk[None]] | None = None,
    ) -> None:
        self._tls = Tls(Side.DOCK, desk.identity.tls, trust or desk.identity.trusted)
        self._link = Link(None) if kind is PortKind.SERIAL else None
        self._talk = talk or (lambda secured: Visit(desk, secured).talk())
        self._session: Session | None = None
        self.error: Exception | None = None

    def pump(self, data: bytes, now_ns: int) -> bytes:
        """Hear and speak; what goes wrong is kept in ``error`` and told to the camera."""
        session = self._session = self._session or Session(
            Channel(Side.DOCK, self._tls, self._link, now_ns), self._talk
        )
        session.receive_data(data, now_ns)
        if not self.error:
            try:
                session.turn(now_ns)
            except (DockError, StoreError) as error:
                self.error = error
                session.close()
                session.channel.close(farewell(error))
            if session.finished:
                session.channel.close()
        return session.channel.data_to_send()

    def hang_up(self) -> None:
        """Let go of what the session holds."""
        if self._session:
            self._session.close()


class Wire:
    """The camera's ``DockPort``, whose other end is run by the reads: whole dockings on one thread, on a virtual clock.

    ``connect`` is asked for a new other end after each ``reset``.  ``cut_after``: bytes, both ways, until the cable is
    pulled out.
    """

    def __init__(
        self,
        clock: Passage,
        connect: Callable[[], Peer],
        kind: PortKind = PortKind.STREAM,
        cut_after: int | None = None,
    ) -> None:
        self.kind = kind
        self.plugged = True
        self.cut_after = cut_after
        self.until_ns: int | None = None
        self.carried = 0
        self._clock = clock
        self._connect = connect
        self._peer: Peer | None = None
        self._out = b""
        self._in = b""

    def connected(self) -> bool:
        """Whether it is plugged in."""
        return bool(self.plugged) and (self.until_ns is None or self._clock.now_ns < self.until_ns)

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Let the other end work; without an answer, let the time pass."""
        self._check()
        if not self._in:
            self._peer = self._peer or self._connect()
            out, self._out = self._out, b""
            self._in = self._count(self._peer.pump(self._count(out), self._clock.now_ns))
        if not self._in:
            self._clock.advance(max(timeout_s, 0.0001))
            self._check()
        data, self._in = self._in[:limit], self._in[limit:]
        return data

    def write(self, data: bytes) -> None:
        """Keep it until the next read."""
        self._check()
        self._out += data

    def reset(self) -> None:
        """Let the last words arrive, then forget everything."""
        if self._peer:
            if self.plugged:
                self._peer.pump(self._out, self._clock.now_ns)
            self._peer.hang_up()
        self._peer = None
        self._out = self._in = b""

    def _count(self, data: bytes) -> bytes:
        self.carried += len(data)
        if self.cut_after is None:
            return data
        passed, self.cut_after = data[: self.cut_after], self.cut_after - len(data)
        if self.cut_after < 0:
            self.plugged, self.cut_after = False, None
        return passed

    def _check(self) -> None:
        if not self.connected():
            raise OSError("the cable was pulled out")


class Stop(Event):
    """An event whose ``wait`` moves a virtual clock, and that sets itself after so many waits."""

    def __init__(self, clock: VirtualClock, waits: int) -> None:
        super().__init__()
        self.slept: list[float] = []
        self._clock = clock
        self._waits = waits

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep on the virtual clock."""
        self.slept.append(timeout or 0.0)
        self._clock.advance(timeout or 0.0)
        if len(self.slept) >= self._waits:
            self.set()
        return self.is_set()


def parts(
    shelf: MemoryShelf, port: DockPort, news: list[DockNews], trust: Trust | None = None, **more: Any
) -> DockParts:
    """What a dock thread over this shelf and this port is made of; its news go to ``news``."""
    numbers = iter(range(1, 1 << 30))
    return DockParts(
        port,
        shelf.clock,
        shelf.session,
        shelf,
        lambda: trust or shelf.trust,
        lambda size: next(numbers).to_bytes(size, "big"),
        news.append,
        **more,
    )


def desk(pki: Pki, store: Path, **more: Any) -> tuple[Desk, list[DockEvent]]:
    """A dock of this authority with a store, and what it tells."""
    events: list[DockEvent] = []
    identity = DockIdentity(pki.dock.chain, pki.dock.key, pki.trust)
    more.setdefault("utc_ms", lambda: DOCK_UTC_MS)
    return Desk(identity, Store(store), events.append, **more), events


def stored(store: Path, number: int, place: str | None = None) -> dict[str, bytes]:
    """The files of a recording in a store, without its receipt."""
    path = store / "cam-1" / VOLUME / "recordings" / (place or f"{number:08d}")
    return {file.name: file.read_bytes() for file in sorted(path.iterdir()) if file.name != "receipt.jws"}


def camera(pki: Pki, **options: Any) -> MemoryShelf:
    """A camera of this authority that was just started."""
    return MemoryShelf(pki, pki.session(), VirtualClock(**options))


def visit(shelf: MemoryShelf, at: Desk, cut_after: int | None = None, *, seconds: float | None = None) -> DockEnd:
    """One docking of this camera at this desk, pulled out after so many seconds if those are given; the dock's end of it."""
    ends: list[DockEnd] = []

    def connect() -> DockEnd:
        ends.append(DockEnd(at, PortKind.STREAM))
        return ends[-1]

    news: list[DockNews] = []
    wire = Wire(shelf.clock, connect, cut_after=cut_after)
    if seconds is not None:
        wire.until_ns = shelf.clock.now_ns + round(seconds * NANO)
    DockLink(parts(shelf, wire, news)).run(Stop(shelf.clock, 1))
    return ends[0]
