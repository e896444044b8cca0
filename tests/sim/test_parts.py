"""Lens and encoder that fail while the camera records: what is lost is counted, signed and shown, and the rest is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.core.machine import Recording
from firmware.runtime.lens import SHOWN_NS, LensLostError
from tests.rig import NS, Rig, judge, payload, read
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

SHOWN_S = SHOWN_NS / NS


def shows_trouble(rig: Rig, trouble: Trouble) -> bool:
    """Whether the lights say that it records and something is wrong, and this is."""
    return rig.indicators.lights == LIGHTS[Look.RECORDING_TROUBLE] and trouble in rig.camera.controller.face.troubles


def shows_recording(rig: Rig) -> bool:
    """Whether the lights say that it records and all is well."""
    return rig.indicators.lights == LIGHTS[Look.RECORDING]


def gaps(rig: Rig, number: int = 1) -> dict[str, int]:
    """What the manifest says was missing."""
    directory = rig.evidence.root().enter("recordings").enter(f"{number:08d}")
    signed: dict[str, int] = rig.camera.vault.custody.manifest(number, directory).payload["gaps"]
    return signed


def faults(rig: Rig) -> list[str]:
    """The faults that the audit log has a line for."""
    return [line["data"]["code"] for line in rig.audit() if line["kind"] == "fault"]


LOSSES: dict[str, tuple[dict[str, Any], int]] = {
    "drop": ({"count": 7}, 7),
    "repeat": ({"count": 5}, 5),
    "reverse": ({"count": 6, "ms": 900}, 6),
    "stall": ({"seconds": 1.5}, 15),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_a_lost_frame_is_counted_signed_and_shown(kind: str, tmp_path: Path) -> None:
    """Whatever the encoder does to them: so many frames are missing, says the manifest, and the light for some seconds."""
    given, lost = LOSSES[kind]
    rig = Rig.new().run(3).tap().run(2)
    assert shows_recording(rig)
    rig.video.disturbance.faults()[kind](given)
    rig.run(2)
    assert shows_trouble(rig, Trouble.PICTURE_FAILS)
    assert shows_recording(rig.run(SHOWN_S + 0.1))
    rig.stop()
    assert gaps(rig) == {"video": lost, "audio": 0, "overflow": 0}
    assert faults(rig) == ["picture-fails"]
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_a_loss_that_goes_on_is_shown_for_as_long_and_signed_once_a_minute() -> None:
    """Every second frame is gone: the light says so all the time, and the audit log does not fill with it."""
    rig = Rig.new().run(3).tap().run(2)
    for _ in range(400):
        rig.video.disturbance.drop(1)
        rig.run(0.2)
        assert shows_trouble(rig, Trouble.PICTURE_FAILS)
    assert faults(rig) == ["picture-fails"]


def test_a_buffer_that_loses_frames_is_shown_before_any_press() -> None:
    """The minute before the press has to be there: an idle camera that loses it warns."""
    rig = Rig.new().run(3)
    rig.video.disturbance.drop(3)
    assert rig.run(1).indicators.lights == LIGHTS[Look.WARNING]


def grow_late(rig: Rig, seconds: float) -> Rig:
    """An encoder that falls behind little by little, as one does that is overloaded."""
    for tenth in range(1, round(seconds * 10) + 1):
        rig.video.disturbance.late(tenth / 10)
        rig.run(0.3)
    return rig


@pytest.mark.parametrize("seconds", [0.6, 1.8, 3.0, 5.0])
def test_a_late_encoder_is_recorded_whole_and_shown(seconds: float, tmp_path: Path) -> None:
    """Units come seconds late, their times right: nothing is missing, nothing is restarted, and no flush is wasted on it."""
    rig = grow_late(Rig.new().run(6).tap().run(1), seconds)
    journal = rig.camera.writer.takes[1].journal.transcript
    lines = journal.lines
    rig.run(10)
    assert journal.lines - lines <= 24  # two fragments a second, and the segments' ends
    assert shows_trouble(rig, Trouble.PICTURE_FAILS) == (seconds > 1.5)
    assert rig.camera.well(rig.clock.monotonic_ns())
    rig.video.disturbance.late(0)
    assert shows_recording(rig.run(SHOWN_S + 0.5))
    rig.stop()
    assert gaps(rig)["video"] == 0
    assert "video-stalled" not in rig.log.getvalue()
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_how_late_the_picture_is_stands_in_the_journal() -> None:
    """The promise of one second before a cut is about what has come out of the encoder: the lag is signed with each flush."""
    rig = grow_late(Rig.new().run(6).tap().run(1), 3).run(1)
    journal = rig.evidence.root().enter("recordings").enter("00000001").open("journal.jwsl")
    newest = [line for line in map(payload, read(journal).splitlines()) if line.get("tracks")][-1]
    assert 3000 <= newest["lag_ms"] <= 3700


def test_a_flush_of_sound_alone_has_the_lag_of_its_sound() -> None:
    """An encoder that stalls leaves flushes without a frame: how long storage took for them is signed all the same, from their last sound on."""
    rig = Rig.new().run(6).tap().run(1)
    rig.video.disturbance.stall(1.5)
    rig.run(4).stop()
    journal = rig.evidence.root().enter("recordings").enter("00000001").open("journal.jwsl")
    opening, *lines = map(payload, read(journal).splitlines())
    lines = [line for line in lines if line.get("tracks")]
    alone = [line for line in lines if line["tracks"]["video"] is None and line["tracks"]["audio"]]
    framed = [line for line in lines if line["tracks"]["video"]]
    assert alone
    last_ms = {"frame": 1000 / opening["video"]["fps"], "sound": 1024 * 1000 / opening["audio"]["rate"]}

    def began_ms(line: dict[str, Any], last: str) -> float:
        """Where media time 0 is on the monotonic clock, by this line's lag."""
        return float(line["clock"]["mono_ms"] - line["lag_ms"] - (line["until"] / 90 - last_ms[last]))

    first = min(began_ms(line, "frame") for line in framed)
    for line in alone:
        assert abs(began_ms(line, "sound") - first) < 10, line


