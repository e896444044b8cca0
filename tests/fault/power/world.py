"""One camera that is started again and again: what it is told, and what somebody was told by it, at each operation of its storage."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from firmware import settings
from firmware.core.indications import LIGHTS, Look
from firmware.runtime import pending
from firmware.runtime.enrolment import Enrolment
from firmware.runtime.log import Log
from firmware.runtime.mailbox import Mailbox
from firmware.runtime.vault import Vault
from firmware.runtime.work import ORDERED, Begin, Durable, Mounted, Sealed
from firmware.runtime.writer import Writer
from hal.sim.clock import VirtualClock
from hal.sim.crashes import Image, Survival
from hal.sim.memory import MemoryStorage
from hal.sim.volume import Operation, Sync
from tests.rig import VALUES, PkiSigner, Rig, enrol, pki

if TYPE_CHECKING:
    from hal.interface import Hal, Lights, Unit

SYNC_NS = 20_000_000
"""How long a sync takes."""

SHORT: dict[str, object] = {**VALUES, "pre_event_s": 1, "segment_s": 2, "keep_after_receipt_h": 0}
"""Settings under which a recording is a few flushes long."""

LATER_MS = 3_600_000
EMPTY = Image({0: {}}, {}, {0: b""})
RECORDING = frozenset({LIGHTS[Look.RECORDING], LIGHTS[Look.RECORDING_TROUBLE]})


@dataclass(slots=True)
class Told:
    """What somebody was told, or asked for, up to some moment.

    ``recording``: numbers that the light acknowledged, and the monotonic time that their media times count from; ``stopped``: when the
    officer stopped them; ``cut``: when the power took those of earlier boots; ``sealed``: whose manifest was said to be durable; ``receipted``: those of which a dock heard that its receipt
    is kept; ``opened``: numbers given out; ``serial`` and ``shift``: of the settings and the assignment taken last; ``ordered``: those that
    ended only because the service did, so that the next start goes on; ``noted``: whether the small partition says so by now.
    """

    recording: dict[int, int] = field(default_factory=dict)
    stopped: dict[int, int] = field(default_factory=dict)
    cut: dict[int, int] = field(default_factory=dict)
    sealed: set[int] = field(default_factory=set)
    receipted: set[int] = field(default_factory=set)
    serial: int = 1
    shift: str | None = None
    ordered: set[int] = field(default_factory=set)
    noted: bool = False

    @property
    def running(self) -> set[int]:
        """What the light showed as being recorded last, unless somebody meant its stop."""
        return {max(self.recording)} - (set(self.stopped) - self.ordered) if self.recording else set()

    @property
    def key(self) -> tuple[object, ...]:
        """The same for the same words."""
        facts = self.recording, self.stopped, self.cut
        return (
            *(tuple(sorted(each.items())) for each in facts),
            *map(frozenset, (self.sealed, self.receipted, self.ordered)),
            self.serial,
            self.shift,
            self.noted,
        )

    def after(self, cut_ns: int) -> Told:
        """The same in the next boot, whose monotonic clock counts anew: what was running was cut off then."""
        cut = {number: self.cut.get(number, cut_ns) for number in self.recording}
        stopped = {number: min(at_ns, cut[number]) for number, at_ns in self.stopped.items()}
        return replace(
            self,
            cut=cut,
            stopped=stopped,
            recording=dict(self.recording),
            sealed=set(self.sealed),
            receipted=set(self.receipted),
            ordered=set(self.ordered),
        )


@dataclass(slots=True)
class Diary:
    """What happened on one partition from one start on: the operations, when each ended, and what was told between them.

    ``before`` is what the partition held.
    """

    before: Image = EMPTY
    operations: list[Operation] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    told: list[tuple[int, str, int, Any]] = field(default_factory=list)
    """How many operations there were, what was told, of which recording, and a value."""

    def say(self, what: str, number: int, value: Any = None) -> None:
        """Something was told right now."""
        self.told.append((len(self.operations), what, number, value))

    def known(self, cut: int, earlier: Told | None = None) -> Told:
        """What was told before operation ``cut``; ``earlier``: what was told before this start."""
        told = Told() if earlier is None else earlier
        for at, what, number, value in self.told:
            if at <= cut:
                _TAKEN[what](told, number, value)
        return told

    def ends_ns(self, cut: int) -> int:
        """The last moment at which the power may go before operation ``cut`` has taken place."""
        return self.times[min(cut, len(self.times) - 1)]

    def survival(self, cut: int) -> Survival:
        """What may survive a cut before operation ``cut``."""
        found = Survival(self.before)
        for operation in self.operations[:cut]:
            found.follow(operation)
        return found


_TAKEN: dict[str, Any] = {
    "recording": lambda told, number, value: told.recording.setdefault(number, value),
    "stopped": lambda told, number, value: told.stopped.setdefault(number, value),
    "sealed": lambda told, number, _: told.sealed.add(number),
    "receipted": lambda told, number, _: told.receipted.add(number),
    "serial": lambda told, number, _: setattr(told, "serial", number),
    "shift": lambda told, _, value: setattr(told, "shift", value),
    "ordered": lambda told, number, _: told.ordered.add(number),
    "noted": lambda told, _, value: setattr(told, "noted", value),
}


@dataclass
class World:
    """The camera ``cam-1`` of the test authority, with keys for each of its boots that are made once."""

    values: dict[str, object] = field(default_factory=lambda: dict(SHORT))
    config: Image = EMPTY
    signer: PkiSigner = field(default_factory=lambda: PkiSigner(count=None, holder=pki().device))
    _boots: dict[tuple[bytes, int], Enrolment] = field(default_factory=dict)
    _parts: Hal | None = None

    def __post_init__(self) -> None:
        self._settings = settings.load(("authority", self.values))
        storage = MemoryStorage()
        enrol(storage, self.values)
        self.config = whole(storage)

    def start(self, evidence: Image = EMPTY, config: Image | None = None, *, boot: int) -> tuple[Rig, Diary, Diary]:
        """Switch the camera on for the ``boot``-th time; the diaries of evidence and config."""
        power = self._power(evidence, config, boot)
        rig = Rig.start(*power.storages, power.clock, self.signer, self.values, enrolment=power.enrolment)
        rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
        _listen(rig, power.diaries[0])
        return rig, *power.diaries

    def writer(self, evidence: Image, config: Image, *, boot: int) -> tuple[Writer, Vault, bool, Diary]:
        """Switch only the writer on: it mounts, opens the recording that has to go on, and does all that is due behind it.  Whether
        something had to go on, and the diary of the evidence.

        That is all of a start that touches storage before the first frame: without lens, controller and lights it costs half as much.
        """
        power = self._power(evidence, config, boot)
        if self._parts is None:
            self._parts = self.start(boot=boot)[0].hal
        parts = replace(self._parts, evidence=power.storages[0], config=power.storages[1], clock=power.clock)
        draw = random.Random(power.clock.utc().utc_ms)
        vault = Vault(parts, self._settings, power.enrolment, random=draw.randbytes)
        box: Mailbox[Any] = Mailbox(1)
        answers: list[Any] = []
        writer = Writer(vault, box, answers.append, power.clock, Log(io.StringIO(), power.clock))
        writer.mount()
        resume = any(isinstance(each, Mounted) and each.resume for each in answers)
        if resume:
            box.put(Begin(1))
        while writer.step():
            pass
        return writer, vault, resume, power.diaries[0]

    def _power(self, evidence: Image, config: Image | None, boot: int) -> _Power:
        clock = VirtualClock(utc_ms=1_790_000_000_000 + boot * LATER_MS)
        config = config or self.config
        storages = MemoryStorage.holding(evidence), MemoryStorage.holding(config)
        diaries = Diary(evidence), Diary(config)
        for storage, diary in zip(storages, diaries, strict=True):
            storage.before = _keeping(diary, clock)
        known = (config.digest, boot)
        if known not in self._boots:
            self._boots[known] = Enrolment.load(storages[1].root(), self.signer)
        return _Power(storages, diaries, clock, self._boots[known])


@dataclass(frozen=True, slots=True)
class _Power:
    """What a start finds: storages with their diaries, a clock at the beginning of a boot, and the enrolment with that boot's keys."""

    storages: tuple[MemoryStorage, MemoryStorage]
    diaries: tuple[Diary, Diary]
    clock: VirtualClock
    enrolment: Enrolment


