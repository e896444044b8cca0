"""From samples to an ordinary MP4 file, by FFmpeg's muxer: no sample is touched, none changes its time."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from av.stream import Stream

from tools.export.captions import Caption, Chapter
from tools.export.edits import outlast
from tools.verify.fragments import FlushMedia, Sample
from tools.verify.model import MEDIA_RATE

_OPTIONS = {
    "movflags": "faststart",  # the index in front: a film begins to play before it was read to the end
    "video_track_timescale": str(MEDIA_RATE),  # the times of the recording, tick by tick
    "movie_timescale": str(MEDIA_RATE),  # the sound's later start, far below a millisecond
    "write_tmcd": "0",
}

_STYLE = b"""\
[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Sans,12,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,6,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""How captions look, in the form that FFmpeg's muxer takes it in: white with a dark edge, small, at the bottom."""

_LIFT = "\n\N{NO-BREAK SPACE}"
"""An empty last line, which players keep: cameras write their own time into the picture at the bottom."""


class Film:
    """A film that is being written.  Times count from the first sample of all."""

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, bytes],
        starts: Mapping[str, int],
        rates: Mapping[str, int],
        tags: Mapping[str, str],
        captions: Sequence[Caption] = (),
        chapters: Sequence[Chapter] = (),
    ) -> None:
        """``settings``: for each track the plain beginning of a segment that has it; ``starts``: media time of its
        first sample in its ticks; ``rates``: its ticks per second; ``tags``: metadata of the file; ``captions``, in
        order, become a track of subtitles."""
        self.origin = min(Fraction(start, rates[kind]) for kind, start in starts.items())
        """Media time, in seconds, at which the film begins."""
        self._path = path
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
        self._captions = list(reversed(captions))
        if captions:
            self._streams["captions"] = self._add_captions()
        if chapters and captions:
            self._add_chapters(chapters, captions[-1].end)

    def __enter__(self) -> Self:
        """Write inside a ``with`` block: leaving it finishes the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file, whatever came."""
        with self._stack:
            self._output.close()
        if kind is None and "video" in self._streams:
            outlast(self._path)

    def write(self, media: FlushMedia) -> None:
        """The samples of one flush, all tracks in the order of their times."""
        waiting = [
            (sample.time * base, kind, sample) for kind, base in self._bases.items() for sample in media.of(kind)
        ]
        for at, kind, sample in sorted(waiting, key=lambda each: each[0]):
            # A caption before the frame that it stands under: the muxer ends the one before with whatever comes first.
            while self._captions and self._captions[-1].start <= at * MEDIA_RATE:
                self._output.mux_one(self._text(self._captions.pop()))
            self._output.mux_one(self._packet(kind, sample))

    def _packet(self, kind: str, sample: Sample) -> av.Packet[Any]:
        packet: av.Packet[Any] = av.Packet(bytes(sample.data))
        packet.stream = self._streams[kind]
        packet.time_base = self._bases[kind]
        packet.pts = packet.dts = sample.time - self._origins[kind]
        packet.duration = sample.duration
        packet.is_keyframe = sample.key
        return packet

    def _add_captions(self) -> Stream:
        stream = self._output.add_stream("mov_text")
        stream.codec_context.time_base = Fraction(1, MEDIA_RATE)
        stream.codec_context.subtitle_header = _STYLE
        stream.time_base = Fraction(1, MEDIA_RATE)
        stream.metadata.update({"language": "eng", "handler_name": "time, device and shift"})
        return stream

    def _add_chapters(self, chapters: Sequence[Chapter], end: int) -> None:
        starts = [self._ticks(each.start) for each in chapters]
        ends = [*starts[1:], self._ticks(end)]
        self._output.set_chapters(
            [
                {
                    "id": index,
                    "start": start,
                    "end": until,
                    "time_base": Fraction(1, MEDIA_RATE),
                    "metadata": {"title": each.title},
                }
                for index, (each, start, until) in enumerate(zip(chapters, starts, ends, strict=True), 1)
            ]
        )

    def _ticks(self, media: int) -> int:
        """Time of the film, in ticks, at a media time."""
        return media - round(self.origin * MEDIA_RATE)

    def _text(self, caption: Caption) -> av.Packet[Any]:
        """A sample of timed text (3GPP TS 26.245, 5.17): its length and its UTF-8."""
        data = f"{caption.text}{_LIFT}".encode()
        packet: av.Packet[Any] = av.Packet(struct.pack(">H", len(data)) + data)
        packet.stream = self._streams["captions"]
        packet.time_base = Fraction(1, MEDIA_RATE)
        packet.pts = packet.dts = self._ticks(caption.start)
        packet.duration = caption.end - caption.start
        return packet
