"""Bad input and failing parts: a clear indication, nothing lost, and nothing that looks like recording and is not."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING

import pytest

from firmware.core.forecast import CLOSING
from firmware.core.indications import LIGHTS, Look
from firmware.core.machine import Recording
from firmware.runtime.auditlog import AuditLostError
from firmware.runtime.controller import PartLost
from firmware.runtime.lens import LensLostError
from firmware.runtime.microphone import Sound
from firmware.runtime.work import Failed
from firmware.runtime.writer import StorageLostError
from hal.interface import Button, ClockQuality, Edge
from tests.rig import NONCE, Rig, judge, receipt_for
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

RESERVE = 32 << 20
RECORDING_LOOKS = {Look.RECORDING, Look.RECORDING_TROUBLE}


def shown(rig: Rig) -> Look:
    """What the lights say."""
    return next(look for look, lights in LIGHTS.items() if lights == rig.indicators.lights)


@pytest.mark.parametrize("utc_ms", [0, 4_102_444_800_000])
def test_a_clock_at_1970_or_2100_records(utc_ms: int, tmp_path: Path) -> None:
    """Dates never decide whether the camera records."""
    rig = Rig.new()
    rig.clock.put(utc_ms, ClockQuality.UNSET)
    rig.run(3).tap().run(2)
    assert shown(rig) is Look.RECORDING_TROUBLE
    rig.stop()
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE


def test_a_clock_that_jumps_leaves_the_media_time_alone(tmp_path: Path) -> None:
    """The wall clock moves, the recording runs on without a gap."""
    rig = Rig.new().run(3).tap().run(2)
    rig.clock.put(rig.clock.utc().utc_ms + 86_400_000, ClockQuality.RTC)
    rig.run(2)
    rig.clock.put(rig.clock.utc().utc_ms - 2 * 86_400_000, ClockQuality.RTC)
    rig.run(2).stop()
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert recording.seconds == pytest.approx(3 + 2 + 2 + 2 + 3.8, abs=1)


def test_storage_full_at_the_start_refuses_loudly() -> None:
    """Full of evidence that no dock has: the press is answered with a refusal, not with a light that lies."""
    rig = Rig.new(capacity=RESERVE + CLOSING - (1 << 20)).run(1)
    rig.tap()
    assert rig.state is Recording.IDLE
    assert rig.cues == ["refused"]
    assert shown(rig) is Look.UNABLE


def test_storage_that_fills_up_ends_in_a_clean_stop(tmp_path: Path) -> None:
    """The recording is sealed with its reason while there is still room to do so."""
    rig = Rig.new(capacity=RESERVE + CLOSING + (40 << 20)).run(3).tap().run(1)
    rig.evidence.trouble.fill(CLOSING - (16 << 20))
    rig.run(12)
    assert rig.state is Recording.IDLE
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert any("storage-full" in entry.text for entry in recording.private or ())
    assert shown(rig) is Look.UNABLE


def test_a_write_error_goes_on_in_a_new_recording(tmp_path: Path) -> None:
    """The take is lost to the writer at the failed sync; what was durable is recovered, and recording goes on."""
    rig = Rig.new().run(3).tap().run(2)
    rig.evidence.trouble.fail_syncs(1)
    rig.run(2)
    assert any(isinstance(answer, Failed) for answer in rig.answers)
    assert rig.state is Recording.RECORDING
    assert "fault" in rig.cues
    rig.stop()
    report = judge(rig.power_cut().run(1), tmp_path)
    assert [each.verdict for each in report.every_recording] == [Verdict.RECOVERED, Verdict.WHOLE]
    assert any("resumes recording 1" in fact for fact in report.every_recording[1].facts)


def fail_sync_of(rig: Rig, name: str, count: int = 1) -> None:
    """The next syncs of the files of this name fail."""
    trouble, left = rig.evidence.trouble, [count]
    sync = trouble.before_sync

    def before_sync(which: str) -> None:
        if which == name and left[0]:
            left[0] -= 1
            raise OSError(errno.EIO, "bad moment", which)
        sync(which)

    trouble.before_sync = before_sync  # type: ignore[method-assign,assignment]  # replaced by the test


def test_a_press_outlives_a_bad_moment_of_the_card(tmp_path: Path) -> None:
    """The very first sync of a recording fails: the officer pressed once, and the camera records."""
    rig = Rig.new().run(3)
    fail_sync_of(rig, "journal.jwsl")
    assert rig.tap().run(1).state is Recording.RECORDING
    assert rig.cues[:2] == ["fault", "started"]
    again = rig.stop().power_cut().run(1)
    (recording,) = judge(again, tmp_path).every_recording
    assert (recording.number, recording.verdict) == (2, Verdict.WHOLE)
    assert any("button" in entry.text for entry in recording.private or ())


def test_the_next_recording_does_not_continue_one_that_was_stopped() -> None:
    """Sealing failed after the stop: an hour later another recording begins, and does not claim to resume that one."""
    rig = Rig.new().run(3).tap().run(2)
    fail_sync_of(rig, "manifest.jws.new")
    rig.stop()
    assert rig.state is Recording.IDLE
    rig.tap().run(1)
    assert rig.camera.writer.takes[2].journal.transcript.opening["continues"] is None


def test_a_resumption_whose_begin_fails_still_says_what_it_continues() -> None:
    """The gap is signed whichever attempt it is that succeeds."""
    rig = Rig.new().run(3).tap().run(2).power_cut()
    rig.run(1)
    rig.evidence.trouble.fail_syncs(1)
    fail_sync_of(rig, "journal.jwsl")
    rig.run(2)
    (take,) = rig.camera.writer.takes.values()
    assert take.journal.transcript.opening["continues"]["number"] == 2


def test_a_card_that_fails_again_and_again_restarts_the_service() -> None:
    """Towards recording, but not in a circle: the service starts anew, recovers what is there, and resumes."""
    rig = Rig.new().run(3).tap().run(2)
    fail_sync_of(rig, "journal.jwsl", 100)
    with pytest.raises(StorageLostError):
        rig.run(2)
    del rig.evidence.trouble.before_sync
    again = rig.restart().run(1)
    assert again.state is Recording.RECORDING


def test_storage_that_fails_for_good_never_looks_like_recording() -> None:
    """No write succeeds: the light must not say recording."""
    rig = Rig.new().run(3)
    rig.evidence.trouble.fail_writes(on=True)
    with pytest.raises(AuditLostError):
        rig.tap().run(2)
    assert shown(rig) not in RECORDING_LOOKS
    with pytest.raises(AuditLostError):
        rig.restart()


def test_storage_that_fails_in_the_middle_never_looks_like_recording() -> None:
    """The same, once it had been recording."""
    rig = Rig.new().run(3).tap().run(2)
    rig.evidence.trouble.fail_writes(on=True)
    with pytest.raises(AuditLostError):
        rig.run(2)
    assert shown(rig) not in RECORDING_LOOKS


def test_a_card_full_to_the_brim_can_still_be_docked() -> None:
    """The reserve is given back when nothing else is left: receipts and the log's lines go there, and the card is emptied."""
    rig = Rig.new(capacity=RESERVE + CLOSING + (40 << 20), keep_after_receipt_h=0).run(3).tap().run(2).stop()
    rig.evidence.trouble.fill(0)
    again = rig.restart()
    again.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    assert "reserve" not in again.evidence.root().names()
    again.camera.shelf.receipt(1, receipt_for(again, 1), NONCE)
    again.camera.writer.sweep()
    again.run(1)
    assert "00000001" not in again.evidence.root().enter("recordings").names()


