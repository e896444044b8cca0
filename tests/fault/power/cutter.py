"""Cut the power at every operation, and again at every operation of the start that follows.

Each distinct disk that is left is judged as it lies.  Then a start follows on the first ones of each moment, and on a share of
the others: what it leaves is judged too.

A state is named ``STORY:CUT:N``, the N-th state before operation CUT; one of a second cut ``STORY:CUT:N:CUT:N``.  What is drawn is drawn
from seed and name, so that a name alone leads back to a state.
"""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from firmware.core.machine import Recording
from firmware.evidence.errors import EvidenceError
from firmware.runtime.auditlog import AuditLostError
from firmware.runtime.controller import Quit
from firmware.runtime.enrolment import NotEnrolledError
from tests.fault.power.promises import Case, broken, lies, sealed_off
from tests.fault.power.stories import Story
from tests.fault.power.world import Diary, Told, World, noted

if TYPE_CHECKING:
    from hal.sim.crashes import Image, Survival
    from tests.fault.power.bench import Bench

RESUMED_S = 0.9
DOES_NOT_START = (OSError, ValueError, KeyError, EvidenceError, AuditLostError, NotEnrolledError)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is done.

    ``first``: states of one moment; a start follows on the first ``starts`` of them, and on one in ``start_one_in`` others.  ``longer``:
    one start in so many goes on to record, is stopped, and is judged with the key.  ``each``: so many starts with each outcome are cut in
    turn, and one in ``cut_one_in`` others, at every ``stride``-th operation, with ``second`` states of each moment.  ``samples``: cards of
    each outcome that are kept.
    """

    first: int
    starts: int
    start_one_in: int
    longer: int
    each: int
    cut_one_in: int
    stride: int
    second: int
    samples: int = 4


FULL = Bounds(first=2200, starts=16, start_one_in=40, longer=20, each=1, cut_one_in=2000, stride=1, second=20)
SMALL = Bounds(first=3, starts=3, start_one_in=1, longer=30, each=1, cut_one_in=10_000, stride=7, second=1)


@dataclass
class Tally:
    """What came of it: digests of the disks that were judged, how often each outcome came, what was broken, and some cards of each
    outcome, for the stock tools."""

    states: set[bytes] = field(default_factory=set)
    started: int = 0
    seconds: int = 0
    moments: int = 0
    exhaustive: int = 0
    recovered: int = 0
    longer: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    samples: dict[str, list[tuple[str, Image]]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Take in what another worker found."""
        self.states |= other.states
        for name in ("started", "seconds", "moments", "exhaustive", "recovered", "longer"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.outcomes += other.outcomes
        self.violations += other.violations
        for outcome, cards in other.samples.items():
            self.samples.setdefault(outcome, []).extend(cards)


@dataclass(frozen=True, slots=True)
class State:
    """A disk that a cut left: its name, what was told by then and when that was, what survived on the partition that the story is about,
    and how often the camera was switched on with this start."""

    name: str
    story: Story
    told: Told
    cut_ns: int
    survived: Image
    boot: int


@dataclass
class Cutter:
    """Cuts stories and judges what is left."""

    world: World
    bench: Bench
    bounds: Bounds
    seed: int
    tally: Tally = field(default_factory=Tally)
    _seen: set[object] = field(default_factory=set)
    _came: Counter[str] = field(default_factory=Counter)

    def run(self, story: Story, cuts: Sequence[int]) -> Tally:
        """Judge every state that these cuts of a story may leave, and those of second cuts."""
        self.tally = Tally()
        for cut in cuts:
            survival = story.diary.survival(cut)
            self.tally.moments += 1
            self.tally.exhaustive += survival.exhaustive(self.bounds.first)
            told, cut_ns = story.diary.known(cut), story.diary.ends_ns(cut)
            for index, (name, image) in enumerate(self._left(f"{story.name}:{cut}", survival, self.bounds.first)):
                self._first(State(name, story, told, cut_ns, image, story.boot + 1), index)
        return self.tally

    def judge(self, state: State, *, longer: bool) -> tuple[str, Diary | None]:
        """Start on what a cut left and judge it; the outcome, and the diary of the start.  ``longer``: it goes on to record, too."""
        story, evidence, config = state.story, state.survived, state.story.other
        if state.told.noted:
            config = noted(config)
        if story.partition == "config":
            evidence, config = config, evidence
        try:
            case, diary, found = (self._whole if longer else self._writer)(state, evidence, config)
        except DOES_NOT_START as error:
            self.tally.violations.append(f"{state.name}: does not start: {type(error).__name__}: {error}")
            return "does not start", None
        self.tally.violations += [f"{state.name}: {text}" for text in found]
        outcome = f"{story.name}: {case.outcome}"
        self._came[outcome] += 1
        self.tally.outcomes[outcome] += 1
        self.tally.started += 1
        self.tally.longer += longer
        self.tally.recovered += "recovered" in outcome
        self._keep(outcome, state.name, case.card)
        return outcome, diary

    def _writer(self, state: State, evidence: Image, config: Image) -> tuple[Case, Diary, list[str]]:
        """Start the writer alone."""
        writer, vault, resume, diary = self.world.writer(evidence, config, boot=state.boot)
        card = self._durable(diary)
        report = self.bench.judge(card, key=False)
        case = Case(state.told, state.cut_ns, evidence, vault, writer, resume, card, report)
        return case, diary, broken(case)

    def _whole(self, state: State, evidence: Image, config: Image) -> tuple[Case, Diary, list[str]]:
        """Start the whole camera, and let it record, stop and end."""
        rig, diary, _ = self.world.start(evidence, config, boot=state.boot)
        parts = rig.camera.vault, rig.camera.writer
        resume, card = rig.camera.take is not None, self._durable(diary)
        report = self.bench.judge(card, key=False)
        case = Case(state.told, state.cut_ns, evidence, *parts, resume, card, report, rig)
        found = [*broken(case)]
        rig.run(RESUMED_S)
        if state.told.running and rig.state is not Recording.RECORDING:
            found.append(f"resumed: {RESUMED_S} s later the camera is {rig.state.value}")
        rig.camera.inbox.put(Quit("shutdown"))
        rig.settle()
        return case, diary, found + sealed_off(self.bench.judge(self._durable(diary), key=True))

    def _first(self, state: State, index: int) -> None:
        self._as_it_lies(state)
        if not self._new(state):
            return
        drawn = zlib.crc32(f"{self.seed}:{state.name}".encode())
        if index >= self.bounds.starts and drawn % self.bounds.start_one_in and state.story.partition == "evidence":
            return
        outcome, diary = self.judge(state, longer=drawn // 7 % self.bounds.longer == 0)
        if diary is not None and (self._came[outcome] <= self.bounds.each or drawn // 11 % self.bounds.cut_one_in == 0):
            self._second(state)

    def _as_it_lies(self, state: State) -> None:
        """Judge the disk before anybody starts on it."""
        if state.story.partition == "evidence":
            report = self.bench.judge(state.survived, key=False)
            found = lies(state.told, state.cut_ns, state.survived, report)
            self.tally.violations += [f"{state.name}: as it lies: {text}" for text in found]

    def _second(self, state: State) -> None:
        """Cut the start that followed, too, and the recording that it resumed."""
        _, diary = self.judge(state, longer=True)
        if diary is None or state.story.partition != "evidence":
            return
        for cut in range(
            zlib.crc32(state.name.encode()) % self.bounds.stride, len(diary.operations) + 1, self.bounds.stride
        ):
            told = diary.known(cut, state.told.after(state.cut_ns))
            for name, image in self._left(f"{state.name}:{cut}", diary.survival(cut), self.bounds.second):
                again = State(name, state.story, told, diary.ends_ns(cut), image, state.boot + 1)
                self._as_it_lies(again)
                if self._new(again):
                    self.tally.seconds += 1
                    self.judge(again, longer=False)

    def _left(self, name: str, survival: Survival, most: int) -> Iterator[tuple[str, Image]]:
        chance = random.Random(f"{self.seed}:{name}")
        for number, image in enumerate(survival.images(most, chance)):
            yield f"{name}:{number}", image

    @staticmethod
    def _durable(diary: Diary) -> Image:
        return diary.survival(len(diary.operations)).nothing()

    def _new(self, state: State) -> bool:
        """Whether nobody started on this disk yet after as much had been told; from now on somebody has.

        How much time had passed makes no difference to a start, and how much may be missing then was judged as the disk lay there.
        """
        key = state.survived.digest, state.told.key
        new = key not in self._seen
        self._seen.add(key)
        self.tally.states.add(state.survived.digest)
        return new

    def _keep(self, outcome: str, name: str, card: Image) -> None:
        if self._came[outcome] <= self.bounds.samples:
            self.tally.samples.setdefault(outcome, []).append((name, card))
