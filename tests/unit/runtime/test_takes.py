"""One take after the other: what goes to which, where one gives way to the next, and what a new one shares with those before it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from firmware import settings
from firmware.core.ring import Ring
from firmware.runtime.mailbox import Mailbox
from firmware.runtime.takes import SOUND_NS, Takes
from firmware.runtime.work import Before, Begin, End, Live, Overlap
from hal.interface import AudioFormat, Track
from tests.rig import VALUES, VIDEO
from tests.streams import EPOCH, SECOND, sound, steady

if TYPE_CHECKING:
    from firmware.runtime.work import Job
    from hal.interface import Hal, Unit

AUDIO = AudioFormat(rate=50, channels=1, samples_per_unit=1, config=b"")
FRAME = 90_000 // VIDEO.fps


def made(box: Mailbox[Job], **values: object) -> Takes:
    """Takes of ten frames a second, with two seconds of buffer."""
    hal = cast("Hal", SimpleNamespace(video=SimpleNamespace(format=VIDEO), audio=SimpleNamespace(format=AUDIO)))
    return Takes(box, settings.load(("authority", {**VALUES, "pre_event_s": 2, "segment_s": 2, **values})), hal)


def jobs(box: Mailbox[Job]) -> list[Job]:
    """What came into the box."""
    found = []
    while (job := box.take()) is not None:
        found.append(job)
    return found


def frames(found: list[Job], take: int) -> list[int]:
    """Capture times of the frames that a take got, in tenths of a second."""
    flushes = [job.flush for job in found if isinstance(job, Live) and job.take == take]
    flushes += [each for job in found if isinstance(job, Before) and job.take == take for each in job.flushes]
    times = [unit.time_ns for flush in flushes for part in flush.fragments for unit in part.video]
    return sorted((time - EPOCH) * 10 // SECOND for time in times)


def run(takes: Takes, ring: Ring, stream: list[Unit]) -> None:
    """As the camera does it."""
    for unit in stream:
        ring.push(unit)
        if takes.due(unit):
            takes.follow(unit, sound=False)
        else:
            takes.push(unit)


def test_nothing_is_recorded_before_a_take_or_behind_it() -> None:
    """And no frame is asked whether it is one too many."""
    box: Mailbox[Job] = Mailbox(1 << 20)
    takes, ring = made(box), Ring(2, 1 << 20)
    run(takes, ring, steady(1, fps=10, gop=10))
    takes.end("officer", EPOCH)
    assert jobs(box) == []


def test_a_seam_has_every_frame_once() -> None:
    """The older one ends where the newer one begins; the newer one names it, reserves no numbers, and is not sealed with it."""
    box: Mailbox[Job] = Mailbox(1 << 30)
    takes, ring = made(box, max_length_min=1), Ring(2, 1 << 20)
    takes.begin(ring)
    run(takes, ring, steady(75, fps=10, gop=10))
    takes.end("officer", EPOCH + 75 * SECOND)
    found = jobs(box)
    assert [job for job in found if isinstance(job, Begin)] == [Begin(1, 0, 2), Begin(2, 1, 0)]
    assert [(job.take, job.reason) for job in found if isinstance(job, End)] == [(1, "length"), (2, "officer")]
    assert frames(found, 1) + frames(found, 2) == list(range(750))
    assert frames(found, 2)[0] == 600


def test_sound_from_before_the_seam_is_waited_for() -> None:
    """Until the first from behind it comes, or for a quarter of a second."""
    for waits in (True, False):
        box: Mailbox[Job] = Mailbox(1 << 30)
        takes = made(box, max_length_min=1)
        takes.begin(Ring(2, 1 << 20))
        stream = steady(60.1, fps=10, gop=10)
        for unit in stream[:-1]:
            takes.push(unit)
        keyframe = stream[-1]
        assert takes.due(keyframe)
        takes.follow(keyframe, sound=True)
        takes.push(early := sound(keyframe.time_ns - SECOND // 50))
        assert not [job for job in jobs(box) if isinstance(job, End)]
        if waits:
            takes.push(sound(keyframe.time_ns))
        else:
            takes.tick(keyframe.time_ns + SOUND_NS - 1)
            assert jobs(box) == []
            takes.tick(keyframe.time_ns + SOUND_NS)
        found = jobs(box)
        heard = [unit for job in found if isinstance(job, Live) for part in job.flush.fragments for unit in part.audio]
        assert heard == [early]
        assert [job.take for job in found if isinstance(job, (Live, End))] == [1, 1]


def test_what_a_take_shares_with_earlier_ones() -> None:
    """To the frame: what the buffer still has of each, and where that stands there."""
    box: Mailbox[Job] = Mailbox(1 << 30)
    takes, ring = made(box), Ring(2, 1 << 20)
    stream = [unit for unit in steady(9, fps=10, gop=10) if unit.track is Track.VIDEO]
    run(takes, ring, stream[:30])  # 0 to 2.9 s
    takes.begin(ring)
    run(takes, ring, stream[30:45])
    takes.end("officer", EPOCH + 45 * SECOND // 10)
    run(takes, ring, stream[45:48])
    takes.begin(ring)
    run(takes, ring, stream[48:50])
    takes.end("officer", EPOCH + 5 * SECOND)
    run(takes, ring, stream[50:52])
    takes.begin(ring)
    found = jobs(box)
    first, second, third = [job for job in found if isinstance(job, Begin)]
    assert first.overlaps == ()
    begins = [frames(found, take)[0] for take in (1, 2, 3)]
    assert second.overlaps == (Overlap(1, 0, (44 - begins[1]) * FRAME, (begins[1] - begins[0]) * FRAME),)
    assert third.overlaps == (
        Overlap(1, 0, (44 - begins[2]) * FRAME, (begins[2] - begins[0]) * FRAME),
        Overlap(2, 0, (49 - begins[2]) * FRAME, (begins[2] - begins[1]) * FRAME),
    )


def test_a_take_that_was_lost_is_shared_with_what_goes_on_for_it() -> None:
    """It begins anew with the buffer; what had been captured of the lost one counts."""
    box: Mailbox[Job] = Mailbox(1 << 30)
    takes, ring = made(box), Ring(2, 1 << 20)
    takes.begin(ring)
    run(takes, ring, steady(3, fps=10, gop=10))
    takes.begin(ring)
    _, again = [job for job in jobs(box) if isinstance(job, Begin)]
    assert again.continues == 1
    (shared,) = again.overlaps
    assert shared.take == 1
    assert shared.first == 0
