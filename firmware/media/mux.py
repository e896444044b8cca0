"""From flushes to the plaintext of segment files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware.media.errors import MediaError
from firmware.media.fmp4 import SEGMENT_END, fragment, init_segment, padding
from firmware.media.h264 import ParameterSets, parameter_sets
from firmware.media.sampler import Sampler, Samples
from firmware.media.signing import GopSigner
from firmware.media.timeline import sample_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firmware.core.cutter import Flush
    from firmware.media.fmp4 import Sample
    from firmware.media.sei import Signatory
    from firmware.media.signing import Origin
    from hal.interface import AudioFormat, VideoFormat


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """What a journal line says of one track of a flush: samples, time of the first in ticks, hash of all."""

    samples: int
    start: int
    hash: str

    def as_json(self) -> dict[str, object]:
        """As the evidence format writes it."""
        return {"samples": self.samples, "from": self.start, "hash": self.hash}


@dataclass(frozen=True, slots=True)
class MuxedFlush:
    """A flush as bytes, and what there is to say about it.

    ``data`` is a multiple of 65536 bytes, none if the flush only closes its segment.  ``end`` comes behind it, in a
    chunk of its own; it is empty unless the segment ends.  ``until`` is in ticks of 1/90000 s.  ``captured_ns`` is the
    capture time of the last frame, without a frame of the last sound; None with neither.  ``early`` and ``refused``
    count what was left out, as in ``Samples``.
    """

    data: bytes
    end: bytes
    video: TrackFacts | None
    audio: TrackFacts | None
    until: int
    captured_ns: int | None
    early: int
    refused: int


@dataclass(slots=True)
class _Segment:
    """A segment being written."""

    sampler: Sampler
    signer: GopSigner
    sets: ParameterSets
    sequence: int = 0


class SegmentMuxer:
    """Makes the files of one recording.

    The flushes of one segment come in order; those of the pre-event part and of the live part may come in turns.  Media
    times run on from segment to segment.
    """

    def __init__(self, origin: Origin, video: VideoFormat, audio: AudioFormat | None, signatory: Signatory) -> None:
        """Count media time from ``origin``; ``audio`` is None when the recording has no microphone."""
        self._origin = origin
        self._signatory = signatory
        self._video = video
        self._audio = audio
        self._open: dict[int, _Segment] = {}
        self._ended: dict[int, _Segment] = {}

    def plain(self, flush: Flush) -> MuxedFlush:
        """The bytes of ``flush``, behind the init segment if they are the first of their segment.

        ``MediaError`` if a segment begins without parameter sets and there are none from the segment before.
        """
        pieces: list[bytes | memoryview] = [] if flush.segment in self._open else [self._begin(flush)]
        segment = self._open[flush.segment]
        total = Samples()
        for samples in _signed(segment, flush):
            total.extend(samples)
            if samples.video or samples.audio:
                segment.sequence += 1
                pieces += fragment(segment.sequence, samples.video, samples.audio)
        if pieces:
            pieces.append(padding(sum(map(len, pieces))))
        if flush.last:
            self._ended[flush.segment] = self._open.pop(flush.segment)
        return MuxedFlush(
            data=b"".join(pieces),
            end=SEGMENT_END if flush.last else b"",
            video=_facts(total.video),
            audio=_facts(total.audio),
            until=segment.sampler.until,
            captured_ns=_captured_ns(flush),
            early=total.early,
            refused=total.refused,
        )

    def _begin(self, flush: Flush) -> bytes:
        """Open a segment behind the one before, where that has ended; its init segment."""
        before = self._ended.pop(flush.segment - 1, None)
        sets = _parameter_sets(flush, before)
        sampler = before.sampler if before else Sampler(self._origin.epoch_ns, self._audio)
        signer = before.signer if before else GopSigner(self._signatory, self._origin, flush.segment)
        self._open[flush.segment] = _Segment(sampler, signer, sets)
        return init_segment(
            sps=sets.sps, pps=sets.pps, width=self._video.width, height=self._video.height, audio=self._audio
        )


def _signed(segment: _Segment, flush: Flush) -> list[Samples]:
    """The samples of each fragment, with what signs them.

    A final flush without a frame leaves the segment's last GOP to be signed in the next segment, as any other.
    """
    parts = [segment.sampler.samples(part, segment.sets) for part in flush.fragments]
    for part in parts:
        part.video = segment.signer.sign(part.video)
    if flush.last:
        for part in [part for part in parts if part.video][-1:]:
            part.video[-1] = segment.signer.close(part.video[-1])
    return parts


def _parameter_sets(flush: Flush, before: _Segment | None) -> ParameterSets:
    """Those of the segment's first keyframe; where an encoder failed to repeat them, those of the segment before."""
    frames = [unit for part in flush.fragments for unit in part.video]
    try:
        return parameter_sets(frames[0].data if frames else b"")
    except MediaError as error:
        if before:
            return before.sets
        raise MediaError(f"segment {flush.segment}: {error}") from error


def _facts(samples: Sequence[Sample]) -> TrackFacts | None:
    return TrackFacts(len(samples), samples[0].time, sample_hash(samples)) if samples else None


def _captured_ns(flush: Flush) -> int | None:
    frames = [unit.time_ns for part in flush.fragments for unit in part.video]
    sounds = [unit.time_ns for part in flush.fragments for unit in part.audio]
    return max(frames or sounds, default=None)
