"""Drives deliver what is due, and disturbances spoil it as they were told to."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from hal.interface import Track, Unit
from hal.sim.calls import Call
from hal.sim.clock import MS, NS, SimClock, VirtualClock
from hal.sim.disturbance import Disturbance
from hal.sim.sources import Paced, Stepped, run_until

STEP_NS = 10 * MS


class Ticks:
    """A feed of a unit every 10 ms, numbered from 0 at each start."""

    def __init__(self, step_ns: int = STEP_NS) -> None:
        """A feed that is not started yet."""
        self.step_ns = step_ns
        self.start_ns = self.number = self.ends = 0

    def begin(self, time_ns: int) -> None:
        """Start at this time."""
        self.start_ns, self.number = time_ns, 0

    def due_ns(self) -> int:
        """When the next one is due."""
        return self.start_ns + self.number * self.step_ns

    def take(self) -> Unit | None:
        """The next one."""
        unit = Unit(Track.VIDEO, self.due_ns(), bytes([self.number % 256]), key=self.number == 0)
        self.number += 1
        return unit

    def skip(self) -> None:
        """Not the next one."""
        self.number += 1

    def end(self) -> None:
        """Count the ends."""
        self.ends += 1

    def faults(self) -> dict[str, Call]:
        """None."""
        return {}


def spoilt(disturbance: Disturbance, count: int = 10) -> list[int]:
    """What is left of units at 0, 1, 2... seconds: their times in seconds."""
    passing = (Unit(Track.VIDEO, second * NS, b"", key=False) for second in range(count))
    return [unit.time_ns // NS for each in passing for unit in disturbance.spoil(each)]


@pytest.mark.parametrize(
    ("kind", "given", "left"),
    [
        ("drop", {"count": 3}, [3, 4, 5, 6, 7, 8, 9]),
        ("stall", {"seconds": 2.5}, [3, 4, 5, 6, 7, 8, 9]),
        ("repeat", {"count": 2}, [0, 0, 0, 3, 4, 5, 6, 7, 8, 9]),
        ("reverse", {"count": 2, "ms": 5000}, [-5, -4, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("late", {"seconds": 3}, [0, 1, 2, 3, 4, 5, 6]),
        ("late", {"seconds": 0}, list(range(10))),
        ("clear", {}, list(range(10))),
    ],
)
def test_disturbances(kind: str, given: dict[str, object], left: list[int]) -> None:
    """Each fault does to the units that pass what its name says, and then is over."""
    disturbance = Disturbance()
    disturbance.faults()[kind](given)
    assert spoilt(disturbance) == left


def test_clearing_heals() -> None:
    """After ``clear`` nothing that was armed happens any more."""
    disturbance = Disturbance()
    armed: tuple[tuple[str, dict[str, object]], ...] = (
        ("drop", {"count": 5}),
        ("stall", {"seconds": 9}),
        ("repeat", {"count": 5}),
        ("reverse", {"count": 5}),
        ("late", {"seconds": 4}),
        ("skew", {"ppm": 1000}),
        ("refuse", {}),
    )
    for kind, given in armed:
        disturbance.faults()[kind](given)
    disturbance.faults()["slow"]({"ms": 50})
    disturbance.faults()["clear"]({})
    disturbance.starting()
    assert disturbance.slow_s == 0
    assert spoilt(disturbance) == list(range(10))


def test_late_units_all_come() -> None:
    """What was kept back comes in order once it is not kept any longer, nothing lost and nothing doubled."""
    disturbance = Disturbance()
    disturbance.late(3)
    units = [Unit(Track.VIDEO, second * NS, b"", key=False) for second in range(8)]
    out = [left for unit in units[:5] for left in disturbance.spoil(unit)]
    assert out == units[:2]
    disturbance.late(0)
    assert [*out, *(left for unit in units[5:] for left in disturbance.spoil(unit))] == units


def test_a_skewed_stamp_is_right_after_each_start() -> None:
    """It goes astray from the first unit on, by so many millionths, and a start sets it right."""
    disturbance = Disturbance()
    disturbance.skew(-1000)
    for _ in range(2):
        disturbance.starting()
        times = [disturbance.spoil(Unit(Track.VIDEO, at * NS, b"", key=False))[0].time_ns for at in (7, 8, 17)]
        assert times == [7 * NS, 8 * NS - MS, 17 * NS - 10 * MS]


def test_refusing_to_start() -> None:
    """A part that refuses raises ``OSError`` at each start until it is cleared."""
    drive, feed = Stepped(VirtualClock()), Ticks()
    drive.disturbance.faults()["refuse"]({})
    for _ in range(2):
        with pytest.raises(OSError, match="refuse"):
            drive.start(feed, lambda _: None)
    drive.disturbance.clear()
    drive.start(feed, lambda _: None)


def test_ended_until_the_next_start() -> None:
    """A source that ended delivers nothing more, and works again after a restart."""
    clock, units = VirtualClock(), list[Unit]()
    drive, feed = Stepped(clock), Ticks()
    drive.start(feed, units.append)
    run_until(clock, [drive], clock.monotonic_ns() + 5 * STEP_NS)
    drive.disturbance.faults()["end"]({})
    run_until(clock, [drive], clock.monotonic_ns() + 5 * STEP_NS)
    assert len(units) == 6
    drive.stop()
    drive.start(feed, units.append)
    run_until(clock, [drive], clock.monotonic_ns() + STEP_NS)
    assert len(units) == 8


def test_run_until_keeps_the_tracks_in_order() -> None:
    """The units of all drives come in the order of their times, the clock standing at each."""
    clock, seen = VirtualClock(), list[tuple[int, int]]()
    drives = [Stepped(clock), Stepped(clock)]
    for drive, feed in zip(drives, (Ticks(), Ticks(7 * MS)), strict=True):
        drive.start(feed, lambda unit: seen.append((clock.monotonic_ns(), unit.time_ns)))
    end_ns = clock.monotonic_ns() + NS
    run_until(clock, drives, end_ns)
    assert clock.monotonic_ns() == end_ns
    assert all(now_ns == time_ns for now_ns, time_ns in seen)
    assert seen == sorted(seen)
    assert len(seen) == 101 + 143


def test_drives_run_once() -> None:
    """Starting what runs is a wrong call, and does not disturb it."""
    for drive in (Stepped(VirtualClock()), Paced(SimClock(), "ticks")):
        drive.start(Ticks(), lambda _: None)
        with pytest.raises(ValueError, match="runs already"):
            drive.start(Ticks(), lambda _: None)
        drive.stop()
        drive.stop()


def test_paced_keeps_real_time() -> None:
    """Units come when they are due, and the feed is ended with the thread."""
    clock, feed, late = SimClock(), Ticks(), list[int]()
    enough = threading.Event()

    def sink(unit: Unit) -> None:
        late.append(clock.monotonic_ns() - unit.time_ns)
        if len(late) == 10:
            enough.set()

    drive = Paced(clock, "ticks")
    drive.start(feed, sink)
    assert enough.wait(60)
    drive.stop()
    assert feed.ends == 1
    assert all(ns >= 0 for ns in late)
    assert drive.skipped == 0


def test_paced_that_falls_behind_skips() -> None:
    """What is too slow loses frames and shows it by the times, and nothing piles up without bound."""
    clock, times, enough = SimClock(), list[int](), threading.Event()

    def sink(unit: Unit) -> None:
        times.append(unit.time_ns)
        if len(times) == 8:
            enough.set()

    drive = Paced(clock, "ticks", patience_s=0.03)
    drive.disturbance.faults()["slow"]({"ms": 25})
    drive.start(Ticks(), sink)
    assert enough.wait(60)
    drive.stop()
    assert drive.skipped > 0
    assert clock.monotonic_ns() - times[-1] < NS
    assert max(after - before for before, after in pairwise(times)) >= 2 * STEP_NS


def test_paced_that_ended_can_be_stopped() -> None:
    """A source whose thread ended on its own is stopped and started like any other."""
    drive, units, first = Paced(SimClock(), "ticks"), list[Unit](), threading.Event()

    def sink(unit: Unit) -> None:
        units.append(unit)
        drive.disturbance.end()
        first.set()

    drive.start(Ticks(), sink)
    assert first.wait(60)
    drive.stop()
    assert len(units) == 1
    drive.start(Ticks(), sink)
    drive.stop()
