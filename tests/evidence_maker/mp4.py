"""Fragmented MP4 as section 5 has it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

from tests.evidence_maker.clips import HEIGHT, RATE, VIDEO_RATE, WIDTH, Clip, Sample

CHUNK = 65536
CLOSING = b"\0\0\0\x08free"
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def box(kind: str, *parts: bytes) -> bytes:
    """A box."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind.encode()) + body


def full(kind: str, version: int, flags: int, *parts: bytes) -> bytes:
    """A full box."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def init(clip: Clip, *, sound: bool) -> bytes:
    """``ftyp`` and ``moov``."""
    tracks = [_track(1, "vide", VIDEO_RATE, _avc1(clip.avcc), (WIDTH, HEIGHT))]
    if sound:
        tracks.append(_track(2, "soun", RATE, _mp4a(clip.asc), (0, 0)))
    header = full(
        "mvhd", 0, 0, struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x100), _MATRIX, bytes(24), struct.pack(">I", 3)
    )
    extends = [full("trex", 0, 0, struct.pack(">5I", number, 1, 0, 0, 0)) for number in (1, 2)[: len(tracks)]]
    return box("ftyp", b"iso6", bytes(4), b"iso6mp41") + box("moov", header, *tracks, box("mvex", *extends))


def fragment(sequence: int, video: Sequence[Sample], audio: Sequence[Sample]) -> bytes:
    """``moof`` and ``mdat``."""
    runs = [(1, video)] * bool(video) + [(2, audio)] * bool(audio)

    def moof(offset: int) -> bytes:
        parts = [full("mfhd", 0, 0, struct.pack(">I", sequence))]
        for number, samples in runs:
            rows = b"".join(
                struct.pack(">III", each.duration, len(each.data), 0x02000000 if each.key else 0x01010000)
                for each in samples
            )
            parts.append(
                box(
                    "traf",
                    full("tfhd", 0, 0x020000, struct.pack(">I", number)),
                    full("tfdt", 1, 0, struct.pack(">Q", samples[0].time)),
                    full("trun", 0, 0x701, struct.pack(">Ii", len(samples), offset), rows),
                )
            )
            offset += sum(len(each.data) for each in samples)
        return box("moof", *parts)

    return moof(len(moof(0)) + 8) + box("mdat", *(each.data for _, samples in runs for each in samples))


def padded(data: bytes) -> bytes:
    """With a free box up to whole chunks."""
    size = -len(data) % CHUNK
    size += CHUNK if size < 8 else 0
    return data + box("free", bytes(size - 8))


def sample_hash(samples: Sequence[Sample]) -> str:
    """Section 6.2."""
    return hashlib.sha256(
        b"".join(struct.pack(">QI", each.time, len(each.data)) + each.data for each in samples)
    ).hexdigest()


def _track(number: int, handler: str, rate: int, entry: bytes, size: tuple[int, int]) -> bytes:
    sound = handler == "soun"
    header = struct.pack(">IIIII8xHHH2x", 0, 0, number, 0, 0, 0, 0, 0x100 if sound else 0)
    shown = struct.pack(">II", size[0] << 16, size[1] << 16)
    media = full("smhd", 0, 0, bytes(4)) if sound else full("vmhd", 0, 1, bytes(8))
    empty = [full(kind, 0, 0, bytes(8 if kind == "stsz" else 4)) for kind in ("stts", "stsc", "stsz", "stco")]
    table = box("stbl", full("stsd", 0, 0, struct.pack(">I", 1), entry), *empty)
    data = box("dinf", full("dref", 0, 0, struct.pack(">I", 1), full("url ", 0, 1)))
    return box(
        "trak",
        full("tkhd", 0, 3, header, _MATRIX, shown),
        box(
            "mdia",
            full("mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, rate, 0, 0x55C4, 0)),
            full("hdlr", 0, 0, bytes(4), handler.encode(), bytes(12), b"Lapel\0"),
            box("minf", media, data, table),
        ),
    )


def _avc1(avcc: bytes) -> bytes:
    fields = struct.pack(">6xH16xHHIIIH32xHh", 1, WIDTH, HEIGHT, 0x480000, 0x480000, 0, 1, 24, -1)
    return box("avc1", fields, box("avcC", avcc))


def _mp4a(asc: bytes) -> bytes:
    def descriptor(tag: int, body: bytes) -> bytes:
        return bytes([tag, len(body)]) + body

    config = descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, 0, 0) + descriptor(5, asc))
    esds = full("esds", 0, 0, descriptor(3, struct.pack(">HB", 2, 0) + config + descriptor(6, b"\x02")))
    return box("mp4a", struct.pack(">6xH8xHH4xI", 1, 1, 16, RATE << 16), esds)
