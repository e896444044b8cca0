"""What is burnt into the picture says what was so when the frame was captured, and goes by whose shift it is and by the clock."""

from __future__ import annotations

import gc
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NoReturn

import av
import numpy as np
import pytest

from firmware.camera import Camera
from firmware.core.machine import Move, Recording
from firmware.runtime import take
from hal.interface import Button, ClockQuality, OverlayField
from hal.sim.clock import NS, VirtualClock
from hal.sim.sources import SimVideo
from tests.burnt import Reader
from tests.rig import VIDEO, Rig, read
from tests.sim.test_log_keeping import assigned
from tests.sim.test_place import tell
from tests.sim.test_signed_picture import decrypted

READER = Reader(VIDEO.width, VIDEO.height)
TENTH_NS = NS // VIDEO.fps
"""Frames of the rig are captured at whole tenths of a second."""


@pytest.fixture(autouse=True)
def encoders_given_back() -> Iterator[None]:
    """An encoder that is freed when Python ends says its statistics on the terminal."""
    yield
    gc.collect()


def read_back(rig: Rig, number: int) -> list[tuple[str, str]]:
    """Every frame of a sealed recording, as the authority sees it: the time burnt in, and the words above."""
    directory = rig.evidence.root().enter("recordings").enter(f"{number:08d}")
    said = []
    for name in sorted(name for name in directory.names() if name.endswith(".mp4.age")):
        with av.open(io.BytesIO(decrypted(read(directory.open(name)))), "r") as film:
            pictures = [frame.to_ndarray()[: VIDEO.height].astype(np.uint8) for frame in film.decode(video=0)]
        said += [(READER.foot(luma), READER.head(luma)) for luma in pictures]
    return said


def burnt(rig: Rig, number: int) -> list[tuple[int, str]]:
    """The same with the time in ns."""
    frames = []
    for time, words in read_back(rig, number):
        moment = datetime.strptime(time, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC)
        frames.append((round(moment.timestamp() * VIDEO.fps) * TENTH_NS, words))
    return frames


def now_ns(rig: Rig) -> int:
    """The wall clock."""
    return rig.clock.utc_ns(rig.clock.monotonic_ns())


def press(rig: Rig) -> int:
    """The record button goes down, and that is handled at once; when it was, by the wall clock."""
    rig.buttons.press(Button.RECORD)
    rig.settle()
    return now_ns(rig)


def overlay(rig: Rig) -> tuple[str, str, bool, bool]:
    """What the lens was told last."""
    assert isinstance(rig.hal.video, SimVideo)
    told = rig.hal.video.burnt
    return told.device, told.shift, told.recording, told.clock_set


def test_from_the_first_frame_behind_the_press_it_says_so() -> None:
    """Each frame out of the ring says PRE, and no number of a recording; each frame captured behind the press REC, up to the last one.  None is
    missing, and the times burnt in are those of the capture."""
    rig = Rig.new(seeing=True).run(6.05)
    pressed_ns = press(rig)
    rig.run(0.2)
    rig.buttons.release(Button.RECORD)
    assert rig.run(2).stop().state is Recording.IDLE
    frames = burnt(rig, 1)
    assert [time for time, _ in frames] == [frames[0][0] + at * TENTH_NS for at in range(len(frames))]
    assert pressed_ns - frames[0][0] >= 4 * NS
    assert {words for time, words in frames if time < pressed_ns} == {"PRE cam-1 unassigned"}
    assert {words for time, words in frames if time > pressed_ns} == {"REC cam-1 unassigned"}
    first = min(time for time, words in frames if words.startswith("REC"))
    assert 0 < first - pressed_ns <= TENTH_NS


def test_the_buffer_of_a_second_recording_says_what_it_said_when_it_was_captured() -> None:
    """A press soon after a stop: its pre-event part reaches back into the first recording, and says REC there, PRE between, and REC from the
    second press on.  Frames that are in both recordings say the same in both."""
    rig = Rig.new(seeing=True).run(6).tap().run(1).stop().run(0.75)
    pressed_ns = press(rig)
    rig.buttons.release(Button.RECORD)
    rig.run(2).stop()
    first, second = dict(burnt(rig, 1)), burnt(rig, 2)
    assert re.fullmatch("(REC)+(PRE)+(REC)+", "".join(words[:3] for _, words in second))
    both = [(time, words) for time, words in second if time in first]
    assert len(both) >= 2 * VIDEO.fps
    assert all(first[time] == words for time, words in both)
    between = [time for time, words in second if words.startswith("PRE")]
    assert max(first) < min(between) + TENTH_NS
    assert max(between) <= pressed_ns < max(between) + 2 * TENTH_NS


