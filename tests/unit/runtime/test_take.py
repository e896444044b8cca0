"""What a recording makes of the stream: each unit reaches the writer once and in its place, and what is missing is counted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from firmware import settings
from firmware.core.ring import Ring
from firmware.evidence.kinds import MOST_FILES
from firmware.runtime import take as takes
from firmware.runtime.mailbox import Mailbox
from firmware.runtime.microphone import Sound
from firmware.runtime.take import Take
from firmware.runtime.work import Before, Begin, End, Gaps, Live, Note
from hal.interface import AudioFormat, Track
from tests.rig import VALUES, VIDEO
from tests.streams import EPOCH, SECOND, frame, sound, steady, with_sound

if TYPE_CHECKING:
    from firmware.runtime.work import Job
    from hal.interface import Hal, Unit

PERIOD = SECOND // VIDEO.fps
AUDIO = AudioFormat(rate=50, channels=1, samples_per_unit=1, config=b"")
"""A unit every 20 ms."""
LIVE_FROM = 2


def begun(box: Mailbox[Job], *, continues: Take | None = None, microphone: bool = True) -> Take:
    """A take of ten frames a second, in segments of two seconds, with as much before the press."""
    audio = SimpleNamespace(format=AUDIO) if microphone else None
    hal = cast("Hal", SimpleNamespace(video=SimpleNamespace(format=VIDEO), audio=audio))
    chosen = settings.load(("authority", VALUES | {"pre_event_s": 2, "segment_s": 2, "max_length_min": 1}))
    return Take(7 if continues is None else 8, box, chosen, hal, continues=continues)


def jobs(box: Mailbox[Job]) -> list[Job]:
    """What came into the box."""
    found = []
    while (job := box.take()) is not None:
        found.append(job)
    return found


def units(job: Job) -> list[Unit]:
    """The units of a job, picture first."""
    flushes = job.flushes if isinstance(job, Before) else (job.flush,) if isinstance(job, Live) else ()
    return [unit for flush in flushes for part in flush.fragments for unit in (*part.video, *part.audio)]


def ring_of(stream: list[Unit], most: int = 1 << 20) -> Ring:
    """A buffer of two seconds, filled."""
    ring = Ring(2, most)
    for unit in stream:
        ring.push(unit)
    return ring


def test_the_minute_before_goes_behind_what_is_live() -> None:
    """Begin, the open group at once, then the closed ones; media times count from the oldest frame, and no unit comes twice."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    stream = steady(2.5, fps=10, gop=10)
    take = begun(box)
    take.join(ring_of(stream))
    begin, live, before = jobs(box)
    assert begin == Begin(7, 0, LIVE_FROM)
    assert isinstance(live, Live)
    assert isinstance(before, Before)
    assert (live.take, live.origin.epoch_ns, live.flush.segment) == (7, EPOCH, LIVE_FROM)
    assert (before.take, before.origin.epoch_ns) == (7, EPOCH)
    assert units(before) + units(live) == stream
    assert {flush.segment for flush in before.flushes} == {LIVE_FROM - 1}
    assert begun(box, continues=take).id == 8
    assert jobs(box) == [Begin(8, 7, LIVE_FROM)]


@pytest.mark.parametrize("early", [[], [sound(EPOCH - 1)], [frame(EPOCH - 1)], [replace(sound(EPOCH - 1), key=True)]])
def test_without_a_buffer_the_time_begins_with_the_first_keyframe(early: list[Unit]) -> None:
    """What comes before it belongs to no recording, and there is nothing to be written behind."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    take = begun(box)
    take.join(ring_of([]))
    stream = steady(1.5, fps=10, gop=10)
    for unit in [*early, *stream]:
        take.push(unit)
    take.end("asked", EPOCH + 2 * SECOND)
    begin, *lives, stop, end = jobs(box)
    assert begin == Begin(7, 0, LIVE_FROM)
    assert [each.origin.epoch_ns for each in lives if isinstance(each, Live)] == [EPOCH] * len(lives)
    assert [unit for each in lives for unit in units(each)] == stream
    assert stop == Note(7, "stop", {"reason": "asked"}, EPOCH + 2 * SECOND)
    assert end == End(7, "asked", priority=False)


def test_a_ring_that_holds_only_the_open_group_leaves_nothing_to_write_behind() -> None:
    """The press came in the first second: all there is goes out at once."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    begun(box).join(ring_of(stream := steady(0.7, fps=10, gop=10)))
    _, *lives = jobs(box)
    assert [type(each) for each in lives] == [Live] * len(lives)
    assert [unit for each in lives for unit in units(each)] == stream


