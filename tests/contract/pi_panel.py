"""The panel of a real camera on gpiozero's own mock pins: what a finger does to them, and what an eye sees on them.

The parts, gpiozero's devices and its bookkeeping of pins are the real ones; only the electricity is made up.
"""

from __future__ import annotations

from itertools import product

from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin

from hal.interface import Button, Colour, Cue, Light, Lights, Pattern
from hal.patterns import brightness
from hal.pi import boardfile
from hal.pi.board import CHANNELS, Board, Contact
from hal.pi.buttons import PiButtons, PiTriggers
from hal.pi.gpio import Pins
from hal.pi.indicators import PiIndicators
from hal.sim.clock import MS, SimClock, VirtualClock
from tests.contract import rigs
from tests.specification.hardware import REVISIONS

LOOKED_MS = 3000
"""For how long an eye looks: the longest pattern once, and each of the others at least twice."""
GLANCE_MS = 25
NEAR = 0.08  # a light that swells is set anew in steps


def board(name: str) -> Board:
    """One of the boards that come with the firmware."""
    return boardfile.load(boardfile.shipped()[name])


def mock(name: str, pin_class: type[MockPin] = MockPWMPin) -> tuple[Pins, MockFactory]:
    """A board's pins without a board."""
    factory = MockFactory(REVISIONS[name], pin_class)
    return Pins(factory), factory


def drive(factory: MockFactory, contact: Contact, *, active: bool) -> None:
    """Put a contact's pin to the level that it has when active, or when not."""
    pin = factory.pin(contact.pin)
    (pin.drive_high if active is contact.high else pin.drive_low)()


def buttons(name: str) -> rigs.ButtonsRig:
    """The buttons of a board, and a finger."""
    described, (pins, factory), clock = board(name), mock(name), SimClock()
    part = PiButtons(described, pins, clock.monotonic_ns)

    def put(button: Button, *, down: bool) -> None:
        drive(factory, described.buttons[button], active=down)

    return rigs.ButtonsRig(part, clock, lambda button: put(button, down=True), lambda button: put(button, down=False))


def triggers(name: str) -> rigs.TriggersRig:
    """The wired inputs of a board, all at rest before it is switched on: the holster has its contact closed."""
    described, (pins, factory), clock = board(name), mock(name), SimClock()
    part = PiTriggers(described, pins, clock.monotonic_ns)
    for contact in described.inputs.values():
        drive(factory, contact, active=False)
    return rigs.TriggersRig(part, clock, lambda key, active: drive(factory, described.inputs[key], active=active))


class Eye:
    """Indicators, and whoever looks at them and holds them in a hand: knows what was asked for, but goes by what the pins do."""

    def __init__(self, name: str, *, paced: bool = False) -> None:
        """Switch on a board that is dark."""
        self.board, (self.pins, self.factory), self.clock = board(name), mock(name), VirtualClock()
        self.indicators = PiIndicators(self.board, self.pins, self.clock.monotonic_ns, paced=paced)
        self.played: list[Cue] = []
        self._asked = {name: (Light(Colour.OFF), 0) for name in self.board.lights}

    def show(self, lights: Lights) -> None:
        """Ask for lights, and remember which, and since when."""
        self.indicators.show(lights)
        for name, light in (("top", lights.top), ("front", lights.front)):
            if light != self._asked[name][0]:
                self._asked[name] = (light, self.clock.monotonic_ns())

    def play(self, cue: Cue) -> None:
        """Play a cue, and feel whether it begins at once."""
        self.indicators.play(cue)
        vibration = self.board.vibration
        if vibration is not None and self.state(vibration.pin) == vibration.high:
            self.played.append(cue)

    def lights(self) -> Lights:
        """What is seen.  Of a light that is dark nobody sees in which pattern: what was asked for is believed then."""
        return Lights(self._seen("top"), self._seen("front"))

    def state(self, pin: str) -> float:
        """The share of the time that a pin is high."""
        return float(self.factory.pin(pin).state)

    def let_pass(self, ms: int) -> None:
        """Let time pass; whatever becomes due is done when it is due, as the part's own thread does it."""
        end_ns = self.clock.monotonic_ns() + ms * MS
        while (due_ns := self.indicators.poll()) is not None and due_ns <= end_ns:
            self.clock.advance(due_ns - self.clock.monotonic_ns())
        self.clock.advance(end_ns - self.clock.monotonic_ns())

    def glance(self, name: str) -> tuple[float, ...]:
        """How bright each channel of a light is now; a channel that it does not have is dark."""
        light = self.board.lights[name]
        shares = [self.state(light.channels[each]) if each in light.channels else 0.0 for each in CHANNELS]
        return tuple(shares)

    def fitting(self, name: str) -> list[Light]:
        """Every look that a light may have, after looking at it for three seconds."""
        seen = []
        since_ns = self._asked[name][1]
        for _ in range(LOOKED_MS // GLANCE_MS):
            self.let_pass(GLANCE_MS // 2)
            seen.append(((self.clock.monotonic_ns() - since_ns) / 1e9, self.glance(name)))
            self.let_pass(GLANCE_MS - GLANCE_MS // 2)
        return [
            Light(colour, pattern)
            for colour, pattern in product(Colour, Pattern)
            if all(self._fits(colour, brightness(pattern, at_s), glance) for at_s, glance in seen)
        ]

    def _seen(self, name: str) -> Light:
        fitting = self.fitting(name)
        asked, _ = self._asked[name]
        return asked if asked in fitting else next(iter(fitting), Light(Colour.OFF))

    def _fits(self, colour: Colour, bright: float, glance: tuple[float, ...]) -> bool:
        mix = self.board.colours[colour]
        return all(abs(share * bright - each) <= NEAR for share, each in zip(mix, glance, strict=True))


def indicators(name: str) -> rigs.IndicatorsRig:
    """The lights of a board, its motor and its buzzer, on a clock that only the eye moves."""
    eye = Eye(name)
    return rigs.IndicatorsRig(eye, eye.lights, lambda: eye.played)
