"""What must be true after each act of a soak: of the lights, of the numbers, of what was acknowledged, and of what left the card."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from firmware.core.flags import Flag
from firmware.core.indications import indicate, look
from firmware.core.machine import Recording
from firmware.evidence.transcript import TICKS
from firmware.runtime import names
from firmware.runtime.work import Durable, Failed
from hal.interface import Track, Unit
from tests.rig import NS, Rig

if TYPE_CHECKING:
    from tests.fault.soak.dockings import Rack

LOSS_NS: Final = NS
"""What a cut may take of the live footage of an acknowledged recording."""
SHOWN: Final = frozenset({Recording.RECORDING, Recording.STOP_ASKED, Recording.POST_EVENT})
_FRAMES: Final = 400


class BrokenError(Exception):
    """A promise was broken."""


class Ear(list[object]):
    """Hears all that a camera's controller hears in one boot, and remembers what the light stood for; takes the place of the rig's list,
    which would grow for hours."""

    def __init__(self, rig: Rig, watch: Watch) -> None:
        super().__init__()
        self.takes: dict[int, tuple[int, int]] = {}
        """Number and epoch of the acknowledged takes that may still be running."""
        self._rig = rig
        self._watch = watch
        self._frames: deque[int] = deque(maxlen=_FRAMES)

    def append(self, item: object) -> None:
        """Hear one item."""
        match item:
            case Unit(track=Track.VIDEO, time_ns=time_ns) if not self._frames or time_ns > self._frames[-1]:
                self._frames.append(time_ns)
            case Durable(take):
                self._acknowledged(take)
            case Failed(take) if take in self.takes:
                self._watch.owe(*self.takes.pop(take), self)
            case _:
                pass

    def _acknowledged(self, take: int) -> None:
        running, written = self._rig.camera.take, self._rig.camera.writer.takes.get(take)
        if running is not None and running.id == take and running.epoch_ns is not None and written is not None:
            self.takes = {take: (written.number, running.epoch_ns)}

    def newest_ns(self, before_ns: int) -> int | None:
        """The capture time of the newest frame that was captured before then."""
        return next((each for each in reversed(self._frames) if each <= before_ns), None)

    def cut(self) -> None:
        """The power or the service went just now."""
        take = self._rig.camera.take
        if take is not None and take.id in self.takes and self._rig.state in SHOWN:
            self._watch.owe(*self.takes[take.id], self)


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
    _here: set[str] = field(default_factory=set)

    def stall(self, seconds: float, now_ns: int) -> None:
        """Storage has stood still for so long until now: a cut before it caught up may cost that much more."""
        self.stalled_ns, self.stalled_at_ns = round(seconds * NS), now_ns

    def owe(self, number: int, epoch_ns: int, ear: Ear) -> None:
        """This recording was cut off now: up to a second before, all of it has to come back."""
        now_ns = ear._rig.clock.monotonic_ns()
        stall_ns = self.stalled_ns if now_ns - self.stalled_at_ns < NS // 4 else 0
        newest_ns = ear.newest_ns(now_ns - LOSS_NS - stall_ns)
        if newest_ns is not None and newest_ns > epoch_ns:
            self.owed[number] = newest_ns - epoch_ns

    def check(self, rig: Rig) -> None:
        """Raise ``BrokenError`` for the first promise that does not hold now."""
        self._lights(rig)
        ledger = rig.camera.vault.volume.audit.ledger
        need(ledger.upcoming > self.number, f"number {self.number} was given out, and {ledger.upcoming} comes next")
        self.number = ledger.upcoming - 1
        self._recovered(rig)
        self._card(rig)
        need(not self.rack.trouble, "; ".join(self.rack.trouble))

    def _lights(self, rig: Rig) -> None:
        """The light says what the table says, and the table what is true."""
        state, running = rig.camera.controller, rig.camera.writer.takes
        facts = state.recording, state.place, state.face.troubles, state.flags
        need(rig.indicators.lights == indicate(*facts), f"the lights do not say {look(*facts).value}")
        need(bool(running) == (state.recording is not Recording.IDLE), f"{state.recording}, but takes {list(running)}")
        need(Flag.STANDBY not in state.flags or not rig.camera.ring.bytes, "frames are kept on standby")
        if state.recording in SHOWN:
            confirmed = rig.camera.take is not None and rig.camera.take.id in rig.camera.writer._confirmed
            need(confirmed, "the light says recording, and nothing of it is durable")

    def _recovered(self, rig: Rig) -> None:
        """What was acknowledged came back."""
        recordings = rig.evidence.root().enter(names.RECORDINGS)
        for number, reach_ns in list(self.owed.items()):
            name = names.recording(number)
            if name not in recordings.names():
                continue  # gone: whether that is right, the look at the card says
            directory = recordings.enter(name)
            if names.MANIFEST not in directory.names():
                continue  # still to be recovered
            span: dict[str, Any] | None = rig.camera.vault.custody.manifest(number, directory).payload["span"]
            until_ns = span["until"] * NS // TICKS if span else 0
            lost = (reach_ns - until_ns) / NS
            need(lost <= 0, f"recording {number}: {lost:.2f} s more are lost than one second before the cut")
            del self.owed[number]
            self.held += 1

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
