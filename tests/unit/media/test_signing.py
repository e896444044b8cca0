"""Signatures over GOPs: what they cover, where they stand, and what is left when something is missing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from firmware.core.cutter import Cutter, Flush
from firmware.evidence.certs import write_pem
from firmware.media import signing
from firmware.media.fmp4 import Sample
from firmware.media.h264 import behind_lengths
from firmware.media.mux import SegmentMuxer
from firmware.media.sei import MOST_HASHES, Signatory
from firmware.media.signing import NO_GOP, GopSigner, Origin
from hal.interface import Track, Unit
from tests.media_clips import EPOCH, SECOND, clip
from tests.pki import Pki
from tests.seis import Gop, Sei, gops, is_sei, read, sha256, units, without
from tests.unit.media import readback
from tests.unit.media.recorded import END, key, opened_at, record, signatory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.media_clips import Clip

TICK = 3000
"""A frame at 30 frames a second."""


class Signed(NamedTuple):
    """A SEI, the index of the sample it stands in, and whether behind its slices."""

    sei: Sei
    at: int
    behind: bool


def signed(samples: Sequence[bytes]) -> list[Signed]:
    """The SEIs in samples, each with a signature that holds."""
    found = []
    for index, sample in enumerate(samples):
        nals = units(sample)
        slices = [place for place, nal in enumerate(nals) if nal[0] & 31 in (1, 5)]
        for place, nal in enumerate(nals):
            if is_sei(nal):
                assert place + 1 in (slices[0], place + 1) if place < slices[0] else place > slices[-1]
                found.append(Signed(read(nal, key().public_key()), index, place > slices[-1]))
    return found


def covers(sei: Sei, gop: Gop) -> bool:
    """Whether a SEI is that of a GOP."""
    return (sei.hashes, sei.count, sei.gop_hash) == ([*gop.hashes], len(gop.hashes), gop.sum)


def a_slice(number: int, *, idr: bool = False, first: bool = True) -> bytes:
    """A made-up slice, unlike any other."""
    return bytes((0x65 if idr else 0x41, 0x80 if first else 0x40)) + number.to_bytes(4, "big")


def stream(*frames: int, slices: int = 1) -> list[Sample]:
    """GOPs of so many frames, of a few slices each."""
    places = [place for count in frames for place in range(count)]
    return [
        Sample(
            index * TICK,
            TICK,
            behind_lengths(a_slice(10 * index + n, idr=not place, first=not n) for n in range(slices)),
            key=not place,
        )
        for index, place in enumerate(places)
    ]


def signer() -> GopSigner:
    """Of a recording without a pre-event part."""
    return GopSigner(signatory(), Origin(EPOCH, 0), 0)


def timed(samples: Iterable[Sample]) -> list[tuple[int, bytes]]:
    """Media time and bytes."""
    return [(sample.time, sample.data) for sample in samples]


def test_a_recording_is_covered_in_the_order_of_time() -> None:
    """Pre-event and live part are written in turns; counters, links and times run on all the same, and each GOP has its SEI."""
    segments = record(opened_at(clip(6), 3.5), press=3.5, segment_s=2).files
    samples = [packet for number in sorted(segments) for packet in readback.read(segments[number]).video]
    found = [each.sei for each in signed([sample.data for sample in samples])]
    stream = list(gops((sample.time, sample.data) for sample in samples))
    assert len(stream) > 4
    assert all(covers(sei, gop) for sei, gop in zip(found, stream, strict=True))
    assert [sei.counter for sei in found] == list(range(1, len(stream) + 1))
    assert [sei.linked for sei in found] == [NO_GOP, *(gop.hashes[0] for gop in stream[:-1])]
    begun = EPOCH + SECOND  # the oldest group of the buffer
    times = [
        begun // 100 + ticks * 1000 // 9
        for ticks in (*(g.time for g in stream), samples[-1].time + samples[-1].duration)
    ]
    assert [(sei.start, sei.end) for sei in found] == list(pairwise(times))


def test_each_segment_is_complete() -> None:
    """It has a SEI for each of its GOPs, the last at its very end: nothing of the next one is needed."""
    for data in record(clip(6), press=3.5, segment_s=2).files.values():
        video = readback.read(data).video
        found, stream = signed([sample.data for sample in video]), list(gops((s.time, s.data) for s in video))
        assert all(covers(each.sei, gop) for each, gop in zip(found, stream, strict=True))
        assert (found[-1].at, found[-1].behind) == (len(video) - 1, True)
        assert found[0].sei.certified


@pytest.mark.parametrize("lead", [b"", b"\0"])
def test_a_slice_is_found_behind_either_start_code(lead: bytes) -> None:
    """Three bytes, or four; also at the very beginning."""
    nal = a_slice(0x05060708, idr=True)
    found = Origin.before([lead + b"\0\0\1" + nal], EPOCH, 1)
    assert (found.gops, found.linked) == (1, hashlib.sha256(nal).digest())


@pytest.mark.parametrize("unit", [b"", b"\0\0\1", b"\0\0\1\x67\0\0\1"])
def test_an_access_unit_without_a_slice_counts_for_none(unit: bytes) -> None:
    """Nothing at all, nothing behind its last start code."""
    assert Origin.before([unit], EPOCH, 1) == Origin(EPOCH, 1)


@pytest.mark.parametrize("frames", [(3, 3, 3, 3, 3), (3, 3, 3, 3), (4,), (2, 5)])
def test_pairs(frames: tuple[int, ...]) -> None:
    """SEIs come by two, one frame behind a keyframe, and certificates before whatever needs them; the rest stands at the end."""
    run = signer()
    samples = run.sign(stream(*frames))
    samples[-1] = run.close(samples[-1])
    found = signed([sample.data for sample in samples])
    starts = [sum(frames[:index]) for index in range(len(frames))]
    last = len(samples) - 1
    pairs = [(place + 1, False) for place in starts[2::2] for _ in range(2)]
    left = [(last, True)] * (len(frames) - len(pairs))
    assert [(each.at, each.behind) for each in found] == pairs + left
    assert [each.sei.certified for each in found] == [not index % 2 for index in range(len(frames))]


@pytest.mark.parametrize("begins", range(4))
def test_a_trimmed_clip_meets_certificates_first(begins: int) -> None:
    """From any keyframe on the first SEI has certificates, and one of the clip's own GOPs is covered after two of them and two frames."""
    samples = [sample.data for sample in signer().sign(stream(*[5] * 8))]
    clipped = samples[5 * begins : 5 * begins + 12]
    found = [each.sei for each in signed(clipped)]
    assert found[0].certified
    assert {begins + 1, begins + 2} & {sei.counter for sei in found}


