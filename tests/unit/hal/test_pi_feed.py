"""Between an encoder's thread and the firmware's."""

from __future__ import annotations

import threading

from hal.interface import Track, Unit
from hal.pi.feed import PENDING, WAITING, Feed, Stamps
from hal.sim.clock import VirtualClock

KEY, INTER = b"\0\0\0\1\x67s\0\0\0\1\x68p\0\0\0\1\x65k", b"\0\0\0\1\x41i"
NOW = VirtualClock().monotonic_ns()


def delivered(*buffers: tuple[bytes, int], after_ns: int = -1) -> list[tuple[int, bool]]:
    """Time and kind of what comes of ``buffers``."""
    units: list[Unit] = []
    feed = Feed(VirtualClock(), units.append, after_ns)
    for data, time_ns in buffers:
        feed.put(data, time_ns)
    feed.close()
    assert {unit.track for unit in units} <= {Track.VIDEO}
    assert feed.last_ns == (units[-1].time_ns if units else after_ns)
    return [(unit.time_ns, unit.key) for unit in units]


def test_first_unit_is_a_keyframe() -> None:
    """What is before one could not be decoded."""
    assert delivered((INTER, 1), (INTER, 2), (KEY, 3), (INTER, 4)) == [(3, True), (4, False)]


def test_times_rise() -> None:
    """A time that stands still or runs back ends the picture until the next keyframe; so does one in the future."""
    good = [(KEY, 10), (INTER, 20)]
    resumes = [(INTER, 30), (KEY, 40)]
    for wrong in (20, 15, NOW + 1):
        assert delivered(*good, (INTER, wrong), *resumes) == [(10, True), (20, False), (40, True)]
    assert delivered((KEY, NOW)) == [(NOW, True)]


def test_times_go_on_behind_the_last_run() -> None:
    """What was captured before the last unit of an earlier run is not delivered behind it."""
    assert delivered((KEY, 5), (INTER, 6), (KEY, 7), after_ns=6) == [(7, True)]


def test_what_is_no_picture_changes_nothing() -> None:
    """Parameter sets in a buffer of their own are no gap."""
    assert delivered((KEY, 1), (b"\0\0\0\1\x67s\0\0\0\1\x68p", 2), (INTER, 3)) == [(1, True), (3, False)]


def test_an_encoder_never_waits() -> None:
    """While nobody takes units they are dropped, and what follows begins with a keyframe."""
    units: list[Unit] = []
    held, let, drained = threading.Event(), threading.Event(), threading.Event()

    def sink(unit: Unit) -> None:
        units.append(unit)
        held.set()
        assert let.wait(60)
        if len(units) == WAITING + 1:
            drained.set()

    feed = Feed(VirtualClock(), sink, -1)
    feed.put(KEY, 1)
    assert held.wait(60)
    for time_ns in range(2, WAITING + 5):
        feed.put(INTER, time_ns)
    assert feed.dropped == 3
    let.set()
    assert drained.wait(60)
    feed.put(INTER, WAITING + 5)
    feed.put(KEY, WAITING + 6)
    feed.close()
    assert [unit.time_ns for unit in units] == [*range(1, WAITING + 2), WAITING + 6]


def test_stamps_are_exact() -> None:
    """The sensor's nanoseconds come back for the encoder's microseconds, also where the encoder left frames out."""
    stamps = Stamps()
    for sensor_ns in (1_000_123, 34_333_456, 67_666_789):
        stamps.saw(sensor_ns)
    assert stamps.of(1_000) == 1_000_123
    assert stamps.of(67_666) == 67_666_789
    assert stamps.of(34_333) == 34_333_456


def test_stamps_of_what_was_not_seen() -> None:
    """Such a frame's time is right to the microsecond, and stamps that nobody asks for do not pile up."""
    stamps = Stamps()
    for number in range(PENDING + 1):
        stamps.saw(number * 1_000 + 7)
    assert stamps.of(0) == 0
    assert stamps.of(1) == 1_007
    assert stamps.of(1) == 1_000
