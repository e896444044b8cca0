"""Buttons bounce on demand, and whoever watches the lights misses nothing."""

from __future__ import annotations

import threading

import pytest

from hal.interface import Button, Colour, Cue, Edge, Light, Lights
from hal.sim.clock import MS, SimClock, VirtualClock
from hal.sim.panel import Shown, SimButtons, SimIndicators, SimTriggers

RED = Lights(Light(Colour.RED), Light(Colour.RED))
OFF = Lights(Light(Colour.OFF), Light(Colour.OFF))


def test_bounces_alternate_and_end_where_they_began() -> None:
    """A bouncing contact gives edges half a millisecond apart, to and fro, and rests at the new level."""
    clock, edges = VirtualClock(), list[Edge]()
    buttons = SimButtons(clock)
    buttons.listen(edges.append)
    assert buttons.press(Button.RECORD, bounces=3) == clock.monotonic_ns()
    assert [edge.down for edge in edges] == [True, False, True, False, True, False, True]
    assert [edge.time_ns - clock.monotonic_ns() for edge in edges] == [number * MS // 2 for number in range(7)]
    assert buttons.is_down(Button.RECORD)


def test_all_listeners_hear() -> None:
    """Several may listen to buttons and sensors."""
    first, second = list[object](), list[object]()
    buttons, triggers = SimButtons(VirtualClock()), SimTriggers(VirtualClock())
    for sink in (first.append, second.append):
        buttons.listen(sink)
        triggers.listen(sink)
    buttons.release(Button.FUNCTION)
    triggers.fire("alarm")
    assert first == second
    assert len(first) == 3


def test_unknown_sensor() -> None:
    """A sensor that the camera does not have cannot go off."""
    with pytest.raises(ValueError, match="unknown trigger 'shot'; known: alarm, holster"):
        SimTriggers(VirtualClock()).fire("shot")


def test_watchers_are_told_changes_alone() -> None:
    """A watcher gets the lights as they are, each change once, each cue, and nothing after it left."""
    clock, seen = VirtualClock(), list[Shown]()
    indicators = SimIndicators(clock)
    indicators.show(RED)
    leave = indicators.watch(seen.append)
    indicators.show(RED)
    clock.advance(MS)
    indicators.show(OFF)
    indicators.play(Cue("stopped", (100,)))
    indicators.play(Cue("stopped", (100,)))
    leave()
    indicators.show(RED)
    begun_ns = VirtualClock().monotonic_ns()
    assert [(shown.what, shown.time_ns - begun_ns) for shown in seen] == [
        (RED, 0),
        (OFF, MS),
        (Cue("stopped", (100,)), MS),
        (Cue("stopped", (100,)), MS),
    ]
    assert len(indicators.cues) == 2


def test_watchers_agree_on_the_order() -> None:
    """What is shown by several threads reaches all watchers in one order, the last of which is what stays."""
    indicators = SimIndicators(SimClock())
    first, second = list[Shown](), list[Shown]()
    for sink in (first.append, second.append):
        indicators.watch(sink)

    def flicker() -> None:
        for _ in range(200):
            indicators.show(RED)
            indicators.show(OFF)

    threads = [threading.Thread(target=flicker) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first == second
    assert first[-1].what == indicators.lights