def noted(config: Image) -> Image:
    """The small partition, with the note that a recording has to go on."""
    storage, survival = MemoryStorage.holding(config), Survival(config)
    pending.keep(storage.root())
    for operation in storage.log:
        survival.follow(operation)
    return survival.everything()


def whole(storage: MemoryStorage) -> Image:
    """All that a storage holds, as if it were synced."""
    survival = Survival()
    for operation in storage.log:
        survival.follow(operation)
    return survival.everything()


def _keeping(diary: Diary, clock: VirtualClock) -> Any:
    def before(operation: Operation) -> None:
        if isinstance(operation, Sync):
            clock.advance(SYNC_NS)
        diary.operations.append(operation)
        diary.times.append(clock.monotonic_ns())

    return before


def _listen(rig: Rig, diary: Diary) -> None:
    """Hear what the light says, what is stopped, and what the writer calls sealed."""
    camera = rig.camera
    show, seal, roll, answer = rig.indicators.show, camera.seal, camera.roll, camera.writer._answer
    rolled: dict[int, tuple[int, int]] = {}
    """By take: the number of the one that gave way to it, and where."""

    def showing(lights: Lights) -> None:
        take = camera.take
        if lights in RECORDING and take is not None and take.id in camera.writer.takes:
            diary.say("recording", camera.writer.takes[take.id].number, take.epoch_ns)
        show(lights)

    def sealing(reason: str) -> None:
        take = camera.take
        if take is not None and take.id in camera.writer.takes:
            diary.say("stopped", camera.writer.takes[take.id].number, rig.clock.monotonic_ns())
        seal(reason)

    def rolling(keyframe: Unit) -> None:
        before = camera.writer.takes.get(camera.take.id) if camera.take is not None else None
        roll(keyframe)
        if before is not None:
            rolled[camera.takes.begun] = before.number, keyframe.time_ns

    def answering(said: Any) -> None:
        if isinstance(said, Durable) and said.take in rolled and camera.take is not None:  # the light stays as it was
            diary.say("recording", camera.writer.takes[said.take].number, camera.take.epoch_ns)
            diary.say("stopped", *rolled[said.take])  # until then it was the one that the light meant
        if isinstance(said, Sealed):
            diary.say("sealed", said.number)
        answer(said)

    rig.indicators.show = showing  # type: ignore[method-assign]  # replaced by the test
    camera.seal = sealing  # type: ignore[method-assign]  # replaced by the test
    camera.roll = rolling  # type: ignore[method-assign]  # replaced by the test
    camera.writer._answer = answering
    _listen_to_orders(rig, diary)


def _listen_to_orders(rig: Rig, diary: Diary) -> None:
    """Hear what ends only because the service does, and whether the small partition says so."""
    camera = rig.camera
    seal, close, settle = camera.seal, camera.vault.seal, camera.vault.answer_press

    def ordered(reason: str) -> None:
        take = camera.take
        if reason in ORDERED and take is not None and take.id in camera.writer.takes:
            diary.say("ordered", camera.writer.takes[take.id].number)
        seal(reason)

    def closing(take: Any, *, priority: bool, resume: bool = False) -> None:
        if resume:
            diary.say("noted", 0, True)  # before anything else is written
        close(take, priority=priority, resume=resume)

    def settling() -> None:
        diary.say("noted", 0, False)
        settle()

    camera.seal = ordered  # type: ignore[method-assign]  # replaced by the test
    camera.vault.seal = closing  # type: ignore[method-assign]  # replaced by the test
    camera.vault.answer_press = settling  # type: ignore[method-assign]  # replaced by the test
