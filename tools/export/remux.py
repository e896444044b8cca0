"""From samples to an ordinary MP4 file, by FFmpeg's muxer: no sample is touched, none changes its time."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from av.stream import Stream

from tools.verify.fragments import FlushMedia, Sample
from tools.verify.model import MEDIA_RATE

_OPTIONS = {
    "movflags": "faststart",  # the index in front: a film begins to play before it was read to the end
    "video_track_timescale": str(MEDIA_RATE),  # the times of the recording, tick by tick
    "movie_timescale": str(MEDIA_RATE),  # the sound's later start, far below a millisecond
    "write_tmcd": "0",
}


class Film:
    """A film that is being written.  Times count from the first sample of all."""

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, bytes],
        starts: Mapping[str, int],
        rates: Mapping[str, int],
        tags: Mapping[str, str],
    ) -> None:
        """``settings``: for each track the plain beginning of a segment that has it; ``starts``: media time of its
        first sample in its ticks; ``rates``: its ticks per second; ``tags``: metadata of the file."""
        self.origin = min(Fraction(start, rates[kind]) for kind, start in starts.items())
        """Media time, in seconds, at which the film begins."""
        self._stack = ExitStack()
        # Spelt as a URL, so that no name is taken for another protocol.
        self._output = av.open(f"file:{path}", "w", format="mp4", options=dict(_OPTIONS))
        self._output.metadata.update(tags)
        self._streams: dict[str, Stream] = {}
        self._origins: dict[str, int] = {}
        self._bases: dict[str, Fraction] = {}
        for kind in sorted(starts, reverse=True):
            source = self._stack.enter_context(av.open(io.BytesIO(settings[kind]), format="mp4"))
            template = next(stream for stream in source.streams if stream.type == kind)
            self._streams[kind] = self._output.add_stream_from_template(template)
            self._bases[kind] = Fraction(1, rates[kind])
            self._origins[kind] = round(self.origin * rates[kind])

    def __enter__(self) -> Self:
        """Write inside a ``with`` block: leaving it finishes the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file, whatever came."""
        with self._stack:
            self._output.close()

    def write(self, media: FlushMedia) -> None:
        """The samples of one flush, both tracks in the order of their times."""
        waiting = [
            (sample.time * self._bases[kind], kind, sample) for kind in self._streams for sample in media.of(kind)
        ]
        for _, kind, sample in sorted(waiting, key=lambda each: each[0]):
            self._output.mux_one(self._packet(kind, sample))

    def _packet(self, kind: str, sample: Sample) -> av.Packet[Any]:
        packet: av.Packet[Any] = av.Packet(bytes(sample.data))
        packet.stream = self._streams[kind]
        packet.time_base = self._bases[kind]
        packet.pts = packet.dts = sample.time - self._origins[kind]
        packet.duration = sample.duration
        packet.is_keyframe = sample.key
        return packet
