"""Two buttons, the two pure parts that understand them, and the table of recordings, on a clock of milliseconds: edges in, states out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from firmware.core.gestures import Gesture, Gestures, Stuck
from firmware.core.machine import Effect, Event, Recording, step
from firmware.core.meanings import Meanings, Means, Moment, Policy, Said
from hal.interface import Button, Edge

MS = 1_000_000
START = 700_000 * MS
TICK_MS = 10
CONFIRM_MS = 5_000
DURABLE_MS = 120
SEALED_MS = 400
R, F = Button.RECORD, Button.FUNCTION

Raw = tuple[int, Button, bool]
"""Milliseconds from the start, which button, whether it goes down."""


def at(milliseconds: int) -> int:
    """A time on the clock of the bench."""
    return START + milliseconds * MS


def press(button: Button, begin: int, length: int) -> list[Raw]:
    """A clean press."""
    return [(begin, button, True), (begin + length, button, False)]


@dataclass
class Bench:
    """What a camera does with edges, without a camera: a recording becomes durable, and is sealed, a while after it was asked for."""

    policy: Policy = field(default_factory=Policy)
    state: Recording = Recording.IDLE
    docked: bool = False
    down: frozenset[Button] = frozenset()
    tick_ms: int = TICK_MS
    said: list[tuple[int, Said]] = field(default_factory=list)
    states: list[tuple[int, Recording, Recording, Event]] = field(default_factory=list)
    gestures: list[Gesture] = field(default_factory=list)
    now: int = 0
    levels: dict[Button, bool] | None = None
    """Where the buttons stand, whatever the edges say; None where nobody reads that."""

    def __post_init__(self) -> None:
        self.buttons = {button: Gestures(button, down=button in self.down) for button in Button}
        self.meanings = Meanings(self.policy)
        self._due: list[tuple[int, Event]] = []
        self._asked = 0

    @property
    def meant(self) -> list[Means]:
        """All that was meant."""
        return [each.means for _, each in self.said]

    def run(self, until: int, edges: Iterable[Raw] = (), hooks: dict[int, Callable[[], None]] | None = None) -> Bench:
        """Let time pass, with these edges and, at these milliseconds, these other happenings."""
        waiting, hooks = sorted(edges, key=lambda edge: edge[0]), dict(hooks or {})
        while self.now < until:
            self.now = min(self.now + self.tick_ms, until)
            while waiting and waiting[0][0] <= self.now:
                time, button, down = waiting.pop(0)
                self._mean(self.buttons[button].edge(Edge(button, down, at(time))), time)
            for time in [each for each in hooks if each <= self.now]:
                hooks.pop(time)()
            self._tick()
        return self

    def happen(self, event: Event) -> None:
        """A step of the table."""
        before = self.state
        self.state, effects = step(before, event)
        if self.state is not before:
            self.states.append((self.now, before, self.state, event))
        if Effect.BEGIN in effects:
            self._due.append((self.now + DURABLE_MS, Event.DURABLE))
        if Effect.SEAL in effects:
            self._due.append((self.now + SEALED_MS, Event.SEALED))
        if Effect.ASK_STOP in effects:
            self._asked = self.now

    def _tick(self) -> None:
        for button, each in self.buttons.items():
            self._mean(each.tick(at(self.now)), self.now)
            if self.levels is not None:
                self._mean(each.level(at(self.now), down=self.levels[button]), self.now)
        self._do(self.meanings.tick(at(self.now), self._moment), self.now)
        late = self.now - self._asked >= CONFIRM_MS
        if self.state is Recording.STOP_ASKED and late and not self.meanings.confirming(at(self.now)):
            self.happen(Event.TIMEOUT)
        for due in [each for each in self._due if each[0] <= self.now]:
            self._due.remove(due)
            self.happen(due[1])

    @property
    def _moment(self) -> Moment:
        return Moment(self.state, docked=self.docked)

    def _mean(self, gestures: list[Gesture], time: int) -> None:
        for gesture in gestures:
            self.gestures.append(gesture)
            stuck = self.buttons[gesture.button].stuck
            assert not isinstance(gesture, Stuck) or stuck
            self._do(self.meanings.hear(gesture, self._moment, stuck=stuck), time)

    def _do(self, said: list[Said], time: int) -> None:
        events = {Means.PRESS: Event.PRESS, Means.MARK: Event.TAP, Means.ASK: Event.HOLD, Means.CONFIRM: Event.PRESS}
        for each in said:
            self.said.append((time, each))
            if event := events.get(each.means):
                self.happen(event)
