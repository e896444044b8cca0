"""Buttons, wired inputs and indicators on gpiozero, lgpio and the kernel's own GPIO; finger and eye are outside of the machine.

The chip is a PL061 with eight lines, of which the fourth is QEMU's power key: no camera's whole panel fits.  So each part gets a board of its
own, made of the lines that there are, wired as a real board is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hal.interface import Button
from hal.patterns import brightness
from hal.pi import boardfile
from hal.pi.board import Board, Contact, Output
from hal.pi.buttons import PiButtons, PiTriggers
from hal.pi.clock import MS, PiClock
from hal.pi.gpio import Line, Pins
from tests.contract import rigs
from tests.contract.eye import Eye
from tests.vm.inside import asks

CHIP = 0
CALM_S = 10.0
VIRTUAL = Path("/usr/lib/lapel/board.toml")
SPARE = Contact("GPIO2", pull=True, high=False)
SETTLE_S, SETTLE_MS, LOOK_MS = 0.03, 10, 30
"""At 100 pulses a second: until lgpio's thread has put a new share on a pin, in there and then outside, and for three of its pulses."""
GLANCES = 12
"""So often somebody looks again who does not see what was asked for: the machine is emulated, and may be slow.  It takes a second."""
MOMENTS_MS = (10, 130, 630, 1005, 2365)
"""When one has to look to tell each pattern from each other one, after its beginning."""
ROUND_MS = 210_000
"""After which all patterns begin anew together."""
ALL = 0.999


def button_board() -> Board:
    """The virtual camera's board, with buttons to ground, as on all real ones."""
    board = boardfile.load(VIRTUAL)
    return replace(
        board, buttons={name: Contact(each.pin, pull=True, high=False) for name, each in board.buttons.items()}
    )


def trigger_board() -> Board:
    """The same with a holster, whose contact opens, and an alarm, whose contact closes, where the buttons are."""
    first, second = (each.pin for each in button_board().buttons.values())
    inputs = {"alarm": Contact(first, pull=True, high=False), "holster": Contact(second, pull=True, high=True)}
    return replace(button_board(), inputs=inputs)


def indicator_board() -> Board:
    """The same with a motor and a buzzer there."""
    first, second = (each.pin for each in button_board().buttons.values())
    return replace(button_board(), vibration=Output(first, high=True), buzzer=Output(second, high=True))


def offset(pin: str) -> int:
    """A pin's line."""
    return int(pin.removeprefix("GPIO"))


class Finger:
    """Whoever drives the lines from outside.  What he did is done when a call returns: told to whoever listens, too.

    lgpio tells the edges of all lines in the order in which they came, on one thread.  So after each edge follows one on a spare line, and
    once that was told so was everything before.
    """

    def __init__(self, pins: Pins, line: asks.Line) -> None:
        """Listen on the spare line."""
        self._line, self._told, self._level = line, threading.Event(), True
        self.drive(offset(SPARE.pin), level=True)
        self._spare: Line = pins.contact(SPARE)
        self._spare.listen(lambda _: self._told.set())

    def put(self, contact: Contact, *, active: bool) -> None:
        """Set the level of a contact."""
        self.drive(offset(contact.pin), level=active is contact.high)
        self.settle()

    def drive(self, number: int, *, level: bool) -> None:
        """Set the level of a line, and do not wait for anybody to notice."""
        self._line.ask(do="drive", line=number, level=level)

    def settle(self) -> None:
        """Until everything so far was told."""
        self._told.clear()
        self._level = not self._level
        self.drive(offset(SPARE.pin), level=self._level)
        assert self._told.wait(CALM_S), "no edge came through on the spare line"

    def close(self) -> None:
        """Give the spare line back."""
        self._spare.close()


