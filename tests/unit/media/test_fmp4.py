"""Init segment, fragments and padding."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.media import fmp4
from firmware.media.errors import MediaError
from firmware.media.fmp4 import CHUNK, SEGMENT_END, Sample, free, init_segment, padding
from firmware.media.h264 import parameter_sets, to_avcc
from hal.interface import AudioFormat
from tests.media_clips import AAC_FRAME, Clip, clip
from tests.unit.media.readback import Packet, read

HIGH = (("profile", "high"), ("preset", "veryfast"))


def header(source: Clip, *, audio: bool = True) -> bytes:
    """The init segment of a clip."""
    sets = parameter_sets(source.video[0].data)
    form = source.video_format
    sound = source.audio_format if audio else None
    return init_segment(sps=sets.sps, pps=sets.pps, width=form.width, height=form.height, audio=sound)


def fragment(sequence: int, video: list[Sample], audio: list[Sample]) -> bytes:
    """A fragment in one piece."""
    return b"".join(fmp4.fragment(sequence, video, audio))


def frames(source: Clip, start: int = 0, step: int = 3000) -> list[Sample]:
    """The video samples of a clip, evenly spaced."""
    known = parameter_sets(source.video[0].data)
    return [
        Sample(start + index * step, step, to_avcc(unit.data, known), unit.key)
        for index, unit in enumerate(source.video)
    ]


def sounds(source: Clip, start: int = 0) -> list[Sample]:
    """The sound samples of a clip."""
    return [
        Sample(start + index * AAC_FRAME, AAC_FRAME, (unit.data,), key=True) for index, unit in enumerate(source.audio)
    ]


def packets(samples: list[Sample]) -> list[Packet]:
    """What PyAV should read back."""
    return [Packet(sample.time, sample.duration, sample.data, sample.key) for sample in samples]


def boxes(data: bytes) -> list[tuple[bytes, int]]:
    """Type and size of the boxes on the top level."""
    found = []
    while data:
        size, kind = struct.unpack_from(">I4s", data)
        assert 8 <= size <= len(data)
        found.append((kind, size))
        data = data[size:]
    return found


def inner(data: bytes, kind: bytes) -> bytes:
    """The content of the only box of this type, at any depth."""
    assert data.count(kind) == 1
    at = data.index(kind)
    return data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at], "big")]


@pytest.mark.parametrize("start", [0, 90_000 * 3600 * 30])
def test_what_goes_in_comes_out(start: int) -> None:
    """Bytes, times, durations and keyframes of both tracks, as libav reads them; after 30 hours too."""
    source = clip(1)
    video, audio = frames(source, start), sounds(source, start // 15 * 8)
    data = header(source)
    for number in range(2):
        data += fragment(number + 1, video[number * 15 :][:15], audio[number * 24 :][:24])
    contents = read(data)
    assert contents.video == packets(video)
    assert contents.audio == packets(audio)
    assert contents.pictures == 30
    assert contents.sounds == len(audio)


def test_uneven_times_are_kept() -> None:
    """Jitter, lost frames and gaps in the sound stand in the file as they were."""
    source = clip(1)
    video = frames(source)[:10]
    ticks = [0, 3001, 5999, 20_000, 20_001, 30_000, 33_000, 36_000, 36_500, 41_000, 44_000]
    video = [
        Sample(time, until - time, sample.pieces, sample.key)
        for sample, (time, until) in zip(video, pairwise(ticks), strict=True)
    ]
    audio = [
        Sample(500, 1024, (source.audio[0].data,), key=True),
        Sample(1524, 7000, (source.audio[1].data,), key=True),
    ]
    contents = read(header(source) + fragment(1, video, audio))
    assert contents.video == packets(video)
    assert contents.audio == packets(audio)


def test_a_track_without_samples_disturbs_nobody() -> None:
    """A silent part of a recording that has a microphone plays like any other."""
    source = clip(1)
    contents = read(header(source) + fragment(1, frames(source), []))
    assert contents.pictures == 30
    assert contents.audio == []


def test_sound_alone_is_a_fragment() -> None:
    """A fragment without a picture is read behind one with pictures."""
    source = clip(1)
    audio = sounds(source)
    contents = read(header(source) + fragment(1, frames(source), []) + fragment(2, [], audio))
    assert contents.audio == packets(audio)


def test_a_recording_without_a_microphone_has_one_track() -> None:
    """Where no sound was possible, no track promises any."""
    source = clip(1)
    with av.open(io.BytesIO(header(source, audio=False) + fragment(1, frames(source), []))) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_formats_are_told() -> None:
    """Size, sampling rate, channels and profile stand in the header."""
    source = clip(1)
    with av.open(io.BytesIO(header(source) + fragment(1, frames(source), sounds(source)))) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, video.codec_context.profile) == (320, 240, "Constrained Baseline")
        assert (video.time_base, audio.time_base) == (Fraction(1, 90_000), Fraction(1, 48_000))
        assert (audio.rate, audio.channels, audio.codec_context.profile) == (48_000, 1, "LC")


def test_brands_say_what_the_file_needs() -> None:
    """Fragments whose offsets count from their own moof came with iso5, tfdt with iso6."""
    assert inner(header(clip(1)), b"ftyp") == b"iso6" + bytes(4) + b"iso6mp42avc1"


@pytest.mark.parametrize("options", [(), HIGH], ids=["baseline", "high"])
def test_decoder_configuration_is_the_one_libav_writes(options: tuple[tuple[str, str], ...]) -> None:
    """The avcC box, with the further bytes of the high profiles where they are due."""
    source = clip(1, options=options)
    raw, output = io.BytesIO(b"".join(unit.data for unit in source.video)), io.BytesIO()
    with av.open(raw, "r", format="h264") as container, av.open(output, "w", format="mp4") as copy:
        stream = copy.add_stream_from_template(container.streams.video[0])
        for index, packet in enumerate(packet for packet in container.demux() if packet.size):
            packet.stream, packet.pts, packet.dts = stream, index, index
            copy.mux(packet)
    theirs, ours = inner(output.getvalue(), b"avcC"), inner(header(source), b"avcC")
    assert ours == theirs
    assert read(header(source) + fragment(1, frames(source), [])).pictures == 30


def test_many_slices_decode() -> None:
    """A picture of several slices is one sample."""
    source = clip(1, options=(("slices", "4"),))
    assert read(header(source) + fragment(1, frames(source), [])).pictures == 30


@given(st.integers(0, 1 << 40))
def test_padding_fills_the_chunk(length: int) -> None:
    """Up to a multiple of 65536, with 8 to 65543 bytes, in one free box."""
    box = padding(length)
    assert (length + len(box)) % CHUNK == 0
    assert 8 <= len(box) <= 65_543
    assert boxes(box) == [(b"free", len(box))]


@pytest.mark.parametrize("missing", [0, 1, 7, 8, 9, 65_535])
def test_padding_at_the_borders(missing: int) -> None:
    """A box needs 8 bytes: fewer take another chunk."""
    assert len(padding(10 * CHUNK - missing)) == (missing if missing >= 8 else missing + CHUNK)


def test_the_end_of_a_segment() -> None:
    """Eight bytes, since age forbids an empty last chunk."""
    assert SEGMENT_END == b"\0\0\0\x08free"


def test_padding_is_invisible() -> None:
    """A player reads the same with padding and without."""
    source = clip(1)
    video, audio = frames(source), sounds(source)
    plain, padded = header(source), header(source)
    for number in range(2):
        part = fragment(number + 1, video[number * 15 :][:15], audio[number * 24 :][:24])
        plain += part
        padded += part
        padded += padding(len(padded))
    assert len(padded) % CHUNK == 0
    assert read(padded + SEGMENT_END) == read(plain)


def test_a_box_has_a_header() -> None:
    """A wrong call is a ValueError."""
    with pytest.raises(ValueError, match="7 bytes"):
        free(7)


class Huge(bytes):
    """Bytes that claim to be four gigabytes."""

    __slots__ = ()

    def __len__(self) -> int:
        """Too much for 32 bits."""
        return 1 << 32


@pytest.mark.parametrize(
    ("video", "wrong"),
    [
        ([], "without a sample"),
        ([Sample(0, 10, (), key=True), Sample(11, 10, (), key=False)], "sample at 11 .* 10 was expected"),
        ([Sample(-1, 10, (), key=True)], "sample at -1"),
        ([Sample(0, -1, (), key=True)], "for -1 ticks"),
        ([Sample(0, 1 << 32, (), key=True)], "for 4294967296 ticks"),
        ([Sample(0, 1, (Huge(),), key=True)], "fragment of 4294967296 bytes"),
    ],
)
def test_fragments_that_cannot_be_written_are_refused(video: list[Sample], wrong: str) -> None:
    """Nothing is written that a reader would take for something else."""
    with pytest.raises(MediaError, match=wrong):
        fragment(1, video, [])


@pytest.mark.parametrize(
    ("width", "height", "config", "wrong"),
    [
        (0, 240, b"\x11\x88", "width of 0"),
        (320, 65_536, b"\x11\x88", "height of 65536"),
        (320, 240, b"", "AudioSpecificConfig of 0 bytes"),
        (320, 240, bytes(65), "AudioSpecificConfig of 65 bytes"),
    ],
)
def test_headers_that_cannot_be_written_are_refused(width: int, height: int, config: bytes, wrong: str) -> None:
    """Each refusal names what does not fit."""
    sets = parameter_sets(clip(1).video[0].data)
    audio = AudioFormat(48_000, 1, 1024, config)
    with pytest.raises(MediaError, match=wrong):
        init_segment(sps=sets.sps, pps=sets.pps, width=width, height=height, audio=audio)


@pytest.mark.parametrize(("rate", "field"), [(48_000, 48_000 << 16), (96_000, 0)])
def test_the_sample_entry_tells_the_rate(rate: int, field: int) -> None:
    """In 16 bits; a rate that does not fit is told by the AudioSpecificConfig alone."""
    sets = parameter_sets(clip(1).video[0].data)
    audio = AudioFormat(rate, 2, 1024, b"\x10\x10")
    data = init_segment(sps=sets.sps, pps=sets.pps, width=320, height=240, audio=audio)
    at = data.index(b"mp4a") + 4
    assert struct.unpack_from(">HHHHI", data, at + 16) == (2, 16, 0, 0, field)
