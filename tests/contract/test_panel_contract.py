"""What all buttons, sensors and lights must do."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from hal.interface import Button, Colour, Cue, Edge, Light, Lights, Pattern, Trigger
from tests.contract.rigs import ButtonsRig, IndicatorsRig, TriggersRig


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


def test_triggers_have_names(triggers: TriggersRig) -> None:
    """Each sensor that there is can go off, under its own name and once."""
    fired: list[Trigger] = []
    triggers.triggers.listen(fired.append)
    names = list(triggers.triggers.names())
    for name in names:
        triggers.fire(name)
    assert [trigger.name for trigger in fired] == names
    assert len(set(names)) == len(names)
    assert all(before.time_ns <= after.time_ns for before, after in pairwise(fired))


def test_triggers_are_stamped(triggers: TriggersRig) -> None:
    """A trigger's time lies between before and after."""
    fired: list[Trigger] = []
    triggers.triggers.listen(fired.append)
    before_ns = triggers.clock.monotonic_ns()
    triggers.fire(triggers.triggers.names()[0])
    assert before_ns <= fired[0].time_ns <= triggers.clock.monotonic_ns()


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
