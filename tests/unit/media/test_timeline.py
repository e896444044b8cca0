"""From capture times to media times."""

from __future__ import annotations

import hashlib
import struct
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from firmware.media.fmp4 import Sample
from firmware.media.timeline import SNAP_NS, Placer, Timeline, sample_hash
from tests.streams import EPOCH, SECOND

VIDEO = Timeline(EPOCH, 90_000)
SOUND = Timeline(EPOCH, 48_000)


@given(st.integers(-(10**12), 10**15), st.sampled_from((8_000, 44_100, 48_000, 90_000)))
def test_a_tick_is_the_nearest_one(time_ns: int, rate: int) -> None:
    """Never more than half a tick away, in exact arithmetic, over any length of recording."""
    exact = Fraction(time_ns * rate, SECOND)
    assert -Fraction(1, 2) < Timeline(EPOCH, rate).ticks(EPOCH + time_ns) - exact <= Fraction(1, 2)


def test_known_ticks() -> None:
    """Values that a second implementation can be held to."""
    assert VIDEO.ticks(EPOCH) == 0
    assert VIDEO.ticks(EPOCH + SECOND // 30) == 3000
    assert VIDEO.ticks(EPOCH + 3600 * SECOND) == 324_000_000
    assert SOUND.ticks(EPOCH - 1) == 0
    assert SOUND.ticks(EPOCH - 21_333_333) == -1024


def test_frames_stand_at_their_capture_time() -> None:
    """Video is never moved to an even grid: a jitter of the sensor is kept."""
    placer = Placer(VIDEO)
    times = [EPOCH, EPOCH + 33_000_000, EPOCH + 67_100_000]
    assert [placer.place(time_ns) for time_ns in times] == [0, 2970, 6039]


def test_jittering_sound_continues_exactly() -> None:
    """Five milliseconds of jitter leave no gap and no overlap between sound units."""
    placer = Placer(SOUND, SNAP_NS)
    period = 1024 * SECOND // 48_000
    jitter = [0, 4_900_000, -4_900_000, 1, -1]
    placed = [placer.place(EPOCH + index * period + wobble, 1024) for index, wobble in enumerate(jitter)]
    assert placed == [0, 1024, 2048, 3072, 4096]


def test_sound_after_a_gap_stands_at_its_true_time() -> None:
    """A loss in the microphone is a gap in the file, not a shift of all that follows."""
    placer = Placer(SOUND, SNAP_NS)
    assert placer.place(EPOCH, 1024) == 0
    assert placer.place(EPOCH + SECOND, 1024) == 48_000
    assert placer.place(EPOCH + SECOND + 21_333_333, 1024) == 49_024


def test_times_that_would_fall_together_stay_apart() -> None:
    """Two frames within one tick keep their order and their bytes, one tick apart."""
    placer = Placer(VIDEO)
    assert [placer.place(EPOCH + offset) for offset in (0, 1, 2, 100)] == [0, 1, 2, 3]
    assert placer.place(EPOCH + SECOND) == 90_000


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=50), st.sampled_from((0, SNAP_NS)))
def test_times_rise_and_stay_true(steps: list[int], snap_ns: int) -> None:
    """Whatever the spacing: strictly rising, and off by no more than the snap and the ticks it took to stay apart."""
    placer = Placer(SOUND, snap_ns)
    time_ns, last = EPOCH, -1
    for index, step in enumerate(steps):
        time_ns += step
        placed = placer.place(time_ns, 1024)
        assert placed > last
        assert abs(placed - SOUND.ticks(time_ns)) <= snap_ns * 48_000 // SECOND + index + 1
        last = placed


def test_sample_hash_is_the_one_of_the_format() -> None:
    """Time, length and bytes of each sample in order, as section 6.2 of the evidence format has it."""
    samples = [Sample(0, 3000, (b"a", b"bc"), key=True), Sample(3000, 2999, (), key=False)]
    expected = hashlib.sha256(struct.pack(">QI", 0, 3) + b"abc" + struct.pack(">QI", 3000, 0)).hexdigest()
    assert sample_hash(samples) == expected


def test_sample_hash_of_nothing() -> None:
    """The hash of no bytes."""
    assert sample_hash([]) == hashlib.sha256().hexdigest()
