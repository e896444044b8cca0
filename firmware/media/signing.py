"""ONVIF Media Signing: each group of pictures is hashed slice by slice, and a SEI behind it vouches for it.

Where the SEIs stand decides what a clip that somebody trims can prove.  They follow one frame behind the keyframe of the next GOP: in
that keyframe's own access unit a clip that begins there would begin with a signature over what it does not have.  They come in pairs,
of which the first carries the certificates: a reader who meets a signature before any certificate calls the clip invalid, and
certificates in each SEI would be too many bytes.  Where a segment ends, what is left stands at its end, so that it proves itself alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from firmware.media.h264 import SLICES, START_CODE, NalType, behind_lengths, nal_type
from firmware.media.sei import MOST_HASHES, GopFacts, signed_sei

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from firmware.media.fmp4 import Sample
    from firmware.media.sei import Signatory

NO_GOP: Final = bytes(32)
"""The link of a GOP that is the first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a recording begins.

    ``epoch_ns``: the capture time of its first frame, media time 0; ``live_from``: the number of the first live segment; before
    that come ``gops`` GOPs, and ``linked`` is the hash of the first slice of the last of them.
    """

    epoch_ns: int
    live_from: int
    gops: int = 0
    linked: bytes = NO_GOP

    @classmethod
    def before(cls, keyframes: Sequence[bytes], epoch_ns: int, live_from: int) -> Origin:
        """Behind GOPs that begin with these access units.  One that begins with no IDR picture counts for none.

        This is done while a press waits: of all but the last only the first bytes are looked at.
        """
        found = [(unit, at) for unit in keyframes if (at := _first_slice(unit)) is not None]
        if not found:
            return cls(epoch_ns, live_from)
        unit, begin = found[-1]
        end = unit.find(START_CODE, begin)
        first = unit[begin : end if end >= 0 else None].rstrip(b"\0")
        return cls(epoch_ns, live_from, len(found), hashlib.sha256(first).digest())


def _first_slice(access_unit: bytes) -> int | None:
    """Where the first slice begins, if it is one of an IDR picture."""
    at = access_unit.find(START_CODE)
    while at >= 0:
        at += len(START_CODE)
        nal = access_unit[at : at + 2]
        if nal and nal_type(nal) in SLICES:
            return at if _opens(nal) else None
        at = access_unit.find(START_CODE, at)
    return None


@dataclass(slots=True)
class _Gop:
    """The GOP that is being hashed.  ``start`` in ticks."""

    counter: int
    start: int
    anchor: bytes
    linked: bytes
    count: int = 1
    hashes: list[bytes] = field(default_factory=list)
    sum: hashlib._Hash = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self._add(self.anchor)

    def add(self, nal: bytes | memoryview) -> None:
        """Hash a further slice, tied to the first."""
        self.count += 1
        self._add(hashlib.sha256(self.anchor + hashlib.sha256(nal).digest()).digest())

    def _add(self, digest: bytes) -> None:
        self.sum.update(digest)
        if len(self.hashes) < MOST_HASHES:
            self.hashes.append(digest)


class GopSigner:
    """Puts the SEIs into the samples of a run of segments: of those before the press, or of the live ones.

    Samples come in order, and all that is returned has to be written.
    """

    def __init__(self, signatory: Signatory, origin: Origin, segment: int) -> None:
        """Begin with this segment."""
        live = segment >= origin.live_from
        self._signatory = signatory
        self._zero = signatory.zero + origin.epoch_ns // 100
        self._counter = origin.gops if live else 0
        self._linked = origin.linked if live else NO_GOP
        self._gop: _Gop | None = None
        self._half: list[bytes] = []
        """The first SEI of a pair, while the second is not made."""
        self._due: list[bytes] = []
        """What goes into the next frame."""

    def sign(self, samples: Iterable[Sample]) -> list[Sample]:
        """The samples that go into the file instead of these: those behind every second keyframe with the SEIs of two GOPs."""
        return [self._signed(sample) for sample in samples]

    def close(self, sample: Sample) -> Sample:
        """``sample`` is the last of its segment: with the SEI of its own GOP at its end, behind those that are still due."""
        seis = [*self._due, *self._half]
        if self._gop is not None:
            seis.append(self._sei(self._gop, sample.time + sample.duration))
        self._due, self._half, self._gop = [], [], None
        return replace(sample, pieces=sample.pieces + behind_lengths(seis))

    def _signed(self, sample: Sample) -> Sample:
        seis, self._due = self._due, []
        first = None
        for place, nal in enumerate(sample.pieces[1::2]):
            if nal_type(nal) not in SLICES:
                continue
            first = place if first is None else first
            if _opens(nal):
                self._open(nal, sample.time)
            elif self._gop is not None:
                self._gop.add(nal)
        if not seis:
            return sample
        before = len(sample.pieces) if first is None else 2 * first
        return replace(sample, pieces=sample.pieces[:before] + behind_lengths(seis) + sample.pieces[before:])

    def _open(self, nal: bytes | memoryview, time: int) -> None:
        """A GOP begins, and with it ends the one before."""
        if self._gop is not None:
            pair = [*self._half, self._sei(self._gop, time)]
            if self._half:
                self._due, self._half = [*self._due, *pair], []
            else:
                self._half = pair
        self._counter += 1
        anchor = hashlib.sha256(nal).digest()
        self._gop = _Gop(self._counter, time, anchor, self._linked)
        self._linked = anchor

    def _sei(self, gop: _Gop, end: int) -> bytes:
        facts = GopFacts(
            counter=gop.counter,
            start=self._utc(gop.start),
            end=self._utc(end),
            count=gop.count,
            gop_hash=gop.sum.digest(),
            hashes=tuple(gop.hashes),
            linked=gop.linked,
        )
        return signed_sei(facts, self._signatory, certificates=not self._half)

    def _utc(self, ticks: int) -> int:
        """A media time in units of 100 ns since 1601; a tick has 1000/9 of them."""
        return self._zero + ticks * 1000 // 9


def _opens(nal: bytes | memoryview) -> bool:
    """Whether it is the first slice of an IDR picture: its ``first_mb_in_slice`` is 0, spelt as a single set bit."""
    return nal_type(nal) == NalType.IDR and len(nal) > 1 and bool(nal[1] & 0x80)
