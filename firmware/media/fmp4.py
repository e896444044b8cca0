"""Fragmented MP4 (ISO/IEC 14496-12): init segment, fragments, and the free boxes between them.

Track 1 is H.264 (``avc1``), track 2 AAC (``mp4a``).  No edit list, no B-frames: a sample's decoding time is its
presentation time.  Each fragment tells the time of its first sample (``tfdt``), so that it needs none before it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.media.boxes import HEADER, box, box_header, full_box
from firmware.media.errors import MediaError
from firmware.media.sps import sps_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firmware.media.h264 import Pieces
    from hal.interface import AudioFormat

VIDEO_RATE: Final = 90_000
"""Ticks a second of the video track; those of sound are its sample rate."""
CHUNK: Final = 65_536
"""Each flush fills a multiple of this: the chunk of an age file."""

_VIDEO_TRACK: Final = 1
_AUDIO_TRACK: Final = 2
_MOVIE_RATE: Final = 1_000
_MOOF: Final = HEADER + 16  # moof, mfhd
_TRAF: Final = HEADER + 16 + 20 + 20  # traf, tfhd, tfdt, trun
_ROW: Final = 12  # a sample in trun
_U32: Final = 1 << 32
_SYNC_SAMPLE: Final = 0x02000000
_OTHER_SAMPLE: Final = 0x01010000
_IDENTITY: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED: Final = 0x55C4
"""The language code ``und``: five bits a letter."""
MAX_AUDIO_CONFIG: Final = 64


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: ``time`` and ``duration`` in its track's ticks, and its bytes as they stand in ``mdat``, in pieces: those of a picture
    are in turns the length of a NAL unit and the unit."""

    time: int
    duration: int
    pieces: Pieces
    key: bool

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return sum(map(len, self.pieces))

    @property
    def data(self) -> bytes:
        """All of them."""
        return b"".join(self.pieces)


def init_segment(*, sps: bytes, pps: bytes, width: int, height: int, audio: AudioFormat | None) -> bytes:
    """``ftyp`` and ``moov``, all that comes before the first fragment.  ``MediaError`` if a parameter does not fit."""
    for name, value in (("width", width), ("height", height)):
        if not 0 < value <= 0xFFFF:
            raise MediaError(f"{name} of {value} pixels")
    tracks = [_track(_VIDEO_TRACK, VIDEO_RATE, _video_media(sps, pps, width, height), width, height)]
    defaults = [full_box(b"trex", struct.pack(">5I", _VIDEO_TRACK, 1, 0, 0, _OTHER_SAMPLE))]
    if audio:
        tracks.append(_track(_AUDIO_TRACK, audio.rate, _audio_media(audio), 0, 0))
        defaults.append(full_box(b"trex", struct.pack(">5I", _AUDIO_TRACK, 1, 0, 0, _SYNC_SAMPLE)))
    head = struct.pack(">4IIH10x", 0, 0, _MOVIE_RATE, 0, 0x10000, 0x100) + _IDENTITY
    movie = full_box(b"mvhd", head + bytes(24) + struct.pack(">I", _AUDIO_TRACK + 1))
    brands = struct.pack(">4sI4s4s4s", b"iso6", 0, b"iso6", b"mp42", b"avc1")
    return box(b"ftyp", brands) + box(b"moov", movie, *tracks, box(b"mvex", *defaults))


def fragment(sequence: int, video: Sequence[Sample], audio: Sequence[Sample]) -> list[bytes | memoryview]:
    """``moof`` and ``mdat`` of these samples, in pieces, so that a flush is put together in one go; an empty track is left out.

    The samples of a track follow each other without a gap: each begins where the one before ends.  ``MediaError`` if
    they do not, if there are none, or if a number does not fit.
    """
    tracks = [
        (number, samples, [sample.size for sample in samples])
        for number, samples in ((_VIDEO_TRACK, video), (_AUDIO_TRACK, audio))
        if samples
    ]
    if not tracks:
        raise MediaError("a fragment without a sample")
    size = sum(sum(sizes) for _, _, sizes in tracks)
    offset = _MOOF + sum(_TRAF + _ROW * len(samples) for _, samples, _ in tracks) + HEADER
    if offset + size >= _U32:
        raise MediaError(f"a fragment of {size} bytes")
    runs = []
    for number, samples, sizes in tracks:
        runs.append(_track_fragment(number, samples, sizes, offset))
        offset += sum(sizes)
    moof = box(b"moof", full_box(b"mfhd", struct.pack(">I", sequence)), *runs)
    payload = [piece for _, samples, _ in tracks for sample in samples for piece in sample.pieces]
    return [moof, box_header(b"mdat", size), *payload]


def free(size: int) -> bytes:
    """A ``free`` box of ``size`` bytes, at least 8, header included."""
    if size < HEADER:
        raise ValueError(f"a box of {size} bytes")
    return box(b"free", bytes(size - HEADER))


