"""From flushes to files."""

from __future__ import annotations

import pytest

from firmware.core.cutter import Cutter, Flush
from firmware.media.errors import MediaError
from firmware.media.fmp4 import SEGMENT_END, Sample
from firmware.media.h264 import parameter_sets, to_avcc
from firmware.media.mux import SegmentMuxer, TrackFacts
from firmware.media.signing import Origin
from firmware.media.timeline import Timeline, sample_hash
from hal.interface import Track, Unit
from tests.media_clips import EPOCH, SECOND, Clip, clip
from tests.seis import without
from tests.unit.media.readback import Contents, Packet, read
from tests.unit.media.recorded import END, Recorded, opened_at, record, signatory


def muxer_of(source: Clip, *, sound: bool = True) -> SegmentMuxer:
    """A muxer for a recording without a pre-event part."""
    return SegmentMuxer(Origin(EPOCH, 0), source.video_format, source.audio_format if sound else None, signatory())


def contents(recorded: Recorded) -> dict[int, Contents]:
    """Each segment read alone, in order."""
    return {number: read(recorded.files[number]) for number in sorted(recorded.files)}


def test_a_recording_comes_back_sample_by_sample() -> None:
    """Over all segments: every frame and every sound, its bytes and its time, once and in order; each segment alone."""
    source = opened_at(clip(6), 2.5)
    recorded = record(source)
    segments = contents(recorded)
    video = [packet for segment in segments.values() for packet in segment.video]
    audio = [packet for segment in segments.values() for packet in segment.audio]
    known = parameter_sets(source.video[0].data)
    picture, sound = Timeline(EPOCH, 90_000), Timeline(EPOCH, 48_000)
    assert [(p.time, without(p.data)) for p in video] == [
        (picture.ticks(unit.time_ns), b"".join(to_avcc(unit.data, known))) for unit in source.video
    ]
    assert [(p.time, p.data) for p in audio] == [(sound.ticks(unit.time_ns), unit.data) for unit in source.audio]
    assert sum(segment.pictures for segment in segments.values()) == len(source.video)
    assert all(segment.video[0].key for segment in segments.values())
    assert list(segments) == list(range(min(segments), min(segments) + len(segments)))


def test_facts_match_the_file() -> None:
    """What the journal will say of each flush is what a stranger reads in the file, and all together it is the file."""
    recorded = record(opened_at(clip(6), 2.5))
    for number, segment in contents(recorded).items():
        muxed = [muxed for flush, muxed in recorded.flushes if flush.segment == number]
        for facts, packets in (([m.video for m in muxed], segment.video), ([m.audio for m in muxed], segment.audio)):
            at = 0
            for fact in filter(None, facts):
                run = packets[at : at + fact.samples]
                assert fact == TrackFacts(len(run), run[0].time, sample_hash(map(as_sample, run)))
                at += fact.samples
            assert at == len(packets)
        assert muxed[-1].until == segment.video[-1].time + segment.video[-1].duration
        assert [m.until for m in muxed] == sorted(m.until for m in muxed)


def as_sample(packet: Packet) -> Sample:
    """A packet as the sample it was."""
    return Sample(packet.time, packet.duration, (packet.data,), packet.key)


def test_fragments_of_a_segment_are_numbered() -> None:
    """One up from fragment to fragment in each segment: a reader may look for one that is missing."""
    for data in record(clip(6)).files.values():
        numbers = [int.from_bytes(part[4:8], "big") for part in data.split(b"mfhd")[1:]]
        assert numbers == list(range(1, len(numbers) + 1))


def test_facts_as_the_journal_writes_them() -> None:
    """The members of section 6.2."""
    assert TrackFacts(2, 3000, "ab").as_json() == {"samples": 2, "from": 3000, "hash": "ab"}


def test_any_cut_at_a_flush_plays() -> None:
    """A power cut after any flush leaves a file that reads without a complaint, up to exactly there."""
    recorded = record(opened_at(clip(6), 2.5))
    seen: dict[int, int] = {}
    for (flush, muxed), cut in zip(recorded.flushes, recorded.cuts, strict=True):
        seen[flush.segment] = seen.get(flush.segment, 0) + (muxed.video.samples if muxed.video else 0)
        assert read(cut).pictures == seen[flush.segment]


def test_a_silent_segment_still_has_the_sound_track() -> None:
    """All segments of a recording have the same tracks, so that they join into one file."""
    recorded = record(opened_at(clip(6), 2.5))
    segments = contents(recorded)
    assert [bool(segment.audio) for segment in segments.values()] == [False, True, True]
    assert all(data.count(b"mp4a") == 1 for data in recorded.files.values())


def test_without_a_microphone_there_is_no_sound_track() -> None:
    """The facts say null then."""
    recorded = record(clip(4, audio=False), microphone=False)
    assert all(b"mp4a" not in data for data in recorded.files.values())
    assert all(muxed.audio is None for _, muxed in recorded.flushes)


def test_sound_before_the_press_is_kept_where_it_is_wanted() -> None:
    """With sound in the buffer the pre-event part has it, all of it from the first frame on."""
    source = clip(6)
    recorded = record(source, press=1.5)
    assert contents(recorded)[min(recorded.files)].audio
    assert sum(len(segment.audio) for segment in contents(recorded).values()) == len(source.audio) - 1