def test_a_recording_that_takes_over_says_rec_throughout(monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins in the middle of another one."""
    monkeypatch.setattr(take, "MINUTE_NS", 5 * NS)
    rig = Rig.new(seeing=True, max_length_min=1).run(3).tap().run(6).stop()
    assert {words for _, words in burnt(rig, 2)} == {"REC cam-1 unassigned"}


def test_what_follows_a_stop_is_recording() -> None:
    """Where the authority wants it recorded it is burnt in as that, to the end."""
    rig = Rig.new(seeing=True, post_event_s=3).run(2).tap().run(1).stop()
    assert rig.state is Recording.POST_EVENT
    meant_ns = now_ns(rig)
    assert rig.run(4).state is Recording.IDLE
    behind = [words for time, words in burnt(rig, 1) if time > meant_ns]
    assert len(behind) >= 2 * VIDEO.fps
    assert set(behind) == {"REC cam-1 unassigned"}


def test_whose_shift_it_is() -> None:
    """It changes with the assignment, in the middle of a recording too, and ends in the dock; what is burnt in is the shift's id."""
    rig = Rig.new(seeing=True, pre_event_s=1).run(2).tap().run(2)
    assert overlay(rig) == ("cam-1", "unassigned", True, True)
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # all on this thread
    began_ns = now_ns(rig)
    assigned(rig)
    assert overlay(rig) == ("cam-1", "Shift-4711", True, True)
    rig.run(2).stop()
    frames = burnt(rig, 1)
    assert {words for time, words in frames if time > began_ns + TENTH_NS} == {"REC cam-1 Shift-4711"}
    assert {words[4:] for time, words in frames if time <= began_ns} == {"cam-1 unassigned"}
    assert overlay(rig) == ("cam-1", "Shift-4711", False, True)
    tell(rig, Move.MET, Move.STOOD)
    assert overlay(rig) == ("cam-1", "unassigned", False, True)


def test_a_shift_outlives_a_cut() -> None:
    """After a power cut in the middle of one the next start says whose it is from its first frame."""
    rig = Rig.new().run(2)
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # all on this thread
    assigned(rig)
    assert overlay(rig.run(1).power_cut()) == ("cam-1", "Shift-4711", False, True)


def test_a_clock_that_is_not_set_says_so_until_it_is() -> None:
    """From the very frame behind the setting of the clock on the time counts."""
    rig = Rig.new(seeing=True, clock=VirtualClock(0, ClockQuality.UNSET), pre_event_s=1).run(3).tap().run(1)
    assert overlay(rig) == ("cam-1", "unassigned", True, False)
    rig.clock.set_utc(1_800_000_000_050)
    rig.settle()
    assert overlay(rig) == ("cam-1", "unassigned", True, True)
    rig.run(1).stop()
    said = [time for time, _ in read_back(rig, 1)]
    unset = [text for text in said if text.endswith("CLOCK NOT SET")]
    assert len(unset) >= VIDEO.fps
    assert said[len(unset)] == "2027-01-15 08:00:00.1 UTC"  # the next frame is captured 50 to 100 ms later
    assert all(re.fullmatch(r"2027-01-15 08:00:\d\d\.\d UTC", text) for text in said[len(unset) :])
    assert re.fullmatch(r"00:00:0\d\.\d CLOCK NOT SET", unset[-1])


@pytest.mark.parametrize("fields", ["time", "device,time", "shift,time", "device,shift,time"])
def test_the_authority_chooses_what_is_said(fields: str) -> None:
    """The setting ``overlay_fields`` reaches the lens, and changes nothing else there."""
    rig = Rig.new(overlay_fields=fields)
    assert isinstance(rig.hal.video, SimVideo)
    assert rig.hal.video.burnt.fields == {OverlayField(word) for word in fields.split(",")}
    assert overlay(rig) == ("cam-1", "unassigned", False, True)


def test_a_lens_that_will_not_hear_is_told_again() -> None:
    """An incident is recorded without its caption; the fault is logged once, and the caption is right as soon as it can be."""
    rig = Rig.new().run(2)
    hears: Callable[..., None] = rig.hal.video.overlay

    def deaf(*_anything: object) -> NoReturn:
        message = "the bus does not answer"
        raise OSError(message)

    rig.hal.video.overlay = deaf  # type: ignore[method-assign,assignment]  # replaced by the test
    assert rig.tap().run(2).state is Recording.RECORDING
    assert rig.log.getvalue().count("caption-failed") == 1
    assert overlay(rig)[2] is False
    rig.hal.video.overlay = hears  # type: ignore[method-assign]  # replaced by the test
    assert overlay(rig.run(0.1))[2] is True


def test_nothing_is_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lens hears of what changed alone: the camera looks twenty times a second, and tells it three times."""
    rig = Rig.new()
    told: list[object] = []
    hears = rig.hal.video.overlay

    def listening(what: object) -> None:
        told.append(what)
        hears(what)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(rig.hal.video, "overlay", listening)
    looks = 0
    look: Callable[[], None] = rig.camera.caption.look

    def counted() -> None:
        nonlocal looks
        looks += 1
        look()

    monkeypatch.setattr(rig.camera.caption, "look", counted)
    assert isinstance(rig.camera, Camera)
    rig.run(2).tap().run(2).stop().run(2)
    assert looks > 100
    assert len(told) == 2
