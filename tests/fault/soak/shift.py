"""A camera during a shift: acts happen to it, and after each of them what was promised is checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, TypeVar

from firmware.core.indications import Trouble
from firmware.core.machine import FREE, RUNNING, Recording
from firmware.evidence.errors import EvidenceError
from firmware.runtime import pending
from firmware.runtime.auditlog import AuditLostError
from firmware.runtime.controller import Quit
from firmware.runtime.lens import LensLostError
from firmware.runtime.switchoff import switched_off
from firmware.runtime.writer import Call, StorageLostError
from hal.sim.clock import VirtualClock
from hal.sim.memory import MemoryStorage
from tests.fault.soak.card import Card, PowerCutError
from tests.fault.soak.dockings import Rack
from tests.fault.soak.ear import SHOWN, Ear
from tests.fault.soak.hands import let_go, start, stop
from tests.fault.soak.policies import policy
from tests.fault.soak.watch import Watch, need
from tests.rig import NS, PkiSigner, Rig, enrol, settings_line

T = TypeVar("T")

VITAL: Final = (AuditLostError, StorageLostError, LensLostError, OSError, EvidenceError)
"""What ends a vital part, and with it the service."""
RETRY_S: Final = 5.0
"""After how long a service that could not start is started again."""
CALM_S: Final = 65.0
"""By then a button that flapped is believed again, and storage that had been full has been looked at once more."""
UTC_MS: Final = 1_790_000_000_000


class Shift:
    """One camera over all its boots.  ``counts`` has what happened to it; ``rig`` is None while its service cannot start."""

    def __init__(self, folder: Path) -> None:
        self.rack = Rack(folder)
        self.watch = Watch(self.rack)
        self.rack.closed = self.watch.footage.closed
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
        self._values, self._serial = policy(0), 1
        enrol(self._config, self._values)
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
                self.camera(lambda rig, left=left: rig.run(left))  # type: ignore[misc]  # mypy knows no type for a lambda's default

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
        rig = self.rig
        try:
            action(rig)
        except PowerCutError:
            self.power_cut()
        except VITAL as error:
            self.restart(error)
        else:
            if rig.stopped and rig is self.rig and rig.camera.controller.off:
                self._switch_off(rig)

    def _switch_off(self, rig: Rig) -> None:
        """It ends of itself; with a charger the service starts again, without one somebody puts in another battery."""
        reason = rig.audit(only=rig.camera.vault.volume.audit.newest.boot)[-1]
        need(reason["kind"] == "stop", f"the log of a camera that switched itself off ends with {reason['kind']}")
        need(not rig.camera.writer.takes, "it switched itself off in the middle of a recording")
        self.counts["offs"] += 1
        if not switched_off(rig.hal, rig.camera.controller._log):
            self.restart(None)
            return
        resumes = bool(reason["data"].get("resume"))
        self.power_cut()
        self.run(3)
        if resumes:
            self.camera(lambda rig: need(rig.state in RUNNING, "what a battery ended does not go on"))

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
        rig = self.rig
        if rig is not None and (
            rig.state in RUNNING if reason is not None else rig.stopped and rig.state is not Recording.IDLE
        ):
            pending.keep(self._config.root())  # as the service does, however it ended; one that was killed does nothing
        self._ends()
        self.card.leave()
        self._start()

    def govern(self, number: int) -> None:
        """The authority's settings are these from the next start on, which follows at once."""
        values = policy(number)
        self._serial += 1
        line = settings_line(values, serial=self._serial)
        self.camera(lambda rig: rig.camera.vault.custody.settings(line))
        self.camera(lambda rig: rig.camera.inbox.put(Quit("shutdown")))
        self.run(0.5)
        self._values = values
        self.restart(None)

    def _ends(self) -> None:
        if self.rig is not None:
            self.rig.answers.cut()  # type: ignore[attr-defined]  # it is an Ear
        self.rig = None

    def _start(self) -> None:
        try:
            rig = Rig.start(self.card, self._config, self._clock, self._signer, self._values, tested=True)
        except PowerCutError:
            self.power_cut()
        except VITAL:
            self.card.leave()
        else:
            rig.camera.writer.ask = lambda action: _ask(rig, action)  # type: ignore[method-assign]  # one thread here
            self.counts["boots"] += 1
            rig.answers = Ear(rig, self.watch, need, self.counts["boots"])
            self.rig = rig

    # -- what is looked at

    def check(self) -> None:
        """Check what was promised; what a test has no need to remember is forgotten."""
        if self.rig is not None:
            self.rig.log.seek(0)
            self.rig.log.truncate()
            self.rig.answers.look(self._clock.monotonic_ns())  # type: ignore[attr-defined]  # it is an Ear
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
        self.camera(let_go)
        self.run(CALM_S)
        self.try_all()
        self.camera(start)
        self.run(2)
        self.power_cut()
        self.run(3)
        self.try_all()

    def try_all(self) -> None:
        """A calm hand gets what it asks for: a recording in time, a stop, and what follows it; then it is sealed."""
        self.halt()
        self.camera(lambda rig: need(rig.state is Recording.IDLE, f"stopped, it is {rig.state.value}"))
        self.run(15)
        self.press()
        self.camera(lambda rig: need(rig.state is Recording.RECORDING, f"pressed, it is {rig.state.value}"))
        self.run(4)
        self.halt()
        self.camera(lambda rig: need(rig.state is Recording.IDLE, f"stopped again, it is {rig.state.value}"))
        self.check()

    def visit(self, seconds: float, **more: Any) -> None:
        """A docking of so many seconds; taken out, the camera begins a recording where the authority wants one."""
        rig, stood = self.rig, False

        def heard() -> None:
            nonlocal stood
            stood = rig is not None and rig.camera.controller._rack.stood

        hooks = {**more.pop("hooks", {}), seconds - 0.2: heard}
        self.camera(lambda rig: self.rack.visit(rig, seconds, self.utc_ms, hooks=hooks, **more))
        self.run(0.5)
        if rig is None or rig is not self.rig or rig.stopped or rig.camera.controller.face.bars:
            return
        if stood and rig.camera.settings.record_on_undock:
            need(rig.state is not Recording.IDLE, "taken out of a dock it does not record")

    def halt(self) -> None:
        """Stop whatever is recorded, as an officer does it, and wait for its end."""
        self.camera(lambda rig: stop(rig) if rig.state is not Recording.IDLE else rig)
        self.camera(lambda rig: rig.run(rig.camera.settings.post_event_s + 2))

    def press(self) -> None:
        """A press, as it has to be; where that begins a recording it does so in time, or says loudly that it does not."""
        rig = self.rig
        if rig is None:
            return
        free, leaving = rig.state in FREE, rig.camera.controller._wishes._leaving is not None
        self.camera(start)
        self.camera(lambda rig: rig.run(1.6))
        if not free or leaving or self.rig is not rig:
            return
        late = Trouble.START_LATE in rig.camera.controller.face.troubles
        cues = {cue.name for time_ns, cue in rig.indicators.cues if rig.clock.monotonic_ns() - time_ns < 3 * NS}
        began = "started" in cues or rig.state in SHOWN
        told = f"{rig.state.value}, having said {sorted(cues)}"
        need(began or "refused" in cues or (late and rig.state is Recording.STARTING), f"a press comes to {told}")

    def need(self, holds: bool, promise: str) -> None:  # noqa: FBT001 - it reads as a sentence
        """``BrokenError`` unless it holds."""
        need(holds, promise)

    def hand_over(self, seconds: float) -> None:
        """One honest docking, for so long, takes over all there is, and the card is empty; ``BrokenError`` if it is not."""
        self.visit(seconds)
        self.run(1)
        self.halt()
        self.check()
        need(self.rig is not None, "the service does not run after a docking")
        left = [] if self.rig is None else self.rig.camera.vault.custody.inventory.all()
        if self.rig is not None and self.rig.camera.settings.record_on_undock:
            left = left[:-1]  # the last one was made when it was taken out
        need(not left, f"a docking leaves {len(left)} recordings behind, {sum(each.size for each in left)} bytes")


def _ask(rig: Rig, action: Callable[[], T]) -> T:
    """What the dock thread's question to the writer comes to, where there is one thread."""
    result: Future[T] = Future()
    rig.camera.work.put(Call(action, result))
    rig.settle()
    return result.result(timeout=0)
