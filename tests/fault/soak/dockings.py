"""Docks in a soak: a real conversation over the dock protocol, both ends on one virtual clock, and a store whose evidence is judged."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, Final

from firmware.runtime.docklink import DockLink, DockParts
from hal.interface import PortKind
from tests.docking import DockEnd, Wire, desk
from tests.rig import NONCE, Rig, copy, payload, pki, read, receipt_for
from tools.dock.events import DockEvent, Kind
from tools.verify.report import RecordingReport, Report, Verdict
from tools.verify.verifier import verify_path

GOOD = frozenset({Verdict.WHOLE, Verdict.RECOVERED})
ALARMING = frozenset({Kind.CONFLICT, Kind.DAMAGED, Kind.FAILED})
"""What a dock never has to say to an honest camera in front of an honest store."""


GONE_S: Final = 2.5
"""Until a camera that was taken out knows it."""


class Papers:
    """What a judge needs: the authority's root, and its key."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._root, self._identity = folder / "root.pem", folder / "authority.agekey"
        self._root.write_bytes(pki().root_pem)
        self._identity.write_text(f"{pki().authority_identity}\n")

    def judge(self, path: Path) -> Report:
        """What the independent verifier says."""
        return verify_path(path, self._root, [self._identity])


class Passing(Event):
    """The time of a docking: the camera lives on while either end waits.  Set, as an event, once it is over."""

    def __init__(self, rig: Rig, seconds: float, hooks: dict[float, Callable[[], object]]) -> None:
        """``hooks``: what happens so many seconds after the beginning."""
        super().__init__()
        self._rig = rig
        self._began_ns = self.now_ns
        self._seconds = seconds
        self._hooks = sorted(hooks.items())

    @property
    def now_ns(self) -> int:
        """The camera's clock, which both ends go by."""
        return self._rig.clock.monotonic_ns()

    @property
    def _passed(self) -> float:
        return (self.now_ns - self._began_ns) / 1e9

    def advance(self, seconds: float) -> None:
        """Let the camera live for so long."""
        self._rig.run(seconds)
        while self._hooks and self._passed >= self._hooks[0][0]:
            self._hooks.pop(0)[1]()
        if self._passed >= self._seconds:
            self.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep."""
        self.advance(timeout or 0.0)
        return self.is_set()


class Rack:
    """Docks of one authority with one store.  ``visits`` and ``stored`` count; ``receipted`` holds all numbers ever signed for."""

    def __init__(self, folder: Path) -> None:
        self.visits = self.stored = 0
        self.receipted: set[int] = set()
        self.said: dict[int, set[str]] = {}
        """What the private part of each recording that came in has entries of."""
        self.trouble: list[str] = []
        self.closed: Callable[[int, dict[str, Any]], None] = lambda _number, _manifest: None
        self._folder = folder
        self._papers = Papers(folder)

    def visit(
        self,
        rig: Rig,
        seconds: float,
        utc_ms: Callable[[], int],
        *,
        torn_after: int | None = None,
        hooks: dict[float, Callable[[], object]] | None = None,
    ) -> None:
        """Put the camera in for so long, or until so many bytes went over the wire."""
        self.visits += 1
        place, events = desk(pki(), self._folder / "store", utc_ms=utc_ms, stay=True)
        passing = Passing(rig, seconds, hooks or {})
        wire = Wire(passing, lambda: DockEnd(place, PortKind.STREAM), cut_after=torn_after)
        parts = rig.camera
        session, trust, tell = parts.vault.session, parts.vault.trust, parts.inbox.put
        made = DockParts(wire, rig.clock, session, parts.shelf, trust, random_of(rig), tell, tell, berth=parts.berth)
        link = DockLink(made)
        rig.power.touch(on=True)
        try:
            link.run(passing)
            wire.plugged = False
            link.run(Passing(rig, GONE_S, {}))
        finally:
            rig.power.touch(on=False)
            self._archive(events)

    def by_hand(self, rig: Rig, most: int, utc_ms: int) -> None:
        """Give receipts for recordings, each judged first, without a conversation."""
        waiting = [entry.number for entry in rig.camera.vault.custody.inventory.all() if entry.receipted_ms is None]
        for number in waiting[:most]:
            name = f"{number:08d}"
            copy(rig.evidence.root().enter("recordings").enter(name), self._folder / "by-hand" / name)
            self._judge(number, self._folder / "by-hand" / name)
            rig.camera.shelf.receipt(number, receipt_for(rig, number, utc_ms=utc_ms), NONCE)

    def log(self, rig: Rig) -> list[dict[str, Any]]:
        """The lines of the camera's log: what the card has, and what docks have taken over of it."""
        volume = self._folder / "store" / "cam-1" / rig.camera.vault.volume.id / "audit"
        files = {path.name: path.read_bytes() for path in volume.glob("*.jwsl")}
        card = rig.evidence.root().enter("audit")
        files |= {name: read(card.open(name)) for name in card.names() if name.endswith(".jwsl")}
        lines = [line for _, data in sorted(files.items()) for line in data.split(b"\n")[:-1] if b"\0" not in line]
        return [payload(line) for line in lines]

    def _archive(self, events: list[DockEvent]) -> None:
        """Judge what came in, and carry it off to where a soak need not keep it."""
        self.trouble += [
            f"the dock says {event.kind.value}: {event.facts}" for event in events if event.kind in ALARMING
        ]
        for recording in sorted(self._folder.glob("store/cam-1/*/recordings/*")):
            if recording.name.isdigit() and (recording / "receipt.jws").exists():
                self._judge(int(recording.name), recording)

    def _judge(self, number: int, path: Path) -> None:
        self.receipted.add(number)
        self.stored += 1
        reports = self._papers.judge(path).every_recording
        self.trouble += [
            f"recording {number} at the dock: {told(each)}" for each in reports if each.verdict not in GOOD
        ]
        self.said[number] = {entry.kind for each in reports for entry in each.private or ()}
        self.closed(number, payload((path / "manifest.jws").read_bytes()))
        shutil.rmtree(path)


def told(report: RecordingReport) -> str:
    """A verdict with its reasons."""
    return f"{report.verdict.value}: {'; '.join(f'{each.file}: {each.reason}' for each in report.problems)}"


def random_of(rig: Rig) -> Callable[[int], bytes]:
    """Random bytes for a session, from the camera's own clock: the same in each run."""
    return lambda size: rig.clock.monotonic_ns().to_bytes(size, "big") if size >= 8 else b"\1" * size
