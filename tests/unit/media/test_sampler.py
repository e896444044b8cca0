"""Units become samples."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from firmware.core.cutter import Fragment
from firmware.media.sampler import Sampler, Samples
from hal.interface import AudioFormat, Track, Unit
from tests.streams import EPOCH, SECOND

SOUND = AudioFormat(48_000, 1, 1024, b"\x11\x88")
UNIT_NS = 21_333_333
SLICE = b"\0\0\0\1\x41\x9a"
IDR = b"\0\0\0\1\x65\x88"


def picture(time_ns: int, data: bytes = SLICE) -> Unit:
    """A frame that is well-formed."""
    return Unit(Track.VIDEO, EPOCH + time_ns, data, key=False)


def keyframe(time_ns: int, data: bytes) -> Unit:
    """One that others begin behind."""
    return Unit(Track.VIDEO, EPOCH + time_ns, data, key=True)


def noise(time_ns: int) -> Unit:
    """A sound unit."""
    return Unit(Track.AUDIO, EPOCH + time_ns, b"aac", key=False)


def part(*units: Unit, end_ns: int = SECOND // 2) -> Fragment:
    """A fragment of these units."""
    video = tuple(unit for unit in units if unit.track is Track.VIDEO)
    audio = tuple(unit for unit in units if unit.track is Track.AUDIO)
    return Fragment(video, audio, EPOCH + end_ns)


def times(samples: Samples) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Time and duration of each sample, video and sound."""
    return [(s.time, s.duration) for s in samples.video], [(s.time, s.duration) for s in samples.audio]