def test_sound_from_before_the_first_frame_is_counted() -> None:
    """What was captured before the recording's media time begins is left out, and the flush says so."""
    source = clip(1)
    muxer = muxer_of(source)
    muxed = muxer.plain(flush_of(source.video[0], *source.audio[:2]))
    assert source.audio[0].time_ns < EPOCH
    assert muxed.early == 1
    assert len(read(muxed.data).audio) == 1


def test_captured_is_the_last_frame() -> None:
    """The lag of storage is measured from the newest frame of the flush."""
    recorded = record(opened_at(clip(6), 2.5))
    for flush, muxed in recorded.flushes:
        assert muxed.captured_ns == flush.fragments[-1].video[-1].time_ns


def test_a_flush_that_only_closes() -> None:
    """No data, the end alone, the time as it was: the file gets its end after everything was flushed before."""
    source = clip(1)
    cutter, muxer = Cutter(0, fps=30), muxer_of(source)
    for unit in source.video[:6]:
        cutter.push(unit)
    (begun,), (closing,) = cutter.now(), cutter.finish(END)
    begun_data, closed = muxer.plain(begun), muxer.plain(closing)
    assert (closed.data, closed.end) == (b"", SEGMENT_END)
    assert (closed.video, closed.audio, closed.captured_ns, closed.until) == (None, None, None, begun_data.until)
    assert read(begun_data.data + closed.end).pictures == 6


def test_sound_alone_makes_a_flush() -> None:
    """A stalled encoder leaves a flush without a frame, whose lag is that of its sound."""
    source = clip(1)
    cutter, muxer = Cutter(0, fps=30), muxer_of(source)
    for unit in source.video[:6]:
        cutter.push(unit)
    data = muxer.plain(cutter.now()[0]).data
    late = [unit for unit in source.audio if unit.time_ns > EPOCH + SECOND // 2]
    for unit in late:
        cutter.push(unit)
    muxed = muxer.plain(cutter.now()[0])
    assert muxed.video is None
    assert muxed.audio is not None
    assert muxed.audio.samples == len(late)
    assert muxed.captured_ns == late[-1].time_ns
    assert len(read(data + muxed.data).audio) == len(late)


def flush_of(*units: Unit, segment: int = 0, last: bool = False) -> Flush:
    """One fragment's worth of video as a flush that begins a segment."""
    cutter = Cutter(segment, fps=30)
    for unit in units:
        cutter.push(unit)
    return cutter.finish(END)[0] if last else cutter.now()[0]


def without_sets(unit: Unit) -> Unit:
    """A keyframe whose encoder did not repeat SPS and PPS."""
    sets = parameter_sets(unit.data)
    data = unit.data
    for each in sets:
        data = data.replace(b"\0\0\0\1" + each, b"")
    return Unit(Track.VIDEO, unit.time_ns, data, unit.key)


def test_a_segment_can_lean_on_the_one_before() -> None:
    """An encoder that forgets to repeat its parameter sets costs nothing once they were seen."""
    source = clip(2, gop=5)
    muxer = muxer_of(source, sound=False)
    muxer.plain(flush_of(*source.video[:5], last=True))
    second = muxer.plain(flush_of(without_sets(source.video[5]), *source.video[6:10], segment=1, last=True))
    assert read(second.data + second.end).pictures == 5


def test_a_first_segment_without_parameter_sets_is_refused() -> None:
    """No file can be made of it, and the message says why."""
    source = clip(1)
    muxer = muxer_of(source, sound=False)
    with pytest.raises(MediaError, match="segment 3: access unit: no SPS"):
        muxer.plain(flush_of(without_sets(source.video[0]), segment=3))


def test_a_segment_whose_first_frames_were_lost_is_refused() -> None:
    """A flush without a frame cannot begin a recording."""
    muxer = muxer_of(clip(1), sound=False)
    with pytest.raises(MediaError, match="segment 0: access unit: does not begin"):
        muxer.plain(Flush(0, first=True, last=True, fragments=()))


def test_a_malformed_frame_is_counted() -> None:
    """It costs itself; the flush says so, and the file plays."""
    source = clip(1)
    broken = Unit(Track.VIDEO, source.video[2].time_ns, b"\0\0", key=False)
    muxer = muxer_of(source, sound=False)
    muxed = muxer.plain(flush_of(*source.video[:2], broken))
    assert muxed.refused == 1
    assert len(read(muxed.data).video) == 2


def test_a_fragment_of_nothing_but_garbage_leaves_no_trace() -> None:
    """Only its count."""
    source = clip(1)
    cutter, muxer = Cutter(0, fps=30), muxer_of(source, sound=False)
    cutter.push(source.video[0])
    muxer.plain(cutter.now()[0])
    cutter.push(Unit(Track.VIDEO, source.video[1].time_ns, b"?", key=False))
    muxed = muxer.plain(cutter.now()[0])
    assert (muxed.data, muxed.video, muxed.refused) == (b"", None, 1)


def test_changed_parameter_sets_still_decode() -> None:
    """A source that changes in mid-segment stays decodable: what the header lacks stands in the stream."""
    plain, high = clip(1, gop=5), clip(1, gop=5, options=(("profile", "high"), ("preset", "veryfast")))
    cutter, muxer = Cutter(0, fps=30), muxer_of(plain, sound=False)
    flushes = [flush for unit in (*plain.video[:5], *high.video[5:10]) for flush in cutter.push(unit)]
    flushes += cutter.finish(END)
    contents = read(b"".join(muxed.data + muxed.end for muxed in map(muxer.plain, flushes)))
    assert (len(contents.video), contents.pictures) == (10, 10)
