"""A clip recorded: through ring, cutter and muxer, as the camera does it, into files."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from firmware.core.cutter import Cutter, Flush, cut_pre_event, live_from
from firmware.core.ring import Ring
from firmware.evidence.keys import new_key, software_sign
from firmware.media.fmp4 import CHUNK
from firmware.media.mux import MuxedFlush, SegmentMuxer
from firmware.media.sei import Signatory
from firmware.media.signing import Origin
from tests.media_clips import EPOCH, SECOND, Clip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from firmware.evidence.keys import PrivateKey

END = EPOCH + 1000 * SECOND


@cache
def key() -> PrivateKey:
    """The session key of all these recordings."""
    return new_key()


def signatory() -> Signatory:
    """Who signs the picture: 1601 is where the monotonic clock was 0, and the certificate says nothing."""
    return Signatory(software_sign(key()), b"-- a certificate --\n", "9.9.9", "cam-1", 0)


@dataclass
class Recorded:
    """The flushes, the files of the segments, and every cut of each file at a flush."""

    flushes: list[tuple[Flush, MuxedFlush]] = field(default_factory=list)
    files: dict[int, bytes] = field(default_factory=dict)
    cuts: list[bytes] = field(default_factory=list)

    def add(self, flush: Flush, muxed: MuxedFlush) -> None:
        """Append a flush to its file, as the writer does."""
        assert len(muxed.data) % CHUNK == 0
        assert bool(muxed.end) == flush.last
        self.flushes.append((flush, muxed))
        self.files[flush.segment] = self.files.get(flush.segment, b"") + muxed.data + muxed.end
        self.cuts.append(self.files[flush.segment])


def record(source: Clip, *, segment_s: float = 2, microphone: bool = True, press: float = 2.5) -> Recorded:
    """The clip from two seconds before the press on; the part before it is written between the live flushes."""
    press_ns = EPOCH + round(press * SECOND)
    ring = Ring(2, 1 << 30)
    for unit in source.units:
        if unit.time_ns < press_ns:
            ring.push(unit)
    closed, current = ring.snapshot()
    number, fps = live_from(2, segment_s), source.video_format.fps
    cutter = Cutter(number, fps=fps, segment_s=segment_s)
    live = [flush for unit in current for flush in cutter.push(unit)] + cutter.now()
    for unit in source.units:
        if unit.time_ns >= press_ns:
            live += cutter.push(unit)
    live += cutter.finish(END)
    before = cut_pre_event(closed, number, fps=fps, segment_s=segment_s)
    epoch_ns = closed[0].start_ns if closed else current[0].time_ns
    origin = Origin.before([gop.units[0].data for gop in closed], epoch_ns, number)
    muxer = SegmentMuxer(origin, source.video_format, source.audio_format if microphone else None, signatory())
    recorded = Recorded()
    for flush in _in_turns(live, before):
        recorded.add(flush, muxer.plain(flush))
    return recorded


def opened_at(source: Clip, seconds: float) -> Clip:
    """The clip without the sound before ``seconds``: the microphone opens at the press."""
    audio = tuple(unit for unit in source.audio if unit.time_ns >= EPOCH + round(seconds * SECOND))
    return source._replace(audio=audio)


def _in_turns(live: list[Flush], before: list[Flush]) -> Iterable[Flush]:
    while live or before:
        yield from (queue.pop(0) for queue in (live, before) if queue)