def test_a_cut_leaves_two_gops_at_most() -> None:
    """Cut at any flush, all GOPs of the file but the last two have their SEI in it."""
    for cut in record(clip(6), press=3.5, segment_s=4).cuts:
        video = readback.read(cut).video
        found, stream = signed([sample.data for sample in video]), list(gops((s.time, s.data) for s in video))
        assert len(stream) - 2 <= len(found) <= len(stream)
        assert all(covers(each.sei, gop) for each, gop in zip(found, stream, strict=False))


def test_nothing_else_of_the_picture_changes() -> None:
    """What is signed is the encoder's, and it is left as it was."""
    plain = stream(3, 3, 3, slices=2)
    run = signer()
    samples = run.sign(plain)
    samples[-1] = run.close(samples[-1])
    assert [without(sample.data) for sample in samples] == [sample.data for sample in plain]
    assert [(s.time, s.duration, s.key) for s in samples] == [(s.time, s.duration, s.key) for s in plain]


def test_each_slice_counts() -> None:
    """An encoder with several slices a picture has each of them hashed; only the first of an IDR picture begins a GOP."""
    run = signer()
    samples = run.sign(stream(3, 3, slices=4))
    samples[-1] = run.close(samples[-1])
    found = [each.sei for each in signed([sample.data for sample in samples])]
    assert [sei.count for sei in found] == [12, 12]
    assert all(covers(sei, gop) for sei, gop in zip(found, gops(timed(samples)), strict=True))


def test_what_comes_before_a_keyframe_is_not_signed() -> None:
    """There is nothing to tie it to, and it hides nothing of what follows; a NAL unit of one byte begins nothing."""
    stray = [
        Sample(0, TICK, behind_lengths([a_slice(1)]), key=True),
        Sample(TICK, TICK, behind_lengths([b"\x65"]), key=True),
    ]
    run = signer()
    assert run.sign(stray) == stray
    assert run.close(stray[-1]) == stray[-1]
    samples = run.sign(stream(2))
    (only,) = signed([run.close(samples[-1]).data])
    assert (only.sei.counter, only.sei.count, only.sei.linked) == (1, 2, NO_GOP)


