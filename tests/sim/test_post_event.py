"""What follows a stop is recorded too, where the authority wants that: it shows as recording, and a press goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.indications import LIGHTS, Look
from firmware.core.machine import Move, Recording
from firmware.runtime.controller import Quit
from hal.interface import Button, Edge
from hal.sim.clock import NS
from tests.rig import VIDEO, Rig, judge
from tests.sim.test_place import tell
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tools.verify.report import RecordingReport

AFTER_S = 10


def stopped(seconds: float = 3, **values: Any) -> tuple[Rig, int]:
    """A camera that records, and has just been told to stop; and when the press began that meant it."""
    rig = Rig.new(post_event_s=AFTER_S, **values).run(5).tap().run(seconds).stop()
    assert rig.state is Recording.POST_EVENT
    return rig, next(item.time_ns for item in reversed(rig.answers) if isinstance(item, Edge) and item.down)


def sealed(rig: Rig, folder: Path) -> RecordingReport:
    """The one recording that there is, judged."""
    (recording,) = judge(rig, folder).every_recording
    assert recording.verdict is Verdict.WHOLE
    return recording


def notes(recording: RecordingReport, kind: str) -> list[tuple[float | None, str]]:
    """Records of a kind: where they stand, and what they say."""
    return [(entry.at_s, entry.text) for entry in recording.private or () if entry.kind == kind]


def test_it_runs_on_and_shows_it(tmp_path: Path) -> None:
    """As recording, for as long as was set, counted from the edge that meant the stop; both moments are in the recording."""
    rig, stopped_ns = stopped()
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]
    assert rig.cues[-1] == "run-on"
    left_s = AFTER_S - (rig.clock.monotonic_ns() - stopped_ns) / NS
    assert rig.run(left_s - 0.1).state is Recording.POST_EVENT
    assert rig.run(0.3).state is Recording.IDLE
    assert rig.cues[-1] == "stopped"
    recording = sealed(rig, tmp_path)
    (meant_s, meant), (ended_s, ended) = notes(recording, "stop")
    assert meant == ended == "stopped: officer"
    assert meant_s is not None
    assert ended_s is not None
    assert ended_s - meant_s == pytest.approx(AFTER_S, abs=0.1)
    assert recording.seconds == pytest.approx(ended_s, abs=2 / VIDEO.fps)


def test_by_default_nothing_follows() -> None:
    """A stop is a stop."""
    rig = Rig.new().run(5).tap().run(3).stop()
    assert rig.state is Recording.IDLE
    assert "stop-asked" in rig.log.getvalue()
    assert "post-event" not in rig.log.getvalue()


def test_without_confirmation_a_hold_means_it(tmp_path: Path) -> None:
    """The hold itself is the stop, and what follows is recorded all the same."""
    rig = Rig.new(post_event_s=AFTER_S, confirm_stop=False).run(5).tap().run(1)
    rig.buttons.press(Button.RECORD)
    assert rig.run(3.3).state is Recording.POST_EVENT
    rig.buttons.release(Button.RECORD)
    assert rig.run(AFTER_S).state is Recording.IDLE
    assert len(notes(sealed(rig, tmp_path), "stop")) == 2


def test_a_press_goes_on_with_the_same_recording(tmp_path: Path) -> None:
    """Marked where the press was, and felt as a recording's begin; its time is over no more, and the next stop is as any other."""
    rig, _ = stopped()
    rig.run(2).tap()
    assert rig.state is Recording.RECORDING
    assert rig.cues[-1] == "started"
    assert rig.run(2 * AFTER_S).state is Recording.RECORDING
    assert rig.stop().run(AFTER_S).state is Recording.IDLE
    recording = sealed(rig, tmp_path)
    assert [text for _, text in notes(recording, "bookmark")] == ["bookmark: bookmark"]
    assert len(notes(recording, "stop")) == 3
    assert recording.priority


def test_the_press_that_goes_on_neither_marks_twice_nor_stops(tmp_path: Path) -> None:
    """Held for ten seconds out of fear, it is one press."""
    rig, _ = stopped()
    rig.buttons.press(Button.RECORD)
    rig.run(10)
    rig.buttons.release(Button.RECORD)
    assert rig.run(1).state is Recording.RECORDING
    rig.stop().run(AFTER_S)
    assert len(notes(sealed(rig, tmp_path), "bookmark")) == 1


def test_a_sensor_goes_on_too_and_gives_its_name(tmp_path: Path) -> None:
    """The reason is recorded."""
    rig, _ = stopped()
    rig.triggers.fire("alarm")
    assert rig.run(2 * AFTER_S).state is Recording.RECORDING
    rig.stop().run(AFTER_S)
    assert [text for _, text in notes(sealed(rig, tmp_path), "bookmark")] == ["bookmark: alarm"]


def test_a_dock_ends_it_at_once(tmp_path: Path) -> None:
    """In the rack nothing follows any more."""
    rig, _ = stopped()
    tell(rig, Move.MET, Move.STOOD)
    assert rig.state is Recording.IDLE
    assert [text for _, text in notes(sealed(rig, tmp_path), "stop")] == ["stopped: officer", "stopped: docked"]


def test_a_full_card_ends_it_at_once(tmp_path: Path) -> None:
    """With what it has room for."""
    rig, _ = stopped()
    rig.evidence.trouble.fill(rig.camera.vault.budget.running - 1)
    rig.run(2)
    assert rig.state is Recording.IDLE
    assert [text for _, text in notes(sealed(rig, tmp_path), "stop")] == ["stopped: officer", "stopped: storage-full"]


def test_a_shutdown_ends_it_at_once_and_nothing_resumes(tmp_path: Path) -> None:
    """The officer had stopped it: the next start does not go on with it."""
    rig, _ = stopped()
    rig.camera.inbox.put(Quit("shutdown"))
    rig.run(1)
    assert rig.stopped
    assert rig.audit()[-1]["data"] == {"reason": "shutdown", "resume": False}
    assert len(notes(sealed(rig, tmp_path), "stop")) == 2
    assert rig.power_cut().run(2).state is Recording.IDLE


def test_a_cut_in_it_is_a_cut_in_a_recording() -> None:
    """It fails towards recording: nobody can say whether what followed was over."""
    rig, _ = stopped()
    assert rig.run(2).power_cut().run(2).state is Recording.RECORDING


def test_the_microphone_listens_until_the_end(tmp_path: Path) -> None:
    """What follows has its sound."""
    rig, _ = stopped()
    rig.run(AFTER_S)
    recording = sealed(rig, tmp_path)
    assert [text for _, text in notes(recording, "sound")][-1] == "from here on sound was recorded"
