"""Which part may fail without taking the recording with it, and which silence must never look like recording as it should be."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NoReturn

import pytest

from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.core.machine import Recording
from firmware.runtime.controller import Quit
from firmware.runtime.lens import LensLostError
from firmware.runtime.microphone import Sound
from hal.interface import Button, Track, Unit
from tests.rig import NS, Rig, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def broken(*_anything: object) -> NoReturn:
    """A part that fails at whatever it is asked."""
    message = "the bus does not answer"
    raise OSError(message)


def test_a_broken_part_never_keeps_the_camera_from_recording(tmp_path: Path) -> None:
    """Lights, buzzer, gauge and caption are gone: a press records, and a stop seals."""
    rig = Rig.new().run(3)
    rig.hal.indicators.show = rig.hal.indicators.play = broken  # type: ignore[method-assign,assignment]  # replaced by the test
    rig.hal.power.battery = rig.hal.video.overlay = broken  # type: ignore[method-assign,assignment]  # replaced by the test
    assert rig.tap().run(2).state is Recording.RECORDING
    del rig.hal.indicators.show
    rig.run(0.1)
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]
    rig.hal.indicators.show = broken  # type: ignore[method-assign,assignment]  # replaced by the test
    assert rig.stop().state is Recording.IDLE
    assert judge(rig, tmp_path).worst is Verdict.WHOLE
    assert 0 < rig.log.getvalue().count("indicators-failed") <= 5


def test_a_microphone_that_cannot_be_closed_never_stops_the_camera() -> None:
    """It was torn off: the stop is a stop all the same."""
    rig = Rig.new().run(3).tap().run(1)
    assert rig.hal.audio is not None
    rig.hal.audio.stop = broken  # type: ignore[method-assign]  # replaced by the test
    assert rig.stop().state is Recording.IDLE
    assert rig.camera.microphone.state is Sound.OFF


def test_a_storage_that_hangs_is_shown_and_starves_the_watchdog() -> None:
    """A sync that does not return says nothing: the light shows trouble in seconds, and then somebody restarts the service."""
    rig = Rig.new().run(3).tap().run(2)
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]
    rig.camera.writer.step = lambda: False  # type: ignore[method-assign]  # replaced by the test
    assert rig.run(2).indicators.lights == LIGHTS[Look.RECORDING_TROUBLE]
    assert rig.camera.well(rig.clock.monotonic_ns())
    assert not rig.run(11).camera.well(rig.clock.monotonic_ns())


def test_a_lens_thread_that_hangs_starves_the_watchdog() -> None:
    """An encoder that does not even stop cannot be restarted from within."""
    rig = Rig.new().run(3)
    assert rig.camera.well(rig.clock.monotonic_ns())
    assert not rig.camera.well(rig.clock.monotonic_ns() + 11 * NS)


def test_a_frozen_encoder_that_repeats_its_last_frame_is_no_picture() -> None:
    """Frames whose time stands still are none: they neither hide the fault nor keep the service from starting anew."""
    rig = Rig.new().run(3)
    rig.video.disturbance.repeat(100_000)
    rig.video.disturbance.starting = lambda: None  # type: ignore[method-assign]  # no restart heals it
    with pytest.raises(LensLostError):
        rig.run(60)


def test_a_sensor_never_confirms_a_stop() -> None:
    """The officer was asked to press once more; an alarm is no such press, on the contrary."""
    rig = Rig.new().run(1).tap().run(1)
    rig.buttons.press(Button.RECORD)
    rig.run(3.3)
    rig.buttons.release(Button.RECORD)
    assert rig.run(0.3).state is Recording.STOP_ASKED
    rig.triggers.fire("alarm")
    assert rig.run(0.3).state is Recording.RECORDING


def test_what_the_officer_stopped_is_not_resumed() -> None:
    """The service ended while a stopped recording was being sealed: nothing was cut off."""
    rig = Rig.new().run(3).tap().run(1)
    rig.camera.writer.step, step = lambda: False, rig.camera.writer.step  # type: ignore[method-assign]  # replaced by the test
    rig.stop()
    assert rig.state is Recording.STOPPING
    rig.camera.inbox.put(Quit("shutdown"))
    rig.run(0.1)
    rig.camera.writer.step = step  # type: ignore[method-assign]  # replaced by the test
    rig.run(1)
    assert rig.audit()[-1]["data"] == {"reason": "shutdown", "resume": False}
    assert rig.restart().run(1).state is Recording.IDLE


def test_a_storage_that_failed_is_not_shown_as_ready() -> None:
    """It took a recording away once: the officer is told to take another camera."""
    rig = Rig.new().run(3).tap().run(2)
    rig.evidence.trouble.fail_syncs(1)
    rig.run(2).stop()
    assert Trouble.STORAGE_FAILS in rig.camera.controller.face.troubles
    assert rig.indicators.lights == LIGHTS[Look.WARNING]


def test_a_time_of_tomorrow_does_not_silence_the_picture(tmp_path: Path) -> None:
    """One glitch of a sensor's clock: all that follows would seem to run back, and would be left out."""
    rig = Rig.new().run(3).tap().run(2)
    rig.camera.arrive(Unit(Track.VIDEO, rig.clock.monotonic_ns() + 3600 * NS, b"glitch", key=False))
    rig.run(5).stop()
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert (recording.seconds or 0) > 3 + 2 + 5


