"""Lights, motor and buzzer of a board, on gpiozero's mock pins: each pattern as people see it, each cue as they feel and hear it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import TypeVar

import pytest
from gpiozero import PinInvalidState
from gpiozero.pins.mock import MockFactory, MockPWMPin
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.indications import CUES, LIGHTS
from hal.interface import Colour, Cue, Light, Lights, Pattern
from hal.patterns import COURSES, brightness, period_ms
from hal.pi import indicators
from hal.pi.gpio import Pins
from hal.pi.indicators import PiIndicators, level, next_look_ms
from tests.contract.pi_panel import Eye, board, mock
from tests.specification.hardware import REVISIONS

LIT = [Light(colour, pattern) for colour, pattern in product(Colour, Pattern) if colour is not Colour.OFF]
OFF = Light(Colour.OFF)
DARK = Lights(OFF, OFF)
MOTOR, BUZZER = "GPIO13", "GPIO12"
_T = TypeVar("_T")


@pytest.mark.parametrize("light", LIT, ids=lambda light: f"{light.colour.value} {light.pattern.value}")
def test_a_look_is_taken_for_no_other(light: Light) -> None:
    """Whoever looks at the pins for three seconds sees this colour in this pattern, and could not have seen another."""
    eye = Eye("zero2w")
    eye.show(Lights(light, OFF))
    assert eye.fitting("top") == [light]


@pytest.mark.parametrize("name", REVISIONS)
@pytest.mark.parametrize("look", LIGHTS, ids=lambda look: str(look.value))
def test_every_board_shows_all_that_the_firmware_says(name: str, look: object) -> None:
    """Both lights: a front light with red alone is enough for what the people who are filmed are told."""
    eye = Eye(name)
    lights = next(lights for each, lights in LIGHTS.items() if each is look)
    eye.show(lights)
    assert eye.lights() == lights


def test_a_colour_that_a_light_cannot_mix_stays_dark() -> None:
    """A front light with red alone never shows amber or white as red: it claims nothing then."""
    eye = Eye("zero2w")
    for colour in (Colour.AMBER, Colour.WHITE, Colour.GREEN, Colour.BLUE):
        eye.show(Lights(OFF, Light(colour)))
        assert eye.glance("front") == (0, 0, 0)
    eye.show(Lights(OFF, Light(Colour.RED)))
    assert eye.glance("front") == (1, 0, 0)


def test_what_is_shown_is_on_the_pins_when_the_call_returns() -> None:
    """No thread has to run for it, and a look that is asked for again goes on where it was."""
    eye = Eye("zero2w")
    eye.show(Lights(Light(Colour.RED, Pattern.SLOW), OFF))
    assert eye.glance("top") == (1, 0, 0)
    eye.let_pass(500)
    assert eye.glance("top") == (0, 0, 0)
    eye.show(Lights(Light(Colour.RED, Pattern.SLOW), Light(Colour.RED)))
    assert (eye.glance("top"), eye.glance("front")) == ((0, 0, 0), (1, 0, 0))
    eye.let_pass(500)
    assert eye.glance("top") == (1, 0, 0)


@given(st.sampled_from(LIT), st.integers(0, 10_000))
def test_nothing_changes_before_it_is_due(light: Light, at_ms: int) -> None:
    """Until then a light that jumps is as bright as it was; one that swells moves by less than a twelfth."""
    after_ms = next_look_ms(light, at_ms)
    span_ms = period_ms(light.pattern) if after_ms is None else after_ms
    assert span_ms > 0
    levels = [level(light, at_ms + ms) for ms in range(span_ms)]
    assert max(levels) - min(levels) < 1 / 12
    swells = any(0 < bright < 1 for _, bright in COURSES[light.pattern])
    assert swells or len(set(levels)) == 1


@given(st.sampled_from(LIT), st.integers(0, 10_000))
def test_brightness_is_that_of_the_common_table(light: Light, at_ms: int) -> None:
    """Real lights go by the table that simulated ones are drawn from."""
    assert level(light, at_ms) == pytest.approx(brightness(light.pattern, at_ms / 1000 + 0.0005))


@pytest.mark.parametrize("cue", CUES.values(), ids=lambda cue: cue.name)
def test_a_cue_is_felt_and_heard_as_it_is_written(cue: Cue) -> None:
    """Each buzz and each tone in its time, then neither; in the middle of each of ten milliseconds."""
    eye = Eye("zero2w")
    eye.indicators.play(cue)
    felt, heard = list[bool](), list[int]()
    for _ in range(200):
        eye.let_pass(5)
        felt.append(eye.state(MOTOR) == 1)
        sounding = eye.state(BUZZER) == 0.5
        heard.append(int(eye.factory.pin(BUZZER).frequency) if sounding else 0)
        eye.let_pass(5)
    assert felt == spread([(number % 2 == 0, ms) for number, ms in enumerate(cue.buzz_ms)], rest=False)
    assert heard == spread(list(cue.tones), rest=0)


def spread(lengths: list[tuple[_T, int]], rest: _T) -> list[_T]:
    """Two seconds in steps of ten milliseconds."""
    steps = [value for value, ms in lengths for _ in range(ms // 10)]
    return [*steps, *([rest] * (200 - len(steps)))]


def test_a_newer_cue_replaces_one_that_plays() -> None:
    """From its first moment, and nothing of the older one comes after it."""
    eye = Eye("zero2w")
    eye.indicators.play(Cue("long", (60_000,), ((440, 60_000),)))
    eye.let_pass(100)
    assert (eye.state(MOTOR), eye.factory.pin(BUZZER).frequency) == (1, 440)
    eye.indicators.play(Cue("short", (10, 30, 10), ((880, 20),)))
    assert (eye.state(MOTOR), eye.factory.pin(BUZZER).frequency) == (1, 880)
    eye.let_pass(60_000)
    assert (eye.state(MOTOR), eye.state(BUZZER)) == (0, 0)
    eye.indicators.play(Cue("silent", ()))
    assert (eye.state(MOTOR), eye.state(BUZZER)) == (0, 0)


def test_nobody_is_woken_for_nothing() -> None:
    """What stands still is never due; what blinks is due when it changes, and no sooner."""
    eye = Eye("zero2w")
    assert eye.indicators.poll() is None
    eye.indicators.show(Lights(Light(Colour.GREEN), OFF))
    assert eye.indicators.poll() is None
    eye.indicators.show(Lights(Light(Colour.GREEN, Pattern.BLINK), OFF))
    due_ns = eye.indicators.poll()
    assert due_ns is not None
    assert due_ns - eye.clock.monotonic_ns() == 100_000_000


class Broken(MockPWMPin):
    """A pin of a lamp that can break: gpiozero then says what it says when lgpio refuses a write."""

    broken: frozenset[str] = frozenset()

    def _set_state(self, value: float) -> None:
        if self.info.name in Broken.broken:
            raise PinInvalidState(f"invalid state {value} for pin {self!r}")
        MockPWMPin._set_state(self, value)


@pytest.fixture
def breakable(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A way to break pins, all whole at first."""
    monkeypatch.setattr(Broken, "broken", frozenset())
    return lambda *pins: monkeypatch.setattr(Broken, "broken", frozenset(pins))