def test_a_stalled_encoder_is_restarted_and_what_it_gave_is_flushed(tmp_path: Path) -> None:
    """Frames stop: the fragment that waits is written, the source is started anew, the recording goes on."""
    rig = Rig.new().run(3).tap().run(1.25)
    rig.video.disturbance.stall(3)
    before = rig.camera.writer.takes[1].journal.transcript.lines
    rig.run(1)
    assert rig.camera.writer.takes[1].journal.transcript.lines > before
    rig.run(1.2)
    assert shown(rig) is Look.RECORDING_TROUBLE
    rig.run(8)
    assert shown(rig) is Look.RECORDING
    rig.stop()
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    assert "video-stalled" in rig.log.getvalue()


def test_a_source_that_never_comes_back_ends_the_service() -> None:
    """Video is vital: after several restarts in vain the service starts anew."""
    rig = Rig.new().run(1)
    rig.video.disturbance.stall(600)
    with pytest.raises(LensLostError):
        rig.run(60)


def test_repeated_and_reversed_times_do_not_stop_the_recording(tmp_path: Path) -> None:
    """A faulty encoder's doubles are left out."""
    rig = Rig.new().run(3).tap().run(1)
    rig.video.disturbance.repeat(5)
    rig.run(2).stop()
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_a_writer_that_lags_drops_whole_groups_and_says_how_many(tmp_path: Path) -> None:
    """The queue is bounded: what finds no room is counted and signed, up to the next keyframe, so that the rest decodes."""
    rig = Rig.new().run(3).tap().run(1)
    rig.camera.work._limit = 4000
    step, rig.camera.writer.step = rig.camera.writer.step, lambda: False  # type: ignore[method-assign]  # replaced by the test
    rig.run(3)
    rig.camera.writer.step = step  # type: ignore[method-assign]  # replaced by the test
    rig.camera.work._limit = 1 << 30
    rig.run(3).stop()
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    manifest = rig.camera.vault.custody.manifest(1, rig.evidence.root().enter("recordings").enter("00000001"))
    assert manifest.payload["gaps"]["overflow"] > 0


