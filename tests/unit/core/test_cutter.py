"""Cutting streams into fragments, flushes and segments."""

from __future__ import annotations

import itertools
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.cutter import Cutter, Flush, cut_pre_event, live_from
from firmware.core.order import Increasing
from firmware.core.ring import Ring
from hal.interface import Track
from tests.streams import EPOCH, SECOND, camera_streams, frame, merged, sound, steady, with_sound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from firmware.core.cutter import Fragment
    from hal.interface import Unit

END = EPOCH + 10_000 * SECOND


def cut(cutter: Cutter, units: Iterable[Unit]) -> list[Flush]:
    """Push all of them."""
    return [flush for unit in units for flush in cutter.push(unit)]


def fragments(flushes: Iterable[Flush]) -> list[Fragment]:
    """Every fragment, in order."""
    return [fragment for flush in flushes for fragment in flush.fragments]


def on(track: Track, units: Iterable[Unit]) -> list[Unit]:
    """The units of one track."""
    return [unit for unit in units if unit.track is track]


def carried(flushes: Iterable[Flush], track: Track) -> list[Unit]:
    """The units of one track in all flushes."""
    name = {Track.VIDEO: "video", Track.AUDIO: "audio"}[track]
    return [unit for fragment in fragments(flushes) for unit in getattr(fragment, name)]


