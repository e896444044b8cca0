"""A recording that has grown as long as it may be goes on in the next one: nothing is missing between them, and nothing is in both."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.indications import Trouble
from firmware.core.machine import Recording
from firmware.runtime import take as takes
from firmware.runtime.takes import Takes
from hal.interface import Track, Unit
from hal.sim.clock import NS
from tests.rig import VIDEO, Rig, judge
from tools.verify.report import RecordingReport, Verdict

if TYPE_CHECKING:
    from pathlib import Path

FRAME_MS = 1000 / VIDEO.fps


def sealed(rig: Rig, folder: Path, count: int) -> list[RecordingReport]:
    """The recordings, all of them whole."""
    report = judge(rig, folder)
    assert report.worst is Verdict.WHOLE
    recordings = sorted(report.every_recording, key=lambda each: each.number or 0)
    assert [each.number for each in recordings] == list(range(1, count + 1))
    return recordings


def manifest(rig: Rig, number: int) -> dict[str, Any]:
    """What the manifest says, which the verifier has held against the files."""
    directory = rig.evidence.root().enter("recordings").enter(f"{number:08d}")
    return dict(rig.camera.vault.custody.manifest(number, directory).payload)


def samples(rig: Rig, number: int) -> dict[str, int]:
    """How many frames and sound units it has."""
    counted: dict[str, int] = manifest(rig, number)["samples"]
    return counted


def captured(rig: Rig, track: Track, from_ns: int, until_ns: int) -> int:
    """Units that the sources delivered."""
    units = [each for each in rig.answers if isinstance(each, Unit) and each.track is track]
    return sum(from_ns <= unit.time_ns <= until_ns for unit in units)


def stopped_ns(rig: Rig) -> int:
    """When the last stop was, by the service's log."""
    events = [json.loads(line) for line in rig.log.getvalue().splitlines()]
    (*_, stop) = [each["mono_ms"] for each in events if each.get("state") == "stopping"]
    return int(stop * 1_000_000)


def account(rig: Rig, recordings: list[RecordingReport], epoch_ns: int) -> None:
    """Every frame that came is in one recording and in no other, and each recording begins where the one before ends."""
    counted = [samples(rig, number) for number in range(1, len(recordings) + 1)]
    assert sum(each["video"] for each in counted) == captured(rig, Track.VIDEO, epoch_ns, stopped_ns(rig))
    for before, after in itertools.pairwise(recordings):
        assert before.annex is not None
        assert after.annex is not None
        assert before.annex.origin_ms is not None
        assert before.annex.media is not None
        assert after.annex.media is not None
        assert after.annex.media[0] == 0
        assert after.annex.resumes == before.number
        assert before.annex.origin_ms + before.annex.media[1] * 1000 == pytest.approx(after.annex.origin_ms, abs=1.0)
        assert not before.annex.gaps
        assert not after.annex.gaps


def test_no_frame_is_lost_or_doubled_over_two_seams(tmp_path: Path) -> None:
    """A minute each, to the frame; the light stays, nothing is felt, and each names the one before."""
    rig = Rig.new(max_length_min=1, remind_s=0).run(6).tap()
    assert rig.camera.take is not None
    epoch_ns, lights = rig.camera.take.epoch_ns, rig.run(1).indicators.lights
    assert epoch_ns is not None
    cues = len(rig.cues)
    for _ in range(130):
        assert rig.run(1).state is Recording.RECORDING
        assert rig.indicators.lights == lights
    assert len(rig.cues) == cues
    rig.stop()
    recordings = sealed(rig, tmp_path, 3)
    account(rig, recordings, epoch_ns)
    assert [samples(rig, number)["video"] for number in (1, 2)] == [60 * VIDEO.fps] * 2
    assert [any("stopped: length" in entry.text for entry in each.private or ()) for each in recordings] == [
        True,
        True,
        False,
    ]
    starts = [entry.text for each in recordings for entry in each.private or () if entry.kind == "start"]
    assert [text.split(",")[0] for text in starts] == ["started by button", "started by length", "started by length"]
    assert any("recording 1" in fact for fact in recordings[1].facts)


