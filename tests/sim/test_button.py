"""A button that sticks or flaps: it records, everything else works, and the camera says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.gestures import CALM_NS, FLAPS
from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.core.machine import Recording
from firmware.runtime.microphone import Sound
from hal.interface import Button, Edge
from tests.rig import NS, Rig, judge
from tests.sim.test_parts import faults, shows_trouble
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALM_S = CALM_NS / NS


def press_and_keep(rig: Rig, button: Button) -> None:
    """Down, and it stays so."""
    rig.buttons.press(button)
    rig.run(62)


def bounce(rig: Rig, button: Button) -> None:
    """The contact never comes to rest: edges every few milliseconds, for a minute."""
    for number in range(1250):
        at = rig.clock.monotonic_ns()
        for offset in range(0, 50, 5):
            rig.camera.inbox.put(Edge(button, down=offset % 10 == 0, time_ns=at + offset * 1_000_000))
        rig.run(0.05 if number else 0.1)


def flap(rig: Rig, button: Button) -> None:
    """A loose contact, as if somebody pressed it three times a second, for half a minute."""
    for _ in range(90):
        rig.buttons.press(button)
        rig.run(0.15)
        rig.buttons.release(button)
        rig.run(0.15)


STICKS: tuple[Callable[[Rig, Button], None], ...] = (press_and_keep, bounce, flap)


@pytest.mark.parametrize("stick", STICKS)
def test_a_stuck_record_button_records_and_is_told_once(stick: Callable[[Rig, Button], None], tmp_path: Path) -> None:
    """It begins a recording, in case it was a hand, and never ends one; told once, signed, shown until it is well again."""
    rig = Rig.new().run(1)
    stick(rig, Button.RECORD)
    assert rig.state is Recording.RECORDING
    assert shows_trouble(rig, Trouble.BUTTON_STUCK)
    assert rig.log.getvalue().count('"event":"button-stuck"') == 1
    assert faults(rig) == ["button-stuck"]
    rig.buttons.release(Button.RECORD)
    rig.run(CALM_S + 0.2)
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]
    assert rig.stop().state is Recording.IDLE
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    assert len(report.every_recording) == 1


@pytest.mark.parametrize("stick", STICKS)
def test_a_button_that_sticks_while_recording_does_not_end_it(stick: Callable[[Rig, Button], None]) -> None:
    """The recording was somebody's: it goes on, be it by a new press of the flapping contact, and is not flooded with marks."""
    rig = Rig.new().run(1).tap().run(5)
    stick(rig, Button.RECORD)
    assert rig.run(6).state is Recording.RECORDING
    assert len(rig.camera.writer.takes) == 1
    assert rig.cues.count("bookmark") <= FLAPS
    marks = rig.cues.count("bookmark")
    rig.run(30)
    assert rig.cues.count("bookmark") == marks


@pytest.mark.parametrize("stick", STICKS)
def test_everything_else_works_beside_a_stuck_button(stick: Callable[[Rig, Button], None]) -> None:
    """A function button that sticks takes neither the sound nor the record button; a sensor is heard beside a stuck record button."""
    rig = Rig.new(mute_allowed=True).run(1)
    stick(rig, Button.FUNCTION)
    assert rig.state is Recording.IDLE
    assert rig.indicators.lights == LIGHTS[Look.WARNING]
    assert rig.tap().run(1).state is Recording.RECORDING
    stick(rig, Button.FUNCTION)
    assert rig.camera.microphone.state is Sound.ON
    assert rig.stop().state is Recording.IDLE
    stick(rig, Button.RECORD)
    marks = rig.cues.count("bookmark")
    rig.triggers.fire("alarm")
    assert rig.run(1).state is Recording.RECORDING
    assert rig.cues.count("bookmark") == marks + 1


@pytest.mark.usefixtures("squeezed")
def test_sensors_are_heard_beside_a_button_that_was_stuck_from_the_start() -> None:
    """Squeezed in a bag since it was switched on: the button means nothing, the alarm does."""
    rig = Rig.new().run(62)
    assert Trouble.BUTTON_STUCK in rig.camera.controller.face.troubles
    assert rig.state is Recording.IDLE
    rig.triggers.fire("alarm")
    assert rig.run(1).state is Recording.RECORDING


def test_a_flapping_button_is_believed_again_once_it_rested() -> None:
    """Water dried: after some seconds of rest a press marks and a hold stops, as ever."""
    rig = Rig.new().run(1)
    flap(rig, Button.RECORD)
    rig.run(CALM_S + 0.5)
    marks = rig.cues.count("bookmark")
    rig.tap().run(1)
    assert rig.cues.count("bookmark") == marks + 1
    assert rig.stop().state is Recording.IDLE
