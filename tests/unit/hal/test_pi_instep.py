"""A sound card's samples are kept in step with the clock, whatever its crystal, the processor and a full buffer do."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from hal.pi.instep import MOST_PPM, NS, RATE, UNIT, Grid, Reckoner, Stretch

Samples = NDArray[np.float64]
MS = 1_000_000
BORN_NS = 7 * NS


class Crystal:
    """Counts samples, ``ppm`` fast, from ``BORN_NS`` on."""

    def __init__(self, ppm: float) -> None:
        self.rate = RATE * (1 + ppm / 1e6)
        self.count = 0

    def when_ns(self, number: float) -> float:
        """When sample ``number`` is captured."""
        return BORN_NS + number / self.rate * NS

    def block(self, samples: int, sound: float | None = None) -> tuple[Samples, int]:
        """The next samples, each its own number or ``sound``, and when the last was captured."""
        first, self.count = self.count, self.count + samples
        what = np.arange(first, self.count, dtype=np.float64) if sound is None else np.full(samples, sound)
        return what, round(self.when_ns(self.count))


def off_ns(crystal: Crystal, stretch: Stretch) -> float:
    """By how much the time of the first sample is wrong; its value is its number."""
    return stretch.first_ns - crystal.when_ns(stretch.samples[0])


@pytest.mark.parametrize(("ppm", "hours", "most_ms"), [(200, 2, 5), (-200, 1, 5), (900, 1, 10)])
def test_hours_of_drift_stay_within_milliseconds(ppm: float, hours: int, most_ms: int) -> None:
    """Hours of a crystal that is off, on a processor that is late by a millisecond, now and then by eight: 200 ppm would be 1.4 s."""
    seed = random.randrange(1 << 32)
    draw, crystal, reckoner = random.Random(seed), Crystal(ppm), Reckoner()
    worst_ns, size = 0.0, RATE // 50
    for _ in range(hours * 3600 * 50):
        samples, time_ns = crystal.block(size)
        late_ns = min(8.0, draw.expovariate(1)) * MS
        for stretch in reckoner.take(samples, time_ns + round(late_ns)):
            worst_ns = max(worst_ns, abs(off_ns(crystal, stretch)))
    assert worst_ns < most_ms * MS, f"{worst_ns / MS} ms, seed {seed}"
    assert reckoner.gaps == 0, f"seed {seed}"
    assert reckoner.ppm == pytest.approx(-ppm, abs=30), f"seed {seed}"


def test_without_correction_the_same_crystal_runs_away() -> None:
    """That the test above can fail: one that believes the card is off by more than a second after two hours."""
    crystal = Crystal(200)
    assert abs(crystal.when_ns(2 * 3600 * RATE) - (BORN_NS + 2 * 3600 * NS)) > NS


def test_a_crystal_that_warms_up_is_followed() -> None:
    """From 0 to 100 ppm within ten minutes, as a device that is put into the sun."""
    reckoner, time_ns, number, worst_ns = Reckoner(), float(BORN_NS), 0, 0.0
    true_ns: dict[int, float] = {}
    for second in range(900):
        step_ns = NS / RATE / (1 + min(100, second / 6) / 1e6)
        for _ in range(10):
            true_ns[number] = time_ns
            samples = np.arange(number, number + RATE // 10, dtype=np.float64)
            time_ns, number = time_ns + len(samples) * step_ns, number + len(samples)
            for stretch in reckoner.take(samples, round(time_ns)):
                worst_ns = max(worst_ns, abs(stretch.first_ns - true_ns[int(stretch.samples[0])]))
    assert worst_ns < 5 * MS


def test_no_step_is_heard() -> None:
    """However late blocks are, the rate never leaves its bounds, and times join without a seam."""
    draw, crystal, reckoner = random.Random(4), Crystal(200), Reckoner()
    stretches = []
    for _ in range(6000):
        samples, time_ns = crystal.block(480)
        stretches += reckoner.take(samples, time_ns + draw.randrange(50 * MS))
    for before, after in pairwise(stretches):
        assert after.first_ns == pytest.approx(before.first_ns + len(before.samples) * before.step_ns, abs=1)
    nominal_ns = NS / RATE
    assert all(abs(each.step_ns / nominal_ns - 1) <= MOST_PPM / 1e6 + 1e-12 for each in stretches)


def test_a_crystal_is_remembered() -> None:
    """Who begins with what was learnt is not off at all."""
    crystal, reckoner = Crystal(500), Reckoner(-500)
    worst_ns = 0.0
    for _ in range(600):
        for stretch in reckoner.take(*crystal.block(RATE // 10)):
            worst_ns = max(worst_ns, abs(off_ns(crystal, stretch)))
    assert worst_ns < MS / 10


@pytest.mark.parametrize("lost_ms", [80, 300, 5000])
def test_an_overrun_is_a_gap_in_time(lost_ms: int) -> None:
    """Samples that nobody read are missing where they were captured, and what follows is where it belongs."""
    crystal, reckoner = Crystal(50), Reckoner()
    stretches = []
    for number in range(600):
        if number == 300:
            crystal.count += lost_ms * RATE // 1000
        stretches += reckoner.take(*crystal.block(480))
    assert reckoner.gaps == 1
    assert [each.fresh for each in stretches].count(True) == 2, "the beginning and the gap"
    assert max(abs(off_ns(crystal, each)) for each in stretches) < 2 * MS
    assert sum(len(each.samples) for each in stretches) == 600 * 480, "nothing that was heard is left out"


@pytest.mark.parametrize("stalled_ms", [70, 250, 2500])
def test_a_stall_without_a_loss_is_no_gap(stalled_ms: int) -> None:
    """A processor that was busy reads the backlog at once: late, and whole."""
    crystal, reckoner = Crystal(50), Reckoner()
    stretches, busy_ns = [], 0
    for number in range(900):
        samples, time_ns = crystal.block(480)
        if number == 300:
            busy_ns = time_ns + stalled_ms * MS
        busy_ns += MS // 2  # each block takes its time
        stretches += reckoner.take(samples, max(time_ns, busy_ns))
    assert reckoner.gaps == 0
    assert [each.fresh for each in stretches].count(True) == 1
    assert max(abs(off_ns(crystal, each)) for each in stretches) < 5 * MS


def test_a_late_beginning_is_set_right() -> None:
    """Where the first blocks were all late, the first on time shows it."""
    crystal, reckoner = Crystal(0), Reckoner()
    stretches = []
    for number in range(100):
        samples, time_ns = crystal.block(480)
        stretches += reckoner.take(samples, time_ns + (100 * MS if number < 10 else 0))
    assert abs(off_ns(crystal, stretches[-1])) < MS


class TestGrid:
    """Units on the clock's own grid."""

    def test_units_are_whole_and_even(self) -> None:
        """Whatever comes in, units have 1024 samples and follow each other to the nanosecond."""
        crystal, reckoner, grid, units = Crystal(300), Reckoner(), Grid(), []
        for _ in range(300):
            for stretch in reckoner.take(*crystal.block(480)):
                units += grid.put(stretch)
        first_ns = units[0][0]
        assert [time_ns for time_ns, _ in units] == [first_ns + n * UNIT * NS // RATE for n in range(len(units))]
        assert {len(samples) for _, samples in units} == {UNIT}

    def test_samples_are_drawn_where_they_were_captured(self) -> None:
        """A tone of a card that is fast has its true pitch on the grid: what is left of it is under -60 dB."""
        crystal, reckoner, grid, worst = Crystal(300), Reckoner((1 / 1.0003 - 1) * 1e6), Grid(), 0.0
        for _ in range(300):
            numbers, arrival_ns = crystal.block(480)
            tone = np.sin(2 * np.pi * 1000 * numbers / crystal.rate)
            for stretch in reckoner.take(tone, arrival_ns):
                for time_ns, samples in grid.put(stretch):
                    times = (time_ns - BORN_NS) / NS + np.arange(UNIT) / RATE
                    worst = max(worst, float(np.max(np.abs(samples - np.sin(2 * np.pi * 1000 * times))[2:-2])))
        assert worst < 0.001

    def test_what_is_before_a_gap_is_kept_and_not_glued(self) -> None:
        """The unit that the gap tears ends in silence; the one after it begins where sound does."""
        grid, ones = Grid(), np.ones(1500)
        units = grid.put(Stretch(0.0, NS / RATE, ones, fresh=True))
        units += grid.put(Stretch(5.0 * NS, NS / RATE, 2 * ones, fresh=True))
        assert [time_ns for time_ns, _ in units] == [0, UNIT * NS // RATE, 5 * NS]
        torn = units[1][1]
        assert np.count_nonzero(torn == 1) == 1500 - UNIT
        assert np.all(torn[1500 - UNIT :] == 0)
        assert np.allclose(units[2][1], 2)

    def test_times_never_go_back(self) -> None:
        """Where a stretch is said to begin before what was told already, that part of it is left out."""
        grid, ones = Grid(), np.ones(3 * UNIT)
        units = grid.put(Stretch(1e9, NS / RATE, ones, fresh=True))
        units += grid.put(Stretch(1e9, NS / RATE, ones, fresh=True))
        times = [time_ns for time_ns, _ in units]
        assert times == sorted(set(times))

    def test_begins_after_what_was_before(self) -> None:
        """Samples from before the time that it was given are not used."""
        grid = Grid(after_ns=NS)
        units = grid.put(Stretch(0.99 * NS, NS / RATE, np.ones(3 * UNIT), fresh=True))
        assert units[0][0] == NS + 1


def test_a_single_sample_behind_a_gap_is_kept() -> None:
    """A card may give one sample, and then no more for a while: nothing can be drawn from it yet, and nothing breaks."""
    grid = Grid()
    first = Stretch(0.0, NS / RATE, np.zeros(1), fresh=True)
    assert grid.put(first) == []
    assert grid.put(Stretch(NS / RATE, NS / RATE, np.zeros(3 * UNIT), fresh=False))