def test_a_stuck_button_is_told_once_and_does_not_stop() -> None:
    """Something presses on the camera for two minutes: it records, and the log says that the button is stuck."""
    rig = Rig.new().run(1)
    rig.buttons.press(Button.RECORD)
    rig.run(120)
    assert rig.state is Recording.RECORDING
    assert rig.log.getvalue().count('"event":"button-stuck"') == 1


def test_a_button_that_is_down_at_boot_means_nothing() -> None:
    """A camera squeezed in a bag does not start by itself."""
    rig = Rig.new()
    rig.buttons.press(Button.RECORD)
    again = rig.power_cut()
    again.camera.inbox.put(Edge(Button.RECORD, down=False, time_ns=again.clock.monotonic_ns()))
    assert again.run(1).state is Recording.IDLE


def test_a_lost_part_is_felt() -> None:
    """A part that is started again does not fail in silence."""
    rig = Rig.new().run(1)
    rig.camera.inbox.put(PartLost("dock"))
    assert rig.run(0.1).cues == ["fault"]


def test_a_microphone_that_cannot_be_opened_never_stops_the_picture(tmp_path: Path) -> None:
    """Refused by the sound card: no sound, said so, and the video is whole."""
    rig = Rig.new().run(3)
    rig.audio.disturbance.refuse()
    rig.tap().run(2)
    assert rig.camera.microphone.state is Sound.FAILED
    rig.stop()
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_a_full_card_is_emptied_by_receipts(tmp_path: Path) -> None:
    """Receipted footage makes room for the next recording although it was to be kept for a day."""
    rig = Rig.new(capacity=RESERVE + CLOSING + (40 << 20)).run(3).tap().run(2).stop()
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    rig.camera.writer.sweep()
    rig.run(1)
    recordings = rig.evidence.root().enter("recordings").names()
    assert recordings == ["00000002"]
    kinds = [line["kind"] for line in rig.audit()]
    assert kinds.index("receipt") < kinds.index("erasure")
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_a_camera_that_was_full_records_once_a_dock_has_emptied_it() -> None:
    """The refusal ends with its cause: nobody has to switch the camera off and on first."""
    rig = Rig.new(capacity=RESERVE + CLOSING + (40 << 20), keep_after_receipt_h=0).run(3).tap().run(2)
    rig.evidence.trouble.fill(CLOSING - (16 << 20))
    assert shown(rig.run(1)) is Look.UNABLE
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    rig.evidence.trouble.fill(rig.camera.vault.budget.idle + (16 << 20))  # as if the footage had been long
    rig.camera.writer.sweep()
    assert shown(rig.run(1)) is not Look.UNABLE
    assert rig.tap().run(1).cues.count("started") == 2
    assert "refused" not in rig.cues


def test_receipted_footage_makes_room_while_a_recording_runs(tmp_path: Path) -> None:
    """Only what no dock has taken over may stop a recording: the rest goes before the card is full, not once a minute."""
    rig = Rig.new(capacity=RESERVE + (120 << 20)).run(3).tap().run(2).stop()
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    rig.tap().run(1)
    assert "00000001" in rig.evidence.root().enter("recordings").names()
    rig.evidence.trouble.fill(rig.camera.vault.budget.emptying - (1 << 20))
    rig.run(1)
    assert "00000001" not in rig.evidence.root().enter("recordings").names()
    assert rig.state is Recording.RECORDING
    assert judge(rig.stop(), tmp_path).worst is Verdict.WHOLE


def test_every_line_of_the_log_is_json() -> None:
    """One event a line."""
    rig = Rig.new().run(2).tap().run(1).stop()
    events = [json.loads(line) for line in rig.log.getvalue().splitlines()]
    assert {event["event"] for event in events} >= {"state"}
