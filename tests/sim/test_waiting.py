"""How long the officer waits for the lights, what shows of it, and what the audit log keeps of it; and reminders of a running recording."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from firmware.core.flags import Turn
from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.core.machine import Recording
from firmware.runtime import controller
from firmware.runtime.docklink import Away
from hal.interface import Button
from tests.rig import NS, Rig, judge
from tools.verify import holdings

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.runtime.flow import Cause
    from hal.interface import Lights
    from tools.verify.latency import Start

MS = 1_000_000


def starts(rig: Rig, tmp_path: Path) -> list[Start]:
    """What the log says of each start, read by the independent verifier with the authority's key."""
    rig.run(11)  # a batch of the private part
    (volume,) = judge(rig, tmp_path).volumes
    assert not volume.problems
    return holdings.starts(volume.private)


def press(rig: Rig, *, heard_after_ms: int, durable_after_ms: int) -> list[Lights]:
    """Press, and let the controller and then the writer be so late; the lights in between, once a tick."""
    rig.buttons.press(Button.RECORD)
    rig.clock.advance(heard_after_ms * MS)
    head, shown = rig.camera.controller, []
    while (item := rig.camera.inbox.take()) is not None:
        head.handle(item)
    for _ in range(heard_after_ms, durable_after_ms, 50):
        shown.append(rig.indicators.lights)
        rig.clock.advance(50 * MS)
        rig.camera.lens._came_ns = rig.camera.writer._beat_ns = rig.clock.monotonic_ns()  # nothing but the card is late
        head.tick(rig.clock.monotonic_ns())
    rig.settle()
    rig.buttons.release(Button.RECORD)
    return shown


def test_the_log_keeps_how_long_a_start_took(tmp_path: Path) -> None:
    """Each start by its recording's number, from the edge, in ms; the verifier prints them with median and worst."""
    rig = Rig.new().run(3)
    press(rig, heard_after_ms=7, durable_after_ms=307)
    rig.run(2).stop().run(1)
    press(rig, heard_after_ms=2, durable_after_ms=102)
    rig.run(2).stop()
    found = starts(rig, tmp_path)
    assert [(each.number, each.starting_ms, each.recording_ms) for each in found] == [(1, 7, 307), (2, 2, 102)]
    assert found[1].utc_ms > found[0].utc_ms


def test_a_sensor_is_measured_like_a_hand(tmp_path: Path) -> None:
    """From its own word."""
    rig = Rig.new().run(3)
    rig.triggers.fire("alarm")
    rig.clock.advance(9 * MS)
    rig.settle()
    rig.run(2).stop()
    assert [(each.number, each.starting_ms) for each in starts(rig, tmp_path)] == [(1, 9)]


def test_a_start_by_two_presses_is_measured_from_the_second(tmp_path: Path) -> None:
    """Between them nobody waits for anything; the evidence has the time of the first."""
    rig = Rig.new(start_press="double").run(3).tap()
    assert rig.state is Recording.IDLE
    rig.run(0.2)
    press(rig, heard_after_ms=6, durable_after_ms=206)
    rig.run(2).stop()
    assert [(each.starting_ms, each.recording_ms) for each in starts(rig, tmp_path)] == [(6, 206)]


def test_what_is_resumed_is_no_start(tmp_path: Path) -> None:
    """Nobody pressed: there is nothing to measure from."""
    rig = Rig.new().run(3).tap().run(12).power_cut().run(3)
    assert rig.state is Recording.RECORDING
    rig.stop()
    assert [each.number for each in starts(rig, tmp_path)] == [1]


def test_a_start_that_takes_too_long_shows_that_it_is_not_recording() -> None:
    """Up to a second and a half ``starting``; from then on that something is wrong; then a recording with trouble, for a while."""
    rig = Rig.new().run(3)
    shown = press(rig, heard_after_ms=0, durable_after_ms=2500)
    soon, late = shown[:31], shown[31:]
    assert set(soon) == {LIGHTS[Look.STARTING]}
    assert set(late) == {LIGHTS[Look.STARTING_TROUBLE]}
    assert rig.indicators.lights == LIGHTS[Look.RECORDING_TROUBLE]
    assert Trouble.START_LATE in rig.camera.controller.face.troubles
    rig.run(9)
    assert rig.indicators.lights == LIGHTS[Look.RECORDING_TROUBLE]
    rig.run(2)
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]


def test_a_start_in_time_shows_no_trouble() -> None:
    """A second and a half is still in time."""
    rig = Rig.new().run(3)
    assert set(press(rig, heard_after_ms=0, durable_after_ms=1500)) == {LIGHTS[Look.STARTING]}
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]


def test_the_light_is_told_before_the_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long buffer takes its time to be cut; nobody waits for that to see that the press was heard."""
    rig = Rig.new().run(3)
    seen: list[Lights] = []
    begin = rig.camera.begin

    def watched(cause: Cause) -> None:
        seen.append(rig.indicators.lights)
        begin(cause)

    monkeypatch.setattr(rig.camera, "begin", watched)
    rig.tap()
    assert seen == [LIGHTS[Look.STARTING]]


def test_a_hushed_start_has_no_light_to_measure(tmp_path: Path) -> None:
    """The wearer's light is dark: ``starting`` was shown to nobody."""
    rig = Rig.new().run(3)
    rig.camera.controller.turn(Turn.HUSH, rig.clock.monotonic_ns())
    rig.tap().run(2).stop()
    (start,) = starts(rig, tmp_path)
    assert start.starting_ms is None
    assert start.recording_ms < 1500


@pytest.mark.parametrize(("every_s", "expected"), [(30, 3), (0, 0)])
def test_a_running_recording_is_felt_every_so_often(every_s: int, expected: int) -> None:
    """As often as the authority sets; 0 never.  Nothing of it is in the log."""
    rig = Rig.new(remind_s=every_s).run(40)
    assert "reminder" not in rig.cues
    rig.tap().run(100)
    assert rig.cues.count("reminder") == expected
    rig.stop().run(60)
    assert rig.cues.count("reminder") == expected
    assert "reminder" not in rig.log.getvalue()


def test_a_reminder_is_felt_under_hush() -> None:
    """Hush takes sounds and the wearer's light; a recording that nobody feels is one that is forgotten."""
    rig = Rig.new(remind_s=30).run(2).tap().run(2)
    rig.camera.controller.turn(Turn.HUSH, rig.clock.monotonic_ns())
    rig.run(35)
    felt = [cue for _, cue in rig.indicators.cues if cue.name == "reminder"]
    assert [(cue.buzz_ms, cue.tones) for cue in felt] == [((500,), ())]
    assert rig.state is Recording.RECORDING
    assert rig.clock.monotonic_ns() > 35 * NS


def test_an_edge_wakes_the_controller_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for its mailbox, never for its tick: with a tick that never comes the lights change all the same."""
    monkeypatch.setattr(controller, "TICK_S", 3600.0)
    rig = Rig.new().run(3)
    rig.hal.video.stop()  # no frame wakes it either
    stop, lit = threading.Event(), threading.Event()
    thread = threading.Thread(target=rig.camera.controller.run, args=(rig.camera.inbox, stop), daemon=True)
    rig.indicators.watch(lambda shown: lit.set() if shown.what == LIGHTS[Look.STARTING] else None)
    thread.start()
    rig.buttons.press(Button.RECORD)
    assert lit.wait(60)
    stop.set()
    rig.camera.inbox.put(Away())
    thread.join(60)
    assert not thread.is_alive()
