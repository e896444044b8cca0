"""Whoever looks at a panel's pins and says what he sees, whichever pins they are: gpiozero's mock ones, or a kernel's."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from hal.interface import Colour, Cue, Light, Lights, Pattern
from hal.patterns import brightness
from hal.pi.board import CHANNELS, Board
from hal.pi.gpio import Pins
from hal.pi.indicators import PiIndicators
from hal.sim.clock import MS, VirtualClock

LOOKED_MS = 3000
"""For how long an eye looks: the longest pattern once, and each of the others at least twice."""
GLANCE_MS = 25
NEAR = 0.08  # a light that swells is set anew in steps


class Eye:
    """Indicators, and whoever looks at them and holds them in a hand: knows what was asked for, but goes by what the pins do."""

    def __init__(self, board: Board, pins: Pins, state: Callable[[str], float], *, paced: bool = False) -> None:
        """Switch on a board that is dark.  ``state``: which share of the time a pin is high, by whoever measures it."""
        self.board, self.pins, self.clock = board, pins, VirtualClock()
        self._state = state
        self.indicators = PiIndicators(board, pins, self.clock.monotonic_ns, paced=paced)
        self.played: list[Cue] = []
        self.asked = {name: (Light(Colour.OFF), 0) for name in self.board.lights}

    def show(self, lights: Lights) -> None:
        """Ask for lights, and remember which, and since when."""
        self.indicators.show(lights)
        for name, light in (("top", lights.top), ("front", lights.front)):
            if light != self.asked[name][0]:
                self.asked[name] = (light, self.clock.monotonic_ns())

    def play(self, cue: Cue) -> None:
        """Play a cue, and feel whether it begins at once."""
        self.indicators.play(cue)
        vibration = self.board.vibration
        if vibration is not None and self._state(vibration.pin) == vibration.high:
            self.played.append(cue)

    def lights(self) -> Lights:
        """What is seen.  Of a light that is dark nobody sees in which pattern: what was asked for is believed then."""
        return Lights(self._seen("top"), self._seen("front"))

    def let_pass(self, ms: int) -> None:
        """Let time pass; whatever becomes due is done when it is due, as the part's own thread does it."""
        end_ns = self.clock.monotonic_ns() + ms * MS
        while (due_ns := self.indicators.poll()) is not None and due_ns <= end_ns:
            self.clock.advance(due_ns - self.clock.monotonic_ns())
        self.clock.advance(end_ns - self.clock.monotonic_ns())

    def glance(self, name: str) -> tuple[float, ...]:
        """How bright each channel of a light is now; a channel that it does not have is dark."""
        light = self.board.lights[name]
        shares = [self._state(light.channels[each]) if each in light.channels else 0.0 for each in CHANNELS]
        return tuple(shares)

    def looked(self, name: str) -> list[tuple[float, tuple[float, ...]]]:
        """What is seen of a light while somebody looks at it: glances, each so many seconds after its look began."""
        seen = []
        since_ns = self.asked[name][1]
        for _ in range(LOOKED_MS // GLANCE_MS):
            self.let_pass(GLANCE_MS // 2)
            seen.append(((self.clock.monotonic_ns() - since_ns) / 1e9, self.glance(name)))
            self.let_pass(GLANCE_MS - GLANCE_MS // 2)
        return seen

    def fitting(self, name: str) -> list[Light]:
        """Every look that a light may have, after looking at it."""
        seen = self.looked(name)
        return [
            Light(colour, pattern)
            for colour, pattern in product(Colour, Pattern)
            if all(self.fits(colour, brightness(pattern, at_s), glance) for at_s, glance in seen)
        ]

    def _seen(self, name: str) -> Light:
        fitting = self.fitting(name)
        asked, _ = self.asked[name]
        return asked if asked in fitting else next(iter(fitting), Light(Colour.OFF))

    def fits(self, colour: Colour, bright: float, glance: tuple[float, ...]) -> bool:
        """Whether a glance shows this colour, so bright."""
        mix = self.board.colours[colour]
        return all(self.alike(share * bright, each) for share, each in zip(mix, glance, strict=True))

    def alike(self, wanted: float, seen: float) -> bool:
        """Whether a share of the time is taken for another one."""
        return abs(wanted - seen) <= NEAR
