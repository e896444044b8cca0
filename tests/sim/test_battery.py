"""The end of a battery, and the heat of a day: told in time, ended in good order, and never by a sensor that lies."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.heat import LASTS_NS
from firmware.core.indications import Trouble
from firmware.core.machine import Move, Recording
from firmware.runtime.docklink import DockNews
from firmware.runtime.switchoff import switched_off
from tests.rig import NS, Rig, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.core.charge import Charge

HOURS = 1.0
PERCENT_S = HOURS * 36


def primed(rig: Rig, percent: int, *, rest: float = 0.999, hours: float = HOURS) -> Rig:
    """A camera whose battery has drained evenly for a while, at so many hours from full to empty, and now shows so many percent."""
    charge: Charge = rig.camera.controller.face.senses._charge
    now = rig.clock.monotonic_ns()
    rig.power.put(percent + rest)
    rig.power.drain(hours)
    fell = now - round((1 - rest) * hours * 36 * NS)
    charge._restart()
    charge._least = charge._newest = percent
    charge._falls.extend((round(fell - back * hours * 36 * NS), percent + back) for back in range(8, -1, -1))
    return rig


def warmed(rig: Rig, battery: float, processor: float) -> Rig:
    """Let it become so warm as fast as a camera in a fire does."""
    for step in range(1, 9):
        rig.power.heat(24 + (battery - 24) * step / 8)
        rig.power.warm(45 + (processor - 45) * step / 8)
        rig.run(1.1)
    return rig


def ended(rig: Rig) -> bool:
    """Whether the service has ended."""
    return rig.stopped


def last(rig: Rig) -> dict[str, Any]:
    """The newest line of the audit log."""
    line = rig.audit()[-1]
    return {"kind": line["kind"], **line["data"]}


def test_a_battery_drains_to_its_end(tmp_path: Path) -> None:
    """From the clock alone: no forecast, a forecast, its warnings once each, the reserve; sealed, whole, logged, switched off in time."""
    rig = Rig.new().run(1)
    rig.power.put(13.0)
    rig.power.drain(HOURS)
    rig.tap()
    while not rig.stopped and rig.power.charge > 0:
        rig.run(1)
    assert ended(rig)
    assert rig.camera.controller.off
    assert 150 <= rig.power.charge * PERCENT_S <= 182
    assert (rig.state, last(rig)) == (Recording.IDLE, {"kind": "stop", "reason": "battery", "resume": True})
    warned = [cue for cue in rig.cues if cue.startswith("battery-")]
    assert warned.count("battery-ending") == 1
    assert len(warned) == len(set(warned))
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert any("stopped: battery" in entry.text for entry in recording.private or ())


def test_warnings_at_an_hour_and_at_half_an_hour_and_at_ten_minutes() -> None:
    """Each is felt once, and shown for as long as it stands."""
    rig = Rig.new().run(1)
    troubles: list[set[Trouble]] = []
    for percent in (51, 48, 23, 23, 6, 6):
        primed(rig, percent, hours=2).run(2)
        troubles.append({each for each in rig.camera.controller.face.troubles if each.value.startswith("battery")})
    low, critical, ending = Trouble.BATTERY_LOW, Trouble.BATTERY_CRITICAL, Trouble.BATTERY_ENDING
    assert troubles == [
        set(),
        {low},
        {low, critical},
        {low, critical},
        {low, critical, ending},
        {low, critical, ending},
    ]
    assert rig.cues == ["battery-low", "battery-critical", "battery-ending"]
    rig.power.touch(on=True)
    assert not rig.run(2).camera.controller.face.troubles
    rig.power.touch(on=False)
    primed(rig, 48, hours=2).run(2)
    assert rig.cues[3:] == ["battery-low"]


def test_the_next_start_resumes(tmp_path: Path) -> None:
    """The incident was not over: the next start, in no dock, goes on with it and names what it continues."""
    rig = primed(Rig.new().run(2), 4).tap().run(15)
    assert ended(rig)
    again = rig.restart()
    again.power.put(60)
    assert again.run(1).state is Recording.RECORDING
    again.stop()
    first, second = judge(again, tmp_path).every_recording
    assert (first.verdict, second.verdict) == (Verdict.WHOLE, Verdict.WHOLE)
    assert any("resumes recording 1" in fact for fact in second.facts)


def test_what_was_not_recording_is_not_resumed() -> None:
    """A camera that only buffered ends a minute before its battery, and starts as one that only buffers."""
    rig = primed(Rig.new().run(1), 3).run(60)
    assert not ended(rig)
    primed(rig, 1, rest=0.7).run(15)
    assert ended(rig)
    assert last(rig) == {"kind": "stop", "reason": "battery", "resume": False}
    assert rig.restart().run(1).state is Recording.IDLE


def test_a_press_in_the_reserve_records(tmp_path: Path) -> None:
    """Never refused; it goes on until a minute is left, and is sealed."""
    rig = primed(Rig.new().run(1), 3).run(15)
    assert rig.tap().run(20).state is Recording.RECORDING
    assert not ended(rig)
    primed(rig, 1, rest=0.7).run(15)
    assert ended(rig)
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE


@pytest.mark.parametrize("how", ["charger", "dock"])
def test_a_camera_with_power_is_never_switched_off(how: str) -> None:
    """Neither on the charging contacts nor in a dock."""
    rig = Rig.new(record_in_dock=True).run(1)
    if how == "charger":
        rig.power.touch(on=True)
    else:
        rig.camera.inbox.put(DockNews(Move.MET, "dock-1"))
        rig.camera.inbox.put(DockNews(Move.STOOD, "dock-1"))
        rig.run(1)
    primed(rig, 0, rest=0.1)
    rig.power.heat(70)
    rig.power.warm(90)
    rig.tap().run(45)
    assert not rig.stopped
    assert rig.state is Recording.RECORDING


@pytest.mark.parametrize(
    "lie",
    [
        lambda rig: rig.power.skew(-60),  # it jumps to nothing, and stays there
        lambda rig: rig.power.put(
            0
        ),  # the same, and it is even empty: the cut is what a recording has to outlive anyway
        lambda rig: rig.power.die(on=True),
        lambda rig: (rig.power.stick(on=True), rig.power.put(1)),
        lambda rig: (rig.power.skew(-100), rig.power.voltmeter(on=True)),
        lambda rig: (rig.power.put(60), rig.power.voltmeter(on=True), rig.power.stick(on=True)),
    ],
    ids=["jumps", "at once empty", "dead", "stuck", "contradicted", "stuck with a voltage"],
)
def test_a_gauge_that_lies_ends_nothing(lie: Any) -> None:
    """Whatever it says by itself, the recording goes on."""
    rig = primed(Rig.new().run(1), 60).tap().run(2)
    lie(rig)
    rig.run(40)
    assert rig.state is Recording.RECORDING
    assert not rig.stopped


def test_a_voltage_that_contradicts_wins() -> None:
    """Forecast and percentage say that it is over, the cell has 3.8 V: it goes on until they agree."""
    rig = primed(Rig.new().run(1), 2).tap()
    rig.power.put(40)
    rig.power.skew(-39)
    rig.power.voltmeter(on=True)
    rig.camera.controller.face.senses._charge._newest = 1
    assert rig.run(20).state is Recording.RECORDING
    rig.power.skew(0)
    rig.power.put(1.9)
    primed(rig, 1).run(15)
    assert ended(rig)


def test_the_log_of_the_service_has_the_hours() -> None:
    """Each tenth of what is left; and that there is no forecast any more, once."""
    rig = Rig.new().run(1)
    for percent in (60, 58, 50, 50):
        primed(rig, percent).run(2)
    rig.power.touch(on=True)
    rig.run(3)
    told = [json.loads(line) for line in rig.log.getvalue().splitlines()]
    left = [each["left_s"] for each in told if each["event"] == "battery"]
    assert [None if each is None else round(each / 60) for each in left] == [37, 31, None]


def test_a_dead_gauge_is_told_and_an_old_warning_stands() -> None:
    """What it said last is still true, for all that anybody knows."""
    rig = primed(Rig.new().run(1), 30).run(2)
    rig.power.die(on=True)
    assert Trouble.BATTERY_CRITICAL in rig.run(3).camera.controller.face.troubles
    assert "gauge-failed" in rig.log.getvalue()


def test_heat_is_told_and_what_can_wait_waits() -> None:
    """From 50 degrees on it shows and is signed; from 55 on docks get little; nothing ends."""
    rig = Rig.new().run(1).tap()
    warmed(rig, 51, 60)
    assert Trouble.HOT in rig.camera.controller.face.troubles
    assert {"code": "hot"} in [line["data"] for line in rig.audit()]
    assert not rig.camera.berth.hot()
    rig.power.heat(56)
    rig.power.warm(70)
    rig.run(60)
    assert rig.camera.berth.hot()
    assert rig.state is Recording.RECORDING


def test_too_much_heat_ends_in_good_order(tmp_path: Path) -> None:
    """At 60 degrees of the battery, for half a minute, with a processor that agrees: sealed, logged, off; the next start resumes."""
    rig = Rig.new().run(1).tap().run(1)
    warmed(rig, 58, 72).run(40)
    rig.power.heat(60.5)
    assert rig.run(LASTS_NS / NS - 2).state is Recording.RECORDING
    rig.run(5)
    assert ended(rig)
    assert last(rig) == {"kind": "stop", "reason": "heat", "resume": True}
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert any("stopped: heat" in entry.text for entry in recording.private or ())
    assert rig.restart().run(1).state is Recording.RECORDING


@pytest.mark.parametrize(("celsius", "processor"), [(75.0, 40.0), (124.0, 124.0), (-39.0, 50.0), (24.0, 119.0)])
def test_a_thermometer_that_lies_ends_nothing(celsius: float, processor: float) -> None:
    """It jumps, or says what the other one cannot confirm."""
    rig = Rig.new().run(1).tap().run(1)
    rig.power.heat(celsius)
    rig.power.warm(processor)
    rig.run(60)
    assert rig.state is Recording.RECORDING


def test_nothing_more_is_asked_of_an_end() -> None:
    """It is told to end once; a press behind that is no end of it, and what then was begun is resumed."""
    rig = primed(Rig.new().run(2), 2).tap().run(9)
    while not rig.camera.controller.off:
        rig.run(0.05)
    asked = [line for line in rig.audit() if line["kind"] == "stop"]
    rig.run(5)
    assert len([line for line in rig.audit() if line["kind"] == "stop"]) == 1 >= len(asked)


def test_switching_off() -> None:
    """The board is off; its lights say that it cannot record."""
    rig = Rig.new()
    assert switched_off(rig.hal, rig.camera.controller._log)
    assert rig.power.is_off


def test_a_charger_that_comes_at_the_end_keeps_it_on() -> None:
    """Decided before it came: the service starts again instead."""
    rig = Rig.new()
    rig.power.touch(on=True)
    assert not switched_off(rig.hal, rig.camera.controller._log)
    assert not rig.power.is_off


def test_a_board_that_does_not_switch_off_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that is on has to record."""
    rig = Rig.new()

    def refuse() -> None:
        raise OSError(errno.EIO, "the power controller does not answer")

    monkeypatch.setattr(rig.power, "off", refuse)
    monkeypatch.setattr(rig.power, "contact", refuse)
    assert not switched_off(rig.hal, rig.camera.controller._log)
