"""The life of a recording on a virtual clock: what an officer does, and what a judge then finds."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.indications import LIGHTS, Look
from firmware.core.machine import Recording
from firmware.runtime.controller import Quit
from firmware.runtime.docklink import Away
from firmware.runtime.enrolment import Given
from firmware.runtime.work import Durable
from hal.interface import Button, Track, Unit
from tests.rig import Rig, judge, payload, read
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def test_press_mark_and_stop_make_one_whole_recording(tmp_path: Path) -> None:
    """The minute before is there, live joins it, and everything is signed, sealed and decodes."""
    rig = Rig.new().run(6).tap().run(5).tap().run(2).stop()
    assert rig.state is Recording.IDLE
    assert rig.cues == ["started", "bookmark", "hold-1", "hold-2", "hold-3", "stop-asked", "stopped"]
    report = judge(rig, tmp_path)
    (recording,) = report.every_recording
    assert (report.worst, recording.problems, recording.priority) == (Verdict.WHOLE, (), True)
    assert recording.seconds is not None
    assert recording.seconds >= 4 + 5 + 2 + 3
    told = [(entry.kind, entry.text) for entry in recording.private or ()]
    assert [kind for kind, _ in told] == ["sound", "sound", "assignment", "start", "bookmark", "stop"]


def test_the_light_waits_for_the_card() -> None:
    """``starting`` at once, ``recording`` not before the opening and the first live flush are durable."""
    rig = Rig.new().run(3)
    rig.buttons.press(Button.RECORD)
    edge = rig.camera.inbox.take()
    rig.camera.controller.handle(edge)
    assert rig.indicators.lights == LIGHTS[Look.STARTING]
    while not any(isinstance(answer, Durable) for answer in rig.answers):
        assert rig.indicators.lights == LIGHTS[Look.STARTING]
        assert rig.camera.writer.step()
        while (item := rig.camera.inbox.take()) is not None:
            rig.answers.append(item)
            rig.camera.controller.handle(item)
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]


def test_a_hold_without_a_second_press_does_not_stop() -> None:
    """An unconfirmed stop is ignored after five seconds."""
    rig = Rig.new().run(2).tap().run(1)
    rig.buttons.press(Button.RECORD)
    rig.run(3.3)
    rig.buttons.release(Button.RECORD)
    assert rig.state is Recording.STOP_ASKED
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]
    assert rig.run(5.2).state is Recording.RECORDING


def test_the_press_that_starts_never_stops_or_marks() -> None:
    """Held for ten seconds out of fear, a start press is a start."""
    rig = Rig.new().run(2)
    rig.buttons.press(Button.RECORD)
    rig.run(10)
    rig.buttons.release(Button.RECORD)
    rig.run(1)
    assert rig.state is Recording.RECORDING
    assert rig.cues == ["started"]


def test_without_confirmation_a_hold_stops() -> None:
    """The authority may do without the second press."""
    rig = Rig.new(confirm_stop=False).run(2).tap().run(1)
    rig.buttons.press(Button.RECORD)
    assert rig.run(3.3).state is Recording.IDLE


def test_a_second_press_within_50_ms_is_the_first_one() -> None:
    """Bounce neither marks nor stops."""
    rig = Rig.new().run(2)
    rig.buttons.press(Button.RECORD, bounces=9)
    rig.run(0.3)
    rig.buttons.release(Button.RECORD, bounces=9)
    rig.run(1)
    assert rig.state is Recording.RECORDING
    assert rig.cues == ["started"]


def test_the_function_button_neither_starts_nor_stops() -> None:
    """Held or tapped, it leaves the recording state alone."""
    rig = Rig.new().run(1)
    for recording in (Recording.IDLE, Recording.RECORDING):
        rig.buttons.press(Button.FUNCTION)
        rig.run(4)
        rig.buttons.release(Button.FUNCTION)
        assert rig.run(1).state is recording
        rig.tap()


def test_a_press_before_any_frame_records_from_the_first_one(tmp_path: Path) -> None:
    """A press during boot is heard, and what comes is recorded."""
    rig = Rig.new().tap()
    assert rig.run(3).state is Recording.RECORDING
    rig.stop()
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_presses_in_quick_succession_lose_nothing(tmp_path: Path) -> None:
    """A press right after a stop begins the next recording, whose pre-event part holds the end of the last."""
    rig = Rig.new().run(5).tap().run(1).stop().tap().run(2).stop()
    report = judge(rig, tmp_path)
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE, Verdict.WHOLE]
    seconds = [each.seconds or 0 for each in report.every_recording]
    assert all(each > 8 for each in seconds)


def test_a_sensor_starts_a_recording(tmp_path: Path) -> None:
    """An alarm records, and the private part says so."""
    rig = Rig.new().run(2)
    rig.triggers.fire("alarm")
    rig.run(2).stop()
    (recording,) = judge(rig, tmp_path).every_recording
    assert any("alarm" in entry.text for entry in recording.private or ())


@pytest.mark.parametrize(
    ("values", "microphone", "states"),
    [
        ({}, True, ["off", "on"]),
        ({"pre_event_sound": True}, True, ["on"]),
        ({}, False, ["none"]),
    ],
)
def test_silence_says_why(values: dict[str, Any], microphone: bool, states: list[str], tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the table
    """A silent pre-event part and a camera without a microphone are different signed facts."""
    rig = Rig.new(microphone=microphone, **values).run(6).tap().run(2).stop()
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    words = {"off": "no sound was taken", "on": "sound was recorded", "none": "no microphone"}
    told = [entry.text for entry in report.every_recording[0].private or () if entry.kind == "sound"]
    assert len(told) == len(states)
    assert all(words[state] in text for state, text in zip(states, told, strict=True))


def test_by_default_no_sound_is_kept_from_before_the_press() -> None:
    """Between recordings the microphone is closed and the buffer holds no sample of it, also after a recording with sound."""
    rig = Rig.new().run(2)
    assert rig.audio.due_ns() is None
    rig.tap().run(2).stop()
    assert rig.audio.due_ns() is None
    closed, current = rig.camera.ring.snapshot()
    units = [unit for gop in closed for unit in gop.units] + list(current)
    assert {unit.track.value for unit in units} == {"video"}


def test_a_microphone_that_dies_is_told_and_the_picture_goes_on(tmp_path: Path) -> None:
    """Sound lost in the middle is a fact of its own, shown as trouble, and comes back."""
    rig = Rig.new().run(3).tap().run(1)
    rig.audio.disturbance.stall(4)
    rig.run(3)
    assert rig.indicators.lights == LIGHTS[Look.RECORDING_TROUBLE]
    rig.run(6)
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]
    rig.stop()
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    told = [entry.text for entry in report.every_recording[0].private or () if entry.kind == "sound"]
    assert any("fail" in text for text in told)


def test_lost_frames_are_counted_and_signed(tmp_path: Path) -> None:
    """What the encoder swallowed stands in the manifest."""
    rig = Rig.new().run(3).tap().run(1)
    rig.video.disturbance.drop(3)
    rig.run(2).stop()
    assert judge(rig, tmp_path).worst is Verdict.WHOLE
    directory = rig.evidence.root().enter("recordings").enter("00000001")
    manifest = rig.camera.vault.custody.manifest(1, directory)
    assert manifest.payload["gaps"]["video"] == 3


def test_what_was_noted_last_is_kept_by_the_closing(tmp_path: Path) -> None:
    """A note that came too late for a flush of its own is in the private part of the sealed recording; one about a time before the
    recording stands at its beginning."""
    rig = Rig.new().run(3).tap().run(1)
    rig.camera.writer._keep_notes = lambda: False  # type: ignore[method-assign]  # replaced by the test
    take = rig.camera.writer.takes[1]
    take.note("bookmark", {"label": "at the door"}, 0)
    assert b'"at":0' in take._notes[-1]
    (recording,) = judge(rig.stop(), tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert any("at the door" in entry.text for entry in recording.private or ())


def test_a_flush_without_delay_has_no_lag() -> None:
    """On a clock that stands still while storage works, the journal says so."""
    rig = Rig.new().run(3).tap().run(1)
    journal = rig.evidence.root().enter("recordings").enter("00000001").open("journal.jwsl")
    lags = [line["lag_ms"] for line in map(payload, read(journal).splitlines()) if line.get("file") == "private.age"]
    assert lags
    assert set(lags) == {0}


def test_a_frame_that_nobody_could_read_is_counted_as_missing(tmp_path: Path) -> None:
    """The encoder gave something that is no picture: it is left out, and the manifest says that one is missing."""
    rig = Rig.new().run(3).tap().run(1.02)
    rig.camera.arrive(Unit(Track.VIDEO, rig.clock.monotonic_ns(), b"\xff", key=False))
    rig.run(2).stop()
    assert judge(rig, tmp_path).worst is Verdict.WHOLE
    directory = rig.evidence.root().enter("recordings").enter("00000001")
    assert rig.camera.vault.custody.manifest(1, directory).payload["gaps"]["video"] == 1


def test_shutdown_seals_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """Ending the service in the middle of a recording is no way to end the recording."""
    rig = Rig.new().run(5).tap().run(2)
    rig.camera.inbox.put(Quit("shutdown"))
    rig.run(0.1)
    assert rig.stopped
    assert rig.audit()[-1]["kind"] == "stop"
    again = rig.power_cut().run(3)
    assert again.state is Recording.RECORDING
    again.stop()
    report = judge(again, tmp_path)
    assert report.worst is Verdict.WHOLE
    assert any("resumes recording 1" in fact for fact in report.every_recording[1].facts)


def test_nothing_about_people_lies_in_the_clear() -> None:
    """Not the shift, not the bookmark's label, not the trigger: ``strings`` over a card finds nothing."""
    rig = Rig.new(bookmark_label="use of force").run(3)
    rig.camera.vault.custody.given = Given("NIGHT-7-WEST", b"x")
    rig.camera.inbox.put(Away())
    rig.run(0.1)
    rig.tap().run(1).tap().stop()

    def everything(directory: object) -> bytes:
        data = b""
        for name in directory.names():  # type: ignore[attr-defined]  # a directory of the simulated storage
            data += name.encode()
            try:
                data += everything(directory.enter(name))  # type: ignore[attr-defined]  # a directory of the simulated storage
            except NotADirectoryError:
                data += read(directory.open(name))  # type: ignore[attr-defined]  # a directory of the simulated storage
        return data

    card = everything(rig.evidence.root())
    parts = re.findall(rb"[A-Za-z0-9_-]{40,}", card)
    signed = b"".join(base64.urlsafe_b64decode(part[: len(part) // 4 * 4]) for part in parts)
    for secret in (b"NIGHT-7-WEST", b"use of force", b"button", b"bookmark"):
        assert secret not in card
        assert secret not in signed


def test_a_sealed_recording_takes_up_what_it_holds(tmp_path: Path) -> None:
    """Room is set aside for each file while it is written; what it did not need is given back, also at recovery."""
    rig = Rig.new(capacity=1 << 30).run(3)
    before = rig.evidence.space().free
    rig.tap().run(20).stop().run(1)
    held = sum(entry.size for entry in rig.camera.vault.custody.inventory.all())
    assert before - rig.evidence.space().free < held + (1 << 20)
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def double_tap(rig: Rig) -> Rig:
    """The function button, twice in a row."""
    for _ in range(2):
        rig.buttons.press(Button.FUNCTION)
        rig.run(0.2)
        rig.buttons.release(Button.FUNCTION)
        rig.run(0.2)
    return rig


def test_a_mute_is_a_fact_of_its_own_and_ends_with_the_recording(tmp_path: Path) -> None:
    """Silenced on purpose, not failed: no sample is read, no gap is counted, the picture goes on, the next recording hears."""
    rig = Rig.new(mute_allowed=True).run(5).tap().run(2)
    double_tap(rig).run(3)
    assert rig.audio.due_ns() is None
    assert rig.indicators.lights == LIGHTS[Look.RECORDING_MUTED]
    double_tap(rig).run(2)
    double_tap(rig).run(1).stop().run(1).tap().run(2).stop()
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    told = [[entry.text for entry in each.private or () if entry.kind == "sound"] for each in report.every_recording]
    assert [next(word for word in ("no sound", "recorded", "mute") if word in text) for text in told[0]] == [
        "no sound",
        "recorded",
        "mute",
        "recorded",
        "mute",
    ]
    assert len(told[1]) == 2
    manifest = rig.camera.vault.custody.manifest(1, rig.evidence.root().enter("recordings").enter("00000001"))
    assert manifest.payload["gaps"] == {"video": 0, "audio": 0, "overflow": 0}


@pytest.mark.parametrize("allowed", [False, True])
def test_nobody_mutes_where_it_is_not_allowed_or_nothing_is_recorded(allowed: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """The authority decides, and an idle camera has nothing to mute."""
    rig = double_tap(Rig.new(mute_allowed=allowed).run(2))
    assert rig.cues == ["heard", "heard", "state"]  # as good as a single press
    if not allowed:
        double_tap(rig.tap().run(1))
        assert rig.cues[3:] == ["started", "heard", "heard", "state"]
        assert rig.audio.due_ns() is not None


def test_a_camera_that_listens_always_stays_muted_until_the_recording_ends() -> None:
    """With sound before the press too, a mute silences the buffer as well, and only for that recording."""
    rig = Rig.new(mute_allowed=True, pre_event_sound=True).run(3).tap().run(1)
    double_tap(rig).run(2)
    assert rig.audio.due_ns() is None
    rig.stop().run(0.5)
    assert rig.audio.due_ns() is not None
