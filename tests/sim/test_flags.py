"""Hush, mute and standby in a whole camera: what they do, what they never do, what ends them, and who hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.flags import LONGEST_NS, Flag
from firmware.core.indications import LIGHTS, Look
from firmware.core.machine import Move, Recording
from firmware.runtime.controller import Quit
from firmware.runtime.docklink import DockNews
from firmware.runtime.microphone import Sound
from hal.interface import Button, Colour, Light
from tests.rig import NS, Rig, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.verify.report import RecordingReport, Report

ALLOWED: dict[str, Any] = {"mute_allowed": True, "hush_allowed": True, "standby_allowed": True}
DARK = Light(Colour.OFF)


def new(**values: Any) -> Rig:
    """A camera whose authority allows all three, and has recorded its first seconds."""
    return Rig.new(**(ALLOWED | values)).run(6)


def hold(rig: Rig, button: Button = Button.FUNCTION) -> Rig:
    """Held for its second meaning."""
    rig.buttons.press(button)
    rig.run(3.2)
    rig.buttons.release(button)
    return rig.run(0.1)


def twice(rig: Rig) -> Rig:
    """The function button, twice in a row."""
    for _ in range(2):
        rig.buttons.press(Button.FUNCTION)
        rig.run(0.15)
        rig.buttons.release(Button.FUNCTION)
        rig.run(0.15)
    return rig


def dock(rig: Rig) -> Rig:
    """A dock of the authority stands."""
    for move in (Move.MET, Move.STOOD):
        rig.camera.inbox.put(DockNews(move, "dock-1"))
    return rig.run(0.1)


def flags(rig: Rig) -> set[Flag]:
    """What is in force."""
    return set(rig.camera.controller.flags)


def log(report: Report) -> list[str]:
    """What the log's private part says of flags, in the verifier's words."""
    said = [entry for volume in report.volumes for entry in volume.private or ()]
    return [entry.text.split(": ", 1)[1] for entry in said if entry.kind in {"hush", "mute", "standby"}]


def told(recording: RecordingReport, kind: str) -> list[str]:
    """What a recording's private part says of one kind."""
    return [entry.text for entry in recording.private or () if entry.kind == kind]


def ended(rig: Rig) -> Rig:
    """The service ended in good order: the log's private part is whole."""
    rig.camera.inbox.put(Quit("test"))
    return rig.run(0.5)


# Hush.


def test_hush_darkens_the_wearers_side_and_not_the_buzz() -> None:
    """Light and tones go, also of all that follows; the front light and every buzz stay."""
    rig = hold(new())
    assert flags(rig) == {Flag.HUSH}
    assert rig.indicators.lights.top == DARK
    rig.tap().run(1)
    assert rig.state is Recording.RECORDING
    assert rig.indicators.lights == type(rig.indicators.lights)(DARK, LIGHTS[Look.RECORDING].front)
    rig.tap()
    since = [cue for _, cue in rig.indicators.cues if cue.name in {"hushed", "started", "bookmark"}]
    assert [cue.name for cue in since] == ["hushed", "started", "bookmark"]
    assert all(cue.buzz_ms and not cue.tones for cue in since)
    hold(rig)
    assert flags(rig) == set()
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]
    assert rig.indicators.cues[-1][1].name == "hush-over"
    assert rig.indicators.cues[-1][1].tones


def test_the_front_light_goes_dark_only_where_a_second_setting_says_so() -> None:
    """By default the people who are filmed see it, hushed or not."""
    rig = hold(new(hush_front=True).tap().run(1))
    assert rig.indicators.lights == type(rig.indicators.lights)(DARK, DARK)
    assert rig.state is Recording.RECORDING


def test_hush_ends_with_the_recording_and_even_its_end_is_not_heard() -> None:
    """The stop is felt and silent; then the lights are back, and the next recording is not hushed."""
    rig = hold(new().tap().run(1)).stop()
    stopped = rig.indicators.cues[-1][1]
    assert (stopped.name, stopped.tones) == ("stopped", ())
    assert (rig.state, flags(rig), rig.indicators.lights) == (Recording.IDLE, set(), LIGHTS[Look.READY])
    rig.tap().run(1)
    assert rig.indicators.cues[-1][1].tones


