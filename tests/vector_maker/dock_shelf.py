"""A camera's side of a docking over a card that the maker writes: so that a conversation is the same each time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from firmware.dock.facts import AuditHead, Charge, ClockReading, Facts, Room
from firmware.dock.shelf import Item
from firmware.evidence import jws
from firmware.evidence.anchor import verify_anchor
from firmware.evidence.assignment import verify_assignment
from firmware.evidence.certs import Trust
from firmware.evidence.errors import MismatchError
from firmware.evidence.log_receipt import verify_log_receipt
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.recall import verify_order
from firmware.evidence.receipt import verify_receipt
from firmware.evidence.settings_doc import verify_settings
from firmware.evidence.timestamp import Stamper
from firmware.evidence.timetoken import Vouched, verify_token
from firmware.runtime.bundles import BundleParts, Bundles
from firmware.runtime.intake import Intake
from hal.sim.memory import MemoryStorage
from hal.sim.power import SimPower
from hal.sim.updater import SimUpdater
from tests.evidence_maker import DOCK_MS, Camera, TimeAuthority
from tests.vector_maker.bases import OURS

MONO_MS = 5_000_000
TRUST = Trust.load(OURS.root_pem)


class MakerShelf:
    """Implements ``firmware.dock.shelf.Shelf`` over a maker's camera; its clock is ``off_ms`` behind the dock's."""

    def __init__(self, camera: Camera, off_ms: int = 0, quality: str = "rtc") -> None:
        self.camera = camera
        self._clock = ClockReading(MONO_MS, DOCK_MS - off_ms, quality)
        self._receipted: set[int] = set()
        self._heads = self._read_heads()
        updater = SimUpdater(MemoryStorage(), board="maker")
        parts = BundleParts(MemoryStorage(), updater, SimPower(), lambda: TRUST, self._log, lambda: False, lambda: 0)
        self.bundles = Bundles(parts)

    def _read_heads(self) -> list[str]:
        files = sorted((self.camera.path / "audit").glob("*.jwsl"))
        return [jws.line_hash(line) for file in files for line in file.read_bytes().splitlines()]

    def _log(self, kind: str, data: dict[str, Any]) -> None:
        self.camera.log(kind, data)
        self._heads.append(self.camera.head)

    def hello(self) -> Facts:
        """What it says about itself."""
        camera = self.camera
        head = AuditHead(camera.lines, camera.head)
        return Facts(
            device=camera.name,
            volume=camera.volume,
            boot=camera.boots,
            number=camera.number,
            firmware="0.1.0",
            clock=self._clock,
            battery=Charge(80, charging=True),
            space=Room(1 << 36, 1 << 35),
            audit=head,
            update=self.bundles.facts(),
        )

    def items(self) -> Sequence[Item]:
        """Recordings without a receipt, the log, the volume's own files."""
        root = self.camera.path
        recordings = [
            path
            for path in sorted((root / "recordings").iterdir(), reverse=True)
            if int(path.name) not in self._receipted
        ]
        own = [path for path in (root / "log-receipt.jws", root / "volume.jws") if path.exists()]
        rows = [("recording", path.name, sorted(path.iterdir())) for path in recordings]
        rows += [("audit", "audit", sorted((root / "audit").iterdir())), ("volume", "volume", own)]
        return [
            Item(kind, name, False, tuple((each.name, each.stat().st_size) for each in files))
            for kind, name, files in rows
        ]

    def read(self, item: str, file: str, offset: int, size: int) -> bytes:
        """Part of a file."""
        folder = {"audit": "audit", "volume": "."}.get(item, f"recordings/{item}")
        return (self.camera.path / folder / file).read_bytes()[offset : offset + size]

    def signed(self, item: str, file: str) -> str | None:
        """None: every hash is made of what is read here."""

    def receipt(self, number: int, line: bytes, nonce: str) -> None:
        """Verify and keep."""
        path = self.camera.directory(number)
        if not path.exists():
            raise MismatchError(f"number: there is no recording {number}")
        manifest = verify_manifest(jws.from_file((path / "manifest.jws").read_bytes()), TRUST)
        signed = verify_receipt(line, TRUST, manifest, nonce=nonce)
        self._receipted.add(number)
        self._log("receipt", {"number": number, "receipt": signed.hash})

    def anchor(self, line: bytes, nonce: str) -> None:
        """Verify."""
        camera = self.camera
        verify_anchor(line, TRUST, nonce=nonce, device=camera.name, volume=camera.volume, head_of=self._head)

    def _head(self, index: int) -> str | None:
        return self._heads[index - 1] if index <= len(self._heads) else None

    def log_receipt(self, line: bytes, nonce: str) -> None:
        """Verify, keep, clear."""
        camera = self.camera
        signed = verify_log_receipt(
            line, TRUST, nonce=nonce, device=camera.name, volume=camera.volume, files=self._finished
        )
        (camera.path / "log-receipt.jws").write_bytes(line + b"\n")
        camera.clear(signed.hash)
        self._heads.append(camera.head)

    def _finished(self, boot: int) -> list[dict[str, Any]]:
        files = [
            path
            for path in sorted((self.camera.path / "audit").iterdir())
            if int(path.name[:8]) <= boot < self.camera.boots
        ]
        return [
            {"name": path.name, "length": path.stat().st_size, "hash": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in files
        ]

    def conflict(self, dock: str, reason: str) -> None:
        """Note."""
        self._log("conflict", {"dock": dock, "reason": reason})

    def settings(self, line: bytes) -> None:
        """Verify."""
        verify_settings(line, TRUST, newer_than=1)

    def assign(self, line: bytes) -> None:
        """Verify."""
        verify_assignment(line, TRUST, device=self.camera.name)

    def order(self, line: bytes) -> None:
        """Verify."""
        verify_order(line, TRUST, device=self.camera.name)

    def bundle(self, line: bytes) -> Intake | None:
        """Take a bundle."""
        return self.bundles.offer(line)

    def vouched(self, token: bytes, nonce: str) -> Vouched:
        """Verify; the settings name the root of ``tsa-root.crt.pem``, and no policy."""
        return verify_token(token, nonce, TRUST, Stamper(TimeAuthority().root), least_ms=0)

    def set_clock(self, utc_ms: int, source: str) -> None:
        """Take the dock's word."""
        before, self._clock = self._clock.utc_ms, ClockReading(MONO_MS, utc_ms, "dock")
        self._log("clock", {"before_ms": before, "after_ms": utc_ms, "source": source, "drift_ppm": None})

    def dock_event(self, dock: str, outcome: str) -> None:
        """Note."""
        self._log("dock", {"dock": dock, "outcome": outcome})
