"""What only real GPIO lines can pass: kernel, lgpio's own threads, and a pin that can be seen from outside."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from hal.interface import Button, Colour, Cue, Edge, Light, Lights, Pattern
from hal.pi.board import Output
from hal.pi.buttons import PiButtons
from hal.pi.gpio import Pins, boottime_ns
from hal.pi.indicators import PiIndicators
from tests.contract import rigs
from tests.vm.inside import asks
from tests.vm.inside.panel import Finger, OutsideEye, button_board, indicator_board, look, offset

RECORD = button_board().buttons[Button.RECORD]
LINE = offset(RECORD.pin)
SECOND = """
import sys
from pathlib import Path
from tests.vm.inside.panel import CHIP, button_board
from hal.pi.buttons import PiButtons
from hal.pi.gpio import Pins

PiButtons(button_board(), Pins.open(Path(sys.argv[1]), CHIP))
"""


def test_after_a_burst_the_last_word_is_the_level(buttons: rigs.ButtonsRig, finger: Finger) -> None:
    """Down and up as fast as somebody outside can: the kernel may miss a pulse, but what it tells last is how it is, and times do not run back."""
    edges: list[Edge] = []
    buttons.buttons.listen(edges.append)
    for count in range(1, 11):
        for _ in range(count):
            finger.drive(LINE, level=False)
            finger.drive(LINE, level=True)
        finger.settle()
        assert edges
        assert not edges[-1].down
        assert not buttons.buttons.is_down(Button.RECORD)
    assert all(before.time_ns <= after.time_ns for before, after in pairwise(edges))


def test_a_press_of_a_hundredth_of_a_second_is_told(buttons: rigs.ButtonsRig, finger: Finger) -> None:
    """Shorter than any finger's, and than the firmware waits: both edges."""
    edges: list[Edge] = []
    buttons.buttons.listen(edges.append)
    for _ in range(5):
        finger.drive(LINE, level=False)
        time.sleep(0.01)
        finger.drive(LINE, level=True)
        finger.settle()
    assert [edge.down for edge in edges] == [True, False] * 5


def test_given_back_in_the_middle_of_edges(pins: Pins, finger: Finger) -> None:
    """Whatever lgpio's thread is about: the pins can be given back, and had again at once."""
    for _ in range(30):
        part = PiButtons(button_board(), pins)
        part.listen(lambda _: None)
        for level in (False, True):
            finger.drive(LINE, level=level)
        part.close()


def test_stamps_are_of_the_clock_that_runs_through_suspend(pins: Pins, finger: Finger) -> None:
    """Unless told otherwise a part stamps by ``CLOCK_BOOTTIME``, between before and after of whoever pressed outside."""
    part, edges = PiButtons(button_board(), pins), list[Edge]()
    part.listen(edges.append)
    before_ns = boottime_ns()
    finger.put(RECORD, active=True)
    part.close()
    (edge,) = edges
    assert before_ns < edge.time_ns < boottime_ns()


def test_a_second_service_is_refused_the_pins(buttons: rigs.ButtonsRig) -> None:
    """The kernel gives a line to one program alone; the error names the pin."""
    assert not buttons.buttons.is_down(Button.RECORD)
    (run := asks.RUN / "second").mkdir(exist_ok=True)
    told = subprocess.run([sys.executable, "-c", SECOND, run], capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 1
    assert re.search(rf"^OSError: {RECORD.pin}: ", told.stderr, re.MULTILINE), told.stderr


def test_a_chip_that_is_not_there() -> None:
    """That is an OSError too, which says so."""
    with pytest.raises(OSError, match="GPIO"):
        Pins.open(asks.RUN, 7)


def test_it_is_dark_when_the_part_ends(eye: OutsideEye, outside: asks.Line) -> None:
    """Lit from outside; given back, every line is low."""
    eye.show(Lights(Light(Colour.WHITE), Light(Colour.RED)))
    lit = look(outside)
    pins = [pin for light in eye.board.lights.values() for pin in light.channels.values()]
    assert [lit.get(f"{offset(pin)}") for pin in pins] == [1.0] * len(pins)
    eye.indicators.close()
    assert set(look(outside).values()) <= {0.0}


def test_a_light_that_swells_is_pulsed(eye: OutsideEye, outside: asks.Line) -> None:
    """Neither high nor low, and the brighter the longer high; the others are left alone.  By how much, an emulated processor cannot say."""
    eye.show(Lights(Light(Colour.RED, Pattern.PULSE), Light(Colour.OFF)))
    channels, shares = eye.board.lights["top"].channels, []
    for ms in (50, 350):  # to 28, and to 84 percent
        eye.let_pass(ms)
        lit = outside.ask(do="look", settle_ms=100, for_ms=1000)
        shares.append(lit[f"{offset(channels['red'])}"])
        assert lit.get(f"{offset(channels['green'])}", 0.0) == 0.0
    assert 0 < shares[0] < shares[1] < 1, shares


def test_the_motor_follows_its_cue(pins: Pins, outside: asks.Line) -> None:
    """Played by the part's own thread on the real clock: on, off, on, off, each about as long as the cue says."""
    board = replace(indicator_board(), buzzer=None)
    assert isinstance(board.vibration, Output)
    indicators = PiIndicators(board, pins)
    line, begun = offset(board.vibration.pin), outside.ask(do="mark")
    indicators.play(Cue("three", (300, 300, 300)))
    outside.ask(do="wait", line=line, mark=begun, changes=4, for_ms=10_000)
    course = outside.ask(do="since", line=line, mark=begun)
    indicators.close()
    assert [level for _, level in course] == [True, False, True, False]
    assert all(200 <= after - before <= 1500 for (before, _), (after, _) in pairwise(course))
