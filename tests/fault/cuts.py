"""Cut the power at every operation, and again at every operation of the start that follows: each distinct disk that is left is started
on, and judged.

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
from tests.fault.promises import Case, broken, sealed_off
from tests.fault.stories import Story
from tests.fault.world import Diary, Told, World

if TYPE_CHECKING:
    from hal.sim.crashes import Image, Survival
    from tests.fault.bench import Bench

RESUMED_S = 0.9
DOES_NOT_START = (OSError, ValueError, KeyError, EvidenceError, AuditLostError, NotEnrolledError)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is done: states of one moment, and of one moment of a second cut, which comes at every ``stride``-th operation; of how
    many states of each outcome the second start is cut too, and of one in how many others; one in how many goes on to record, is stopped,
    and is judged with the key."""

    first: int
    second: int
    stride: int
    each: int
    one_in: int
    longer: int
    samples: int = 3


FULL = Bounds(first=700, second=24, stride=1, each=3, one_in=800, longer=10)
SMALL = Bounds(first=3, second=1, stride=7, each=1, one_in=10_000, longer=30)


@dataclass
class Tally:
    """What came of it: digests of the disks that were judged, how often each outcome came, what was broken, and some cards of each
    outcome, for the stock tools."""

    states: set[bytes] = field(default_factory=set)
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
        for name in ("seconds", "moments", "exhaustive", "recovered", "longer"):
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

    def run(self, story: Story, cuts: Sequence[int]) -> Tally:
        """Judge every state that these cuts of a story may leave, and those of second cuts."""
        for cut in cuts:
            survival = story.diary.survival(cut)
            self.tally.moments += 1
            self.tally.exhaustive += survival.exhaustive(self.bounds.first)
            told, cut_ns = story.diary.known(cut), story.diary.ends_ns(cut)
            for name, image in self._left(f"{story.name}:{cut}", survival, self.bounds.first):
                self._first(State(name, story, told, cut_ns, image, story.boot + 1))
        return self.tally

    def judge(self, state: State, *, longer: bool) -> tuple[str, Diary | None]:
        """Start on what a cut left and judge it; the outcome, and the diary of the start.  ``longer``: it goes on to record, too."""
        story, evidence, config = state.story, state.survived, state.story.other
        if story.partition == "config":
            evidence, config = config, evidence
        try:
            rig, diary, _ = self.world.start(evidence, config, boot=state.boot)
            case = Case(state.told, state.cut_ns, evidence, rig, *self._look(diary, key=False))
            found = broken(case)
            if longer:
                rig.run(RESUMED_S)
                if state.told.running and rig.state is not Recording.RECORDING:
                    found.append(f"resumed: {RESUMED_S} s later the camera is {rig.state.value}")
                rig.camera.inbox.put(Quit("shutdown"))
                rig.settle()
                found += sealed_off(self._look(diary, key=True)[1])
        except DOES_NOT_START as error:
            self.tally.violations.append(f"{state.name}: does not start: {type(error).__name__}: {error}")
            return "does not start", None
        self.tally.violations += [f"{state.name}: {text}" for text in found]
        self.tally.longer += longer
        outcome = f"{story.name}: {case.outcome}"
        self._keep(outcome, state.name, case.card)
        return outcome, diary

    def _first(self, state: State) -> None:
        if state.survived.digest in self.tally.states:
            return
        self.tally.states.add(state.survived.digest)
        drawn = zlib.crc32(f"{self.seed}:{state.name}".encode())
        outcome, diary = self.judge(state, longer=drawn % self.bounds.longer == 0)
        self.tally.recovered += "recovered" in outcome
        self.tally.outcomes[outcome] += 1
        if diary is not None and (self.tally.outcomes[outcome] <= self.bounds.each or drawn % self.bounds.one_in == 0):
            self._second(state)

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
                if image.digest in self.tally.states:
                    continue
                self.tally.states.add(image.digest)
                self.tally.seconds += 1
                again = State(name, state.story, told, diary.ends_ns(cut), image, state.boot + 1)
                outcome, _ = self.judge(again, longer=False)
                self.tally.recovered += "recovered" in outcome

    def _left(self, name: str, survival: Survival, most: int) -> Iterator[tuple[str, Image]]:
        chance = random.Random(f"{self.seed}:{name}")
        for number, image in enumerate(survival.images(most, chance)):
            yield f"{name}:{number}", image

    def _look(self, diary: Diary, *, key: bool) -> tuple[Image, object]:
        """What is durable of the card, and the verifier's word on it."""
        card = diary.survival(len(diary.operations)).nothing()
        return card, self.bench.judge(card, key=key)

    def _keep(self, outcome: str, name: str, card: Image) -> None:
        kept = self.tally.samples.setdefault(outcome, [])
        if len(kept) < self.bounds.samples:
            kept.append((name, card))