def test_a_broken_lamp_is_an_error_and_darkens_no_other(breakable: Callable[..., None]) -> None:
    """Who shows is told, what can be lit is lit, and once it is mended the next call says nothing."""
    eye = breaking_eye()
    breakable("GPIO17")
    lights = Lights(Light(Colour.WHITE), Light(Colour.RED))
    with pytest.raises(OSError, match="GPIO17: invalid state"):
        eye.show(lights)
    assert eye.glance("top") == (0, 0.6, 0.6)
    assert eye.glance("front") == (1, 0, 0)
    eye.indicators.play(Cue("tick", (60,)))
    assert eye.state(MOTOR) == 1
    breakable()
    eye.show(lights)
    assert eye.glance("top") == (1, 0.6, 0.6)


def test_a_broken_buzzer_keeps_no_light_from_being_shown(breakable: Callable[..., None]) -> None:
    """Only who plays is told."""
    eye = breaking_eye()
    breakable(BUZZER)
    with pytest.raises(OSError, match="GPIO12: "):
        eye.indicators.play(Cue("long", (500,), ((880, 500),)))
    assert eye.state(MOTOR) == 1
    eye.show(Lights(Light(Colour.RED), OFF))
    assert eye.glance("top") == (1, 0, 0)


def test_what_breaks_in_the_middle_of_a_pattern_is_tried_again(breakable: Callable[..., None]) -> None:
    """The thread lives on, tries at each step and each second, and the next call says it if it is broken still."""
    eye = breaking_eye()
    lights = Lights(Light(Colour.RED, Pattern.SLOW), OFF)
    eye.show(lights)
    breakable("GPIO17")
    eye.let_pass(700)
    assert eye.glance("top") == (1, 0, 0)
    with pytest.raises(OSError, match="GPIO17"):
        eye.show(lights)
    breakable()
    eye.let_pass(300)
    eye.show(lights)
    assert eye.indicators.poll() is not None
    eye.show(DARK)
    breakable("GPIO22")
    with pytest.raises(OSError, match="GPIO22"):
        eye.show(Lights(Light(Colour.BLUE), OFF))
    due_ns = eye.indicators.poll()
    assert due_ns == eye.clock.monotonic_ns() + indicators.RETRY_MS * 1_000_000
    breakable()
    eye.let_pass(indicators.RETRY_MS)
    assert eye.glance("top") == (0, 0, 1)