def test_gops_of_one_frame() -> None:
    """A frame that is a keyframe as well still takes what is due."""
    run = signer()
    samples = run.sign(stream(1, 1, 1, 1, 1, 1))
    samples[-1] = run.close(samples[-1])
    found = signed([sample.data for sample in samples])
    assert [(each.sei.counter, each.at) for each in found] == [(1, 3), (2, 3), (3, 5), (4, 5), (5, 5), (6, 5)]
    assert [each.behind for each in found] == [False] * 4 + [True] * 2


def test_what_was_due_stands_at_the_end() -> None:
    """A segment that ends with a keyframe leaves nothing behind."""
    run = signer()
    samples = run.sign(stream(2, 2, 1))
    samples[-1] = run.close(samples[-1])
    assert [(each.sei.counter, each.at, each.behind) for each in signed([s.data for s in samples])] == [
        (1, 4, True),
        (2, 4, True),
        (3, 4, True),
    ]


def test_a_gop_without_end() -> None:
    """An encoder that forgets its keyframes takes no more memory, and is signed by the hash of all."""
    run = signer()
    samples = run.sign(stream(MOST_HASHES + 1, 1, 1, 1))
    first = signed([sample.data for sample in samples])[0].sei
    assert (first.count, first.hashes) == (MOST_HASHES + 1, [])
    assert first.gop_hash == next(gops(timed(samples))).sum


def flushes(source: Clip, frames: int, segment: int, first: int = 0) -> list[Flush]:
    """So many frames flushed at once, and the end of their segment, which has nothing more."""
    cutter = Cutter(segment, fps=30)
    for unit in source.video[first : first + frames]:
        cutter.push(unit)
    return [*cutter.now(), *cutter.finish(END)]


def test_the_limit_where_all_was_flushed_before() -> None:
    """A segment that ends without a frame leaves its last GOP to the next one, where it is covered in its turn."""
    source = clip(3, gop=5, audio=False)
    muxer = SegmentMuxer(Origin(EPOCH, 0), source.video_format, None, signatory())
    data = {}
    for segment in (0, 1):
        begun, closing = (muxer.plain(each) for each in flushes(source, 5, segment, 5 * segment))
        data[segment] = begun.data + closing.end
    cutter = Cutter(2, fps=30)
    last = [flush for unit in source.video[10:17] for flush in cutter.push(unit)] + cutter.finish(END)
    data[2] = b"".join(muxed.data + muxed.end for muxed in map(muxer.plain, last))
    video = [[sample.data for sample in readback.read(each).video] for each in data.values()]
    assert [[each.sei.counter for each in signed(samples)] for samples in video] == [[], [], [1, 2, 3, 4]]
    assert [each.sei.certified for each in signed(video[2])] == [True, False, True, False]


def test_keyframes_that_will_not_be_written_do_not_count() -> None:
    """The live part goes on behind those GOPs of the buffer that are good: a malformed one is refused when its turn comes."""
    good, worse = clip(1, gop=5).video[0].data, b"\0\0\1\x65"
    origin = Origin.before([good, b"?", worse, good], EPOCH, 3)
    assert (origin.epoch_ns, origin.live_from, origin.gops) == (EPOCH, 3, 2)
    first = next(nal for nal in good.split(b"\0\0\1") if nal[0] & 31 == 5)
    assert origin.linked == sha256(first.rstrip(b"\0"))
    assert Origin.before([], EPOCH, 0) == Origin(EPOCH, 0)
    assert Origin.before([b"?"], EPOCH, 0) == Origin(EPOCH, 0)