def assert_whole(flushes: Sequence[Flush], units: Sequence[Unit]) -> None:
    """The flushes hold exactly these units, each track in order, and mark segments rightly."""
    for track in Track:
        assert carried(flushes, track) == on(track, units)
    for number, group in itertools.groupby(flushes, key=lambda flush: flush.segment):
        segment = list(group)
        assert [flush.first for flush in segment] == [True] + [False] * (len(segment) - 1), number
        assert [flush.last for flush in segment] == [False] * (len(segment) - 1) + [True], number
        assert segment[0].fragments[0].video[0].key
        assert all(flush.fragments for flush in segment[:-1])
    numbers = [number for number, _ in itertools.groupby(flushes, key=lambda flush: flush.segment)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True


def test_a_live_flush_is_one_fragment_of_half_a_second() -> None:
    """Thirty frames a second leave the camera in steps of fifteen."""
    flushes = cut(Cutter(4, fps=30), steady(3))
    assert [len(flush.fragments) for flush in flushes] == [1] * 5
    assert {len(fragment.video) for fragment in fragments(flushes)} == {15}
    assert fragments(flushes)[0].end_ns == EPOCH + SECOND // 2


@pytest.mark.parametrize(("fps", "sizes"), [(30, {15}), (25, {13, 12}), (24, {12}), (10, {5}), (1, {1})])
def test_fragments_keep_to_half_a_second_at_any_rate(fps: int, sizes: set[int]) -> None:
    """Half a second and never more than half a frame above, with a keyframe a second."""
    cutter = Cutter(0, fps=fps)
    flushes = cut(cutter, steady(8, fps=fps, gop=fps)) + cutter.finish(END)
    assert {len(fragment.video) for fragment in fragments(flushes)} == sizes


def test_jitter_does_not_change_the_size_of_a_fragment() -> None:
    """Capture times that wobble by a third of a frame fall into the same fragments."""
    wobble = [0, 9_000_000, -9_000_000]
    units = [
        frame(unit.time_ns + wobble[index % 3], key=unit.key) for index, unit in enumerate(steady(5, fps=25, gop=25))
    ]
    assert [len(part.video) for part in fragments(cut(Cutter(0, fps=25), units))] == [13, 12] * 4 + [13]


def test_the_grid_of_frames_decides_where_things_end() -> None:
    """Half a frame early is in time, a nanosecond earlier is not: for a fragment, for a segment, and for the end of a frame."""
    tenth, half = SECOND // 10, SECOND // 20
    for early, sizes in ((half, [1]), (half + 1, [])):
        cutter = Cutter(0, fps=10)
        flushes = cut(cutter, [frame(EPOCH, key=True), frame(EPOCH + 5 * tenth - early)])
        assert [len(fragment.video) for fragment in fragments(flushes)] == sizes
    for early, last in ((half, True), (half + 1, False)):
        cutter = Cutter(0, fps=10, segment_s=1.0)
        assert [
            each.last for each in cut(cutter, [frame(EPOCH, key=True), frame(EPOCH + SECOND - early, key=True)])
        ] == [last]
    for late, end in ((half - 1, tenth + half - 1), (half, tenth)):
        flushes = cut(Cutter(0, fps=10), [frame(EPOCH, key=True), frame(EPOCH + tenth + late, key=True)])
        assert fragments(flushes)[0].end_ns == EPOCH + end


def test_a_frame_a_second_is_a_fragment_of_its_own() -> None:
    """Nothing waits for a second frame that comes a second later."""
    assert [
        len(each.video) for each in fragments(cut(Cutter(0, fps=1), [frame(EPOCH, key=True), frame(EPOCH + SECOND)]))
    ] == [1]


def test_a_keyframe_ends_a_fragment() -> None:
    """A fragment never runs over the border of a GOP."""
    flushes = cut(Cutter(0, fps=30), steady(2, gop=10))
    assert all(part.video[0].key and len(part.video) == 10 for part in fragments(flushes))


def test_a_segment_is_about_ten_seconds_and_begins_with_a_keyframe() -> None:
    """A keyframe a second: ten seconds exactly, in spite of a jittering clock."""
    cutter = Cutter(7, fps=30)
    units = [frame(unit.time_ns - (index % 7) * 1_400_000, key=unit.key) for index, unit in enumerate(steady(31))]
    flushes = cut(cutter, units) + cutter.finish(END)
    assert_whole(flushes, units)
    starts = [flush.fragments[0].video[0].time_ns for flush in flushes if flush.first]
    assert [round((start - EPOCH) / SECOND, 1) for start in starts] == [0, 10, 20, 30]
    assert [flush.segment for flush in flushes if flush.first] == [7, 8, 9, 10]


def test_the_flush_that_ends_a_segment_says_so() -> None:
    """The file can be closed with it: no flush of the same segment follows."""
    flushes = cut(Cutter(0, fps=30), steady(10.1))
    assert [flush.last for flush in flushes] == [False] * 19 + [True]


def test_sound_goes_by_arrival_into_the_fragment_being_filled() -> None:
    """A sound unit leaves with the fragment that was open when it came."""
    cutter = Cutter(0, fps=30)
    units = with_sound(steady(3))
    flushes = cut(cutter, units) + cutter.finish(END)
    assert_whole(flushes, units)
    for part in fragments(flushes):
        assert all(part.video[0].time_ns <= unit.time_ns <= part.end_ns for unit in part.audio)


def test_now_flushes_what_waits() -> None:
    """At the press the part since the keyframe goes out at once, so that the light can turn."""
    cutter = Cutter(3, fps=30)
    assert cut(cutter, steady(0.2)) == []
    flushes = cutter.now()
    assert [(flush.segment, flush.first, flush.last) for flush in flushes] == [(3, True, False)]
    assert len(flushes[0].fragments[0].video) == 6
    assert flushes[0].fragments[0].end_ns == pytest.approx(EPOCH + SECOND // 5, abs=2)
    assert cutter.now() == []


def test_idle_leaves_a_running_stream_alone() -> None:
    """While frames come, idle never cuts a fragment short."""
    cutter = Cutter(0, fps=30)
    for unit in steady(5):
        cutter.push(unit)
        assert cutter.idle(unit.time_ns + 400_000_000) == []


def test_idle_flushes_when_the_encoder_stalls() -> None:
    """What was captured before a stall is durable half a second later, though no frame follows."""
    cutter = Cutter(0, fps=30)
    units = steady(0.2)
    cut(cutter, units)
    assert cutter.idle(units[-1].time_ns + SECOND // 2 - 1) == []
    (flush,) = cutter.idle(units[-1].time_ns + SECOND // 2)
    assert flush.fragments[0].video == tuple(units)
    assert cutter.idle(units[-1].time_ns + SECOND) == []


def test_a_stall_begins_after_half_a_second_to_the_nanosecond() -> None:
    """What waits for that long is flushed, and it counts from the newest frame too."""
    cutter = Cutter(0, fps=30)
    cut(cutter, [frame(EPOCH, key=True), frame(EPOCH + 1)])
    assert cutter.idle(EPOCH + SECOND // 2) == []
    (flush,) = cutter.idle(EPOCH + 1 + SECOND // 2)
    assert len(flush.fragments[0].video) == 2
    cut(cutter, [sound(EPOCH + 2)])
    assert cutter.idle(EPOCH + 1 + SECOND // 2) == []
    assert len(cutter.idle(EPOCH + 2 + SECOND // 2)) == 1


def test_sound_that_calls_itself_a_keyframe_begins_nothing() -> None:
    """No decoder could begin with it."""
    cutter = Cutter(0, fps=30)
    assert cut(cutter, [replace(sound(EPOCH), key=True), frame(EPOCH + 1)]) == []
    assert cutter.early == 2
    assert cutter.finish(END) == []


def test_numbers_for_the_minute_before_the_press() -> None:
    """As many segments as it may take, and one for a border that falls badly."""
    assert [live_from(seconds, 10) for seconds in (0, 0.1, 10, 10.1, 30)] == [0, 2, 2, 3, 4]


def test_sound_without_video_is_flushed() -> None:
    """A lens that fails does not take the sound with it."""
    cutter = Cutter(0, fps=30)
    cut(cutter, steady(0.2))
    cutter.now()
    noise = [sound(EPOCH + SECOND + index * 20_000_000) for index in range(50)]
    flushes: list[Flush] = []
    for unit in noise:
        flushes += cut(cutter, [unit]) + cutter.idle(unit.time_ns)
    flushes += cutter.finish(END)
    assert carried(flushes, Track.AUDIO) == noise
    assert not carried(flushes, Track.VIDEO)
    assert len(flushes) == 2
    assert flushes[0].fragments[0].end_ns == flushes[0].fragments[0].audio[-1].time_ns


def test_a_gap_stays_a_gap() -> None:
    """The last frame before a stall ends after one frame, not when the next one comes; a late frame is no gap."""
    period = SECOND // 30
    times = [EPOCH, EPOCH + period, EPOCH + 90 * period, EPOCH + 104 * period, EPOCH + 105 * period + period // 3]
    cutter = Cutter(0, fps=30)
    parts = fragments(cut(cutter, [frame(time_ns, key=time_ns == EPOCH) for time_ns in times]))
    assert parts[0].end_ns == pytest.approx(EPOCH + 2 * period, abs=2)
    assert parts[1].end_ns == times[-1]


def test_finish_drops_nothing_captured_up_to_the_stop() -> None:
    """The last frame before the stop is in the file; one captured after it is not, and is counted."""
    cutter = Cutter(0, fps=30)
    units = with_sound(steady(1.2))
    stop = units[-4].time_ns
    flushes = cut(cutter, units) + cutter.finish(stop)
    assert_whole(flushes, units[:-3])
    assert cutter.late == 3
    assert cutter.push(frame(stop, key=True)) == []
    assert cutter.late == 4
    assert cutter.finish(stop) == []


def test_the_stop_itself_still_belongs_to_the_recording() -> None:
    """What was captured in that very nanosecond is kept, picture and sound, and nothing that comes afterwards is."""
    cutter = Cutter(0, fps=30)
    units = [frame(EPOCH, key=True), sound(EPOCH + 1), frame(EPOCH + 2), sound(EPOCH + 2)]
    assert cut(cutter, units) == []
    assert carried(flushes := cutter.finish(EPOCH + 2), Track.VIDEO) == [units[0], units[2]]
    assert carried(flushes, Track.AUDIO) == [units[1], units[3]]
    assert cut(cutter, steady(3, start_ns=EPOCH + SECOND)) == []
    assert cutter.late == 90
    assert cutter.finish(END) == []


def test_a_segment_whose_units_are_all_out_is_still_closed() -> None:
    """Closing after everything was flushed takes a flush without a fragment, so that the file gets its end."""
    cutter = Cutter(0, fps=30)
    cut(cutter, steady(0.2))
    cutter.now()
    assert cutter.finish(END) == [Flush(0, first=False, last=True, fragments=())]


def test_a_keyframe_after_a_stall_closes_the_old_segment() -> None:
    """When idle flushed all there was, the next segment's keyframe still closes the file before it."""
    cutter = Cutter(0, fps=30)
    cut(cutter, steady(0.2))
    cutter.now()
    assert cut(cutter, [frame(EPOCH + 20 * SECOND, key=True)]) == [Flush(0, first=False, last=True, fragments=())]
    (flush,) = cutter.finish(END)
    assert (flush.segment, flush.first, flush.last) == (1, True, True)


def test_a_segment_that_would_be_empty_is_not_begun() -> None:
    """A keyframe captured after the stop opens no file; the one before it was closed already."""
    cutter = Cutter(0, fps=30)
    flushes = cut(cutter, steady(10 + 1 / 30))
    assert flushes[-1].last
    assert cutter.finish(EPOCH + 10 * SECOND - 1) == []
    assert cutter.late == 1


def test_a_recording_without_a_frame_has_no_flush() -> None:
    """A dead lens yields no segment that could not be played, and what came is counted."""
    cutter = Cutter(0, fps=30)
    assert cut(cutter, [sound(EPOCH), frame(EPOCH)]) == []
    assert (cutter.now(), cutter.idle(END), cutter.finish(END)) == ([], [], [])
    assert cutter.early == 2
    assert cutter.push(frame(EPOCH, key=True)) == []


@given(camera_streams(faulty=True), st.floats(1, 12), st.data())
def test_flushes_hold_exactly_the_accepted_units(
    stream: tuple[int, list[Unit]], segment_s: float, data: st.DataObject
) -> None:
    """Whatever a source does, whenever somebody flushes: nothing lost, doubled or reordered, durations hold."""
    fps, units = stream
    interrupt = Random(data.draw(st.integers(0, 2**32 - 1)))
    cutter, order = Cutter(2, fps=fps, segment_s=segment_s), Increasing()
    flushes: list[Flush] = []
    accepted: list[Unit] = []
    for unit in units:
        if (accepted or (unit.key and unit.track is Track.VIDEO)) and order.accept(unit):
            accepted.append(unit)
        flushes += cutter.push(unit)
        if interrupt.random() < 0.02:
            flushes += cutter.now() if interrupt.random() < 0.5 else cutter.idle(unit.time_ns + SECOND)
    flushes += cutter.finish(END)
    assert_whole(flushes, accepted)
    assert cutter.repeated == order.repeated
    assert cutter.early + cutter.repeated + len(accepted) == len(units)
    assert_durations(flushes, fps)


def assert_durations(flushes: Iterable[Flush], fps: int) -> None:
    """A fragment takes half a second on the grid of frames, half a frame of grid and half a frame of jitter allowed."""
    longest = max(SECOND // 2, SECOND // (2 * fps)) + SECOND // fps
    for part in fragments(flushes):
        if part.video:
            assert part.video[-1].time_ns < part.end_ns <= part.video[0].time_ns + longest
            assert not any(unit.key for unit in part.video[1:])


@given(camera_streams(most=300), st.floats(0, 20), st.floats(1, 10))
def test_a_press_joins_the_buffer_and_the_live_part(
    stream: tuple[int, list[Unit]], pre_event_s: float, segment_s: float
) -> None:
    """Ring, pre-event cut and live cut together: one run of segments with every unit once, wherever the press falls."""
    fps, units = stream
    press = len(units) * 2 // 3
    ring = Ring(pre_event_s, 1 << 30)
    for unit in units[:press]:
        ring.push(unit)
    closed, current = ring.snapshot()
    number = live_from(pre_event_s, segment_s)
    before = cut_pre_event(closed, number, fps=fps, segment_s=segment_s)
    cutter = Cutter(number, fps=fps, segment_s=segment_s)
    live = cut(cutter, current) + cutter.now() + cut(cutter, units[press:]) + cutter.finish(END)
    expected = [*(unit for gop in closed for unit in gop.units), *current, *units[press:]]
    if not current:
        expected = list(itertools.dropwhile(lambda unit: not unit.key, expected))
    assert_whole([*before, *live], expected)
    assert len(before) == len(closed)
    assert all(flush.segment == number - 1 for flush in before[-1:])
    assert all(flush.segment >= 0 for flush in before)
    assert_durations([*before, *live], fps)


def test_the_pre_event_part_ends_right_below_the_live_part() -> None:
    """Thirty seconds and a bit in segments of ten take numbers 0 to 3, and each begins at a keyframe."""
    ring = Ring(30, 1 << 30)
    for unit in steady(60.5):
        ring.push(unit)
    number = live_from(30, 10)
    flushes = cut_pre_event(ring.snapshot()[0], number, fps=30)
    assert number == 4
    assert [flush.segment for flush in flushes] == [1] * 10 + [2] * 10 + [3] * 10
    assert_whole(flushes, [unit for gop in ring.snapshot()[0] for unit in gop.units])


def test_a_flush_of_the_pre_event_part_is_one_gop() -> None:
    """The ring is written a GOP at a time, in fragments of half a second."""
    ring = Ring(5, 1 << 30)
    for unit in with_sound(steady(5.5)):
        ring.push(unit)
    flushes = cut_pre_event(ring.snapshot()[0], 2, fps=30)
    assert [len(flush.fragments) for flush in flushes] == [2] * 5
    assert [part.end_ns - part.video[0].time_ns for part in fragments(flushes)] == pytest.approx(
        [SECOND // 2] * 10, abs=2
    )


def test_a_short_buffer_leaves_the_lowest_numbers_unused() -> None:
    """A press soon after start-up still ends right below the live part."""
    ring = Ring(30, 1 << 30)
    for unit in steady(2.5):
        ring.push(unit)
    assert {flush.segment for flush in cut_pre_event(ring.snapshot()[0], 4, fps=30)} == {3}


def test_gops_longer_than_ever_expected_still_fit_the_reserved_numbers() -> None:
    """An encoder that forgets its keyframes makes segments longer, never more."""
    ring = Ring(30, 1 << 30)
    for unit in merged(steady(14, gop=10_000), steady(28, gop=420, start_ns=EPOCH + 14 * SECOND)):
        ring.push(unit)
    closed, _ = ring.snapshot()
    flushes = cut_pre_event(closed, 1, fps=30)
    assert {flush.segment for flush in flushes} == {0}
    assert_whole(flushes, [unit for gop in closed for unit in gop.units])


def test_no_buffer_needs_no_numbers() -> None:
    """With the pre-event part switched off the first segment is the live one."""
    assert live_from(0, 10) == 0
    assert cut_pre_event((), 0, fps=30) == []


def test_a_pre_event_part_without_a_number_is_refused() -> None:
    """A wrong call is a ValueError, not a segment with a negative number."""
    ring = Ring(5, 1 << 30)
    for unit in steady(2.5):
        ring.push(unit)
    with pytest.raises(ValueError, match="reserved"):
        cut_pre_event(ring.snapshot()[0], 0, fps=30)


def test_a_recording_that_gives_way_ends_where_the_next_one_begins() -> None:
    """Everything that came before the keyframe, sound that is captured later too; the last frame ends exactly there, and nothing follows."""
    stream = steady(3.5, fps=10, gop=10)
    at = next(place for place, unit in enumerate(stream) if unit.key and unit.time_ns >= EPOCH + 3 * SECOND)
    keyframe = stream[at]
    cutter = Cutter(0, fps=10, segment_s=10)
    flushes = [flush for unit in stream[:at] for flush in cutter.push(unit)]
    late = sound(keyframe.time_ns + SECOND // 20)
    flushes += cutter.push(late)
    flushes += cutter.give_way(keyframe)
    assert_whole(flushes, [*stream[:at], late])
    assert flushes[-1].last
    assert flushes[-1].fragments[-1].end_ns == keyframe.time_ns
    assert cutter.give_way(keyframe) == cutter.finish(keyframe.time_ns) == cutter.push(keyframe) == []
    assert cutter.late == 1
