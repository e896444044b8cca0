"""The programs that run on a board, in this process: on gpiozero's mock pins, on picamera2 above a sensor of the tests', and without a desk."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from gpiozero import InputDevice
from gpiozero.pins.mock import MockFactory, MockPWMPin
from picamera2.platform import Platform

from hal.interface import Button, VideoFormat
from hal.pi import boardfile
from hal.pi.board import Board
from hal.pi.gpio import Pins
from tests.contract import pi_lens
from tests.contract.pi_panel import board, drive, mock
from tests.hil.answers import Answer, parse
from tests.hil.on_board import camera, contacts, jumper, lights, parts, store, talk

PI5 = board("pi5")
GIVEN = {"board": boardfile.shipped()["pi5"].read_text(encoding="utf-8"), "file": "pi5.toml"}


class Desk:
    """A program's input: lines, and what is done before each; then it is gone."""

    def __init__(self, *orders: dict[str, object] | Callable[[], object]) -> None:
        self._orders = orders

    def __iter__(self) -> Iterator[str]:
        for each in self._orders:
            if callable(each):
                each()
            else:
                yield json.dumps(each) + "\n"


def run(program: ModuleType, desk: Desk, **given: object) -> list[Answer]:
    """What a program says."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdin", desk)
        patched.setattr(sys, "stdout", said)
        status = program.start({**GIVEN, **given})
    answers = [parse(line.encode()) for line in said.getvalue().splitlines(keepends=True)]
    assert status == int(any(each.says == "trouble" for each in answers)), answers
    return answers


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """A Raspberry Pi 5's pins, which the programs open."""
    made, factory = mock("pi5")

    @contextmanager
    def opened(_: Board) -> Iterator[Pins]:
        yield made

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parts, "pins", opened)
        yield factory
    made.close()


def test_lights_are_set_as_told_and_dark_at_the_end(pins: MockFactory) -> None:
    """One channel at a time, motor and buzzer; when the desk is gone nothing stays on."""
    seen: list[tuple[float, ...]] = []
    names = [*PI5.lights["top"].channels.values(), PI5.lights["front"].channels["red"]]

    def look() -> None:
        seen.append(tuple(pins.pin(name).state for name in [*names, "GPIO13", "GPIO12"]))

    desk = Desk(
        look,
        {"shine": "top.green", "share": 1.0},
        look,
        {"shine": "top.green", "share": 0.0},
        {"shine": "front.red", "share": 1.0},
        {"buzz": True, "tone": 2000},
        look,
    )
    answers = run(lights, desk)
    assert [each.says for each in answers] == ["ready", *["done"] * 4]
    assert answers[0].facts["lamps"] == ["front.red", "top.blue", "top.green", "top.red"]
    assert seen == [(0, 0, 0, 0, 0, 0), (0, 1, 0, 0, 0, 0), (0, 0, 0, 1, 1, 0.5)]
    assert all(pins.pin(name).state == 0 for name in names)


def test_every_edge_is_told_and_levels_when_asked(pins: MockFactory) -> None:
    """Of buttons and wired inputs, by the names of the board's file."""
    record, holster = PI5.buttons[Button.RECORD], PI5.inputs["holster"]
    desk = Desk(
        lambda: drive(pins, record, active=True),
        lambda: drive(pins, holster, active=False),
        {"levels": True},
        lambda: drive(pins, record, active=False),
    )
    first, *edges = run(contacts, desk)
    assert first.facts["levels"] == {"record": False, "function": False, "alarm": False, "holster": True}
    told = [(each.text("name"), each.truth("active")) for each in edges if each.says == "edge"]
    assert told == [("record", True), ("holster", False), ("record", False)]
    assert edges[2].facts["levels"] == {"record": True, "function": False, "alarm": False, "holster": False}
    times = [each.whole("time_ns") for each in edges if each.says == "edge"]
    assert times == sorted(times)


def test_a_jumper_is_timed(pins: MockFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each edge out comes back, or is counted as lost."""
    monkeypatch.setattr(jumper, "WAIT_S", 0.05)
    function = PI5.buttons[Button.FUNCTION]
    (out,) = PI5.lights["front"].channels.values()

    def join() -> None:
        change = MockPWMPin._change_state

        def both(pin: MockPWMPin, value: float) -> object:
            done: object = change(pin, value)  # type: ignore[no-untyped-call] # gpiozero's
            if pin is pins.pin(out):
                drive(pins, function, active=not value)  # that contact is pressed when low
            return done

        patched.setattr(MockPWMPin, "_change_state", both)

    with pytest.MonkeyPatch.context() as patched:
        _, took = run(jumper, Desk(join, {"go": True}), button="function", times=3)
    assert took.whole("lost") <= 1  # the pin may have been at that level before
    assert len(took.numbers("ms")) + took.whole("lost") == 6
    assert all(each >= 0 for each in took.numbers("ms"))
    _, alone = run(jumper, Desk({"go": True}), button="function", times=2)
    assert (alone.numbers("ms"), alone.whole("lost")) == ([], 4)


def test_a_pin_that_is_taken_is_trouble(pins: MockFactory) -> None:
    """By the pin's name, and no trace of Python's."""
    with InputDevice("GPIO5", pull_up=True, pin_factory=pins):
        (trouble,) = run(contacts, Desk())
    assert trouble.says == "trouble"
    assert "GPIO5" in trouble.text("why")


def test_the_lens_tells_of_every_frame(tmp_path: Path) -> None:
    """picamera2's own code above a sensor of the tests': times, keyframes, and a film of all that came; it ends when the desk does."""
    video = VideoFormat(320, 240, 10, 200_000, 10)
    sensor = pi_lens.plugged(video, Platform.PISP)

    def take() -> None:
        sensor.run(2.0)
        sensor.settle()

    class Gone:
        """A desk that goes once all pictures were taken."""

        def __iter__(self) -> Iterator[str]:
            while sensor.camera.started is None:
                threading.Event().wait(0.01)
            taking = threading.Thread(target=take)
            taking.start()
            taking.join()
            yield from ()

    film = tmp_path / "film"
    given = {"width": 320, "height": 240, "fps": 10, "bitrate": 200_000, "seconds": 60, "into": str(film)}
    ready, told = run(camera, Gone(), **given)  # type: ignore[arg-type] # a stand-in for the board, or its machine
    assert ready.says == "ready"
    times = told.numbers("times_ms")
    assert len(times) >= 18
    assert times[:3] == [0, 100, 200]
    assert told.numbers("keys")[:2] == [0, 10]
    assert told.whole("bytes") == film.stat().st_size
    assert min(told.numbers("late_ms")) >= 0


def test_the_card_is_let_go_when_the_desk_is_gone(tmp_path: Path) -> None:
    """No file of ours stays, and no sync goes on for nobody."""
    given = {"place": str(tmp_path), "partition": False, "bytes": 1000, "seconds": 600}
    _, told = run(store, Desk(), **given)
    assert len(told.numbers("ms")) <= 1
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_the_program_is_not_the_boards() -> None:
    """What a board cannot cause goes through, with its trace."""

    @talk.program
    def broken(_: object) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        broken({})
