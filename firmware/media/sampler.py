"""Units become samples: in the form of the file, at their media time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from firmware.media.errors import MediaError
from firmware.media.fmp4 import VIDEO_RATE, Sample
from firmware.media.h264 import SLICES, nal_type, to_avcc
from firmware.media.timeline import SNAP_NS, Placer, Timeline

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from firmware.core.cutter import Fragment
    from firmware.media.h264 import Pieces
    from hal.interface import AudioFormat

_FAR_NS: Final = 60_000_000_000
"""Sound that claims to be this much later than what it came with has a broken clock."""


@dataclass(slots=True)
class Samples:
    """The samples of a fragment or a flush.

    Left out and counted: ``early``, sound from before the recording's first frame; ``refused``, what is malformed or
    has no track.
    """

    video: list[Sample] = field(default_factory=list)
    audio: list[Sample] = field(default_factory=list)
    early: int = 0
    refused: int = 0

    def extend(self, other: Samples) -> None:
        """Append what follows."""
        self.video += other.video
        self.audio += other.audio
        self.early += other.early
        self.refused += other.refused


class Sampler:
    """Turns a run of fragments into samples whose times rise from one to the next.

    ``until`` is where the last fragment ended, in ticks of 1/90000 s: the end of its last frame, without a frame of its
    last sound.
    """

    def __init__(self, epoch_ns: int, audio: AudioFormat | None) -> None:
        """Count media time from ``epoch_ns``; ``audio`` is None when there is no microphone."""
        self.until = 0
        self._epoch_ns = epoch_ns
        self._audio = audio
        self._video_time = Timeline(epoch_ns, VIDEO_RATE)
        self._frames = Placer(self._video_time)
        self._sounds = Placer(Timeline(epoch_ns, audio.rate if audio else 1), SNAP_NS)
        self._one_slice = False
        """Whether the newest keyframe is a single slice: so are all pictures up to the next one, as sources promise."""

    def samples(self, part: Fragment, known: Collection[bytes]) -> Samples:
        """The samples of a fragment, without the ``known`` parameter sets.  Never raises for what a source sends."""
        into = Samples()
        self._video(part, known, into)
        if self._audio:
            self._sound(part, self._audio, into)
        else:
            into.refused += len(part.audio)
        return into

    def _video(self, part: Fragment, known: Collection[bytes], into: Samples) -> None:
        placed: list[tuple[int, Pieces, bool]] = []
        for unit in part.video:
            try:
                pieces = to_avcc(unit.data, known, one_slice=self._one_slice and not unit.key)
            except MediaError:
                into.refused += 1
            else:
                if unit.key:
                    self._one_slice = sum(nal_type(nal) in SLICES for nal in pieces[1::2]) == 1
                placed.append((self._frames.place(unit.time_ns), pieces, unit.key))
        if placed:
            self.until = max(self._video_time.ticks(part.end_ns), placed[-1][0] + 1)
            into.video = _lasting(placed, self.until)

    def _sound(self, part: Fragment, audio: AudioFormat, into: Samples) -> None:
        placed: list[tuple[int, Pieces, bool]] = []
        for unit in part.audio:
            if unit.time_ns < self._epoch_ns:
                into.early += 1
            elif unit.time_ns - _begins_ns(part) > _FAR_NS:
                into.refused += 1
            else:
                placed.append((self._sounds.place(unit.time_ns, audio.samples_per_unit), (unit.data,), True))
        if placed:
            end = placed[-1][0] + audio.samples_per_unit
            into.audio = _lasting(placed, end)
            if not into.video:
                self.until = max(self.until, end * VIDEO_RATE // audio.rate)


def _begins_ns(part: Fragment) -> int:
    return (*part.video, *part.audio)[0].time_ns


def _lasting(placed: Sequence[tuple[int, Pieces, bool]], end: int) -> list[Sample]:
    """Samples that each last until the next one, the final one until ``end``."""
    ends = [time for time, _, _ in placed[1:]]
    return [
        Sample(time, until - time, pieces, key) for (time, pieces, key), until in zip(placed, [*ends, end], strict=True)
    ]
