"""Finding a track's samples again in a journal: flush by flush, in media time."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tools.verify.findings import Refused, need
from tools.verify.model import Flush, Track
from tools.verify.movie import MovieTrack
from tools.verify.times import span


@dataclass(frozen=True, slots=True)
class Match:
    """Which flushes a track was found to hold: the indices of the first and the last among all flushes, media times
    in ticks of the track, and ``shift``: media time is the film's time plus this."""

    first: int
    last: int
    start: int
    end: int
    samples: int
    shift: int
    rate: int


@dataclass(frozen=True, slots=True)
class _Signed:
    """One flush that has samples of the track."""

    index: int
    flush: Flush
    track: Track


def match_track(file: BinaryIO, track: MovieTrack, kind: str, ordered: Sequence[Flush]) -> Match:
    """Hold every sample of a film's track against the flushes, given in order of media time.

    ``Refused`` names the first flush that differs.
    """
    signed = [
        _Signed(index, flush, found) for index, flush in enumerate(ordered) if (found := flush.track(kind)) is not None
    ]
    need(signed, f"the recording has no {kind}")
    need(track.times, f"the {kind} track is empty")
    at = _beginning(file, track, signed)
    first = signed[at]
    shift = first.track.start - track.times[0]
    sample, last = 0, first
    while sample < len(track.times):
        need(
            at < len(signed),
            f"the {kind} goes on for {len(track.times) - sample} samples behind the end of the recording",
        )
        last = signed[at]
        _check(file, track, kind, sample, last, shift)
        sample += last.track.samples
        at += 1
    return Match(
        first=first.index,
        last=last.index,
        start=first.track.start,
        end=track.end + shift,
        samples=len(track.times),
        shift=shift,
        rate=track.header.rate,
    )


def _beginning(file: BinaryIO, track: MovieTrack, signed: Sequence[_Signed]) -> int:
    """Where the track begins: the flush whose samples are the first; or else the one that it most likely was."""
    likely = [at for at in range(len(signed)) if _fits(track, signed, at)]
    for at in likely:
        if _hash(file, track, 0, signed[at].track.samples, signed[at].track.start) == signed[at].track.hash:
            return at
    same_time = [at for at in likely if signed[at].track.start == track.times[0]]
    return (same_time or likely or [0])[0]


def _fits(track: MovieTrack, signed: Sequence[_Signed], at: int) -> bool:
    """Whether the distance in time to the flush after it is that in the film."""
    here = signed[at].track
    if at + 1 == len(signed) or here.samples >= len(track.times):
        return here.samples <= len(track.times)
    return signed[at + 1].track.start - here.start == track.times[here.samples] - track.times[0]


def _check(file: BinaryIO, track: MovieTrack, kind: str, sample: int, signed: _Signed, shift: int) -> None:
    flush, wanted = signed.flush, signed.track
    where = (
        f"the {kind} of journal line {flush.line} ({flush.file}, media time {span(wanted.start / track.header.rate)})"
    )
    need(
        sample + wanted.samples <= len(track.times),
        f"{where} is not there in full: the film ends inside it, or samples are missing",
    )
    if track.times[sample] + shift != wanted.start:
        raise Refused(f"{where} differs: it is at another time")
    found = _hash(file, track, sample, wanted.samples, wanted.start)
    need(found == wanted.hash, f"{where} differs: these are not the samples that were recorded")


def _hash(file: BinaryIO, track: MovieTrack, first: int, count: int, start: int) -> str:
    """The hash of samples (section 6.2), the first of which has the media time ``start``."""
    running = hashlib.sha256()
    shift = start - track.times[first]
    for index in range(first, min(first + count, len(track.times))):
        size = track.sizes[index]
        running.update(struct.pack(">QI", track.times[index] + shift, size))
        file.seek(track.offsets[index])
        running.update(file.read(size))
    return running.hexdigest()
