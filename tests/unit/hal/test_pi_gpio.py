"""Pins through the real gpiozero and, below it, the real lgpio: what each refuses, and what neither may do to the process."""

from __future__ import annotations

import gc
import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from gpiozero import LED, GPIOPinInUse, GPIOZeroError, PinInvalidPin, PinPWMUnsupported
from gpiozero.pins.mock import MockPin

from hal.interface import Button, Edge, Signal
from hal.pi import gpio
from hal.pi.board import Contact, Output
from hal.pi.buttons import PiButtons, PiTriggers
from hal.pi.gpio import boottime_ns
from hal.pi.indicators import PiIndicators
from tests.contract.pi_panel import board, drive, mock

ROOT = Path(__file__).parents[3]
ZERO = board("zero2w")

OPENS = """
import os, pathlib, sys
from hal.pi.gpio import Pins
here = os.getcwd()
try:
    Pins.open(pathlib.Path(sys.argv[1]), 250)
except OSError as error:
    print(error)
assert os.getcwd() == here, os.getcwd()
"""


def python(source: str, *arguments: str, cwd: Path) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-W", "error", "-c", source, *arguments]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_needs_no_library_and_starts_nothing(tmp_path: Path) -> None:
    """A desk without gpiozero may import all of it: no library is loaded, no thread runs, no file is made."""
    source = """
import sys, threading
import hal.pi.boardfile, hal.pi.buttons, hal.pi.gpio, hal.pi.indicators
assert not {"gpiozero", "lgpio"} & set(sys.modules)
assert threading.active_count() == 1
"""
    python(source, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_library_that_is_missing_is_a_part_that_is_missing(tmp_path: Path) -> None:
    """Where gpiozero cannot be imported that is an OSError that says so."""
    source = """
import pathlib, sys
sys.modules["gpiozero"] = None
from hal.pi.gpio import Pins
for make in (lambda: Pins(None), lambda: Pins.open(pathlib.Path("."))):
    try:
        make()
    except OSError as error:
        print(error)
"""
    said = python(source, cwd=tmp_path).splitlines()
    assert len(said) == 2
    assert all("gpiozero" in each or "lgpio" in each for each in said)


def test_lgpio_refuses_a_chip_that_is_not_there(tmp_path: Path) -> None:
    """The real lgpio says that it cannot open it, leaves nothing where the service was started, and its FIFO where it belongs; the
    process is where it was, though lgpio moves it as it is loaded."""
    run, here = tmp_path / "run", tmp_path / "here"
    run.mkdir()
    here.mkdir()
    said = python(OPENS, str(run), cwd=here)
    assert list(here.iterdir()) == []
    if importlib.util.find_spec("lgpio"):
        assert "can not open gpiochip" in said
        assert [path.name for path in run.iterdir()] == [".lgd-nfy0"]
    else:
        assert "lgpio" in said


def test_the_place_of_the_fifo_may_be_relative(tmp_path: Path) -> None:
    """It is what it is from where the service was started, and that it has to be there is said at once."""
    (tmp_path / "run").mkdir()
    python(OPENS, "run", cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert "No such file or directory" in python(OPENS, "no/run", cwd=tmp_path)


def test_a_board_that_gpiozero_does_not_know(tmp_path: Path) -> None:
    """Without a number the chip is that of the board, and this machine is none: the words are gpiozero's."""
    said = python(OPENS.replace(", 250", ""), str(tmp_path), cwd=tmp_path)
    assert ("unable to locate Pi revision" if importlib.util.find_spec("lgpio") else "lgpio cannot be used") in said


def test_a_pin_is_given_once() -> None:
    """Its own bookkeeping is what refuses: a second part, also one that asks gpiozero past this file."""
    pins, factory = mock("zero2w")
    buttons = PiButtons(ZERO, pins)
    with pytest.raises(OSError, match=r"GPIO5: pin GPIO5 is already in use") as caught:
        PiButtons(ZERO, pins)
    assert isinstance(caught.value.__cause__, GPIOPinInUse)
    with pytest.raises(GPIOPinInUse):
        LED(5, pin_factory=factory)
    buttons.close()
    PiButtons(ZERO, pins).close()


@pytest.mark.parametrize("part", [PiButtons, PiTriggers, PiIndicators])
def test_a_part_that_cannot_have_all_its_pins_keeps_none(
    part: Callable[..., PiButtons | PiTriggers | PiIndicators],
) -> None:
    """What it had until then is given back, so that it can be tried again."""
    pins, factory = mock("zero2w")
    last = {PiButtons: "GPIO4", PiTriggers: "GPIO26", PiIndicators: "GPIO12"}[part]  # type: ignore[index]  # one of these three
    other = LED(last, pin_factory=factory)
    with pytest.raises(OSError, match=f"{last}: "):
        part(ZERO, pins)
    other.close()
    part(ZERO, pins).close()


def test_lights_need_pins_that_can_be_pulsed() -> None:
    """A chip without PWM would make steady what has to swell, and a warning of a recording: it is refused."""
    pins, _ = mock("zero2w", MockPin)
    with pytest.raises(OSError, match=r"GPIO17: PinPWMUnsupported") as caught:
        PiIndicators(ZERO, pins)
    assert isinstance(caught.value.__cause__, PinPWMUnsupported)


def test_a_pin_that_the_board_does_not_have() -> None:
    """A file may name what this board lacks; that is an OSError, not a crash."""
    with pytest.raises(OSError, match=r"GPIO99: GPIO99 is not a valid pin name") as caught:
        mock("zero2w")[0].switch(Output("GPIO99", high=True))
    assert isinstance(caught.value.__cause__, PinInvalidPin)


def test_a_pin_whose_pull_is_soldered() -> None:
    """GPIO2 has a resistor up on every Pi: gpiozero knows, and a file that wants it pulled down is refused."""
    with pytest.raises(OSError, match="GPIO2: "):
        mock("zero2w")[0].contact(Contact("GPIO2", pull=False, high=True))


@pytest.mark.parametrize("pull", [True, False, None])
@pytest.mark.parametrize("high", [True, False])
def test_a_contact_is_active_at_its_level(*, pull: bool | None, high: bool) -> None:
    """However it is pulled, the level that the file names is the active one, for edges and when asked."""
    pins, factory = mock("zero2w")
    contact, told = Contact("GPIO5", pull, high), list[bool]()
    line = pins.contact(contact)
    assert factory.pin("GPIO5").pull == {True: "up", False: "down", None: "floating"}[pull]
    drive(factory, contact, active=False)
    line.listen(told.append)
    for active in (True, False, True):
        drive(factory, contact, active=active)
        assert line.is_active() is active
    assert told == [True, False, True]
    line.close()


def test_nothing_is_debounced() -> None:
    """Every edge of a contact that bounces is told, each with a time of its own; gpiozero's own debouncing is off."""
    pins, factory = mock("zero2w")
    times, edges = iter(range(100)), list[Edge]()
    buttons = PiButtons(ZERO, pins, lambda: next(times))
    buttons.listen(edges.append)
    for _ in range(10):
        drive(factory, ZERO.buttons[Button.RECORD], active=True)
        drive(factory, ZERO.buttons[Button.RECORD], active=False)
    assert [(edge.down, edge.time_ns) for edge in edges] == [(number % 2 == 0, number) for number in range(20)]
    assert factory.pin("GPIO5").bounce is None


def test_an_edge_that_repeats_is_told_again() -> None:
    """Of two edges the same way one between was lost: gpiozero's devices would swallow the second, their pins do not."""
    pins, factory = mock("zero2w")
    edges = list[Edge]()
    buttons = PiButtons(ZERO, pins)
    buttons.listen(edges.append)
    pin = factory.pin("GPIO5")
    pin.drive_low()
    pin._call_when_changed()
    assert [edge.down for edge in edges] == [True, True]


def test_edges_are_stamped_with_the_clock_that_runs_on_through_suspend() -> None:
    """Unless told otherwise, before and after on ``CLOCK_BOOTTIME``."""
    pins, factory = mock("zero2w")
    edges, signals = list[Edge](), list[Signal]()
    PiButtons(ZERO, pins).listen(edges.append)
    triggers = PiTriggers(ZERO, pins)
    triggers.listen(signals.append)
    before_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    drive(factory, ZERO.inputs["alarm"], active=True)
    assert before_ns <= signals[0].time_ns <= boottime_ns()
    assert triggers.names() == ("alarm", "holster")


def test_listening_outlives_the_collector() -> None:
    """Whoever listens gpiozero holds by a weak reference; whoever holds the part still hears."""
    pins, factory = mock("zero2w")
    edges = list[Edge]()
    buttons = PiButtons(ZERO, pins)
    buttons.listen(edges.append)
    gc.collect()
    drive(factory, ZERO.buttons[Button.FUNCTION], active=True)
    assert [edge.button for edge in edges] == [Button.FUNCTION]
    assert buttons.is_down(Button.FUNCTION)


DROPS = """
import gc
from collections import defaultdict
from hal.pi.buttons import PiButtons, PiTriggers
from hal.pi.indicators import PiIndicators
from tests.contract.pi_panel import board, mock

class Collecting(defaultdict):
    def __getitem__(self, key):
        gc.collect()
        return super().__getitem__(key)

pins, factory = mock("zero2w")
factory._reservations = Collecting(list)  # the collector comes round each time that gpiozero looks a pin up
PiButtons(board("zero2w"), pins)
PiTriggers(board("zero2w"), pins)
PiIndicators(board("zero2w"), pins, paced=False)
try:
    PiButtons(board("zero2w"), pins)
except OSError as error:
    print(error)
pins.close()
PiButtons(board("zero2w"), pins).close()
print("closed")
"""


def test_a_part_that_was_dropped_stops_no_other(tmp_path: Path) -> None:
    """A device that nobody holds gpiozero closes when the collector finds it, and waits for itself for ever where it is reserving just then.
    So none is ever found: what was not closed keeps its pins.  In a process of its own, which can be given up."""
    said = python(DROPS, cwd=tmp_path).splitlines()
    assert said[0].startswith("GPIO5: pin GPIO5 is already in use")
    assert said[1:] == ["closed"]


def test_edges_come_on_whatever_thread_the_library_has() -> None:
    """The sink is called there, at once, and nothing of ours waits in between."""
    pins, factory = mock("zero2w")
    threads = list[str]()
    buttons = PiButtons(ZERO, pins)
    buttons.listen(lambda _: threads.append(threading.current_thread().name))
    other = threading.Thread(target=lambda: drive(factory, ZERO.buttons[Button.RECORD], active=True), name="library's")
    other.start()
    other.join()
    assert threads == ["library's"]
    buttons.close()


def test_a_closed_part_hears_nothing() -> None:
    """Its pins are inputs without a listener, free for others."""
    pins, factory = mock("zero2w")
    edges = list[Edge]()
    buttons = PiButtons(ZERO, pins)
    buttons.listen(edges.append)
    buttons.close()
    drive(factory, ZERO.buttons[Button.RECORD], active=True)
    assert edges == []
    assert factory.pin("GPIO5").when_changed is None


def test_all_pins_are_given_back() -> None:
    """At the end of the service the chip has no pin in use."""
    pins, factory = mock("zero2w")
    PiButtons(ZERO, pins)
    pins.close()
    assert dict(factory.pins) == {}


RENAMED = {
    "self._pin.when_changed =": "self._pin.when_change =",
    "self._device.off()": "self._device.turn_off()",
    "frequency=pulses_hz": "pulses=pulses_hz",
    "import InputDevice": "import InputDevices",
}


@pytest.mark.parametrize(("refusals", "given"), [(0, True), (1, True), (3, True), (4, False)])
def test_a_line_that_is_let_go_late(monkeypatch: pytest.MonkeyPatch, *, refusals: int, given: bool) -> None:
    """Seen on a kernel: lgpio closes a line while its own thread is still at it, and is refused.  Asked again it is given back; for good it is an error."""
    monkeypatch.setattr(gpio, "_PATIENCE_S", (0.0, 0.0, 0.0))
    pins, factory = mock("zero2w")
    part = PiButtons(ZERO, pins)
    pin, left = factory.pin(ZERO.buttons[Button.RECORD].pin), [refusals]

    def close() -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise GPIOZeroError("GPIO busy")

    monkeypatch.setattr(pin, "close", close)
    if not given:
        with pytest.raises(OSError, match=f"{ZERO.buttons[Button.RECORD].pin}: GPIO busy"):
            part.close()
        return
    part.close()
    assert left[0] == -1
    PiButtons(ZERO, pins).close()


def test_names_that_gpiozero_does_not_have_fail_the_type_check(tmp_path: Path) -> None:
    """The type checker reads the library's real code: were something renamed there, `make check` would say so."""
    source = (ROOT / "hal" / "pi" / "gpio.py").read_text(encoding="utf-8")
    for name, other in RENAMED.items():
        assert name in source
        source = source.replace(name, other)
    shadow = tmp_path / "gpio.py"
    shadow.write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), "--shadow-file"]
    command += ["hal/pi/gpio.py", str(shadow), "hal/pi/gpio.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1
    for word in ("when_change", "turn_off", "pulses", "InputDevices"):
        assert f'"{word}"' in done.stdout
