"""Presses at random moments of a long stream: what each take has of it, held against the stream.

The stream goes through the real buffer and the real takes, and a thread empties the writer's mailbox meanwhile, as a writer does.  No gap, no
frame twice, none out of its place: neither where the minute before joins what follows the press, nor where segments meet.
"""

from __future__ import annotations

import random
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import SimpleNamespace
from typing import Any, Final, cast

from firmware.core.cutter import Flush
from firmware.core.ring import Ring
from firmware.runtime.mailbox import Mailbox
from firmware.runtime.takes import Takes
from firmware.runtime.work import Before, Begin, End, Live
from firmware.settings import Settings
from hal.interface import AudioFormat, Hal, Track, Unit, VideoFormat

NS: Final = 1_000_000_000
PRE_EVENT_S: Final = 4
SEGMENT_S: Final = 2
_FPS, _GOP = 10, 10
_SOUND: Final = AudioFormat(48_000, 1, 1024, b"\x11\x88")
_SETTINGS: Final = Settings(
    pre_event_s=PRE_EVENT_S, segment_s=SEGMENT_S, width=160, height=120, fps=_FPS, bitrate=250_000
)
_LONG_NS: Final = (PRE_EVENT_S * _FPS + 2 * _GOP) * NS // _FPS
"""Longer than a buffer is whose frames jitter."""
_FRAME: Final = b"\0\0\0\1\x65\x88\x80"


class AmissError(Exception):
    """A take has not what the stream had."""


def stream(seed: int) -> Iterator[Unit]:
    """Frames and sound without an end, whose times jitter; now and then a keyframe comes early."""
    draw, index, since, sound_ns = random.Random(seed), 0, 0, 0  # noqa: S311 - nobody has to guess
    while True:
        time_ns = NS + index * NS // _FPS + draw.randrange(NS // _FPS // 3)
        key = since == 0 or since >= _GOP or draw.random() < 0.01
        yield Unit(Track.VIDEO, time_ns, _FRAME, key)
        since, index = (1 if key else since + 1), index + 1
        while sound_ns < time_ns:
            sound_ns += NS * _SOUND.samples_per_unit // _SOUND.rate
            yield Unit(Track.AUDIO, sound_ns, b"aac", key=False)


@dataclass(slots=True)
class _Taken:
    """What one take gave to the writer."""

    live_from: int = 0
    before: list[Flush] = field(default_factory=list)
    live: list[Flush] = field(default_factory=list)
    ended: bool = False


class _Writer:
    """Takes work as it comes, on a thread of its own."""

    def __init__(self, box: Mailbox[Any]) -> None:
        self.takes: dict[int, _Taken] = {}
        self._box, self._over = box, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def finish(self) -> None:
        """Let it take what is left."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while (job := self._box.take()) is not None or not self._over.is_set():
            if job is None:
                self._box.wait(0.01)
                continue
            taken = self.takes.setdefault(job.take, _Taken())
            if isinstance(job, Begin):
                taken.live_from = job.live_from or 0
            elif isinstance(job, Before):
                taken.before.extend(job.flushes)
            elif isinstance(job, Live):
                taken.live.append(job.flush)
            elif isinstance(job, End):
                taken.ended = True


@dataclass(slots=True)
class _Stream:
    """What came so far: the times of frames and of sound.  Both go where the controller hands them: sound into no buffer."""

    units: Iterator[Unit]
    ring: Ring
    takes: Takes
    frames: list[int] = field(default_factory=list)
    sounds: list[int] = field(default_factory=list)

    def run(self, count: int) -> None:
        """So many units come."""
        for unit in islice(self.units, count):
            if unit.track is Track.VIDEO:
                self.ring.push(unit)
            (self.frames if unit.track is Track.VIDEO else self.sounds).append(unit.time_ns)
            self.takes.push(unit)


@dataclass(frozen=True, slots=True)
class _Press:
    """What a take has to have: the times of its frames and of its sound; ``before_ns``: how much of it comes from before the press."""

    frames: Sequence[int]
    sounds: Sequence[int]
    before_ns: int
    full: bool


def presses(count: int, seed: int) -> int:
    """Press and stop so often, at moments that ``seed`` draws; how many frames were recorded.  ``AmissError`` where a take has not what it has to."""
    draw, ring, box = random.Random(seed), Ring(PRE_EVENT_S, 1 << 20), Mailbox[Any](1 << 30)  # noqa: S311 - nobody has to guess
    hal = SimpleNamespace(
        video=SimpleNamespace(format=VideoFormat(160, 120, _FPS, 250_000, _GOP)), audio=SimpleNamespace(format=_SOUND)
    )
    takes, writer = Takes(box, _SETTINGS, cast("Hal", hal)), _Writer(box)
    came = _Stream(stream(seed), ring, takes)
    try:
        pressed = [_press(came, draw) for _ in range(count)]
    finally:
        writer.finish()
    for number, press in enumerate(pressed, start=1):
        _compare(f"seed {seed}, press {number}", writer.takes[number], press)
    return sum(len(press.frames) for press in pressed)


def _press(came: _Stream, draw: random.Random) -> _Press:
    """One recording, some time after the one before."""
    came.run(draw.randrange(2, 350))
    first, at, full = came.ring.start_ns or 0, came.frames[-1], came.frames[-1] - came.frames[0] > _LONG_NS
    sounds = len(came.sounds)
    came.takes.begin(came.ring)
    came.run(draw.randrange(1, 350))
    last = came.frames[-1]
    came.takes.end("officer", last)
    begins = bisect_left(came.frames, first)
    heard = [time_ns for time_ns in came.sounds[sounds:] if time_ns <= last]
    return _Press(came.frames[begins:], heard, at - first, full)


def _compare(where: str, taken: _Taken, press: _Press) -> None:
    """Hold one take against the stream."""
    flushes = [*taken.before, *taken.live]
    parts = [part for flush in flushes for part in flush.fragments]
    if [unit.time_ns for part in parts for unit in part.video] != press.frames or not taken.ended:
        raise AmissError(f"{where}: other frames than the stream's {len(press.frames)}")
    if [unit.time_ns for part in parts for unit in part.audio] != press.sounds:
        raise AmissError(f"{where}: other sound than the stream's {len(press.sounds)} units")
    if press.full and not PRE_EVENT_S * NS <= press.before_ns <= _LONG_NS:
        raise AmissError(f"{where}: {press.before_ns / NS} s from before it")
    begun = [flush.segment for flush in flushes if flush.first]
    if begun != sorted(set(begun)) or any(flush.segment >= taken.live_from for flush in taken.before):
        raise AmissError(f"{where}: segments {begun}")
    for flush in flushes:
        if flush.first and not flush.fragments[0].video[0].key:
            raise AmissError(f"{where}: segment {flush.segment} begins without a keyframe")