def test_the_time_is_that_of_the_opening() -> None:
    """The clock's reading at the opening, carried on with the monotonic clock and rounded down; before 1970 too."""
    early = Signatory(signatory().sign, b"", "1", "cam-1", -(1 << 62))
    run = GopSigner(early, Origin(EPOCH + 99, 0), 0)
    sample = run.sign([Sample(1, TICK, behind_lengths([a_slice(1, idr=True)]), key=True)])[0]
    (only,) = signed([run.close(sample).data])
    assert (only.sei.start, only.sei.end) == (EPOCH // 100 - (1 << 62) + 111, EPOCH // 100 - (1 << 62) + 333_444)


def real() -> Signatory:
    """With the certificates of a camera."""
    session = Pki.create().session()
    return Signatory(session.sign_picture, write_pem(session.chain.ders), "1.0.0", session.device, 0)


def second_of_film(index: int) -> list[Sample]:
    """A GOP at 4 Mbit/s and 30 frames a second."""
    size = 500_000 // 30
    return [
        Sample(
            TICK * (30 * index + frame),
            TICK,
            behind_lengths([bytes((0x41 if frame else 0x65, 0x80)) + bytes([index + 7]) * (size - 6)]),
            key=not frame,
        )
        for frame in range(30)
    ]


def test_it_costs_half_a_percent_of_size_at_most() -> None:
    """At 4 Mbit/s, 30 frames and one GOP a second, with hash lists and the whole chain, over segments of ten seconds and of one."""
    chained = real()
    for seconds in (10, 2):
        run, size, grown = GopSigner(chained, Origin(EPOCH, 0), 0), 0, 0
        for index in range(seconds):
            plain = second_of_film(index)
            samples = run.sign(plain)
            samples[-1] = run.close(samples[-1]) if index == seconds - 1 else samples[-1]
            size += sum(len(sample.data) for sample in plain)
            grown += sum(len(sample.data) for sample in samples)
        assert size < grown <= size * 1.005


def test_it_costs_one_pass_over_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte is hashed once, and beside that 64 for each slice: ``tests/sign_cost.py`` measures what that takes."""
    plain, fed = second_of_film(0) + second_of_film(1), 0
    sha = hashlib.sha256

    class Counting:
        """SHA-256 that counts."""

        def __init__(self, data: bytes | memoryview = b"") -> None:
            self._hash = sha()
            self.update(data)

        def update(self, data: bytes | memoryview) -> None:
            """Count."""
            nonlocal fed
            fed += len(data)
            self._hash.update(data)

        def digest(self) -> bytes:
            """The digest."""
            return self._hash.digest()

    monkeypatch.setattr(signing, "hashlib", SimpleNamespace(sha256=Counting))
    run = signer()
    run.close(run.sign(plain)[-1])
    size = sum(len(sample.data) - 4 for sample in plain)
    assert size < fed <= size + len(plain) * 64


def test_sound_and_picture_of_a_stalled_encoder() -> None:
    """A last flush of sound alone closes nothing: its segment's GOP waits for the next."""
    source = clip(1)
    muxer = SegmentMuxer(Origin(EPOCH, 0), source.video_format, source.audio_format, signatory())
    cutter = Cutter(0, fps=30)
    for unit in source.video[:6]:
        cutter.push(unit)
    (begun,) = cutter.now()
    late = [unit for unit in source.audio if unit.time_ns > EPOCH + SECOND // 2]
    for unit in late:
        cutter.push(unit)
    (closing,) = cutter.finish(END)
    data = muxer.plain(begun).data + muxer.plain(closing).data
    assert signed([sample.data for sample in readback.read(data).video]) == []


def test_the_last_frame_may_be_followed_by_sound() -> None:
    """The SEI stands at the end of the last frame of a final flush, in whichever fragment that is."""
    source = clip(1)
    muxer = SegmentMuxer(Origin(EPOCH, 0), source.video_format, source.audio_format, signatory())
    cutter = Cutter(0, fps=30)
    for unit in source.video[:6]:
        cutter.push(unit)
    whole = cutter.finish(END)[0]
    lost = replace(whole.fragments[0], video=(Unit(Track.VIDEO, EPOCH + SECOND, b"?", key=False),))
    muxed = muxer.plain(replace(whole, fragments=(*whole.fragments, lost)))
    video = readback.read(muxed.data + muxed.end).video
    (only,) = signed([sample.data for sample in video])
    assert (only.at, only.behind, only.sei.count) == (5, True, 6)


def test_links_follow_the_stream() -> None:
    """Each GOP names the one before, so that none can go without a trace."""
    found = [each.sei for each in signed([sample.data for sample in signer().sign(stream(2, 2, 2, 2, 2))])]
    assert all(later.linked == earlier.hashes[0] for earlier, later in pairwise(found))
