"""What all buttons, sensors and lights must do."""

from __future__ import annotations

from itertools import pairwise, product
from math import hypot

import pytest

from hal.interface import Button, Colour, Cue, Edge, Light, Lights, Pattern, Samples, Signal
from tests.contract.rigs import ButtonsRig, IndicatorsRig, MotionRig, TriggersRig

HALF_NS = 500_000_000


@pytest.mark.parametrize("button", Button)
def test_edges_say_which_way_and_when(buttons: ButtonsRig, button: Button) -> None:
    """A press and a release give a falling and a rising edge, stamped between before and after."""
    edges: list[Edge] = []
    buttons.buttons.listen(edges.append)
    before_ns = buttons.clock.monotonic_ns()
    buttons.press(button)
    buttons.release(button)
    after_ns = buttons.clock.monotonic_ns()
    assert [(edge.button, edge.down) for edge in edges] == [(button, True), (button, False)]
    assert before_ns <= edges[0].time_ns <= edges[1].time_ns <= after_ns


def test_level_follows_the_finger(buttons: ButtonsRig) -> None:
    """``is_down`` tells the level of each button for itself."""
    assert not any(buttons.buttons.is_down(button) for button in Button)
    buttons.press(Button.RECORD)
    assert buttons.buttons.is_down(Button.RECORD)
    assert not buttons.buttons.is_down(Button.FUNCTION)
    buttons.release(Button.RECORD)
    assert not buttons.buttons.is_down(Button.RECORD)


def test_level_has_changed_when_the_edge_comes(buttons: ButtonsRig) -> None:
    """Whoever asks for the level inside the sink gets the new one."""
    levels: list[bool] = []
    buttons.buttons.listen(lambda edge: levels.append(buttons.buttons.is_down(edge.button)))
    buttons.press(Button.RECORD)
    buttons.release(Button.RECORD)
    assert levels == [True, False]


def test_only_edges_from_now_on(buttons: ButtonsRig) -> None:
    """What happened before nobody listened is not told later."""
    edges: list[Edge] = []
    buttons.press(Button.RECORD)
    buttons.buttons.listen(edges.append)
    buttons.release(Button.RECORD)
    assert [edge.down for edge in edges] == [False]


def test_inputs_have_names(triggers: TriggersRig) -> None:
    """Each input that there is tells its edges under its own name, and its level."""
    told: list[Signal] = []
    triggers.triggers.listen(told.append)
    names = list(triggers.triggers.names())
    assert len(set(names)) == len(names) > 0
    assert not any(triggers.triggers.is_active(name) for name in names)
    for name in names:
        triggers.put(name, True)
        assert [each for each in names if triggers.triggers.is_active(each)] == [name]
        triggers.put(name, False)
        assert not triggers.triggers.is_active(name)
    assert [(each.name, each.active) for each in told] == [(name, active) for name in names for active in (True, False)]
    assert all(before.time_ns <= after.time_ns for before, after in pairwise(told))


def test_signals_are_stamped(triggers: TriggersRig) -> None:
    """An edge's time lies between before and after, and the level has changed when it comes."""
    told: list[tuple[Signal, bool]] = []
    (name, *_) = triggers.triggers.names()
    triggers.triggers.listen(lambda each: told.append((each, triggers.triggers.is_active(name))))
    before_ns = triggers.clock.monotonic_ns()
    triggers.put(name, True)
    ((signal, level),) = told
    assert before_ns <= signal.time_ns <= triggers.clock.monotonic_ns()
    assert level


def test_inputs_that_are_not_there(triggers: TriggersRig) -> None:
    """Nobody gets a level of an input that there is not."""
    with pytest.raises(ValueError, match="shot"):
        triggers.triggers.is_active("shot")


def test_readings_come_in_order_and_soon(motion: MotionRig) -> None:
    """40 to 100 a second, oldest first, each at most half a second old when it is delivered, and at rest they are the weight."""
    got: list[tuple[int, Samples]] = []
    began_ns = motion.clock.monotonic_ns()
    motion.motion.start(lambda samples: got.append((motion.clock.monotonic_ns(), samples)))
    motion.run(1.5)
    motion.motion.stop()
    samples = [sample for _, some in got for sample in some.samples]
    assert 40 <= len(samples) <= 150
    assert all(before.time_ns < after.time_ns for before, after in pairwise(samples))
    assert all(began_ns <= sample.time_ns <= came_ns for came_ns, some in got for sample in some.samples)
    assert all(came_ns - some.samples[0].time_ns <= HALF_NS for came_ns, some in got)
    assert all(abs(hypot(each.x, each.y, each.z) - 1000) < 200 for each in samples)


def test_a_stopped_accelerometer_is_silent(motion: MotionRig) -> None:
    """Nothing comes after ``stop``, which may be said twice; it starts again."""
    got: list[Samples] = []
    motion.motion.stop()
    motion.motion.start(got.append)
    motion.run(0.6)
    motion.motion.stop()
    motion.motion.stop()
    many = len(got)
    motion.run(0.6)
    assert len(got) == many > 0
    motion.motion.start(got.append)
    motion.run(0.6)
    assert len(got) > many


def test_every_look_can_be_shown(indicators: IndicatorsRig) -> None:
    """Each colour in each pattern is shown on each light until told otherwise."""
    for colour, pattern in product(Colour, Pattern):
        lights = Lights(Light(colour, pattern), Light(Colour.OFF))
        indicators.indicators.show(lights)
        assert indicators.lights() == lights
        indicators.indicators.show(lights)
        assert indicators.lights() == lights


def test_cues_do_not_change_the_lights(indicators: IndicatorsRig) -> None:
    """A cue is played beside what is shown, and the call does not wait for its end."""
    lights = Lights(Light(Colour.RED, Pattern.SLOW), Light(Colour.RED))
    indicators.indicators.show(lights)
    long = Cue("long", (60_000,), ((440, 60_000),))
    indicators.indicators.play(long)
    indicators.indicators.play(Cue("short", (10, 10, 10)))
    assert [cue.name for cue in indicators.played()] == ["long", "short"]
    assert indicators.lights() == lights
