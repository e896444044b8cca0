"""A press soon after a stop: the buffer reaches back into the earlier recording, and the new one names what both have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.machine import Move, Recording
from hal.sim.clock import NS
from tests.rig import VIDEO, Rig, judge, payload, read
from tests.sim.test_place import tell
from tools.verify.report import RecordingReport, Verdict

if TYPE_CHECKING:
    from pathlib import Path

FRAME_TICKS = 90_000 // VIDEO.fps


def opening(rig: Rig, number: int) -> dict[str, Any]:
    """The first line of a recording."""
    directory = rig.evidence.root().enter("recordings").enter(f"{number:08d}")
    return payload(read(directory.open("journal.jwsl")).splitlines()[0])


def frames(rig: Rig, folder: Path, number: int) -> int:
    """How many frames of this recording stand in an earlier one, too, by what the verifier says of when each was captured."""
    reports = {each.number: each for each in judge(rig, folder).every_recording}
    begins, _ = reach(reports[number])
    ends = max(reach(report)[1] for other, report in reports.items() if other is not None and other < number)
    return max(0, round((ends - begins) / 1000 * VIDEO.fps))


def reach(report: RecordingReport) -> tuple[float, float]:
    """From when to when, in ms."""
    assert report.annex is not None
    assert report.annex.origin_ms is not None
    assert report.annex.media is not None
    return report.annex.origin_ms, report.annex.origin_ms + report.annex.media[1] * 1000


def whole(rig: Rig, folder: Path) -> dict[int, RecordingReport]:
    """All recordings, with nothing wrong."""
    reports = judge(rig, folder).every_recording
    assert {each.verdict for each in reports} == {Verdict.WHOLE}, [each.problems for each in reports]
    return {each.number or 0: each for each in reports}


@pytest.mark.parametrize("apart_s", [0.0, 0.35, 1.0, 2.4])
def test_what_both_have_is_named_to_the_frame(apart_s: float, tmp_path: Path) -> None:
    """Which recording, from which of its frames to which, and where they stand there."""
    rig = Rig.new().run(6).tap().run(5).stop()
    rig.run(apart_s).tap().run(2).stop()
    reports = whole(rig, tmp_path)
    (said,) = opening(rig, 2)["overlaps"]
    assert opening(rig, 1)["overlaps"] == []
    assert said["number"] == 1
    assert said["first"] == 0
    (begins, _), (_, ended), (began, _) = reach(reports[2]), reach(reports[1]), reach(reports[1])
    shared = round((ended - begins) / 1000 * VIDEO.fps)
    assert said["last"] == (shared - 1) * FRAME_TICKS
    assert said["at"] == pytest.approx((begins - began) * 90, abs=90)
    assert any("is in recording 1, too" in fact for fact in reports[2].facts)


def test_a_press_late_enough_shares_nothing(tmp_path: Path) -> None:
    """The buffer has forgotten the earlier one."""
    rig = Rig.new().run(6).tap().run(5).stop().run(8).tap().run(2).stop()
    whole(rig, tmp_path)
    assert opening(rig, 2)["overlaps"] == []


def test_several_recordings_within_one_buffer(tmp_path: Path) -> None:
    """Each is named, in the order of their numbers; one that lies in the buffer as a whole from its own first frame on."""
    rig = Rig.new(pre_event_s=60, confirm_stop=False, hold_s=1).run(70)
    for _ in range(3):
        rig.tap().run(1)
        rig.camera.controller.end("docked")
        rig.run(12)
    rig.tap().run(1)
    rig.camera.controller.end("docked")
    rig.run(1)
    whole(rig, tmp_path)
    assert [each["number"] for each in opening(rig, 4)["overlaps"]] == [1, 2, 3]
    assert [each["number"] for each in opening(rig, 3)["overlaps"]] == [1, 2]
    assert all(0 in (each["first"], each["at"]) for each in opening(rig, 4)["overlaps"])


def test_a_recording_that_goes_on_shares_nothing(tmp_path: Path) -> None:
    """At a seam nothing is in both; and the next press after it has the end of the newer one alone."""
    rig = Rig.new(max_length_min=1).run(6).tap().run(70).stop().tap().run(1).stop()
    whole(rig, tmp_path)
    assert opening(rig, 2)["overlaps"] == []
    assert [each["number"] for each in opening(rig, 3)["overlaps"]] == [2]


def test_right_behind_a_seam_both_are_named(tmp_path: Path) -> None:
    """The buffer reaches over it."""
    rig = Rig.new(max_length_min=1, confirm_stop=False, hold_s=1).run(6).tap()
    while rig.camera.takes.begun == 1:
        rig.run(0.05)
    rig.run(0.5)
    rig.camera.controller.end("docked")
    rig.run(0.5).tap().run(1)
    rig.camera.controller.end("docked")
    rig.run(1)
    whole(rig, tmp_path)
    assert [each["number"] for each in opening(rig, 3)["overlaps"]] == [1, 2]


def test_no_buffer_outlives_a_start(tmp_path: Path) -> None:
    """What goes on after a cut shares nothing with what was cut."""
    rig = Rig.new().run(6).tap().run(3).power_cut().run(3)
    assert rig.state is Recording.RECORDING
    rig.stop().run(1)
    assert opening(rig, 2)["overlaps"] == []
    assert {each.verdict for each in judge(rig, tmp_path).every_recording} == {Verdict.RECOVERED, Verdict.WHOLE}


def test_a_press_right_after_a_docking_names_what_the_dock_has_taken(tmp_path: Path) -> None:
    """The verifier that has only one of both says nothing against it."""
    rig = Rig.new().run(6).tap().run(3)
    tell(rig, Move.MET, Move.STOOD, Move.GONE).run(0.5).tap().run(2).stop()
    whole(rig, tmp_path)
    assert [each["number"] for each in opening(rig, 2)["overlaps"]] == [1]


def test_frames_that_no_longer_come_are_counted_from_what_was_captured(tmp_path: Path) -> None:
    """Frames lost by the encoder around the stop are missing in both."""
    rig = Rig.new().run(6).tap().run(4)
    rig.video.disturbance.drop(7)
    rig.run(1).stop().run(0.3).tap().run(2).stop()
    whole(rig, tmp_path)
    assert [each["number"] for each in opening(rig, 2)["overlaps"]] == [1]
    assert rig.clock.monotonic_ns() > NS
