"""What a recording holds, judged with a key: plaintext, samples, padding, decoding, and the private part."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.verify import beside, nal
from tools.verify.age import Key
from tools.verify.certs import Trust
from tools.verify.decode import check_plays
from tools.verify.findings import Problems, Refused, need
from tools.verify.fragments import FlushMedia, SegmentReader, sample_hash
from tools.verify.model import MEDIA_RATE, PRIVATE, Flush, Journal, Opening
from tools.verify.onvif import Judge
from tools.verify.overlap import Pictures, Shareable, picture_hash
from tools.verify.plain import read_flushes
from tools.verify.private import read_private
from tools.verify.report import PrivateEntry
from tools.verify.signatures import UNCOVERED, Picture, Signatures
from tools.verify.tracks import TrackHeader

MAX_SEGMENT = 256 << 20
"""Bytes of a plain segment that are held in memory to decode it."""


@dataclass(slots=True)
class Content:
    """What decryption showed.

    ``unsigned`` counts readable bytes behind what the journal vouches for.  ``decoded``: whether pictures and sound were looked at, too.  ``spoilt`` says of segments why they cannot
    be shown in full, where the camera itself signed that it had lost frames there; ``bare`` says of segments of which frames
    the picture has no signature that holds, where that is nothing bad; ``pictures`` has those that another recording may have too.
    """

    private: list[PrivateEntry] = field(default_factory=list)
    segments: int = 0
    unsigned: int = 0
    decoded: bool = True
    spoilt: dict[str, str] = field(default_factory=dict)
    bare: dict[str, str] = field(default_factory=dict)
    pictures: Pictures = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one segment holds, once that was found to be what its lines sign: of each track the time of its first and its last sample, what the
    signatures in the picture say, the pictures that another recording may have too, readable bytes behind the last line, and why it
    does not play."""

    begins: dict[str, int]
    ends: dict[str, int]
    signatures: Signatures
    pictures: Pictures
    unsigned: int
    spoilt: Refused | None


def judge_content(
    directory: Path, journal: Journal, keys: Sequence[Key], problems: Problems, trust: Trust, *, decode: bool = True
) -> Content:
    """Decrypt every file that the journal knows and hold what it holds against the journal, and the signatures in the
    picture against ``trust``; ``decode`` all of it, too."""
    content, shareable = Content(decoded=decode), Shareable(journal)
    if flushes := journal.of(PRIVATE):
        with problems.at(PRIVATE):
            content.unsigned += read_flushes(
                directory / PRIVATE,
                keys,
                flushes,
                lambda flush, data: content.private.extend(read_private(data, last=flush.last)),
            )
    lossy, segments = lossy_segments(journal), journal.segments()

    def show(flushes: list[Flush]) -> _Shown:
        return _read_segment(directory, flushes, keys, journal.opening, Judge(trust), shareable, decode=decode)

    ends: dict[str, int] = {}
    with beside.each(show, list(segments.values())) as shown:
        for (segment, flushes), future in zip(segments.items(), shown, strict=True):
            name = flushes[0].file
            with problems.at(name):
                _merge(future.result(), content, ends)
                with problems.at(name):
                    bare = check_picture(future.result().signatures, journal, flushes, lossy=segment in lossy)
                    if bare is not None:
                        content.bare[name] = bare
                if (refused := future.result().spoilt) is not None:
                    if segment not in lossy:
                        raise refused
                    content.spoilt[name] = str(refused)  # a lost frame takes its neighbours with it
                content.segments += 1
    return content


def _merge(shown: _Shown, content: Content, ends: dict[str, int]) -> None:
    """Times run on over the border to this segment, too."""
    content.unsigned += shown.unsigned
    for kind, begin in shown.begins.items():
        need(begin > ends.get(kind, -1), f"{kind} times run back at {begin}")
    ends.update(shown.ends)
    content.pictures.update(shown.pictures)


def lossy_segments(journal: Journal) -> set[int | None]:
    """The segments that frames which the camera signed as lost may have spoilt: where their counter rises.

    In the live part it is held against the live line before.  What is missing between two live segments may be counted
    on the last line of the first already, so a rise there reaches the second too.  What the buffer had lost is counted
    on the first live line, since that is written ahead of the buffer's own, or on these as they are written.
    """
    lossy = set()
    newest, counted, rose, segment = 0, 0, False, None
    for flush in journal.flushes:
        lost = flush.gaps["video"]
        if journal.is_live(flush):
            at_border = rose and flush.segment != segment
            rose = lost > counted
            if rose or at_border:
                lossy.add(flush.segment)
            counted, segment = lost, flush.segment
        elif lost > newest:
            lossy.add(flush.segment)
        newest = lost
    first = next((flush for flush in journal.flushes if journal.is_live(flush)), None)
    if first is not None and first.gaps["video"]:
        lossy.update(number for number in journal.segments() if number < journal.opening.live_from)
    return lossy


