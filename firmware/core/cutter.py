"""Cutting the stream: units become fragments, fragments flushes, flushes segments.

A fragment is at most half a second, so that little is lost when the power goes.  A segment begins at a keyframe and
lasts about ten seconds, so that it plays alone.  A flush is what reaches the storage in one step: live one fragment, of
the pre-event part one GOP.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.core.order import Increasing
from hal.interface import Track, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firmware.core.ring import Gop

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Fragment:
    """Units that go into one ``moof``.

    ``end_ns`` is when the last frame ends; without a frame, when the last sound unit begins.
    """

    video: tuple[Unit, ...]
    audio: tuple[Unit, ...]
    end_ns: int


@dataclass(frozen=True, slots=True)
class Flush:
    """What is made durable in one step.

    ``first`` and ``last`` mark the first and the final flush of a segment.  Only a final flush may be without a
    fragment: what it closes had already been flushed.
    """

    segment: int
    first: bool
    last: bool
    fragments: tuple[Fragment, ...]

    @property
    def size(self) -> int:
        """Bytes of payload."""
        return sum(len(unit.data) for part in self.fragments for unit in (*part.video, *part.audio))


@dataclass(frozen=True, slots=True)
class _Measure:
    """How long things are, on the grid of frames, so that a jittering capture time decides nothing."""

    frame_ns: int
    fragment_ns: int
    segment_ns: int

    @classmethod
    def of(cls, fps: int, fragment_s: float, segment_s: float) -> _Measure:
        """Fragments take as many frames as come nearest to ``fragment_s``."""
        frame_ns = round(_NS / fps)
        return cls(frame_ns, max(1, int(fragment_s * fps + 0.5)) * frame_ns, round(segment_s * _NS))

    def fragment_until(self, since_ns: int) -> int:
        """From when on a frame belongs into the fragment behind one that began at ``since_ns``."""
        return since_ns + self.fragment_ns - self.frame_ns // 2

    def fills_segment(self, since_ns: int, keyframe_ns: int) -> bool:
        """Whether a segment that began at ``since_ns`` is full before a keyframe."""
        return keyframe_ns - since_ns >= self.segment_ns - self.frame_ns // 2

    def end(self, frame: Unit, following: Unit | None) -> int:
        """When ``frame`` ends: where ``following`` begins, unless that is half a frame late or more: a gap is a gap."""
        end_ns = frame.time_ns + self.frame_ns
        if following is not None and following.time_ns < end_ns + self.frame_ns // 2:
            return following.time_ns
        return end_ns


class _Filling:
    """The fragment being filled."""

    def __init__(self, measure: _Measure) -> None:
        self.video: list[Unit] = []
        self.audio: list[Unit] = []
        self._measure = measure
        self._until_ns = 0

    def is_full(self, unit: Unit) -> bool:
        """Whether the video frame ``unit`` belongs into the next fragment."""
        return bool(self.video) and unit.time_ns >= self._until_ns

    def add(self, unit: Unit) -> None:
        """Sound goes by arrival into whatever is being filled."""
        if unit.track is not Track.VIDEO:
            self.audio.append(unit)
            return
        if not self.video:
            self._until_ns = self._measure.fragment_until(unit.time_ns)
        self.video.append(unit)

    def oldest_ns(self) -> int | None:
        """The earliest time that waits in it."""
        return min((units[0].time_ns for units in (self.video, self.audio) if units), default=None)

    def keep_until(self, end_ns: int) -> None:
        """Let go what was captured after ``end_ns``."""
        self.video = [unit for unit in self.video if unit.time_ns <= end_ns]
        self.audio = [unit for unit in self.audio if unit.time_ns <= end_ns]

    def close(self, following: Unit | None = None) -> tuple[Fragment, ...]:
        """The fragment, if anything waits, and an empty one begins.  ``following``: the next frame, if in hand."""
        video, audio = tuple(self.video), tuple(self.audio)
        self.video, self.audio = [], []
        if video:
            return (Fragment(video, audio, self._measure.end(video[-1], following)),)
        return (Fragment((), audio, audio[-1].time_ns),) if audio else ()


class Cutter:
    """Cuts the live stream as it comes.

    Every method that returns flushes returns them in order, and no unit waits longer than it has to.  Left out and
    counted: ``early``, what came before the first keyframe; ``repeated``, what did not come later than the unit before;
    ``late``, what was captured after the stop or came after ``finish``.
    """

    def __init__(self, first_segment: int, *, fps: int, segment_s: float = 10.0, fragment_s: float = 0.5) -> None:
        """Number the segments from ``first_segment``; ``fps`` is the nominal frame rate."""
        self.early = 0
        self.late = 0
        self._segment = first_segment
        self._measure = _Measure.of(fps, fragment_s, segment_s)
        self._filling = _Filling(self._measure)
        self._stall_ns = round(fragment_s * _NS)
        self._increasing = Increasing()
        self._segment_ns: int | None = None
        self._newest_ns = 0
        self._flushed = False
        self._finished = False

    @property
    def repeated(self) -> int:
        """Units left out because their time did not increase."""
        return self._increasing.repeated

    def push(self, unit: Unit) -> list[Flush]:
        """Take one unit; the flushes that it completes.  Never raises for what a source sends."""
        if self._finished:
            self.late += 1
            return []
        opens = unit.key and unit.track is Track.VIDEO
        if self._segment_ns is None and not opens:
            self.early += 1
            return []
        if not self._increasing.accept(unit):
            return []
        flushes = self._before(unit, opens=opens) if unit.track is Track.VIDEO else []
        self._filling.add(unit)
        return flushes

    def now(self) -> list[Flush]:
        """Flush at once what waits."""
        return self._flush(self._filling.close())

    def idle(self, now_ns: int) -> list[Flush]:
        """Flush what has waited for as long as a fragment lasts, if no frame came for as long: the encoder stalls."""
        oldest_ns = self._filling.oldest_ns()
        waited = oldest_ns is not None and now_ns - oldest_ns >= self._stall_ns
        return self.now() if waited and now_ns - self._newest_ns >= self._stall_ns else []

    def finish(self, end_ns: int) -> list[Flush]:
        """Close the last segment with all that was captured up to ``end_ns``.

        Empty when there is nothing to close: no frame ever came, or the only one of the last segment was captured too
        late.
        """
        if self._finished:
            return []
        self._finished = True
        waiting = len(self._filling.video) + len(self._filling.audio)
        self._filling.keep_until(end_ns)
        self.late += waiting - len(self._filling.video) - len(self._filling.audio)
        return self._flush(self._filling.close(), last=True)

    def give_way(self, keyframe: Unit) -> list[Flush]:
        """Close the last segment where ``keyframe`` begins, which is another recording's: with all that has come so far."""
        if self._finished:
            return []
        self._finished = True
        return self._flush(self._filling.close(keyframe), last=True)

    def _before(self, frame: Unit, *, opens: bool) -> list[Flush]:
        """What ends where the video frame ``frame`` begins."""
        self._newest_ns = frame.time_ns
        if self._segment_ns is None:
            self._segment_ns = frame.time_ns
        if opens and self._measure.fills_segment(self._segment_ns, frame.time_ns):
            flushes = self._flush(self._filling.close(frame), last=True)
            self._segment, self._segment_ns, self._flushed = self._segment + 1, frame.time_ns, False
            return flushes
        return self._flush(self._filling.close(frame)) if opens or self._filling.is_full(frame) else []

    def _flush(self, fragments: tuple[Fragment, ...], *, last: bool = False) -> list[Flush]:
        """A flush of the present segment; none when there is neither something to write nor a file to close."""
        if not fragments and not (last and self._flushed):
            return []
        first, self._flushed = not self._flushed, True
        return [Flush(self._segment, first, last, fragments)]


