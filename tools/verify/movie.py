"""An ordinary MP4 file (ISO/IEC 14496-12): where each sample lies, when it is decoded, and when its track is shown."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tools.verify.boxes import Box, Reader, children, only, path, read_header, walk
from tools.verify.findings import need
from tools.verify.tracks import TrackHeader, is_text, read_track

MAX_MOOV = 256 << 20
MAX_SAMPLE = 64 << 20
_MAX_BOXES = 10_000
_IGNORED = {"mvhd", "udta", "meta", "iods", "free", "skip"}


@dataclass(frozen=True, slots=True)
class MovieTrack:
    """One track: ``times`` in its ticks, ``offsets`` and ``sizes`` in bytes of the file, each one a sample; ``end``
    is when the last sample's time is over; ``shown_at`` is the time, in seconds of the film, at which time 0 of the
    track would be shown, and ``hidden`` whether an edit leaves part of it out."""

    header: TrackHeader
    times: array[int]
    offsets: array[int]
    sizes: array[int]
    end: int
    shown_at: float
    hidden: bool


def read_movie(file: BinaryIO) -> list[MovieTrack]:
    """Read the index of a film, subtitles and chapters aside; ``Refused`` where it is no MP4 file, fragmented, or built
    in a way that proves nothing."""
    moov, length = _find_moov(file)
    boxes = children(moov)
    need(not any(box.type == "mvex" for box in boxes), "is a fragmented film: only an ordinary one can be judged")
    strangers = {box.type for box in boxes} - _IGNORED - {"trak"}
    need(not strangers, f"holds {', '.join(sorted(map(repr, strangers)))}, which no export has")
    rate = _movie_rate(only(boxes, "mvhd"))
    return [_read_track(box, rate, length) for box in boxes if box.type == "trak" and not is_text(box)]


def _find_moov(file: BinaryIO) -> tuple[Box, int]:
    length = file.seek(0, 2)
    at, found, seen = 0, None, 0
    while at < length:
        file.seek(at)
        kind, _, size = read_header(file.read(16))
        end = length if size == 0 else at + size
        need(end <= length, f"the {kind!r} box goes on behind the end of the file")
        need(at or kind == "ftyp", "does not begin like an MP4 file")
        need(kind != "moof", "is a fragmented film: only an ordinary one can be judged")
        if kind == "moov":
            need(found is None, "holds two moov boxes")
            need(end - at <= MAX_MOOV, "the moov box is longer than any")
            file.seek(at)
            found = next(walk(memoryview(file.read(end - at))))
        at, seen = end, seen + 1
        need(seen < _MAX_BOXES, "holds more boxes than any film")
    if found is None:
        need(length, "is empty")
        need(found, "holds no moov box")
    assert found is not None  # noqa: S101 - refused above
    return found, length


def _movie_rate(mvhd: Box) -> int:
    reader = Reader(mvhd)
    version, _ = reader.full()
    rate = reader.take("QQI" if version == 1 else "III")[2]
    need(rate, "the film has no time scale")
    return rate


def _read_track(trak: Box, movie_rate: int, length: int) -> MovieTrack:
    header = read_track(trak)
    table = children(path(trak, "mdia", "minf", "stbl"))
    need(not any(box.type == "ctts" for box in table), "shows samples at other times than it decodes them")
    sizes = _sizes(only(table, "stsz"))
    times, end = _times(only(table, "stts"), len(sizes))
    offsets = array("Q", _offsets(table, sizes))
    need(
        all(at + size <= length for at, size in zip(offsets, sizes, strict=True)),
        "a sample lies behind the end of the file",
    )
    edits = [box for box in children(trak) if box.type == "edts"]
    shown_at, hidden = _edits(path(edits[0], "elst"), header.rate, movie_rate, end) if edits else (0.0, False)
    return MovieTrack(header, times, offsets, sizes, end, shown_at, hidden)


def _sizes(stsz: Box) -> array[int]:
    reader = Reader(stsz)
    reader.full()
    uniform, count = reader.take("II")
    if uniform:
        need(count <= MAX_MOOV // 8, "counts more samples than any film")
        sizes = array("I", [uniform]) * count
    else:
        sizes = array("I", (size for (size,) in reader.rows(count, "I")))
    need(max(sizes, default=0) <= MAX_SAMPLE, "holds a sample longer than any")
    return sizes


def _times(stts: Box, count: int) -> tuple[array[int], int]:
    reader = Reader(stts)
    reader.full()
    times, at = array("Q"), 0
    for repeats, delta in reader.rows(reader.one("I"), "II"):
        need(len(times) + repeats <= count, "the stts box counts more samples than the stsz box")
        times.extend(range(at, at + repeats * delta, delta) if delta else [at] * repeats)
        at += repeats * delta
    need(len(times) == count, "the stts box counts fewer samples than the stsz box")
    return times, at


def _offsets(table: list[Box], sizes: array[int]) -> Iterator[int]:
    large = any(box.type == "co64" for box in table)
    reader = Reader(only(table, "co64" if large else "stco"))
    reader.full()
    chunks = [offset for (offset,) in reader.rows(reader.one("I"), "Q" if large else "I")]
    reader = Reader(only(table, "stsc"))
    reader.full()
    runs = reader.rows(reader.one("I"), "III")
    need(all(description == 1 for _, _, description in runs), "uses a second sample description")
    firsts = [first for first, _, _ in runs]
    need(firsts == sorted(set(firsts)) and firsts[:1] in ([], [1]), "the stsc box is out of order")
    sample = 0
    for (first, each, _), after in zip(runs, [*firsts, len(chunks) + 1][1:], strict=True):
        for chunk in chunks[first - 1 : after - 1]:
            at = chunk
            for size in sizes[sample : sample + each]:
                yield at
                at += size
            sample += each
    need(sample == len(sizes), "the stsc box does not count the samples of the stsz box")


def _edits(elst: Box, rate: int, movie_rate: int, end: int) -> tuple[float, bool]:
    """Empty edits, then one that shows the track from some time on."""
    reader = Reader(elst)
    version, _ = reader.full()
    rows = reader.rows(reader.one("I"), "Qqhh" if version == 1 else "Iihh")
    delay = 0
    while rows and rows[0][1] == -1:
        delay += rows.pop(0)[0]
    need(len(rows) == 1 and rows[0][1] >= 0 and rows[0][2:] == (1, 0), "its edit list shows the track out of order")
    duration, start = rows[0][:2]
    cut_off = duration and (start / rate + duration / movie_rate) < end / rate - 2 / movie_rate
    return delay / movie_rate - start / rate, bool(start or cut_off)