def test_hush_does_not_outlive_a_stop_where_another_recording_begins_at_once() -> None:
    """Pressed again while the last one is being sealed."""
    rig = hold(new().tap().run(1))
    rig.camera.controller.end("officer")
    assert (rig.state, flags(rig)) == (Recording.STOPPING, {Flag.HUSH})
    rig.buttons.press(Button.RECORD)
    rig.camera.controller.handle(rig.camera.inbox.take())
    assert (rig.state, flags(rig)) == (Recording.STARTING, set())
    rig.buttons.release(Button.RECORD)
    assert rig.run(1).state is Recording.RECORDING


# What ends them.


@pytest.mark.parametrize("flag", [Flag.HUSH, Flag.MUTE])
def test_a_quarter_of_an_hour_is_the_longest(flag: Flag, tmp_path: Path) -> None:
    """Then it ends by itself, with a cue, and with a record of both moments."""
    rig = new().tap().run(1)
    {Flag.HUSH: hold, Flag.MUTE: twice}[flag](rig)
    assert flags(rig) == {flag}
    before = rig.clock.monotonic_ns()
    rig.clock.advance(LONGEST_NS[flag] - NS)
    assert flags(rig.run(0.1)) == {flag}
    assert flags(rig.run(1.2)) == set()
    assert rig.clock.monotonic_ns() - before == pytest.approx(15 * 60 * NS, abs=2 * NS)
    assert rig.cues[-1] == f"{flag.value}-over"
    assert rig.state is Recording.RECORDING
    said = log(judge(ended(rig), tmp_path))
    assert len(said) == 2
    assert all(
        word in " ".join(said) for word in {Flag.HUSH: ("off", "on again"), Flag.MUTE: ("silenced", "opened")}[flag]
    )


def test_standby_lasts_an_hour_at_most() -> None:
    """Then the buffer fills again, and the officer feels it."""
    rig = twice(new())
    rig.clock.advance(LONGEST_NS[Flag.STANDBY] - NS)
    assert flags(rig.run(0.2)) == {Flag.STANDBY}
    rig.run(1.5)
    assert (flags(rig), rig.cues[-1]) == (set(), "standby-over")
    assert rig.run(5).camera.ring.seconds >= 4


def test_docking_ends_all_of_them() -> None:
    """Nothing of one shift is left for the next; the dock's own cue is the one that is felt."""
    rig = dock(twice(hold(new().tap().run(1))))
    assert (rig.state, flags(rig), rig.cues[-1]) == (Recording.IDLE, set(), "stopped")
    idle = dock(twice(hold(new())))
    assert (flags(idle), idle.cues[-1]) == (set(), "docked")
    assert idle.run(5).camera.ring.seconds >= 4


def test_in_a_dock_nothing_is_hushed_or_paused() -> None:
    """A camera in the rack is nobody's to darken; a recording that is made there may be muted as anywhere."""
    rig = twice(hold(dock(new())))
    assert (flags(rig), rig.indicators.lights) == (set(), LIGHTS[Look.DOCKED])
    assert flags(twice(rig.tap().run(1))) == {Flag.MUTE}


def test_a_stuck_function_button_ends_what_it_began() -> None:
    """Down for a minute: nobody may have meant the hush."""
    rig = new().tap().run(1)
    rig.buttons.press(Button.FUNCTION)
    rig.run(5)
    assert flags(rig) == {Flag.HUSH}
    rig.run(56)
    assert flags(rig) == set()
    assert rig.state is Recording.RECORDING


@pytest.mark.parametrize("values", [{}, {"hush_front": True}])
def test_nothing_happens_where_the_authority_does_not_allow_it(values: dict[str, Any]) -> None:
    """By default none of the three is there."""
    rig = twice(hold(Rig.new(**values).run(6)))
    assert (flags(rig), rig.indicators.lights) == (set(), LIGHTS[Look.READY])
    twice(hold(rig.tap().run(1)))
    assert flags(rig) == set()
    assert rig.camera.microphone.state is Sound.ON
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]


# Mute.