class OutsideEye(Eye):
    """Somebody who looks at the machine's pins from outside: what he sees is what QEMU's chip puts out."""

    def __init__(self, board: Board, pins: Pins, line: asks.Line) -> None:
        """Switch on a board that is dark."""
        self._line: asks.Line = line
        self._shares: Mapping[str, float] | None = None
        super().__init__(board, pins, self.state)

    def state(self, pin: str) -> float:
        """The share of the time that a pin is high, by a fresh look.  Within ``looked`` one look serves for all pins."""
        shares = look(self._line) if self._shares is None else self._shares
        return shares.get(f"{offset(pin)}", 0.0)

    def looked(self, name: str) -> list[tuple[float, tuple[float, ...]]]:
        """Glances at the moments that tell the patterns apart; what the part would have done in between it does all at once."""
        seen = []
        for moment_ms in MOMENTS_MS:
            since_ns = self.asked[name][1]
            rounds = (self.clock.monotonic_ns() - since_ns) // (ROUND_MS * MS) + 1
            at_ns = since_ns + (rounds * ROUND_MS + moment_ms) * MS
            self.clock.advance(at_ns - self.clock.monotonic_ns())
            self.indicators.poll()
            seen.append(((at_ns - since_ns) / 1e9, self._seen_at_last(name, moment_ms / 1000)))
        return seen

    def alike(self, wanted: float, seen: float) -> bool:
        """Dark, lit, or pulsed: how much of the time is nothing that an emulated processor keeps to."""
        return kind(wanted) == kind(seen)

    def _seen_at_last(self, name: str, at_s: float) -> tuple[float, ...]:
        light = self.asked[name][0]
        glance: tuple[float, ...] = ()
        for _ in range(GLANCES):
            self._shares = look(self._line)
            glance = self.glance(name)
            self._shares = None
            if self.fits(light.colour, brightness(light.pattern, at_s), glance):
                break
        return glance


def kind(share: float) -> str:
    """What is seen of a line that is high for a share of the time."""
    return "dark" if share < 1 - ALL else "lit" if share > ALL else "pulsed"


def look(line: asks.Line) -> Mapping[str, float]:
    """For each line that was ever high the share of the time."""
    time.sleep(SETTLE_S)
    shares: Mapping[str, float] = line.ask(do="look", settle_ms=SETTLE_MS, for_ms=LOOK_MS)
    return shares


@pytest.fixture(scope="session")
def outside() -> asks.Line:
    """Whoever is outside of the machine."""
    return asks.line()


@pytest.fixture(scope="session")
def pins() -> Iterator[Pins]:
    """The kernel's GPIO."""
    opened = Pins.open(asks.RUN, CHIP)
    yield opened
    opened.close()


@pytest.fixture
def finger(pins: Pins, outside: asks.Line) -> Iterator[Finger]:
    """Somebody who presses, when nothing is pressed."""
    for contact in button_board().buttons.values():
        outside.ask(do="drive", line=offset(contact.pin), level=True)
    finger = Finger(pins, outside)
    yield finger
    finger.close()


@pytest.fixture
def buttons(pins: Pins, finger: Finger, tmp_path: Path) -> Iterator[rigs.ButtonsRig]:
    """The buttons, and a finger."""
    board = button_board()
    part = PiButtons(board, pins)

    def put(button: Button, *, down: bool) -> None:
        finger.put(board.buttons[button], active=down)

    clock = PiClock(tmp_path / "note", None)
    yield rigs.ButtonsRig(part, clock, lambda button: put(button, down=True), lambda button: put(button, down=False))
    part.close()


@pytest.fixture
def triggers(pins: Pins, finger: Finger, tmp_path: Path) -> Iterator[rigs.TriggersRig]:
    """The wired inputs, all at rest: the holster has its contact closed."""
    board = trigger_board()
    for contact in board.inputs.values():
        finger.put(contact, active=False)
    part, clock = PiTriggers(board, pins), PiClock(tmp_path / "note", None)
    yield rigs.TriggersRig(part, clock, lambda name, active: finger.put(board.inputs[name], active=active))
    part.close()


@pytest.fixture
def eye(pins: Pins, outside: asks.Line) -> Iterator[OutsideEye]:
    """The lights, and somebody who looks at them."""
    seen = OutsideEye(indicator_board(), pins, outside)
    yield seen
    seen.indicators.close()


@pytest.fixture
def indicators(eye: OutsideEye) -> rigs.IndicatorsRig:
    """The same, as the contract suite wants it."""
    return rigs.IndicatorsRig(eye, eye.lights, lambda: eye.played)