def breaking_eye() -> Eye:
    """A board whose pins can break."""
    eye = Eye("zero2w")
    eye.indicators.close()
    eye.factory = MockFactory(REVISIONS["zero2w"], Broken)
    eye.indicators = PiIndicators(eye.board, Pins(eye.factory), eye.clock.monotonic_ns, paced=False)
    return eye


def test_dark_and_still_on_close() -> None:
    """Every pin is off, and given back; a second part may have them."""
    eye = Eye("zero2w")
    eye.indicators.show(Lights(Light(Colour.WHITE), Light(Colour.RED)))
    eye.indicators.play(Cue("long", (60_000,), ((440, 60_000),)))
    eye.indicators.close()
    assert [pin for pin in eye.factory.pins.values() if pin.state or pin.function != "input"] == []
    with pytest.raises(OSError, match="indicators: "):
        eye.indicators.show(Lights(Light(Colour.GREEN), OFF))
    PiIndicators(eye.board, eye.pins, paced=False).close()


def test_a_board_without_motor_and_buzzer_shows_all_the_same() -> None:
    """A cue is played into the void, without an error."""
    pins, factory = mock("zero2w")
    part = PiIndicators(replace(board("zero2w"), buzzer=None, vibration=None), pins, paced=False)
    part.play(Cue("long", (500,), ((880, 500),)))
    part.show(Lights(Light(Colour.GREEN), OFF))
    assert factory.pin("GPIO27").state == 0.6
    part.close()


class Waited(MockPWMPin):
    """A pin for which a test can wait."""

    went_off = threading.Event()

    def _set_state(self, value: float) -> None:
        MockPWMPin._set_state(self, value)
        if self.info.name == MOTOR and not value:
            Waited.went_off.set()


def test_its_own_thread_plays_and_ends_with_it() -> None:
    """On the real clock: a buzz of a millisecond ends by itself while nobody calls, and close ends the thread."""
    Waited.went_off.clear()
    factory = MockFactory(REVISIONS["zero2w"], Waited)
    part = PiIndicators(board("zero2w"), Pins(factory))
    Waited.went_off.clear()
    part.show(Lights(Light(Colour.RED, Pattern.PULSE), OFF))
    part.play(Cue("tick", (1,)))
    assert Waited.went_off.wait(60)
    assert sum(thread.name == "indicators" for thread in threading.enumerate()) == 1
    part.close()
    assert not any(thread.name == "indicators" for thread in threading.enumerate())