def padding(length: int) -> bytes:
    """The ``free`` box that fills ``length`` bytes up to a multiple of 65536: 8 to 65543 bytes."""
    size = -length % CHUNK
    return free(size if size >= HEADER else size + CHUNK)


SEGMENT_END: Final = free(HEADER)
"""Closes a segment: alone in the last chunk of its age file, which must not be empty."""


def _track_fragment(number: int, samples: Sequence[Sample], sizes: Sequence[int], offset: int) -> bytes:
    """The ``traf`` of one track, whose bytes begin ``offset`` behind the start of its ``moof``."""
    ends = [sample.time + sample.duration for sample in samples]
    for sample, begins in zip(samples, [samples[0].time, *ends], strict=False):
        if sample.time != begins or not 0 <= sample.duration < _U32 or sample.time < 0:
            raise MediaError(
                f"track {number}: sample at {sample.time} for {sample.duration} ticks, {begins} was expected"
            )
    flags = (_SYNC_SAMPLE if sample.key else _OTHER_SAMPLE for sample in samples)
    rows = [row for s, size, kind in zip(samples, sizes, flags, strict=True) for row in (s.duration, size, kind)]
    run = struct.pack(f">Ii{len(rows)}I", len(samples), offset, *rows)
    return box(
        b"traf",
        full_box(b"tfhd", struct.pack(">I", number), flags=0x020000),  # offsets count from the moof
        full_box(b"tfdt", struct.pack(">Q", samples[0].time), version=1),
        full_box(b"trun", run, flags=0x000701),  # data offset; duration, size and flags a sample
    )


def _track(number: int, rate: int, media: tuple[bytes, bytes, bytes], width: int, height: int) -> bytes:
    """A ``trak`` without samples; ``media`` is handler, media header and sample entry."""
    handler, header, entry = media
    sound = number == _AUDIO_TRACK
    head = struct.pack(">5I8xHHHH", 0, 0, number, 0, 0, 0, 0, 0x100 if sound else 0, 0)
    tables = (
        full_box(b"stsd", struct.pack(">I", 1), entry),
        *(full_box(kind, bytes(4)) for kind in (b"stts", b"stsc")),
        full_box(b"stsz", bytes(8)),
        full_box(b"stco", bytes(4)),
    )
    source = box(b"dinf", full_box(b"dref", struct.pack(">I", 1), full_box(b"url ", flags=1)))
    return box(
        b"trak",
        full_box(b"tkhd", head + _IDENTITY + struct.pack(">II", width << 16, height << 16), flags=3),
        box(
            b"mdia",
            full_box(b"mdhd", struct.pack(">4IHH", 0, 0, rate, 0, _UNDETERMINED, 0)),
            full_box(b"hdlr", struct.pack(">4x4s12x", handler) + b"\0"),
            box(b"minf", header, source, box(b"stbl", *tables)),
        ),
    )


def _video_media(sps: bytes, pps: bytes, width: int, height: int) -> tuple[bytes, bytes, bytes]:
    entry = struct.pack(">6xH16xHHIIIH32sHh", 1, width, height, 72 << 16, 72 << 16, 0, 1, b"", 24, -1)
    return b"vide", full_box(b"vmhd", bytes(8), flags=1), box(b"avc1", entry, box(b"avcC", _avc_config(sps, pps)))


def _avc_config(sps: bytes, pps: bytes) -> bytes:
    """The AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)."""
    facts = sps_facts(sps)
    config = bytes((1, facts.profile, facts.compatibility, facts.level, 0xFF, 0xE1))
    config += struct.pack(">H", len(sps)) + sps + b"\1" + struct.pack(">H", len(pps)) + pps
    if facts.chroma:
        chroma = facts.chroma
        config += bytes((0xFC | chroma.format, 0xF8 | chroma.luma_depth, 0xF8 | chroma.chroma_depth, 0))
    return config


def _audio_media(audio: AudioFormat) -> tuple[bytes, bytes, bytes]:
    if not 0 < len(audio.config) <= MAX_AUDIO_CONFIG:
        raise MediaError(f"AudioSpecificConfig of {len(audio.config)} bytes")
    rate = audio.rate << 16 if audio.rate <= 0xFFFF else 0  # 16 bits; the config tells a higher one
    entry = struct.pack(">6xH8xHHHHI", 1, audio.channels, 16, 0, 0, rate)
    return (
        b"soun",
        full_box(b"smhd", bytes(4)),
        box(b"mp4a", entry, full_box(b"esds", _stream_descriptor(audio.config))),
    )


def _stream_descriptor(config: bytes) -> bytes:
    """The ES_Descriptor of AAC (ISO/IEC 14496-1, 7.2.6.5), rates left open."""
    specific = bytes((5, len(config))) + config
    decoder = bytes((0x40, 0x15)) + bytes(11) + specific
    stream = struct.pack(">HB", _AUDIO_TRACK, 0) + bytes((4, len(decoder))) + decoder + bytes((6, 1, 2))
    return bytes((3, len(stream))) + stream
