"""Made-up streams of units for tests of what only looks at times, tracks and sizes, never at the payload's meaning."""

from __future__ import annotations

import itertools
from random import Random
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from hal.interface import Track, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECOND: Final = 1_000_000_000
EPOCH: Final = 5_000 * SECOND

_serial = itertools.count()


def frame(time_ns: int, *, key: bool = False, size: int = 8) -> Unit:
    """A video unit; no two have the same payload."""
    return Unit(Track.VIDEO, time_ns, next(_serial).to_bytes(8, "big").ljust(size, b"\1"), key)


def sound(time_ns: int, *, size: int = 8) -> Unit:
    """A sound unit; no two have the same payload."""
    return Unit(Track.AUDIO, time_ns, next(_serial).to_bytes(8, "big").ljust(size, b"\2"), key=False)


def steady(seconds: float, *, fps: int = 30, gop: int = 30, start_ns: int = EPOCH, size: int = 8) -> list[Unit]:
    """Video alone, as a camera in good health delivers it."""
    period = SECOND / fps
    return [
        frame(start_ns + round(index * period), key=index % gop == 0, size=size)
        for index in range(round(seconds * fps))
    ]


def merged(*streams: Sequence[Unit]) -> list[Unit]:
    """Streams in the order of their times, as they arrive when nothing is late."""
    return sorted(itertools.chain(*streams), key=lambda unit: unit.time_ns)


def with_sound(video: Sequence[Unit], *, period_ns: int = 21_333_333) -> list[Unit]:
    """Video with sound over its whole length."""
    first, last = video[0].time_ns, video[-1].time_ns
    return merged(video, [sound(time_ns) for time_ns in range(first, last, period_ns)])


@st.composite
def camera_streams(draw: st.DrawFn, *, faulty: bool = False, most: int = 200) -> tuple[int, list[Unit]]:
    """Frames per second and units in order of arrival: odd GOPs, jitter, lost frames, stalls, sound there or not.

    ``faulty`` adds what a source must not do: times that repeat or run back, and a beginning without a keyframe.
    """
    fps = draw(st.sampled_from((5, 10, 15, 24, 25, 30, 60)))
    # One number, not a number a draw: what is drawn one by one is so much that shrinking takes longer than a test may.
    random = Random(draw(st.integers(0, 2**32 - 1)))
    gop = draw(st.integers(1, 3 * fps))
    has_sound = draw(st.booleans())
    lossy = draw(st.sampled_from((0.0, 0.02, 0.3)))
    period = SECOND // fps
    units = list(_frames(random, fps, gop, lossy, draw(st.integers(1, most))))
    if has_sound:
        step = draw(st.sampled_from((20_000_000, 21_333_333, 64_000_000)))
        start = units[0].time_ns + random.randint(-2 * period, 2 * period)
        times = [time_ns for time_ns in range(start, units[-1].time_ns, step) if random.random() >= lossy]
        units = merged(units, [sound(time_ns, size=random.randint(1, 400)) for time_ns in times])
    if faulty:
        units = [_faulty(random, unit) for unit in units[random.randint(0, 3) :]]
    return fps, units


def _frames(random: Random, fps: int, gop: int, lossy: float, count: int) -> Iterator[Unit]:
    period, jitter = SECOND // fps, random.choice((0, SECOND // fps // 5))
    now, since_key = EPOCH, gop
    for _ in range(count):
        now += period
        if random.random() < lossy:
            now += period * random.choice((1, 1, 2, 7, 100))
        key = since_key >= gop
        since_key = 1 if key else since_key + 1
        if key and random.random() < lossy:
            gop = random.randint(1, 3 * fps)
        yield frame(now + random.randint(-jitter, jitter), key=key, size=random.randint(8, 3000))


def _faulty(random: Random, unit: Unit) -> Unit:
    if random.random() >= 0.1:
        return unit
    shift = random.choice((0, 1, SECOND // 30, SECOND, 10 * SECOND))
    return Unit(unit.track, unit.time_ns - shift, unit.data, unit.key)
