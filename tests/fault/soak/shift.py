"""A camera during a shift: acts happen to it, and after each of them what was promised is checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final, TypeVar

from firmware.core.machine import Recording
from firmware.evidence.errors import EvidenceError
from firmware.runtime.auditlog import AuditLostError
from firmware.runtime.lens import LensLostError
from firmware.runtime.writer import Call, StorageLostError
from hal.sim.clock import VirtualClock
from hal.sim.memory import MemoryStorage
from tests.fault.soak.card import Card, PowerCutError
from tests.fault.soak.dockings import Rack
from tests.fault.soak.watch import Ear, Watch, need
from tests.rig import NS, VALUES, PkiSigner, Rig, enrol

T = TypeVar("T")

VITAL: Final = (AuditLostError, StorageLostError, LensLostError, OSError, EvidenceError)
"""What ends a vital part, and with it the service."""
RETRY_S: Final = 5.0
"""After how long a service that could not start is started again."""
CHOSEN: Final = {
    **VALUES,
    "keep_after_receipt_h": 0,
    "mute_allowed": True,
    "hush_allowed": True,
    "standby_allowed": True,
}
UTC_MS: Final = 1_790_000_000_000


class Shift:
    """One camera over all its boots.  ``counts`` has what happened to it; ``rig`` is None while its service cannot start."""

    def __init__(self, folder: Path) -> None:
        self.rack = Rack(folder)
        self.watch = Watch(self.rack)
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        """Why services were lost."""
        self.card = Card(pause=self._pause)
        self.rig: Rig | None = None
        self._config = MemoryStorage()
        self._clock = VirtualClock(UTC_MS)
        self._before_ns = -self._clock.monotonic_ns()
        self._signer = PkiSigner()
        self.cut_in_stall: float | None = None
        """So many seconds into the next stall the power goes."""
        enrol(self._config, CHOSEN)
        self._start()

    # -- time

    @property
    def seconds(self) -> float:
        """How long the shift has lasted."""
        return (self._before_ns + self._clock.monotonic_ns()) / NS

    def utc_ms(self) -> int:
        """The true time, which docks tell."""
        return UTC_MS + round(self.seconds * 1000)

    def run(self, seconds: float) -> None:
        """Let time pass, whatever becomes of the camera meanwhile."""
        until = self.seconds + seconds
        while (left := until - self.seconds) > 1e-6:
            if self.rig is None:
                self._clock.advance(round(min(left, RETRY_S) * NS))
                self._start()
            else:
                self.camera(lambda rig, left=left: rig.run(left))  # type: ignore[misc]

    def _pause(self, seconds: float) -> None:
        """Storage stands still, and with it all that waits for it."""
        cut, self.cut_in_stall = self.cut_in_stall, None
        passed = seconds if cut is None else min(seconds, cut)
        self._clock.advance(round(passed * NS))
        self.watch.stall(passed, self._clock.monotonic_ns())
        if cut is not None:
            raise self.card.cut()

    # -- the camera's life

    def camera(self, action: Callable[[Rig], object]) -> None:
        """Do something with the camera, if its service runs; what ends it is followed by a new start."""
        if self.rig is None:
            return
        try:
            action(self.rig)
        except PowerCutError:
            self.power_cut()
        except VITAL as error:
            self.restart(error)

    def power_cut(self, again_at: int | None = None) -> None:
        """The power goes, and comes back; with ``again_at`` it goes once more, at that operation of the start that follows."""
        self.counts["cuts"] += 1
        self._ends()
        self.card = self.card.reborn(self._pause)
        self.card.cut_at(again_at)
        self._config = self._config.crash()
        self._config.log.clear()
        self._before_ns += self._clock.monotonic_ns()
        self._clock = self._clock.power_cycle()
        self._start()

    def restart(self, reason: Exception | None) -> None:
        """The service ended, for this reason or because it was asked to, and is started again."""
        self.counts["restarts"] += 1
        if reason is not None:
            self.counts["services lost"] += 1
            self.reasons[f"{type(reason).__name__}: {reason}"] += 1
        self._ends()
        self.card.leave()
        self._start()

    def _ends(self) -> None:
        if self.rig is not None:
            self.rig.answers.cut()  # type: ignore[attr-defined]  # it is an Ear
        self.rig = None

    def _start(self) -> None:
        try:
            rig = Rig.start(self.card, self._config, self._clock, self._signer, CHOSEN)
        except PowerCutError:
            self.power_cut()
        except VITAL:
            self.card.leave()
        else:
            rig.camera.writer.ask = lambda action: _ask(rig, action)  # type: ignore[method-assign]  # one thread here
            rig.answers = Ear(rig, self.watch)
            self.rig = rig

    # -- what is looked at

    def check(self) -> None:
        """Check what was promised; what a test has no need to remember is forgotten."""
        if self.rig is not None:
            self.rig.log.seek(0)
            self.rig.log.truncate()
            self.watch.check(self.rig)

    def calm(self) -> None:
        """Whatever was broken works again."""
        self.card.trouble.clear()
        self.card.trouble.capacity = None
        self.card.cut_at(None)
        self.cut_in_stall = None

    def end(self) -> None:
        """The end of a shift: the power goes once more, and recordings are stopped."""
        self.calm()
        self.power_cut()
        self.run(3)
        self.camera(lambda rig: rig.stop() if rig.state is not Recording.IDLE else rig)
        self.run(1)
        self.check()

    def hand_over(self, seconds: float) -> None:
        """One honest docking, for so long, takes over all there is, and the card is empty; ``BrokenError`` if it is not."""
        self.camera(lambda rig: self.rack.visit(rig, seconds, self.utc_ms))
        self.run(1)
        self.check()
        need(self.rig is not None, "the service does not run after a docking")
        left = [] if self.rig is None else self.rig.camera.vault.custody.inventory.all()
        need(not left, f"a docking leaves {len(left)} recordings behind, {sum(each.size for each in left)} bytes")


def _ask(rig: Rig, action: Callable[[], T]) -> T:
    """What the dock thread's question to the writer comes to, where there is one thread."""
    result: Future[T] = Future()
    rig.camera.work.put(Call(action, result))
    rig.settle()
    return result.result(timeout=0)