def test_a_frame_lasts_until_the_next_and_the_last_one_until_the_end() -> None:
    """Durations come from capture times; a lost frame makes the one before it longer."""
    samples = Sampler(EPOCH, None).samples(part(picture(0), picture(SECOND // 10), end_ns=SECOND // 8), ())
    assert times(samples) == ([(0, 9000), (9000, 2250)], [])


def test_sound_lasts_as_long_as_its_samples() -> None:
    """Without a gap each unit takes its own length."""
    samples = Sampler(EPOCH, SOUND).samples(part(noise(0), noise(UNIT_NS), noise(2 * UNIT_NS)), ())
    assert times(samples)[1] == [(0, 1024), (1024, 1024), (2048, 1024)]


def test_a_gap_in_the_sound_keeps_true_times() -> None:
    """What follows a gap stands where it was captured, in the same fragment and in the next."""
    sampler = Sampler(EPOCH, SOUND)
    first = sampler.samples(part(noise(0), noise(SECOND // 4)), ())
    second = sampler.samples(part(noise(SECOND)), ())
    assert times(first)[1] == [(0, 12_000), (12_000, 1024)]
    assert times(second)[1] == [(48_000, 1024)]


def test_sound_from_before_the_first_frame_is_left_out_and_counted() -> None:
    """Media time has no negative side."""
    samples = Sampler(EPOCH, SOUND).samples(part(picture(0), noise(-UNIT_NS), noise(-1), noise(0)), ())
    assert samples.early == 2
    assert times(samples)[1] == [(0, 1024)]


def test_a_malformed_frame_is_left_out_and_counted() -> None:
    """One bad access unit costs itself and nothing else."""
    frames = picture(0), picture(SECOND // 30, b"garbage"), picture(SECOND // 15)
    sampler = Sampler(EPOCH, None)
    samples = sampler.samples(part(*frames, end_ns=SECOND // 10), ())
    assert samples.refused == 1
    assert times(samples)[0] == [(0, 6000), (6000, 3000)]
    assert sampler.samples(part(picture(SECOND, b"garbage")), ()).video == []


def test_sound_without_a_track_is_counted() -> None:
    """A recording that was opened without a microphone has no place for sound."""
    assert Sampler(EPOCH, None).samples(part(picture(0), noise(0)), ()).refused == 1


def test_sound_of_a_broken_clock_is_left_out_and_counted() -> None:
    """A time that lies days ahead does not reach the file, where it would not fit, nor does it disturb what follows."""
    sampler = Sampler(EPOCH, SOUND)
    samples = sampler.samples(part(noise(0), noise(3 * 24 * 3600 * SECOND), noise(UNIT_NS)), ())
    assert samples.refused == 1
    assert times(samples)[1] == [(0, 1024), (1024, 1024)]


def test_until_is_the_end_of_the_last_frame() -> None:
    """And that of the last sound where there is no frame; it does not run back."""
    sampler = Sampler(EPOCH, SOUND)
    sampler.samples(part(picture(0), noise(0), noise(SECOND), end_ns=SECOND // 2), ())
    assert sampler.until == 45_000
    sampler.samples(part(noise(2 * SECOND)), ())
    assert sampler.until == 180_000 + 1024 * 90_000 // 48_000
    sampler.samples(part(picture(SECOND), end_ns=SECOND), ())
    assert sampler.until == 90_001
    sampler.samples(part(picture(5 * SECOND), end_ns=6 * SECOND), ())
    sampler.samples(part(noise(4 * SECOND)), ())
    assert sampler.until == 540_000


def test_known_parameter_sets_are_left_out() -> None:
    """The header has them."""
    data = b"\0\0\0\1\x67abc\0\0\0\1\x68d" + SLICE
    samples = Sampler(EPOCH, None).samples(part(picture(0, data)), (b"\x67abc", b"\x68d"))
    assert samples.video[0].data == b"\0\0\0\2\x41\x9a"


def test_a_picture_of_one_slice_is_not_searched() -> None:
    """A search costs more than a hash: behind a keyframe that is one slice none takes place, up to the next keyframe."""
    sampler, odd = Sampler(EPOCH, None), SLICE + SLICE
    whole, split = b"\0\0\0\x08" + odd[4:], b"\0\0\0\2\x41\x9a" * 2
    one, two = keyframe(0, IDR), keyframe(SECOND, IDR + IDR)
    first = sampler.samples(part(one, picture(1, odd), two, picture(SECOND + 1, odd)), ())
    assert [sample.data for sample in first.video[1::2]] == [whole, split]
    second = sampler.samples(
        part(picture(SECOND + 2, odd), keyframe(2 * SECOND, IDR), picture(2 * SECOND + 1, odd)), ()
    )
    assert [sample.data for sample in second.video[::2]] == [split, whole]


def test_before_any_keyframe_every_picture_is_searched() -> None:
    """Nobody knows yet of how many slices they are."""
    samples = Sampler(EPOCH, None).samples(part(picture(0, SLICE + SLICE)), ())
    assert samples.video[0].data == b"\0\0\0\2\x41\x9a" * 2


def test_samples_add_up() -> None:
    """A flush of several fragments counts them all."""
    sampler = Sampler(EPOCH, SOUND)
    total = Samples()
    total.extend(sampler.samples(part(picture(0), noise(-1)), ()))
    total.extend(sampler.samples(part(picture(SECOND), picture(SECOND + 1, b""), noise(SECOND)), ()))
    assert (len(total.video), len(total.audio), total.early, total.refused) == (2, 1, 1, 1)


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(1, SECOND // 4), max_size=5),
            st.lists(st.integers(1, SECOND // 4), max_size=5),
            st.integers(-1000, SECOND // 10),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_times_and_durations_always_chain(parts: list[tuple[list[int], list[int], int]]) -> None:
    """Within a fragment each sample ends where the next begins; over all fragments times rise; nothing disappears."""
    sampler = Sampler(EPOCH, SOUND)
    now = {Track.VIDEO: 0, Track.AUDIO: 0}
    last = {Track.VIDEO: -1, Track.AUDIO: -1}
    for frames, sounds, tail in parts:
        units = []
        for track, steps, make in ((Track.VIDEO, frames, picture), (Track.AUDIO, sounds, noise)):
            for step in steps:
                now[track] += step
                units.append(make(now[track]))
        samples = sampler.samples(part(*units, end_ns=now[Track.VIDEO] + tail), ())
        assert len(samples.video) + len(samples.audio) == len(units)
        for track, run in ((Track.VIDEO, samples.video), (Track.AUDIO, samples.audio)):
            assert all(one.time + one.duration == other.time for one, other in pairwise(run))
            assert all(sample.duration > 0 for sample in run)
            assert not run or run[0].time > last[track]
            last[track] = run[-1].time if run else last[track]
