"""The pre-event buffer."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.ring import Gop, Ring
from hal.interface import Track
from tests.streams import EPOCH, SECOND, camera_streams, frame, sound, steady, with_sound

if TYPE_CHECKING:
    from hal.interface import Unit

PLENTY = 1 << 30


def held(ring: Ring) -> list[Unit]:
    """Every unit in a snapshot, in order."""
    closed, current = ring.snapshot()
    return [*itertools.chain.from_iterable(gop.units for gop in closed), *current]


def fill(ring: Ring, units: list[Unit]) -> Ring:
    """Push all of them."""
    for unit in units:
        ring.push(unit)
    return ring


def test_covers_what_was_asked_and_at_most_one_gop_more() -> None:
    """Thirty seconds asked: never less once it ran that long, and never more than a GOP above."""
    ring = Ring(30, PLENTY)
    for unit in steady(100):
        ring.push(unit)
        ran = (unit.time_ns - EPOCH) / SECOND
        assert min(ran, 30) <= ring.seconds < 31


def test_snapshot_takes_nothing_out() -> None:
    """The ring runs on during a recording: a second press right after a stop finds a full buffer."""
    ring = fill(Ring(5, PLENTY), steady(10))
    assert ring.snapshot() == ring.snapshot()
    assert ring.seconds >= 5


def test_snapshot_does_not_copy_payload() -> None:
    """A press costs time in GOPs, not in bytes."""
    units = steady(3)
    assert all(mine is given for mine, given in zip(held(fill(Ring(5, PLENTY), units)), units, strict=True))


def test_snapshot_parts_closed_gops_from_the_open_one() -> None:
    """The live part of a recording begins with the keyframe at or before the press."""
    closed, current = fill(Ring(5, PLENTY), steady(3.5)).snapshot()
    assert [gop.start_ns for gop in closed] == [EPOCH, EPOCH + SECOND, EPOCH + 2 * SECOND]
    assert current[0].key
    assert len(current) == 15


def test_sound_stays_with_the_gop_in_which_it_arrived() -> None:
    """With sound in the buffer its units come out where they came in."""
    units = with_sound(steady(4))
    assert held(fill(Ring(10, PLENTY), units)) == units


def test_without_a_window_only_the_open_gop_is_held() -> None:
    """Pre-event switched off still leaves the keyframe that the live part needs."""
    closed, current = fill(Ring(0, PLENTY), steady(3.5)).snapshot()
    assert closed == ()
    assert len(current) == 15


def test_units_before_the_first_keyframe_are_counted() -> None:
    """Nothing that no decoder could begin with is held, and it is not dropped in silence."""
    ring = fill(Ring(5, PLENTY), [sound(EPOCH), frame(EPOCH + 1), frame(EPOCH + 2, key=True)])
    assert ring.early == 2
    assert len(held(ring)) == 1


def test_a_full_ring_says_that_it_is_short() -> None:
    """When the bytes do not hold the window, the oldest goes first and the camera knows."""
    ring = fill(Ring(10, 100 * 30 * 5), steady(20, size=100))
    assert ring.bytes <= 100 * 30 * 5
    assert 4 <= ring.seconds <= 5
    assert ring.short > 0


def test_a_ring_with_room_is_not_short() -> None:
    """Letting go of what is not needed is no trouble."""
    assert fill(Ring(10, PLENTY), steady(40)).short == 0


def test_an_encoder_without_keyframes_cannot_fill_the_memory() -> None:
    """A GOP that alone outgrows the bytes goes, and the ring begins again with the next keyframe."""
    units = steady(10, gop=10_000, size=100)
    ring = fill(Ring(5, 100 * 30), units)
    assert ring.bytes == 0
    assert ring.seconds == 0
    assert held(ring) == []
    assert ring.short == 1
    assert ring.early == len(units) - 31
    ring.push(frame(EPOCH + 11 * SECOND, key=True))
    assert len(held(ring)) == 1


def test_clear_forgets_the_stream_and_keeps_the_counters() -> None:
    """After a restart of the source nothing of the old stream is left, and what was counted stays counted."""
    ring = fill(Ring(5, PLENTY), [sound(EPOCH), *steady(3)])
    ring.push(frame(EPOCH))
    ring.clear()
    assert (ring.bytes, ring.seconds, held(ring)) == (0, 0, [])
    assert (ring.early, ring.repeated) == (1, 1)
    fill(ring, steady(1, start_ns=EPOCH - 50 * SECOND))
    assert len(held(ring)) == 30


@pytest.mark.parametrize(("seconds", "most"), [(-1, 1), (1, 0), (1, -5)])
def test_a_senseless_ring_is_refused(seconds: float, most: int) -> None:
    """A wrong call is a ValueError."""
    with pytest.raises(ValueError, match="a ring of"):
        Ring(seconds, most)


@pytest.mark.parametrize("units", [(), (frame(1),), (sound(1),)])
def test_a_gop_begins_with_a_keyframe(units: tuple[Unit, ...]) -> None:
    """No GOP exists that no decoder could begin with."""
    with pytest.raises(ValueError, match="keyframe"):
        Gop(units)


@given(camera_streams(), st.floats(0, 20))
def test_window_holds_for_any_stream(stream: tuple[int, list[Unit]], seconds: float) -> None:
    """Over odd GOPs, jitter, losses and sound: at least what was asked, at most one GOP more."""
    _, units = stream
    ring = Ring(seconds, PLENTY)
    first: int | None = None
    for unit in units:
        ring.push(unit)
        closed, current = ring.snapshot()
        if unit.track is not Track.VIDEO or not current:
            continue
        first = unit.time_ns if first is None else first
        starts = [*(gop.start_ns for gop in closed), current[0].time_ns]
        window = round(seconds * SECOND)
        assert unit.time_ns - starts[0] >= min(window, unit.time_ns - first)
        if len(starts) > 1:
            assert unit.time_ns - starts[1] < window


@given(camera_streams(faulty=True), st.floats(0, 20), st.integers(1, 400_000))
def test_what_is_held_is_the_newest_part_of_what_came(
    stream: tuple[int, list[Unit]], seconds: float, most: int
) -> None:
    """Whatever a source does: contiguous, nothing doubled or reordered, from a keyframe, exactly accounted."""
    _, units = stream
    ring = Ring(seconds, most)
    came: list[Unit] = []
    newest: dict[Track, int] = {}
    refused = 0
    for unit in units:
        repeated, early = ring.repeated, ring.early
        ring.push(unit)
        refused += (ring.repeated - repeated) + (ring.early - early)
        if ring.repeated == repeated and ring.early == early:
            assert unit.time_ns > newest.get(unit.track, 0)
            newest[unit.track] = unit.time_ns
            came.append(unit)
        now = held(ring)
        assert now == came[len(came) - len(now) :]
        assert not now or (now[0].key and now[0].track is Track.VIDEO)
        assert ring.bytes == sum(len(each.data) for each in now) <= most
    assert refused + len(came) == len(units)


def test_a_group_goes_as_soon_as_the_next_one_covers_the_window() -> None:
    """To the nanosecond, so that no more than a group too much is held."""
    for late, held in ((0, 2), (-1, 3)):
        ring = Ring(1.0, 1 << 20)
        for time_ns in (EPOCH, EPOCH + SECOND, EPOCH + 2 * SECOND + late):
            ring.push(frame(time_ns, key=True))
        closed, current = ring.snapshot()
        assert len(closed) + bool(current) == held
        assert ring.short == 0


def test_the_last_byte_may_be_used() -> None:
    """A group leaves early when the next byte would be too much, and that is counted."""
    ring = Ring(10.0, 24)
    for second, short in ((0, 0), (1, 0), (2, 0), (3, 1)):
        ring.push(frame(EPOCH + second * SECOND, key=True, size=8))
        assert (ring.short, ring.bytes) == (short, min(24, 8 * (second + 1)))
    alone = Ring(10.0, 16)
    for index, (short, held) in enumerate([(0, 8), (0, 16), (1, 0)]):
        alone.push(frame(EPOCH + index, key=index == 0, size=8))
        assert (alone.short, alone.bytes) == (short, held)


def test_sound_that_calls_itself_a_keyframe_opens_no_group() -> None:
    """No decoder could begin with it."""
    ring = Ring(10.0, 100)
    ring.push(replace(sound(EPOCH), key=True))
    assert (ring.early, ring.bytes) == (1, 0)
