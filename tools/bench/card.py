"""A made-up camera for benchmarks: an authority of its own, a card of real files, and the shelf that a dock sees of it.

The files are what a camera would have, signed and all, but for the segments: these are random bytes, since a dock cannot read them anyway.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firmware.dock.facts import AuditHead, Charge, ClockReading, Facts, Room, Update
from firmware.dock.shelf import Intake, Item
from firmware.evidence import jws
from firmware.evidence.audit import audit_line
from firmware.evidence.certs import Certificate, Chain, Trust, verify_chain
from firmware.evidence.errors import MismatchError
from firmware.evidence.issue import issue, issue_root
from firmware.evidence.journal import Journal
from firmware.evidence.keys import PrivateKey, new_key, software_sign
from firmware.evidence.kinds import ZEROS
from firmware.evidence.manifest import sealed_manifest, verify_manifest
from firmware.evidence.receipt import receipt_files
from firmware.evidence.roles import Role
from firmware.evidence.session import Session
from firmware.evidence.timetoken import Vouched
from firmware.evidence.volume import volume_line
from hal.interface import File
from hal.sim.storage import FileStorage

DEVICE, DOCK = "bench-camera", "bench-dock"
VOLUME = "be" * 16
STAMP: Mapping[str, Any] = {"mono_ms": 1000, "utc_ms": 1_800_000_000_000, "quality": "dock"}
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Pair:
    """A camera's boot and a dock of one authority."""

    trust: Trust
    session: Session
    dock: Chain
    dock_key: PrivateKey = field(repr=False)

    @classmethod
    def create(cls) -> Pair:
        """Make them, with fresh keys."""
        key = new_key()
        root = issue_root("Bench root", key.public_key(), software_sign(key), _BEGAN)
        trust = Trust(root)
        device, device_key = _holder(trust, key, Role.DEVICE_CA, Role.DEVICE, DEVICE)
        dock, dock_key = _holder(trust, key, Role.DOCK_CA, Role.DOCK, DOCK)
        return cls(trust, Session.begin(device, software_sign(device_key)), dock, dock_key)


def _holder(trust: Trust, key: PrivateKey, middle: Role, role: Role, name: str) -> tuple[Chain, PrivateKey]:
    """Certify a name below an intermediate of its own."""
    above_key, own_key = new_key(), new_key()
    above: Certificate = issue(middle, f"Bench {middle}", above_key.public_key(), trust.root, software_sign(key))
    leaf = issue(role, name, own_key.public_key(), above, software_sign(above_key))
    return verify_chain([leaf.der, above.der], trust, role), own_key


def _blocks(size: int, seed: int, *, sparse: bool) -> Iterator[bytes]:
    """The bytes of a segment, a block at a time: random ones, or zeros for a file that takes no room."""
    block = bytes(_BLOCK) if sparse else random.Random(seed).randbytes(min(size, _BLOCK))  # noqa: S311 - nobody has to guess
    while size > 0:
        yield block[:size]
        size -= _BLOCK


def _extent(size: int, seed: int, *, sparse: bool) -> dict[str, Any]:
    sha256 = hashlib.sha256()
    for block in _blocks(size, seed, sparse=sparse):
        sha256.update(block)
    return {"length": size, "hash": sha256.hexdigest()}


