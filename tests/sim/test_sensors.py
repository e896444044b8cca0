"""What asks for a recording beside the officer: each sensor, each switch, and what it never does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from firmware import settings
from firmware.core.indications import Trouble
from firmware.core.machine import Move, Place, Recording
from firmware.runtime.docklink import DockNews
from firmware.runtime.log import Log
from firmware.runtime.sensors import Sensors
from tests.rig import NS, Rig, judge

if TYPE_CHECKING:
    from pathlib import Path

ALL: dict[str, Any] = {"alert_alarm": True, "alert_holster": True, "alert_fall": True, "alert_man_down": True}
NONE: dict[str, Any] = dict.fromkeys(ALL, False)


def act(rig: Rig, what: str) -> Rig:
    """Let it happen to somebody who walks, long enough to be noticed."""
    if what in rig.triggers.names():
        rig.triggers.fire(what)
        return rig.run(1)
    rig.motion.play("walk")
    rig.run(13)
    rig.motion.play({"fall": "throw", "man-down": "lie"}[what])
    return rig.run(45)


@pytest.mark.parametrize("what", ["alarm", "holster", "fall", "man-down"])
def test_each_switch_is_its_own(what: str, tmp_path: Path) -> None:
    """With its switch alone a sensor begins a recording, and the private part says which one; with all others it does not."""
    key = f"alert_{what.replace('-', '_')}"
    others: dict[str, Any] = {**ALL, key: False, **({"alert_man_down": False} if what == "fall" else {})}
    assert act(Rig.new(**others).run(2), what).state is Recording.IDLE
    only: dict[str, Any] = {**NONE, key: True}
    rig = act(Rig.new(**only).run(2), what)
    assert rig.state is Recording.RECORDING
    rig.stop()
    (recording,) = judge(rig, tmp_path).every_recording
    assert any(f"started by {what}" in entry.text for entry in recording.private or ())


def test_what_is_on_by_default() -> None:
    """Wired inputs are; what guesses at a fall is not, and then the accelerometer is never started."""
    rig = Rig.new().run(2)
    assert not rig.motion.running
    assert act(rig, "fall").state is Recording.IDLE
    for what in ("alarm", "holster"):
        assert act(Rig.new().run(2), what).state is Recording.RECORDING


def test_a_sensor_marks_what_is_being_recorded(tmp_path: Path) -> None:
    """The bookmark has the sensor's name; nothing ends, begins or is confirmed."""
    rig = Rig.new().run(2).tap().run(2)
    rig.triggers.fire("holster")
    rig.run(1)
    assert rig.state is Recording.RECORDING
    assert rig.cues[-1] == "bookmark"
    rig.stop()
    (recording,) = judge(rig, tmp_path).every_recording
    assert any("holster" in entry.text and "mark" in entry.text for entry in recording.private or ())
    assert recording.priority


def test_a_loose_wire_is_shown_and_signed() -> None:
    """It began one recording; from then on it is told as trouble, and asks for nothing."""
    rig = Rig.new().run(1)
    for _ in range(12):
        rig.triggers.fire("alarm")
        rig.run(1)
    assert rig.state is Recording.RECORDING
    assert Trouble.SENSOR_FAILS in rig.camera.controller.face.troubles
    rig.stop()
    rig.triggers.fire("alarm")
    assert rig.run(1).state is Recording.IDLE
    assert {"code": "sensor-fails"} in [line["data"] for line in rig.audit() if line["kind"] == "fault"]
    rig.run(70)
    assert Trouble.SENSOR_FAILS not in rig.camera.controller.face.troubles
    rig.triggers.fire("alarm")
    assert rig.run(1).state is Recording.RECORDING


def test_sparks_on_the_wire_begin_nothing() -> None:
    """Two milliseconds each, a hundred of them."""
    rig = Rig.new().run(1)
    rig.triggers.chatter("alarm", 100)
    assert rig.run(5).state is Recording.IDLE


def test_an_input_that_is_active_at_boot_asks_for_nothing() -> None:
    """A wire that is broken, a holster that is empty: only once it was at rest does it count."""
    rig = Rig.new(**NONE)
    rig.triggers.set("alarm", active=True)
    camera = rig.camera
    sensors = Sensors(camera.controller, rig.hal, settings.load(("authority", ALL)), camera, Log(rig.log, rig.clock))
    rig.triggers.listen(sensors.wired)
    for _ in range(100):
        sensors.tick(rig.clock.monotonic_ns())
        assert rig.run(0.05).state is Recording.IDLE
    for active in (False, True):
        rig.triggers.set("alarm", active=active)
        rig.run(1)
        sensors.tick(rig.clock.monotonic_ns())
    assert rig.state is Recording.STARTING


def test_nobody_falls_in_the_rack() -> None:
    """A docked camera is thrown into its slot and lies still; an alarm there is one all the same."""
    rig = Rig.new(**ALL).run(2)
    rig.camera.inbox.put(DockNews(Move.MET, "dock-1"))
    rig.camera.inbox.put(DockNews(Move.STOOD, "dock-1"))
    rig.run(1)
    assert rig.camera.controller.place is Place.DOCKED
    assert act(rig, "man-down").state is Recording.IDLE
    assert act(rig, "alarm").state is Recording.RECORDING


def test_a_dead_accelerometer_is_told_and_tried_again() -> None:
    """Falls are wanted and nobody would notice one; what comes back is believed again, and the picture went on."""
    rig = Rig.new(alert_fall=True).run(2)
    rig.motion.die()
    rig.run(4)
    assert Trouble.SENSOR_FAILS in rig.camera.controller.face.troubles
    assert rig.tap().run(1).state is Recording.RECORDING
    rig.run(40)
    rig.motion.mend()
    rig.run(35)
    assert Trouble.SENSOR_FAILS not in rig.camera.controller.face.troubles
    assert "bookmark" in act(rig, "fall").cues[-3:]


def test_a_camera_without_an_accelerometer_says_nothing_of_it() -> None:
    """A board that has none has no trouble with it."""
    rig = Rig.new(alert_fall=True)
    rig.camera.controller.sensors._sensor = None
    assert Trouble.SENSOR_FAILS not in rig.run(10).camera.controller.face.troubles


def test_the_log_has_when_it_began() -> None:
    """A fall is told once somebody lies, and its record has the moment of the drop."""
    rig = Rig.new(**{**NONE, "alert_fall": True}).run(2)
    rig.motion.play("walk")
    rig.run(5)
    began = rig.clock.monotonic_ns()
    rig.motion.play("throw")
    remarks: list[tuple[str, int]] = []
    rig.camera.remark = lambda kind, facts, time_ns: remarks.append((str(facts.get("name", kind)), time_ns))
    rig.run(10)
    ((name, time_ns),) = [each for each in remarks if each[0] == "fall"]
    assert name == "fall"
    assert began <= time_ns <= began + NS