def test_frames_still_on_their_way_at_the_stop_are_signed_as_missing(tmp_path: Path) -> None:
    """The last seconds before the stop were in the encoder: they are not in the recording, and it says so."""
    rig = grow_late(Rig.new().run(6).tap().run(1), 3).run(1).stop()
    assert 29 <= gaps(rig)["video"] <= 31
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


@pytest.mark.parametrize("seconds", [1.9, 3.0, 5.0])
def test_an_encoder_late_all_at_once_is_restarted_and_then_taken_as_it_is(seconds: float, tmp_path: Path) -> None:
    """Silence for two seconds looks like a dead lens.  Where no restart cures it, late frames are recorded, and the hole is signed."""
    rig = Rig.new().run(6).tap().run(1)
    rig.video.disturbance.late(seconds)
    assert shows_trouble(rig.run(12), Trouble.PICTURE_FAILS)
    assert rig.camera.well(rig.clock.monotonic_ns())
    assert rig.log.getvalue().count("video-stalled") == (0 if seconds < 2 else 2)
    rig.video.disturbance.late(0)
    rig.run(1).stop()
    hole = gaps(rig)["video"] / 10
    assert hole == 0 if seconds < 2 else 3.5 < hole < 4.5
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_an_encoder_that_ends_is_started_again_and_the_hole_is_signed(tmp_path: Path) -> None:
    """The cable came off for a moment: about two seconds are missing, counted, and the recording goes on."""
    rig = Rig.new().run(3).tap().run(2)
    rig.video.disturbance.end()
    assert shows_trouble(rig.run(2.5), Trouble.PICTURE_FAILS)
    assert shows_recording(rig.run(SHOWN_S + 1))
    rig.stop()
    assert 19 <= gaps(rig)["video"] <= 25
    assert faults(rig) == ["fault", "picture-fails"]
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_a_clock_of_the_encoder_set_back_for_good_is_a_lost_lens() -> None:
    """All its frames are of the past: after restarts in vain the service starts anew; until then nothing looks well."""
    rig = Rig.new().run(3).tap().run(2)
    rig.video.disturbance.reverse(100_000, 60_000)
    rig.run(3)
    assert shows_trouble(rig, Trouble.FAULT)
    with pytest.raises(LensLostError):
        rig.run(60)
    assert not rig.camera.well(rig.clock.monotonic_ns())


@pytest.mark.parametrize("kind", LOSSES)
def test_no_fault_of_the_encoder_survives_a_restart_of_the_service(kind: str, tmp_path: Path) -> None:
    """It fails while it records and the power goes at once: what was acknowledged is recovered, and recording is resumed."""
    rig = Rig.new().run(3).tap().run(2)
    rig.video.disturbance.faults()[kind](LOSSES[kind][0])
    again = rig.run(1).power_cut().run(1.5)
    assert again.state is Recording.RECORDING
    report = judge(again.stop(), tmp_path)
    assert [each.verdict for each in report.every_recording] == [Verdict.RECOVERED, Verdict.WHOLE]