def check_media(media: FlushMedia, flush: Flush) -> None:
    """``Refused`` unless the samples of a flush are those that its journal line signs."""
    for kind in ("video", "audio"):
        samples, track = media.of(kind), flush.track(kind)
        where = f"journal line {flush.line}, {kind}"
        need(
            bool(samples) == (track is not None),
            f"{where}: samples stand where none were signed, or none where some were",
        )
        if track is not None:
            need(len(samples) == track.samples, f"{where}: {len(samples)} samples, {track.samples} were signed")
            need(samples[0].time == track.start, f"{where}: the first sample has another time")
            same = sample_hash((sample.time, sample.data) for sample in samples) == track.hash
            need(same, f"{where}: the samples are not those that were signed")
    if media.video:
        end = media.video[-1].time + media.video[-1].duration
        need(end == flush.until, f"journal line {flush.line}: its last frame does not end at {flush.until}")


def check_tracks(tracks: dict[int, TrackHeader], opening: Opening) -> None:
    """``Refused`` unless the segment's tracks are those that the opening announces."""
    rates = {"video": MEDIA_RATE, "audio": opening.sound_rate}
    for track in tracks.values():
        need(track.rate == rates[track.kind], f"the {track.kind} track has another time scale than the opening says")
        need(track.size in (None, opening.size), "the picture has another size than the opening says")
        need(track.plain, "the picture would be shown turned, clipped or stretched")


def check_picture(found: Signatures, journal: Journal, flushes: Sequence[Flush], *, lossy: bool) -> str | None:
    """``Refused`` unless the signatures in a segment's picture hold, are of the journal's own session, and leave nothing out
    but what a cut takes away (section 5.2); returns, in words, of what they say nothing then.

    ``lossy``: whether the camera signed that it lost frames there.
    """
    # A segment that ends while the encoder stalls has a last flush without a frame, and its end stays without a signature.
    limit = 0 if flushes[-1].last and flushes[-1].video is not None else UNCOVERED
    if found.verdict in {Picture.UNSIGNED, Picture.UNDECIDED}:
        few = found.pending == found.frames and found.pending_gops <= limit
        need(few, f"the picture is {found.verdict}" if not found.findings else str(found.findings[0]))
        return f"its {found.frames} frames"
    need(found.distrust is None, f"the key that signed the picture is not trusted: {found.distrust}")
    if found.verdict in {Picture.INVALID, Picture.MISSING}:
        need(lossy, f"the picture is not the one that was signed: {found.findings[0]}")
        return "some of its frames, the camera signed that it lost others there"
    need(found.signer is None or found.signer.session == journal.session, "the picture is signed in another session")
    need(found.pending_gops <= limit, f"the last {found.pending} frames of the picture are not signed")
    return f"its last {found.pending} frames" if found.pending else None


def _read_segment(
    directory: Path,
    flushes: list[Flush],
    keys: Sequence[Key],
    opening: Opening,
    judge: Judge,
    shareable: Shareable,
    *,
    decode: bool,
) -> _Shown:
    """What a segment holds; ``Refused`` unless that is what was signed."""
    reader = SegmentReader()
    plain, pictures = io.BytesIO(), Pictures()
    counts = {"video": 0, "audio": 0}
    begins: dict[str, int] = {}
    ends: dict[str, int] = {}

    def deliver(flush: Flush, data: bytes) -> None:
        media = reader.read(data, last=flush.last)
        check_tracks(reader.tracks, opening)
        check_media(media, flush)
        _check_times(media, begins, ends)
        if not counts["video"]:
            need(media.video and media.video[0].key, "the segment does not begin with a keyframe")
        for kind in counts:
            counts[kind] += len(media.of(kind))
        for sample in media.video:
            units = nal.split(sample.data)
            for unit in units:
                judge.unit(unit)
            if shareable.wants(sample.time):
                pictures[sample.time] = picture_hash(units)
        if decode:
            need(plain.tell() + len(data) <= MAX_SEGMENT, "the segment is too long to be decoded here")
            plain.write(data)

    unsigned = read_flushes(directory / flushes[0].file, keys, flushes, deliver)
    signatures, spoilt = judge.finish(), None
    if decode:
        try:
            check_plays(plain, counts["video"], counts["audio"])
        except Refused as refused:
            spoilt = refused
    return _Shown(begins, ends, signatures, pictures, unsigned, spoilt)


def _check_times(media: FlushMedia, begins: dict[str, int], ends: dict[str, int]) -> None:
    """Samples follow each other, over the borders of flushes too."""
    for kind in ("video", "audio"):
        for sample in media.of(kind):
            need(sample.time > ends.get(kind, -1), f"{kind} times run back at {sample.time}")
            begins.setdefault(kind, sample.time)
            ends[kind] = sample.time
