"""What must be true after each act of a soak: of the numbers, of what was acknowledged, and of what left the card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from firmware.core.machine import Recording
from firmware.evidence.transcript import TICKS
from firmware.runtime import names
from tests.fault.soak.footage import LOSS_NS, Footage
from tests.rig import NS, Rig

if TYPE_CHECKING:
    from tests.fault.soak.dockings import Rack
    from tests.fault.soak.ear import Ear


class BrokenError(Exception):
    """A promise was broken."""


@dataclass
class Watch:
    """What a whole shift is watched for, over all boots."""

    rack: Rack
    number: int = 0
    """The newest number that was given out."""
    owed: dict[int, int] = field(default_factory=dict)
    """By number: the media time that the manifest of a recording that was cut off has to reach, in ns."""
    held: int = 0
    """How many recordings that were cut off came back as far as they had to."""
    void: set[int] = field(default_factory=set)
    now_ns: int = 0
    stalled_ns: int = 0
    stalled_at_ns: int = 0
    footage: Footage = field(default_factory=Footage)
    paused: set[tuple[int, int]] = field(default_factory=set)
    """Boots and takes that lack a part of what comes before the press, because somebody had paused the buffer."""
    lacking: set[int] = field(default_factory=set)
    """Their numbers: these recordings have to say so."""
    _here: set[str] = field(default_factory=set)

    def stall(self, seconds: float, now_ns: int) -> None:
        """Storage has stood still for so long until now: a cut before it caught up may cost that much more."""
        self.stalled_ns, self.stalled_at_ns = round(seconds * NS), now_ns

    def broke(self, ear: Ear) -> None:
        """Something broke off whatever was being recorded."""
        self.footage.broke(ear.boot, ear.now_ns, self._stood_ns(ear.now_ns))

    def _stood_ns(self, now_ns: int) -> int:
        """For how long storage has stood still just now."""
        return self.stalled_ns if now_ns - self.stalled_at_ns < NS // 4 else 0

    def owe(self, number: int, epoch_ns: int, ear: Ear) -> None:
        """This recording was cut off now: up to a second before, all of it has to come back."""
        newest_ns = ear.newest_ns(ear.now_ns - LOSS_NS - self._stood_ns(ear.now_ns))
        if newest_ns is not None and newest_ns > epoch_ns:
            self.owed[number] = newest_ns - epoch_ns

    def check(self, rig: Rig) -> None:
        """Raise ``BrokenError`` for the first promise that does not hold now."""
        state, running = rig.state, rig.camera.writer.takes
        need(bool(running) == (state is not Recording.IDLE), f"{state}, but takes {list(running)}")
        ledger = rig.camera.vault.volume.audit.ledger
        need(ledger.upcoming > self.number, f"number {self.number} was given out, and {ledger.upcoming} comes next")
        self.number = ledger.upcoming - 1
        self._recovered(rig)
        self._card(rig)
        need(not self.rack.trouble, "; ".join(self.rack.trouble))

    def _recovered(self, rig: Rig) -> None:
        """What was acknowledged came back."""
        for number in self.footage.epochs.keys() - self.footage.spans.keys():
            if (manifest := self.manifest(rig, number)) is not None:
                self.footage.closed(number, manifest)
        self.footage.settle()
        for number, reach_ns in list(self.owed.items()):
            manifest = self.manifest(rig, number)
            if manifest is None:
                continue  # still to be recovered, or gone: whether that is right, the look at the card says
            span: dict[str, Any] | None = manifest["span"]
            until_ns = span["until"] * NS // TICKS if span else 0
            lost = (reach_ns - until_ns) / NS
            need(lost <= 0, f"recording {number}: {lost:.2f} s more are lost than one second before the cut")
            del self.owed[number]
            self.held += 1

    def manifest(self, rig: Rig, number: int) -> dict[str, Any] | None:
        """What the manifest of a recording says; None while it is not on the card."""
        recordings = rig.evidence.root().enter(names.RECORDINGS)
        name = names.recording(number)
        if name not in recordings.names():
            return None
        directory = recordings.enter(name)
        if names.MANIFEST not in directory.names():
            return None
        return dict(rig.camera.vault.custody.manifest(number, directory).payload)

    def _card(self, rig: Rig) -> None:
        """A recording that left the card had a receipt, or never had anything in it."""
        here = {name for name in rig.evidence.root().enter(names.RECORDINGS).names() if name.isdigit()}
        for name in self._here - here:
            number = int(name)
            gone = number in self.rack.receipted or number in self.void or number > self.number
            need(gone or self._voided(rig, number), f"recording {number} is gone, and no dock had it")
            need(number not in self.owed, f"recording {number} is gone, and was not recovered")
        self._here = here

    def _voided(self, rig: Rig, number: int) -> bool:
        """Whether the audit log says that there never was anything, or where it was put."""
        lines = self.rack.log(rig)
        self.void |= {line["data"]["number"] for line in lines if line["kind"] == "void"}
        put_away = {line["data"]["name"] for line in lines if line["kind"] == "quarantine"}
        return number in self.void or names.recording(number) in put_away


def need(holds: bool, promise: str) -> None:  # noqa: FBT001 - it reads as a sentence
    """``BrokenError`` unless it holds."""
    if not holds:
        raise BrokenError(promise)
