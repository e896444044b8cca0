"""Lost frames are found by the times of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.gaps import WINDOW_NS, DriftMeter, GapMeter
from tests.streams import SECOND

FRAME = 33_333_333


@given(st.lists(st.booleans(), min_size=2, max_size=200), st.integers(0, FRAME // 5))
def test_every_lost_frame_is_counted(kept: list[bool], jitter: int) -> None:
    """With jitter below a fifth of a frame the count is exact."""
    meter = GapMeter(FRAME)
    times = [index * FRAME + (jitter if index % 2 else 0) for index, here in enumerate(kept) if here]
    for time_ns in times:
        meter.see(time_ns)
    indexes = [index for index, here in enumerate(kept) if here]
    assert meter.missing == (indexes[-1] - indexes[0] + 1 - len(indexes) if indexes else 0)


def test_a_pause_on_purpose_is_no_loss() -> None:
    """After ``restart`` nothing is measured against what came before."""
    meter = GapMeter(FRAME)
    meter.see(0)
    meter.restart()
    assert meter.see(100 * FRAME) == 0
    assert meter.see(102 * FRAME) == 1
    assert meter.missing == 1


@given(st.lists(st.sampled_from(["kept", "lost", "repeated", "back"]), min_size=2, max_size=100))
def test_a_frame_with_a_time_of_the_past_is_missing_once(fates: list[str]) -> None:
    """Lost, repeated or back in time: each such frame is counted, and the hole in the times that it leaves is not counted again."""
    meter, newest = GapMeter(FRAME), 0
    meter.see(0)
    for index, fate in enumerate([*fates, "kept"], 1):
        if fate == "kept":
            newest = index * FRAME
        times = {"kept": newest, "repeated": newest, "back": newest - FRAME}
        if fate in times:
            meter.see(times[fate])
    assert meter.missing == sum(fate != "kept" for fate in fates)


def test_an_encoder_set_back_loses_what_it_stamps_twice() -> None:
    """Its clock ran back by three frames and on from there: those three are left out, and no hole shows it."""
    meter = GapMeter(FRAME)
    for index in (0, 1, 2, 3, 4, 2, 3, 4, 5, 6):
        meter.see(index * FRAME)
    assert meter.missing == 3


def test_what_a_stream_still_owed_when_it_was_cut_off_is_missing() -> None:
    """What may just be on its way is not; what should have come long since is, be it that it never came or came with a wrong time."""
    for late, misplaced, lost in ((1, 0, 0), (29, 0, 0), (31, 0, 31), (90, 0, 90), (90, 4, 90)):
        meter = GapMeter(FRAME)
        meter.see(0)
        for _ in range(misplaced):
            meter.see(0)
        meter.end(late * FRAME)
        assert meter.missing == lost
    assert GapMeter(FRAME).end(1 << 60) == 0


def way(meter: DriftMeter, seconds: int, ways_ms: list[int]) -> list[int]:
    """Units every tenth of a second from ``seconds`` on, so long underway; what the meter says that is not nothing, in ms."""
    said = []
    for index, ms in enumerate(ways_ms):
        now = (10 * seconds + index) * 100_000_000
        said.append(meter.see(now - ms * 1_000_000, now) // 1_000_000)
    return [each for each in said if each]


def test_a_source_in_step_never_drifts_however_late_it_is_heard() -> None:
    """The shortest way counts: threads that wake late are no drift."""
    assert way(DriftMeter(), 0, [20 + index * 7919 % 50 for index in range(2000)]) == []


@pytest.mark.parametrize("sign", [-1, 1])
def test_drift_is_measured_against_the_first_window(sign: int) -> None:
    """A millisecond a second, in either direction: ten more with each window."""
    meter = DriftMeter()
    said = way(meter, 0, [500 + sign * index // 10 for index in range(405)])
    assert [round(each / 10) for each in said] == [sign * each for each in (1, 2, 3)]
    meter.restart()
    assert way(meter, 100, [700] * 300) == []


def test_what_is_a_gap_to_the_nanosecond() -> None:
    """A unit may come half a period late; a stream that is cut off may owe what it has a second for; no count is ever negative."""
    meter = GapMeter(SECOND // 10)
    assert [meter.see(time_ns) for time_ns in (0, 150_000_000, 300_000_001)] == [0, 0, 1]
    ended = GapMeter(SECOND // 10)
    ended.see(0)
    assert [ended.end(SECOND), ended.end(SECOND + 1)] == [0, 10]
    repeated = GapMeter(SECOND // 10)
    for _ in range(13):
        repeated.see(0)
    assert (repeated.end(SECOND + 1), repeated.missing) == (0, 12)


def test_a_window_ends_to_the_nanosecond() -> None:
    """Ten seconds after its first unit, with that very one."""
    meter = DriftMeter()
    assert [meter.see(now, now) for now in (0, WINDOW_NS)] == [0, 0]
    assert [meter.see(now - 5, now) for now in (WINDOW_NS + 1, 2 * WINDOW_NS, 2 * WINDOW_NS + 1)] == [0, 0, 5]