def live_from(pre_event_s: float, segment_s: float) -> int:
    """How many segment numbers the pre-event part may need: that much, one GOP more, and a border that falls badly."""
    return math.ceil(pre_event_s / segment_s) + 1 if pre_event_s > 0 else 0


def cut_pre_event(
    gops: Sequence[Gop], live_from: int, *, fps: int, segment_s: float = 10.0, fragment_s: float = 0.5
) -> list[Flush]:
    """The ring's closed GOPs as segments, the last of which is ``live_from`` - 1: one flush a GOP, nothing left out.

    Where GOPs are longer than a camera ever makes them, the last segment takes what the reserved numbers do not hold
    otherwise.  ``ValueError`` if no number was reserved at all.
    """
    if not gops:
        return []
    if live_from < 1:
        raise ValueError("no segment number was reserved for the pre-event part")
    measure = _Measure.of(fps, fragment_s, segment_s)
    began: list[int] = []
    firsts: list[bool] = []
    for gop in gops:
        first = not began or (len(began) < live_from and measure.fills_segment(began[-1], gop.start_ns))
        if first:
            began.append(gop.start_ns)
        firsts.append(first)
    flushes: list[Flush] = []
    number = live_from - len(began) - 1
    for gop, following, first, last in zip(gops, [*gops[1:], None], firsts, [*firsts[1:], True], strict=True):
        number += first
        keyframe = following.units[0] if following else None
        flushes.append(Flush(number, first, last, _fragments(gop, measure, keyframe)))
    return flushes


def _fragments(gop: Gop, measure: _Measure, following: Unit | None) -> tuple[Fragment, ...]:
    filling = _Filling(measure)
    fragments: list[Fragment] = []
    for unit in gop.units:
        if unit.track is Track.VIDEO and filling.is_full(unit):
            fragments += filling.close(unit)
        filling.add(unit)
    fragments += filling.close(following)
    return tuple(fragments)
