"""The boxes of a segment: walked in the example's plaintext, so that sizes, versions and flags are those that are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.specification.example import example
from tests.specification.tables import grouped, table
from tools.verify.boxes import Box, children, walk

_CONTAINERS = {
    "moov": 0,
    "trak": 0,
    "mdia": 0,
    "minf": 0,
    "dinf": 0,
    "stbl": 0,
    "mvex": 0,
    "moof": 0,
    "traf": 0,
    "stsd": 8,
    "dref": 8,
    "avc1": 78,
    "mp4a": 28,
}
"""Boxes that hold others, and how many bytes of their own stand in front of those."""
_PLAIN = {"ftyp", "free", "mdat", "avc1", "mp4a", "avcC", *_CONTAINERS} - {"stsd", "dref"}
"""Boxes without a version and flags."""

_MATRIX = "the unit matrix (`00010000`, 0, 0; 0, `00010000`, 0; 0, 0, `40000000`)"
FIELDS: Mapping[str, str] = {
    "ftyp": "major brand `iso6`, minor version 0, compatible brands `iso6`, `mp42`, `avc1`",
    "mvhd": f"u32 times 0, 0; time scale 1000; duration 0; rate `00010000`; volume `0100`; 10 bytes 0; {_MATRIX}; 24 bytes 0; next track 3, also without sound",
    "tkhd": f"u32 times 0, 0; track; u32 0; duration 0; 8 bytes 0; u16 layer 0, group 0, volume (0, sound `0100`), 0; {_MATRIX}; width and height, u32 each, the pixels in the upper half (sound: 0, 0)",
    "mdhd": "u32 times 0, 0; time scale (90000, sound: its sample rate); duration 0; u16 language `55c4` (`und`), u16 0",
    "hdlr": "u32 0; `vide` or `soun`; 12 bytes 0; an empty name: one byte 0",
    "vmhd": "8 bytes 0",
    "smhd": "4 bytes 0",
    "dref": "u32 1, then `url `",
    "url ": "nothing",
    "stsd": "u32 1, then one sample entry",
    "avc1": "6 bytes 0; u16 1; 16 bytes 0; u16 width, height; u32 `00480000` twice; u32 0; u16 1; 32 bytes 0; u16 24; i16 -1; then `avcC`",
    "avcC": "`01`; profile, compatibility, level of the SPS; `ff`; `e1`, u16 length, SPS; `01`, u16 length, PPS; of a profile that has them `fc` + chroma format, `f8` + luma depth - 8, `f8` + chroma depth - 8, `00`",
    "mp4a": "6 bytes 0; u16 1; 8 bytes 0; u16 channels, 16, 0, 0; u32 sample rate in the upper half (0 where it is above 65535); then `esds`",
    "esds": "`03` length: u16 2, u8 0; `04` length: `40 15`, 11 bytes 0; `05` length: AudioSpecificConfig; `06 01 02`. Each length is one byte",
    "stts": "u32 0",
    "stsc": "u32 0",
    "stsz": "u32 0, 0",
    "stco": "u32 0",
    "trex": "track; description 1; duration 0; size 0; flags `01010000` (sound: `02000000`)",
    "mfhd": "sequence number: 1 for the first fragment of a segment, one up with each",
    "tfhd": "track; offsets count from the `moof`",
    "tfdt": "u64 time of the first sample",
    "trun": "u32 samples; i32 offset of the first from the start of the `moof`; for each sample u32 duration, size, flags (`02000000` a keyframe or sound, else `01010000`)",
    "mdat": "the samples of track 1, then those of track 2, without anything between",
    "free": "zeros: fills the flush up to a multiple of 65536 bytes; behind the last flush of a segment 8 bytes without a body",
    "moov": "",
    "trak": "track 1, then, where there is sound, track 2",
    "mdia": "",
    "minf": "",
    "dinf": "",
    "stbl": "",
    "mvex": "one `trex` a track",
    "moof": "",
    "traf": "one for each track that has a sample: 1, then 2",
}


def boxes() -> str:
    """The table: every kind of box once at each depth, in the order of the file."""
    data = example().plain["000000.mp4.age"]
    rows: list[tuple[str, str, str, str]] = []
    seen: set[tuple[int, str]] = set()
    above: list[str] = []
    for depth, box in _walk(list(walk(memoryview(data)))):
        name = box.type
        above[depth:] = [name]
        if (depth, name) in seen and name != "free":
            continue
        seen.add((depth, name))
        version = "" if name in _PLAIN else f"{box.body[0]}, {int.from_bytes(box.body[1:4], 'big'):06x}"
        rows.append((f"`{'/'.join([*above[:depth], name])}`", grouped(box.end - box.start), version, FIELDS[name]))
    return table(("box", "bytes here", "version, flags", "fields"), rows)


def _walk(found: list[Box], depth: int = 0) -> Iterator[tuple[int, Box]]:
    for box in found:
        yield depth, box
        if box.type in _CONTAINERS:
            yield from _walk(children(box, _CONTAINERS[box.type]), depth + 1)


def flush_drawing() -> str:
    """A segment's file as an SVG: what the plaintext is made of, and what stands on the card.  Not to scale."""
    it = example()
    plain, cipher = it.plain["000000.mp4.age"], it.files["card/recordings/00000001/000000.mp4.age"]
    top = [(box.type, box.end - box.start) for box in walk(memoryview(plain))]
    sealed = 16 + 65536
    header = len(cipher) - sealed - 24 - 16
    stored = [
        ("age header", header),
        ("nonce", 16),
        ("chunk 0: 65536 bytes", 65536),
        ("tag", 16),
        ("chunk 1: 8 bytes", 8),
        ("tag", 16),
    ]
    rows = [("on the card", stored), ("decrypted", top)]
    return "\n".join(_svg(rows))


def _svg(rows: list[tuple[str, list[tuple[str, int]]]]) -> Iterator[str]:
    yield '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 230" font-family="sans-serif" font-size="12" role="img">'
    yield "<title>A segment of one flush: the age file on the card, and the boxes inside it</title>"
    yield '<rect width="900" height="230" fill="#ffffff"/>'
    for number, (name, parts) in enumerate(rows):
        y = 30 + 110 * number
        yield f'<text x="10" y="{y - 8}" font-weight="bold">{name}</text>'
        shares = [max(1.0, len(str(size)) - 0.5) for _, size in parts]
        x, scale = 10.0, 880 / sum(shares)
        for (label, size), share in zip(parts, shares, strict=True):
            width = share * scale
            colour = (
                "#dbe9ff"
                if "chunk" in label or label == "mdat"
                else "#eeeeee"
                if label in {"free", "tag"}
                else "#fff3d6"
            )
            yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="48" fill="{colour}" stroke="#333333"/>'
            yield f'<text x="{x + width / 2:.1f}" y="{y + 20}" text-anchor="middle">{label}</text>'
            yield f'<text x="{x + width / 2:.1f}" y="{y + 38}" text-anchor="middle" fill="#555555">{size}</text>'
            x += width
    yield '<text x="10" y="220">ftyp to the first free box fill chunk 0; the last free box, 8 bytes, is alone in the last chunk. Sizes in bytes, widths not to scale.</text>'
    yield "</svg>"
    yield ""