class Card:
    """Implements ``firmware.dock.shelf.Shelf`` over a directory; takes every receipt, and erases nothing."""

    def __init__(self, root: Path, pair: Pair) -> None:
        """An empty card."""
        session = pair.session
        self._trust = pair.trust
        self._hashes: tuple[str, Mapping[str, str]] = ("", {})
        self.receipts: dict[int, bytes] = {}
        self._session = session
        self._root = root
        self._storage = FileStorage(root)
        self._open: tuple[tuple[str, str], File] | None = None
        self._numbers: list[int] = []
        self._opening = ZEROS
        self._lines: list[str] = []
        (root / "audit").mkdir()
        (root / "volume.jws").write_bytes(volume_line(session, VOLUME, dict(STAMP)) + b"\n")
        self._log("boot", _BOOT)

    def record(self, sizes: Sequence[int], *, sparse: bool = False) -> Path:
        """Add a recording with segments of these sizes; its directory.  ``sparse`` ones are all zeros and take no room."""
        number = len(self._numbers) + 1
        directory = self._root / "recordings" / f"{number:08d}"
        directory.mkdir(parents=True)
        journal = self._journal(number)
        self._opening = journal.transcript.opening_hash
        self._log("opening", {"number": number, "opening": self._opening})
        lines = [journal.opening]
        names = [*(f"{index:06d}.mp4.age" for index in range(len(sizes))), "private.age"]
        for index, (name, size) in enumerate(zip(names, (*sizes, 500), strict=True)):
            extent = _extent(size, index, sparse=sparse)
            _write(directory / name, size, index, sparse=sparse)
            lines.append(_flush(journal, name, index, extent))
        (directory / "journal.jwsl").write_bytes(b"".join(line + b"\n" for line in lines))
        facts: dict[str, Any] = {"priority": False, "settings": ZEROS, "signer": "software", "second": None}
        line = sealed_manifest(self._session, journal.transcript, journal.extent, clock=dict(STAMP), **facts)
        (directory / "manifest.jws").write_bytes(line + b"\n")
        self._log("closing", {"number": number, "manifest": jws.line_hash(line), "state": "sealed"})
        self._numbers.append(number)
        return directory

    def _journal(self, number: int) -> Journal:
        return Journal(
            self._session,
            volume=VOLUME,
            boot=1,
            number=number,
            previous=self._opening,
            anchor=None,
            settings=ZEROS,
            firmware="0.1.0",
            signer="software",
            clock=dict(STAMP),
            live_from=0,
            continues=None,
            overlaps=[],
            video={"width": 1280, "height": 720, "fps": 30},
            audio=None,
        )

    def _log(self, kind: str, data: Mapping[str, Any]) -> None:
        payload = {
            "device": DEVICE,
            "volume": VOLUME,
            "boot": 1,
            "line": len(self._lines) + 1,
            "prev": self._lines[-1] if self._lines else ZEROS,
            "clock": STAMP,
            "kind": kind,
            "data": data,
        }
        line = audit_line(self._session, payload)
        self._lines.append(jws.line_hash(line))
        with (self._root / "audit" / "00000001.jwsl").open("ab") as file:
            file.write(line + b"\n")

    # -- the Shelf -----------------------------------------------------------------------------------------------------

    def hello(self) -> Facts:
        """What a camera says about itself."""
        space, head = self._storage.space(), AuditHead(len(self._lines), self._lines[-1])
        clock, battery = ClockReading(**STAMP), Charge(80, charging=True)
        numbers = (1, len(self._numbers))
        room, update = Room(space.total, space.free), Update("bench", 0, "none")
        return Facts(DEVICE, VOLUME, *numbers, "0.1.0", clock, battery, room, head, update)

    def items(self) -> list[Item]:
        """All that has no receipt."""
        waiting = [f"{number:08d}" for number in self._numbers if number not in self.receipts]
        return [
            *(Item("recording", name, priority=False, files=self._files(f"recordings/{name}")) for name in waiting),
            Item("audit", "audit", priority=False, files=self._files("audit")),
            Item("volume", "volume", priority=False, files=self._files(".")),
        ]

    def _files(self, directory: str) -> tuple[tuple[str, int], ...]:
        found = (path for path in sorted((self._root / directory).iterdir()) if path.is_file())
        return tuple((path.name, path.stat().st_size) for path in found)

    def read(self, item: str, file: str, offset: int, size: int) -> bytes:
        """Bytes of a file; the last one read stays open, as a camera has it."""
        if self._open is None or self._open[0] != (item, file):
            if self._open is not None:
                self._open[1].close()
            root = self._storage.root()
            places = {"audit": lambda: root.enter("audit"), "volume": lambda: root}
            directory = places.get(item, lambda: root.enter("recordings").enter(item))()
            self._open = ((item, file), directory.open(file))
        return self._open[1].read(offset, size)

    def signed(self, item: str, file: str) -> str | None:
        """What the manifest says, as a camera reads it: verified, once for each recording."""
        if not item.isdigit():
            return None
        if self._hashes[0] != item:
            data = (self._root / "recordings" / item / "manifest.jws").read_bytes()
            manifest = verify_manifest(jws.from_file(data), self._trust)
            self._hashes = item, {each["name"]: each["hash"] for each in receipt_files(manifest)}
        return self._hashes[1].get(file)

    def receipt(self, number: int, line: bytes, nonce: str) -> None:  # noqa: ARG002 - nothing is erased here
        """Take it."""
        self.receipts[number] = line

    def anchor(self, line: bytes, nonce: str) -> None:
        """Take it."""

    def log_receipt(self, line: bytes, nonce: str) -> None:
        """Take it."""

    def conflict(self, dock: str, reason: str) -> None:
        """Take it."""

    def settings(self, line: bytes) -> None:
        """Take them."""

    def assign(self, line: bytes) -> None:
        """Take it."""

    def order(self, line: bytes) -> None:
        """Take it."""

    def bundle(self, line: bytes) -> Intake | None:  # noqa: ARG002 - nothing is installed here
        """Want none."""
        return None

    def vouched(self, token: bytes, nonce: str) -> Vouched:  # noqa: ARG002 - a clock that is right needs none
        """Believe nobody."""
        raise MismatchError("token: nobody vouches for a clock here")

    def set_clock(self, utc_ms: int, source: str) -> None:
        """Take it."""

    def dock_event(self, dock: str, outcome: str) -> None:
        """Take it."""


_BOOT: Mapping[str, Any] = {
    "firmware": "0.1.0",
    "signer": "software",
    "counter": None,
    "start": "first",
    "power": None,
    "next": 1,
    "opening": ZEROS,
    "open": [],
    "contested": False,
}


def _flush(journal: Journal, name: str, index: int, extent: dict[str, Any]) -> bytes:
    """A journal's line for a whole file."""
    media = name.endswith(".mp4.age")
    track = {"samples": 1, "from": index, "hash": ZEROS}
    return journal.flush(
        file=name,
        last=True,
        cipher=extent,
        plain=extent,
        clock=dict(STAMP),
        tracks={"video": track, "audio": None} if media else None,
        until=index + 1 if media else None,
        gaps={"video": 0, "audio": 0, "overflow": 0},
        lag_ms=20,
    )


def _write(path: Path, size: int, seed: int, *, sparse: bool) -> None:
    with path.open("wb") as file:
        if sparse:
            file.truncate(size)
            return
        for block in _blocks(size, seed, sparse=False):
            file.write(block)
