"""The panel of a real camera on gpiozero's own mock pins: what a finger does to them, and what an eye sees on them.

The parts, gpiozero's devices and its bookkeeping of pins are the real ones; only the electricity is made up.
"""

from __future__ import annotations

from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin

from hal.interface import Button
from hal.pi import boardfile
from hal.pi.board import Board, Contact
from hal.pi.buttons import PiButtons, PiTriggers
from hal.pi.gpio import Pins
from hal.sim.clock import SimClock
from tests.contract import eye, rigs
from tests.specification.hardware import REVISIONS


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


class Eye(eye.Eye):
    """Somebody who looks at a board's mock pins."""

    def __init__(self, name: str, *, paced: bool = False) -> None:
        """Switch on a board that is dark."""
        pins, self.factory = mock(name)
        super().__init__(board(name), pins, self.state, paced=paced)

    def state(self, pin: str) -> float:
        """The share of the time that a pin is high."""
        return float(self.factory.pin(pin).state)


def indicators(name: str) -> rigs.IndicatorsRig:
    """The lights of a board, its motor and its buzzer, on a clock that only the eye moves."""
    seen = Eye(name)
    return rigs.IndicatorsRig(seen, seen.lights, lambda: seen.played)
