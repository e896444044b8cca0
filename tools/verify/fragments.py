"""A segment (section 5): fragmented MP4, read flush by flush."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from tools.verify.boxes import Box, Reader, children, only, walk
from tools.verify.findings import need
from tools.verify.journal import CHUNK
from tools.verify.tracks import TrackHeader, read_track

_BASE_IS_MOOF = 0x020000
_EMPTY_FRAGMENT = 0x010000
_NOT_SYNC = 0x010000
_CLOSING_BOX = b"\0\0\0\x08free"


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: time and duration in ticks of its track, whether it is a keyframe, its bytes as they stand in
    ``mdat``."""

    time: int
    duration: int
    key: bool
    data: memoryview


@dataclass(frozen=True, slots=True)
class FlushMedia:
    """What one flush holds."""

    video: list[Sample]
    audio: list[Sample]

    def of(self, kind: str) -> list[Sample]:
        """The samples of ``video`` or ``audio``."""
        return self.video if kind == "video" else self.audio


@dataclass(slots=True)
class _Run:
    track: TrackHeader
    time: int
    sizes: list[int] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)
    offset: int = 0


class SegmentReader:
    """Reads the flushes of one segment in order.  ``tracks`` is known after the first."""

    def __init__(self) -> None:
        self.tracks: dict[int, TrackHeader] = {}
        self._defaults: dict[int, tuple[int, int, int]] = {}

    def read(self, data: bytes, *, last: bool) -> FlushMedia:
        """Take a flush's plaintext apart; ``Refused`` unless it is built as section 5 says, padding and all."""
        view = memoryview(data)
        if last:
            need(data.endswith(_CLOSING_BOX), "the segment does not end with an empty free box")
            view = view[: -len(_CLOSING_BOX)]
        need(len(view) % CHUNK == 0, "the flush does not end on a chunk")
        boxes = list(walk(view))
        if not self.tracks:
            need([box.type for box in boxes[:2]] == ["ftyp", "moov"], "the segment does not begin with ftyp and moov")
            self._read_moov(boxes[1])
            boxes = boxes[2:]
        if boxes or not last:
            _check_padding(boxes)
        media = FlushMedia([], [])
        pairs = boxes[:-1]
        need(len(pairs) % 2 == 0, "a fragment is not one moof and one mdat")
        for moof, mdat in zip(pairs[::2], pairs[1::2], strict=True):
            need((moof.type, mdat.type) == ("moof", "mdat"), "a fragment is not one moof and one mdat")
            self._read_fragment(moof, mdat, view, media)
        return media

    def _read_moov(self, moov: Box) -> None:
        boxes = children(moov)
        found = [read_track(box) for box in boxes if box.type == "trak"]
        self.tracks = {track.id: track for track in found}
        kinds = [(track.id, track.kind) for track in found]
        need(kinds in ([(1, "video")], [(1, "video"), (2, "audio")]), "the tracks are not 1 for video and 2 for sound")
        for box in children(only(boxes, "mvex")):
            if box.type == "trex":
                reader = Reader(box)
                reader.full()
                number, _, duration, size, flags = reader.take("5I")
                self._defaults[number] = (duration, size, flags)

    def _read_fragment(self, moof: Box, mdat: Box, view: memoryview, media: FlushMedia) -> None:
        runs = [self._read_run(box) for box in children(moof) if box.type == "traf"]
        reached = mdat.body_start
        for run in sorted(runs, key=lambda each: each.offset):
            at = moof.start + run.offset
            need(at == reached, "the samples do not fill their mdat")
            time = run.time
            for size, duration, key in zip(run.sizes, run.durations, run.keys, strict=True):
                need(at + size <= mdat.end, "a sample goes on behind its mdat")
                media.of(run.track.kind).append(Sample(time, duration, key, view[at : at + size]))
                at, time = at + size, time + duration
            reached = at
        need(reached == mdat.end, "the samples do not fill their mdat")

    def _read_run(self, traf: Box) -> _Run:
        """One ``traf`` with at most one ``trun``, without composition offsets (no B-frames)."""
        boxes = children(traf)
        header = Reader(only(boxes, "tfhd"))
        _, flags = header.full()
        number = header.one("I")
        need(number in self.tracks, "a fragment names a track that is not there")
        need(flags & _BASE_IS_MOOF and not flags & 0x01, "offsets do not count from the fragment")
        need(not flags & _EMPTY_FRAGMENT, "a fragment is empty")
        duration, size, look = self._defaults.get(number, (0, 0, 0))
        _ = header.one("I") if flags & 0x02 else 0
        duration = header.one("I") if flags & 0x08 else duration
        size = header.one("I") if flags & 0x10 else size
        look = header.one("I") if flags & 0x20 else look
        clock = Reader(only(boxes, "tfdt"))
        run = _Run(self.tracks[number], clock.one("Q") if clock.full()[0] == 1 else clock.one("I"))
        _read_trun(only(boxes, "trun"), run, duration, size, look)
        return run


def _read_trun(box: Box, run: _Run, duration: int, size: int, look: int) -> None:
    reader = Reader(box)
    _, flags = reader.full()
    count = reader.one("I")
    need(flags & 0x01, "a run without an offset")
    run.offset = reader.one("i")
    first = reader.one("I") if flags & 0x04 else None
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    need(columns or count <= CHUNK, "a run counts more samples than it describes")
    rows = reader.rows(count, "I" * len(columns)) if columns else [()] * count
    reader.finish()
    for index, row in enumerate(rows):
        values = dict(zip(columns, row, strict=True))
        need(not values.get(0x800), "a sample is shown at another time than it is decoded")
        run.durations.append(values.get(0x100, duration))
        run.sizes.append(values.get(0x200, size))
        flag = values.get(0x400, look if first is None or index else first)
        run.keys.append(not flag & _NOT_SYNC)


def _check_padding(boxes: list[Box]) -> None:
    need(boxes and boxes[-1].type == "free", "the flush does not end with a free box")
    body = boxes[-1].body
    need(
        len(body) < CHUNK and not bytes(body).strip(b"\0"), "the free box at the end of the flush is not plain padding"
    )


def sample_hash(samples: Iterable[tuple[int, memoryview | bytes]]) -> str:
    """The hash of samples (section 6.2): time, length and bytes of each."""
    return hashlib.sha256(
        b"".join(part for time, data in samples for part in (struct.pack(">QI", time, len(data)), data))
    ).hexdigest()