def test_a_mute_lasts_into_the_recording_that_takes_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A recording too long for one manifest goes on in another: the officer who muted it has not opened the microphone."""
    monkeypatch.setattr("firmware.runtime.take.MOST_SEGMENTS", 4)
    rig = twice(new().tap().run(1)).run(14)
    assert len(rig.camera.vault.custody.inventory.all()) >= 1
    assert (flags(rig), rig.camera.microphone.state) == ({Flag.MUTE}, Sound.MUTED)
    assert rig.audio.due_ns() is None
    report = judge(rig.stop(), tmp_path)
    assert report.worst is Verdict.WHOLE
    later = report.every_recording[1:]
    assert later
    assert all("muted" in told(each, "sound")[-1] for each in later)


def test_a_mute_outlives_the_loss_of_a_recording(tmp_path: Path) -> None:
    """Storage took the recording away, and the one that takes over is muted as the first was: nobody asked for sound again."""
    rig = twice(new().tap().run(1)).run(1)
    rig.evidence.trouble.fail_syncs(1)
    rig.run(3)
    assert rig.cues.count("fault") == 1
    assert (rig.state, flags(rig), rig.audio.due_ns()) == (Recording.RECORDING, {Flag.MUTE}, None)
    again = judge(rig.stop().restart().run(3), tmp_path).every_recording[-1]
    assert {text for text in told(again, "sound") if "muted" in text}
    assert not [text for text in told(again, "sound") if "recorded" in text]


def test_the_end_of_a_mute_is_in_the_log_too(tmp_path: Path) -> None:
    """By the stop, here."""
    rig = twice(new().tap().run(1)).run(1).stop().run(1)
    assert log(judge(ended(rig), tmp_path)) == ["the microphone was silenced", "the microphone was opened again"]


# Standby.


def test_on_standby_no_frame_is_kept(tmp_path: Path) -> None:
    """The ring is emptied at once and stays empty, the light says so, frames flow on, and both moments are in the log."""
    rig = new()
    assert rig.camera.ring.seconds >= 4
    twice(rig)
    for _ in range(20):
        assert rig.camera.ring.snapshot() == ((), ())
        assert rig.camera.ring.bytes == 0
        rig.run(0.5)
    assert rig.indicators.lights == LIGHTS[Look.STANDBY]
    assert not rig.camera.lens.stalled
    twice(rig).run(6)
    assert rig.camera.ring.seconds >= 4
    assert [cue for cue in rig.cues if cue != "heard"] == ["standby", "standby-over"]
    assert log(judge(ended(rig), tmp_path)) == [
        "the pre-event buffer was emptied and paused",
        "the pre-event buffer was filled again",
    ]


def test_on_standby_the_microphone_is_closed_even_where_it_listens_always() -> None:
    """No sample is read into memory; once it is over it listens again."""
    rig = twice(new(pre_event_sound=True))
    assert rig.audio.due_ns() is None
    assert rig.run(3).audio.due_ns() is None
    twice(rig).run(0.2)
    assert rig.audio.due_ns() is not None


@pytest.mark.parametrize("begin", [Rig.tap, lambda rig: rig.triggers.fire("alarm")], ids=["press", "sensor"])
def test_a_press_on_standby_records_from_that_moment(begin: Callable[[Rig], object], tmp_path: Path) -> None:
    """Never taken away: it records, ends the standby, and its private part says why there is nothing from before."""
    rig = twice(new()).run(30.3)
    pressed_ns = rig.clock.monotonic_ns()
    begin(rig)
    assert flags(rig.run(1.2)) == set()
    assert rig.state is Recording.RECORDING
    take = rig.camera.take
    assert take is not None
    assert take.epoch_ns is not None
    assert 0 <= take.epoch_ns - pressed_ns <= NS  # the next keyframe
    rig.run(5).stop()
    report = judge(rig, tmp_path)
    (recording,) = report.every_recording
    assert (recording.verdict, recording.problems) == (Verdict.WHOLE, ())
    (said,) = told(recording, "standby")
    assert "no pre-event part was lost" in said
    assert rig.tap().run(1).state is Recording.RECORDING
    later = judge(rig.stop(), tmp_path / "later").every_recording[1]
    assert told(later, "standby") == []
    assert (later.seconds or 0) > 4


def test_a_recording_soon_after_standby_says_what_it_lacks(tmp_path: Path) -> None:
    """The buffer has not run for long again: that it is shorter than set has a reason, which is in the recording."""
    rig = twice(twice(new()).run(20)).run(2).tap().run(2).stop()
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert len(told(recording, "standby")) == 1
    assert (recording.seconds or 0) < 2 + 2 + 4.5 + 2


@pytest.mark.parametrize("phase", range(0, 10, 3))
def test_a_press_on_standby_is_recorded_in_time_wherever_the_next_keyframe_is(phase: int) -> None:
    """Its first frame is flushed at once, as that of any other recording: nothing is late, and no trouble is shown."""
    rig = twice(new()).run(30 + phase / 10)
    pressed_ns = rig.clock.monotonic_ns()
    rig.buttons.press(Button.RECORD)
    rig.run(1.15)
    assert rig.state is Recording.RECORDING
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]
    assert rig.camera.take is not None
    assert rig.camera.take.epoch_ns is not None
    assert rig.camera.take.epoch_ns - pressed_ns <= NS


@pytest.mark.parametrize("tenths", range(36, 54, 2))
def test_a_buffer_that_is_not_full_again_says_so_to_the_frame(tenths: int, tmp_path: Path) -> None:
    """It begins with a keyframe, up to a second behind the end of the standby: what is short for that reason has the same reason."""
    rig = twice(twice(new()).run(20)).run(tenths / 10)
    pressed_ns = rig.clock.monotonic_ns()
    rig.tap()
    assert rig.camera.take is not None
    assert rig.camera.take.epoch_ns is not None
    full = pressed_ns - rig.camera.take.epoch_ns >= 4 * NS
    (recording,) = judge(rig.run(1).stop(), tmp_path).every_recording
    assert bool(told(recording, "standby")) is not full


def test_a_recording_right_after_switching_on_speaks_of_no_standby(tmp_path: Path) -> None:
    """Its buffer is short since it has not run for long; nobody paused it."""
    (recording,) = judge(new(pre_event_s=30).tap().run(2).stop(), tmp_path).every_recording
    assert told(recording, "standby") == []


@pytest.mark.parametrize("end", [dock, lambda rig: rig.camera.inbox.put(Quit("shutdown"))], ids=["dock", "shutdown"])
def test_an_end_before_the_first_frame_leaves_a_whole_recording_of_nothing(
    end: Callable[[Rig], object], tmp_path: Path
) -> None:
    """Pressed on standby, and ended before the next keyframe came: the number was given out, and what there is of it is all there was."""
    rig = twice(new()).run(30.15)
    while (rig.clock.monotonic_ns() // 50_000_000) % 20 != 2:
        rig.run(0.05)
    rig.buttons.press(Button.RECORD)
    rig.settle()
    end(rig)
    rig.run(0.3)
    assert rig.camera.take is None
    report = judge(rig, tmp_path)
    (recording,) = report.every_recording
    assert (recording.verdict, recording.problems, bool(recording.seconds)) == (Verdict.WHOLE, (), False)
    assert told(recording, "standby")
    assert judge(rig, tmp_path / "sealed", key=False).every_recording[0].verdict is Verdict.WHOLE


def test_standby_does_not_outlive_the_service() -> None:
    """It fails towards the buffer."""
    rig = twice(new())
    assert flags(rig) == {Flag.STANDBY}
    again = rig.restart().run(6)
    assert flags(again) == set()
    assert again.camera.ring.seconds >= 4


def test_a_double_press_while_a_stop_is_sealed_means_neither() -> None:
    """An officer who wants to mute a recording that has just ended must not pause the buffer."""
    rig = new().tap().run(2)
    rig.camera.controller.end("officer")
    assert rig.state is Recording.STOPPING
    for down in (True, False, True, False):
        (rig.buttons.press if down else rig.buttons.release)(Button.FUNCTION)
        rig.clock.advance(NS // 10)
        while (item := rig.camera.inbox.take()) is not None:
            rig.camera.controller.handle(item)
        rig.camera.controller.tick(rig.clock.monotonic_ns())
    assert (rig.state, flags(rig), rig.cues[-1]) == (Recording.STOPPING, set(), "state")