def test_no_sound_is_lost_at_the_seam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Sound comes later than the picture: what was captured before the seam goes to the recording before it."""
    rig, came = Rig.new(max_length_min=1), list[Unit]()
    push = Takes.push

    def seen(self: Takes, unit: Unit) -> None:
        if rig.camera.take is not None and unit.track is Track.AUDIO:
            came.append(unit)
        push(self, unit)

    monkeypatch.setattr(Takes, "push", seen)
    rig.run(6).tap().run(70).stop()
    recordings = sealed(rig, tmp_path, 2)
    assert not any(each.annex is None or each.annex.gaps for each in recordings)
    assert len(came) > 3000
    assert sum(samples(rig, number)["audio"] for number in (1, 2)) == len(came)


def test_storage_that_takes_the_older_one_away_is_felt_and_the_newer_one_goes_on(tmp_path: Path) -> None:
    """Right behind the seam, while the older one waits for its sound: nothing has to begin for it, but nobody may miss it."""
    rig = Rig.new(max_length_min=1).run(6).tap()
    newer = 0
    while not newer:
        rig.run(0.05)
        newer = rig.camera.take.id - 1 if rig.camera.take is not None else 0
    rig.evidence.trouble.fail_syncs(1)
    rig.run(1)
    assert (rig.state, rig.cues[-1]) == (Recording.RECORDING, "fault")
    assert Trouble.STORAGE_FAILS in rig.camera.controller.face.troubles
    again = rig.run(2).stop().run(1).power_cut().run(1)
    assert again.state is Recording.IDLE
    verdicts = [each.verdict for each in judge(again, tmp_path).every_recording]
    assert verdicts == [Verdict.RECOVERED, Verdict.WHOLE]


@pytest.mark.parametrize("microphone", [True, False])
def test_a_silent_microphone_keeps_no_recording_open(*, microphone: bool, tmp_path: Path) -> None:
    """Sealed a quarter of a second later at the latest, with or without one."""
    rig = Rig.new(max_length_min=1, microphone=microphone).run(6).tap().run(54)
    rig.audio.disturbance.stall(10)
    rig.run(4)
    assert rig.camera.vault.custody.inventory.get(1) is not None
    rig.stop()
    sealed(rig, tmp_path, 2)


def test_a_manifest_that_is_full_ends_it_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However long it may be: to the segment, and to the frame."""
    monkeypatch.setattr(takes, "MOST_SEGMENTS", 6)
    rig = Rig.new().run(6).tap()
    assert rig.camera.take is not None
    epoch_ns = rig.camera.take.epoch_ns
    assert epoch_ns is not None
    assert rig.run(20).stop().state is Recording.IDLE
    recordings = sealed(rig, tmp_path, 2)
    account(rig, recordings, epoch_ns)


def test_frames_lost_right_before_the_seam_are_counted_before_it(tmp_path: Path) -> None:
    """And nowhere else."""
    rig = Rig.new(max_length_min=1).run(6).tap()
    assert rig.camera.take is not None
    epoch_ns = rig.camera.take.epoch_ns
    assert epoch_ns is not None
    rig.run((epoch_ns + 60 * NS - rig.clock.monotonic_ns()) / NS - 0.35)
    rig.video.disturbance.drop(3)
    rig.run(5).stop()
    sealed(rig, tmp_path, 2)
    gaps = [manifest(rig, number)["gaps"]["video"] for number in (1, 2)]
    assert gaps == [3, 0]
    assert samples(rig, 1)["video"] == 60 * VIDEO.fps - 3


def test_a_cut_at_the_seam_leaves_both(tmp_path: Path) -> None:
    """Cut off right behind it, the older one is recovered or sealed, and the start goes on with the newer one."""
    rig = Rig.new(max_length_min=1).run(6).tap()
    while rig.camera.takes.begun == 1:
        rig.run(0.05)
    again = rig.power_cut().run(3)
    assert again.state is Recording.RECORDING
    again.stop().run(1)
    assert (manifest(again, 2)["state"], manifest(again, 2)["missing"]) == ("recovered", [])
    report = judge(again, tmp_path)
    assert [each.number for each in report.every_recording][:2] == [1, 2]
    assert Verdict.NOT_WHOLE not in [each.verdict for each in report.every_recording]


def test_a_stop_right_behind_the_seam_ends_both(tmp_path: Path) -> None:
    """What waits for its last sound is sealed as well."""
    rig = Rig.new(max_length_min=1, confirm_stop=False, hold_s=1).run(6).tap()
    while rig.camera.takes.begun == 1:
        rig.run(0.05)
    rig.camera.controller.end("docked")
    rig.run(1)
    assert rig.state is Recording.IDLE
    sealed(rig, tmp_path, 2)
