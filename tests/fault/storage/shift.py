"""A shift with a card that may fail: one camera on a virtual clock, what it promised so far, and what is asked of it in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.evidence.errors import EvidenceError
from firmware.runtime.auditlog import AuditLostError
from firmware.runtime.writer import Call as Errand
from firmware.runtime.writer import StorageLostError
from hal.interface import Button
from hal.sim.clock import VirtualClock
from hal.sim.faulty import FaultyStorage
from hal.sim.memory import MemoryStorage
from hal.sim.sources import run_until
from tests.rig import NONCE, NS, STEP_NS, PkiSigner, Rig, judge, payload, receipt_for
from tools.verify.report import Verdict

FRESH_NS: Final = 2_500_000_000
"""How old the newest durable flush may be while the lights say recording, and nothing else."""
OLD_NS: Final = 7 * NS
"""The same while trouble is laid over it: a stall of five seconds, and the second that any flush may take."""
ATTEMPTS: Final = 3
"""How often the service is started in vain on a storage that fails for good, before that ends."""
ENDS: Final = (AuditLostError, StorageLostError)
"""What ends the service; whoever supervises it starts it anew."""
GOOD: Final = (Verdict.WHOLE, Verdict.RECOVERED)
RECORDING_LOOKS: Final = (Look.RECORDING, Look.RECORDING_TROUBLE)


@dataclass
class Shift:
    """One camera on a card that fails, what it promised so far, and what it did wrong."""

    card: FaultyStorage
    config: MemoryStorage
    clock: VirtualClock
    values: dict[str, object]
    rig: Rig = field(init=False)
    up: bool = False
    restarts: int = 0
    wrong: list[str] = field(default_factory=list)
    acknowledged: Counter[int] = field(default_factory=Counter)
    """Journal lines by recording, as they were when the lights said that it is being made."""
    durable_ns: int = 0
    receipted: set[int] = field(default_factory=set)
    wanted: bool = False
    """Whether somebody pressed, and nobody stopped."""
    lagged: bool = False
    """Whether the lights told of a stall while it lasted."""
    refused: bool = False
    """Whether that press was refused, loudly."""

    def __post_init__(self) -> None:
        self.card.synced, self.card.pause = self._synced, self._pause

    def start(self) -> bool:
        """Start the service, as often as it takes; in vain for ever on a storage that fails for good, which then ends."""
        self.up = False
        for attempt in range(2 * ATTEMPTS):
            try:
                self.rig = Rig.start(self.card, self.config, self.clock, PkiSigner(), self.values)
            except (OSError, EvidenceError, *ENDS):
                self.restarts += 1
                self.card.restarted()
                self.clock.advance(NS)
                if attempt + 1 == ATTEMPTS:
                    self.card.heal()
                continue
            self.rig.evidence = self.card.inner  # for judges: they see what is there
            settle = self.rig.settle
            self.rig.settle = partial(self._watch, settle)  # type: ignore[method-assign]  # replaced by the test
            self.rig.camera.writer.ask = self._ask  # type: ignore[method-assign]  # replaced by the test
            self.up = True
            return True
        self.wrong.append("the service does not start on a storage that is well again")
        return False

    def do(self, act: Callable[[Shift], object]) -> None:
        """Do something with the camera; if that ends the service, it is started anew."""
        try:
            act(self)
        except ENDS:
            self.restart()

    def restart(self) -> None:
        """As whoever supervises the service does it."""
        self.restarts += 1
        self.rig.forsake()
        self.card.restarted()
        self.clock.advance(NS)
        self.start()

    def _ask(self, action: Callable[[], Any]) -> Any:
        """What the dock thread asks of the writer, on this thread."""
        result: Future[Any] = Future()
        self.rig.camera.work.put(Errand(action, result))
        self.rig.settle()
        return result.result(timeout=0)

    def _watch(self, settle: Callable[[], None]) -> None:
        """After each step."""
        settle()
        self._look()
        if shown(self.rig) in RECORDING_LOOKS:
            for take in self.rig.camera.writer.takes.values():
                self.acknowledged[take.number] = take.journal.transcript.lines

    def _pause(self, seconds: float) -> None:
        """The writer hangs in the card; everybody else goes on."""
        until = self.clock.monotonic_ns() + round(seconds * NS)
        if not self.up:
            self.clock.advance(round(seconds * NS))
        while (now := self.clock.monotonic_ns()) < until:
            rig = self.rig
            run_until(self.clock, (rig.video, rig.audio), min(now + STEP_NS, until))
            while (item := rig.camera.inbox.take()) is not None:
                rig.camera.controller.handle(item)
            rig.camera.controller.tick(self.clock.monotonic_ns())
            self._look()
            self.lagged |= Trouble.LAGGING in rig.camera.controller.face.troubles

    def _look(self) -> None:
        """The lights claim no more than is so."""
        look, age = shown(self.rig), self.clock.monotonic_ns() - self.durable_ns
        if (look is Look.RECORDING and age > FRESH_NS) or (look is Look.RECORDING_TROUBLE and age > OLD_NS):
            self.wrong.append(f"{look.value} is shown {age / NS:.1f} s after the last durable flush")
            self.durable_ns = self.clock.monotonic_ns()  # told once

    def _synced(self, path: tuple[str, ...]) -> None:
        """A file is durable under its name."""
        if path[-1] == "journal.jwsl":
            self.durable_ns = self.clock.monotonic_ns()


def shown(rig: Rig) -> Look:
    """What the lights say."""
    return next(look for look, lights in LIGHTS.items() if lights == rig.indicators.lights)


# What happens in a shift.


def buffer(shift: Shift) -> None:
    """The camera is on."""
    shift.rig.run(2.2)


def press(shift: Shift) -> None:
    """An incident."""
    shift.wanted, refused = True, shift.rig.cues.count("refused")
    shift.rig.tap()
    shift.refused = shift.rig.cues.count("refused") > refused


def record(shift: Shift) -> None:
    """Over the end of a segment."""
    shift.rig.run(2.2)


def mark(shift: Shift) -> None:
    """A bookmark."""
    shift.rig.tap()


def stop(shift: Shift) -> None:
    """The whole gesture."""
    shift.rig.buttons.press(Button.RECORD)
    shift.rig.run(1.2)
    shift.rig.buttons.release(Button.RECORD)
    shift.rig.run(0.1)
    shift.wanted = False
    shift.rig.tap()


def hand_over(shift: Shift) -> None:
    """A dock takes over all there is; what it is refused, it tries again the next time."""
    rig = shift.rig
    for entry in rig.camera.vault.custody.inventory.all():
        if entry.receipted_ms is None:
            with suppress(OSError, EvidenceError):  # the dock is told, and comes again
                line = receipt_for(rig, entry.number)
                shift.receipted.add(entry.number)
                rig.camera.shelf.receipt(entry.number, line, NONCE)
    rig.run(0.3)


Act = Callable[[Shift], None]
SHIFT: Final[tuple[Act, ...]] = (buffer, press, record, mark, stop, hand_over, press, record)


def run_shift(shift: Shift, acts: Sequence[Act]) -> Shift:
    """Go through a shift, whatever happens."""
    if shift.start():
        for act in acts:
            shift.do(act)
    return shift


# What is asked in the end.


def finish(shift: Shift) -> Rig:
    """The storage is well again: what was pressed is recorded.  Then the power goes, and the next boot closes what is open."""
    shift.card.heal()
    restarts = shift.restarts
    shift.do(_settle)
    if shift.restarts > restarts:  # what had failed came to light only now: the service has its two seconds from here
        shift.do(_settle)
    rig = shift.rig
    told = shift.refused or Trouble.STORAGE_FULL in rig.camera.controller.face.troubles
    if shift.wanted and not told and not recording(shift):
        shift.wrong.append(
            f"a press is not being recorded, the camera is {rig.state.value}, shown is {shown(rig).value}"
        )
    if not recording(shift):
        rig.run(61)  # an officer who was refused, or who is told that nothing is recorded, presses again
        press(shift)
        rig.run(1)
        if not recording(shift):
            shift.wrong.append(f"a second press is not recorded, shown is {shown(rig).value}")
    return rig.power_cut().run(0.3)


def _settle(shift: Shift) -> None:
    """As long as the service may take until it records again."""
    shift.rig.run(2.5)


def recording(shift: Shift) -> bool:
    """Whether a recording is being made, durably, and shown."""
    fresh = shift.clock.monotonic_ns() - shift.durable_ns <= FRESH_NS
    return fresh and shown(shift.rig) in RECORDING_LOOKS


def judged(shift: Shift, rig: Rig, folder: Path, *, destroyed: bool = False, key: bool = True) -> int:
    """Have the verifier look at the card, and compare with what was promised; how many recordings it saw."""
    report = judge(rig, folder, key=key)
    running = {take.number for take in rig.camera.writer.takes.values()}
    verdicts = {
        each.number: each.verdict
        for each in report.every_recording
        if each.number is not None and each.number not in running
    }
    shift.wrong += [f"asked to sync again after a failure: {call}" for call in shift.card.abuses]
    if destroyed:
        newest = verdicts.get(max(verdicts, default=0))
        if newest not in GOOD:
            shift.wrong.append(f"the newest recording is {newest}")
        return len(verdicts)
    shift.wrong += [f"{path}: {each.file}: {each.reason}" for path, found in report.every_problem for each in found]
    shift.wrong += [f"recording {number} is {verdict}" for number, verdict in verdicts.items() if verdict not in GOOD]
    (volume,) = report.volumes
    given = set(range(1, rig.camera.vault.volume.audit.ledger.upcoming))
    if lost := given - set(verdicts) - set(volume.erased) - set(volume.voided) - running:
        shift.wrong.append(f"nobody says what became of {sorted(lost)}")
    if early := set(volume.erased) - shift.receipted:
        shift.wrong.append(f"erased without a receipt: {sorted(early)}")
    for number, lines in shift.acknowledged.items():
        there = len(journal(rig, number)) if number in verdicts else lines * (number in volume.erased)
        if there < lines:
            shift.wrong.append(f"recording {number} has {there} lines, {lines} were acknowledged")
    return len(verdicts)


def journal(rig: Rig, number: int) -> list[bytes]:
    """The complete lines of a recording's journal."""
    file = rig.evidence.root().enter("recordings").enter(f"{number:08d}").open("journal.jwsl")
    return file.read(0, file.size()).split(b"\n")[:-1]


def stalled(shift: Shift, rig: Rig, seconds: float, since_ms: int) -> None:
    """A stall of so many seconds lost nothing; the lights told of it, and so does the next line of whatever was being recorded."""
    if not shift.lagged:
        shift.wrong.append("the lights did not tell of a stall")
    for number in shift.acknowledged:
        with suppress(FileNotFoundError):  # erased meanwhile
            lines = [payload(line) for line in journal(rig, number)]
            shift.wrong += [
                f"recording {number} lost {line['gaps']}" for line in lines[1:] if any(line["gaps"].values())
            ]
            late = [
                line for line in lines[1:] if line["tracks"] and line["clock"]["mono_ms"] >= since_ms + 1000 * seconds
            ]
            early = [line for line in lines if line["clock"]["mono_ms"] <= since_ms]
            if early and late and max(line["lag_ms"] for line in late) < 1000 * (seconds - 1):
                shift.wrong.append(f"recording {number} does not say that it lagged")