def test_a_buffer_that_was_short_is_noted_and_one_that_was_not_is_not() -> None:
    """How many groups left it early."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    begun(box).join(ring_of(steady(3.5, fps=10, gop=10), most=8 * 15))
    (note,) = [each for each in jobs(box) if isinstance(each, Note)]
    assert (note.kind, note.facts) == (
        "fault",
        {"text": "pre-event buffer too small: 2 groups of pictures left it early"},
    )
    begun(box).join(ring_of(steady(3.5, fps=10, gop=10)))
    assert not any(isinstance(each, Note) for each in jobs(box))


def test_what_finds_no_room_is_counted_up_to_the_next_keyframe() -> None:
    """A decoder could do nothing with the rest of a group: it is dropped too, the sound with it; and the next keyframe is kept."""
    box: Mailbox[Job] = Mailbox(24)
    take = begun(box, microphone=False)
    stream = steady(2.5, fps=10, gop=10)
    for unit in stream[:5]:
        take.push(unit)
    take.idle(EPOCH + 2 * SECOND)
    assert not box.room
    take.push(stream[5])
    jobs(box)
    take.push(replace(sound(stream[6].time_ns), key=True))
    for unit in stream[6:]:
        take.push(unit)
        kept = jobs(box)
        if kept:
            (live,) = kept
            assert isinstance(live, Live)
            assert units(live)[0].time_ns >= EPOCH + SECOND
            assert live.gaps == Gaps(0, 0, 6)


def test_a_keyframe_that_finds_no_room_is_dropped_too() -> None:
    """And what follows it."""
    box: Mailbox[Job] = Mailbox(1)
    take = begun(box)
    box.put(Begin(0), 1)
    take.push(frame(EPOCH, key=True))
    jobs(box)
    take.push(frame(EPOCH + PERIOD))
    take.push(sound(EPOCH + PERIOD))
    take.push(frame(EPOCH + 2 * PERIOD, key=True))
    take.end("asked", EPOCH + SECOND)
    live = jobs(box)[0]
    assert isinstance(live, Live)
    assert (live.gaps.overflow, live.origin.epoch_ns, len(units(live))) == (3, EPOCH + 2 * PERIOD, 1)


def test_the_first_frame_that_a_press_had_to_wait_for_is_flushed_at_once() -> None:
    """There was nothing in the buffer, so the opening has waited for it already; the next ones come by the half second."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    take = begun(box)
    take.join(ring_of([]))
    jobs(box)
    stream = steady(1, fps=10, gop=10)
    take.push(stream[0])
    (live,) = jobs(box)
    assert units(live) == stream[:1]
    for unit in stream[1:6]:
        take.push(unit)
    assert not jobs(box)
    take.push(stream[6])
    (live,) = jobs(box)
    assert units(live) == stream[1:6]


def test_what_waits_while_nothing_comes_is_flushed() -> None:
    """Time alone passes."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    take = begun(box)
    take.push(frame(EPOCH, key=True))
    take.push(frame(EPOCH + PERIOD))
    jobs(box)
    take.idle(EPOCH + SECOND)
    (live,) = jobs(box)
    assert len(units(live)) == 1


@pytest.mark.parametrize(("state", "missing"), [(Sound.ON, 0), (Sound.MUTED, 0), (Sound.FAILED, 49)])
def test_sound_that_pauses_on_purpose_is_no_gap(state: Sound, missing: int) -> None:
    """A second without sound: muted it is none, failed it is; and each state is noted once."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    take = begun(box)
    take.sound(state, None)
    take.push(frame(EPOCH, key=True))
    take.push(sound(EPOCH))
    for _ in range(2):
        take.sound(state, EPOCH + 1)
    take.push(sound(EPOCH + SECOND))
    take.end("asked", EPOCH + SECOND)
    told = jobs(box)
    assert [(each.facts, each.time_ns) for each in told if isinstance(each, Note)][:-1] == [
        ({"state": state.value}, EPOCH + 1)
    ]
    assert [each.gaps.audio for each in told if isinstance(each, Live)] == [0, missing]


