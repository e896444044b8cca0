"""What a track header says, alike in fragmented and ordinary MP4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.verify.boxes import Box, Reader, children, only, path
from tools.verify.findings import Refused, need

KINDS = {"vide": "video", "soun": "audio"}
_TEXT = {"sbtl", "text"}
_ENTRY_TYPES = {"video": "avc1", "audio": "mp4a"}
_CONFIG_TYPES = {"video": "avcC", "audio": "esds"}
_VISUAL_FIELDS = 78
_SOUND_FIELDS = 28
_MATRIX = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_ES, _DECODER, _SPECIFIC = 3, 4, 5
_ES_FIELDS, _DECODER_FIELDS = 3, 13
_AAC = b"\x40"
_ALTERING = {"clap", "pasp", "sinf"}


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """Number, kind (``video`` or ``audio``), ticks per second, size in pixels (of a video track), the decoder's
    configuration (what ``avcC`` holds; the AudioSpecificConfig), and whether the picture is shown as it is decoded
    (not turned, clipped or stretched)."""

    id: int
    kind: str
    rate: int
    size: tuple[int, int] | None
    config: bytes
    plain: bool


def read_track(trak: Box) -> TrackHeader:
    """Read a ``trak`` box."""
    number, matrix, shown = _track_header(path(trak, "tkhd"))
    kind = KINDS.get(_handler(trak))
    if kind is None:
        raise Refused(f"track {number} is neither video nor sound")
    entries = path(trak, "mdia", "minf", "stbl", "stsd")
    inside = list(children(entries, 8))
    entry = only(inside, _ENTRY_TYPES[kind])
    need(len(inside) == 1, f"track {number} has {len(inside)} sample descriptions")
    rate = _rate(path(trak, "mdia", "mdhd"))
    if kind == "audio":
        config = only(children(entry, _SOUND_FIELDS), _CONFIG_TYPES[kind])
        return TrackHeader(number, kind, rate, None, _audio_config(config), plain=True)
    parts = children(entry, _VISUAL_FIELDS)
    fields = Reader(entry)
    fields.take("24B")
    width, height = fields.take("HH")
    plain = [*matrix, *shown] == [*_MATRIX, width, height] and _unaltered(parts)
    return TrackHeader(number, kind, rate, (width, height), bytes(only(parts, _CONFIG_TYPES[kind]).body), plain)


def is_text(trak: Box) -> bool:
    """Whether a track holds subtitles or the titles of chapters, which no camera signs."""
    return _handler(trak) in _TEXT


def _handler(trak: Box) -> str:
    handler = Reader(path(trak, "mdia", "hdlr"))
    handler.take("II")
    return handler.one("I").to_bytes(4, "big").decode("latin-1")


def _track_header(box: Box) -> tuple[int, tuple[int, ...], tuple[float, float]]:
    reader = Reader(box)
    version, _ = reader.full()
    fields = reader.take("QQIIQ" if version == 1 else "IIIII")
    reader.take("QHHHH")
    matrix = reader.take("9I")
    width, height = reader.take("II")
    return fields[2], matrix, (width / 65536, height / 65536)


def _rate(box: Box) -> int:
    reader = Reader(box)
    version, _ = reader.full()
    rate = reader.take("QQI" if version == 1 else "III")[2]
    need(rate, "a track has no time scale")
    return rate


def _audio_config(esds: Box) -> bytes:
    """The AudioSpecificConfig inside ES and decoder config descriptors (ISO/IEC 14496-1); ``Refused`` unless it is
    for AAC."""
    es = dict(_descriptors(bytes(esds.body[4:]))).get(_ES, b"")
    need(len(es) > _ES_FIELDS and not es[2], "the sound's descriptor is of another form than an MP4 file's")
    decoder = dict(_descriptors(es[_ES_FIELDS:])).get(_DECODER, b"")
    need(decoder[:1] == _AAC, "the sound is not AAC")
    return dict(_descriptors(decoder[_DECODER_FIELDS:])).get(_SPECIFIC, b"")


def _descriptors(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each descriptor in a row."""
    at = 0
    while at < len(data):
        tag, length, more = data[at], 0, True
        while more:
            at += 1
            need(at < len(data) and length < 1 << 21, "a descriptor of the sound is cut off")
            length, more = length << 7 | data[at] & 0x7F, bool(data[at] & 0x80)
        at += 1
        need(at + length <= len(data), "a descriptor of the sound is cut off")
        yield tag, data[at : at + length]
        at += length


def _unaltered(parts: Sequence[Box]) -> bool:
    square = {box.type for box in parts if box.type == "pasp" and _square(box)}
    return not ({box.type for box in parts} & _ALTERING - square)


def _square(box: Box) -> bool:
    across, down = Reader(box).take("II")
    return across == down