def test_a_buffer_that_was_too_small_is_a_signed_fact(tmp_path: Path) -> None:
    """A pre-event part shorter than set is never passed over in silence."""
    rig = Rig.new()
    rig.camera.ring._max_bytes = 20_000
    rig.run(6).tap().run(1).stop()
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert any("buffer too small" in entry.text for entry in recording.private or ())


def test_a_resumed_take_does_not_claim_sound_that_its_buffer_never_held(tmp_path: Path) -> None:
    """The microphone is open when a take follows a lost one, and the buffer is silent all the same."""
    rig = Rig.new().run(5).tap().run(2)
    rig.evidence.trouble.fail_syncs(1)
    rig.run(3).stop()
    second = judge(rig.power_cut().run(1), tmp_path).every_recording[1]
    told = [entry.text for entry in second.private or () if entry.kind == "sound"]
    assert ["no sound was taken" in text for text in told] == [True, False]


def test_a_counter_that_fails_refuses_no_incident() -> None:
    """The chip does not answer: it is told, and the camera records."""
    rig = Rig.new().run(3)
    rig.signer.advance = broken  # type: ignore[method-assign]  # replaced by the test
    assert rig.tap().run(1).state is Recording.RECORDING
    assert any(line["kind"] == "fault" for line in rig.audit())


def test_nothing_follows_the_last_line_of_a_boot() -> None:
    """The log says that it ended on purpose, and there it ends."""
    rig = Rig.new().run(3)
    rig.camera.inbox.put(Quit("shutdown"))
    rig.run(0.1)
    rig.camera.writer.sweep()
    rig.evidence.root().enter("recordings").enter("stray", create=True)
    rig.run(1)
    assert rig.stopped
    assert rig.audit()[-1]["kind"] == "stop"


def test_what_was_captured_before_a_part_was_lost_is_written() -> None:
    """The service ends because the lens is lost: what waits for the writer by then still reaches the card."""
    rig = Rig.new().run(3).tap().run(2)
    lines = rig.camera.writer.takes[1].journal.transcript.lines
    rig.camera.writer.step = lambda: False  # type: ignore[method-assign]  # replaced by the test
    rig.run(2)
    rig.camera.writer.mount = lambda: None  # type: ignore[method-assign]  # replaced by the test
    lost = threading.Event()
    lost.set()
    rig.camera.writer.run(lost)
    assert rig.camera.writer.takes[1].journal.transcript.lines >= lines + 4