def test_a_camera_without_a_microphone_says_so() -> None:
    """Nothing is measured where there is nothing to hear."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    take = begun(box, microphone=False)
    take.sound(Sound.NONE, EPOCH)
    take.push(frame(EPOCH, key=True))
    take.push(sound(EPOCH))
    take.push(sound(EPOCH + SECOND))
    take.end("asked", EPOCH + SECOND)
    told = jobs(box)
    assert Note(7, "sound", {"state": "none"}, EPOCH) in told
    assert [each.gaps.audio for each in told if isinstance(each, Live)] == [0, 0]


@pytest.mark.parametrize("before", [True, False])
def test_what_never_came_is_counted_by_track(before: bool) -> None:  # noqa: FBT001 - a case
    """Two frames and three units of sound, be it before the press or after it; and what was owed at the stop."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    stream = with_sound(steady(3, fps=10, gop=10), period_ns=20_000_000)
    lost = [*on(Track.VIDEO, stream)[4:6], *on(Track.AUDIO, stream)[31:34]]
    stream = [each for each in stream if each not in lost]
    take = begun(box)
    take.join(ring_of(stream if before else []))
    for unit in () if before else stream:
        take.push(unit)
    take.end("asked", stream[-1].time_ns + 20 * PERIOD)
    last = [each for each in jobs(box) if isinstance(each, Live)][-1]
    assert last.gaps == Gaps(2 + 20, 3, 0)


def on(track: Track, stream: list[Unit]) -> list[Unit]:
    """The units of one track."""
    return [unit for unit in stream if unit.track is track]


def test_a_bookmark_makes_a_recording_urgent() -> None:
    """Its label is private."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    take = begun(box)
    take.note("bookmark", {"label": "use of force"}, EPOCH)
    take.end("asked", EPOCH)
    assert jobs(box)[1:] == [
        Note(7, "bookmark", {"label": "use of force"}, EPOCH),
        Note(7, "stop", {"reason": "asked"}, EPOCH),
        End(7, "asked", priority=True),
    ]


def test_a_recording_is_full_while_its_manifest_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the segment; and twelve hours of them, with as many of the minutes before, fit into one manifest."""
    assert 12 * 360 == takes.MOST_SEGMENTS < MOST_FILES // 2
    monkeypatch.setattr(takes, "MOST_SEGMENTS", LIVE_FROM + 1)
    take = begun(Mailbox(1 << 20))
    over = []
    for unit in steady(4.6, fps=10, gop=10):
        if take.over(unit):
            over.append((unit.time_ns - EPOCH) // SECOND)
        take.push(unit)
    assert over == [3, 4]  # from the second file on it is full, and each keyframe may be another one's


def test_a_recording_ends_at_the_keyframe_at_which_it_is_as_long_as_it_may_be() -> None:
    """Within half a frame, since capture times jitter; and at none before."""
    take = begun(Mailbox(1 << 30))
    over = []
    for unit in steady(61.2, fps=10, gop=10):
        over += [unit.time_ns - EPOCH] if take.over(unit) else []
        take.push(unit)
    assert over == [60 * SECOND, 61 * SECOND]


def test_a_recording_goes_on_while_storage_lags() -> None:
    """What finds no room in this one would find none in the next one either."""
    box: Mailbox[Job] = Mailbox(1 << 30)
    take = begun(box)
    (*stream, last) = [unit for unit in steady(60.1, fps=10, gop=10) if unit.track is Track.VIDEO]
    for unit in stream:
        take.push(unit)
    assert take.over(last)
    box.put(Note(7, "stop", {}), 1 << 30)
    assert not take.over(last)
