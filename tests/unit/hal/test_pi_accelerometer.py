"""The accelerometer, through the real smbus2, on a chip that queues as its data sheet says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

from hal.interface import Samples
from hal.pi.accelerometer import PiAccelerometer
from hal.pi.i2c import I2c
from hal.sim.clock import MS, VirtualClock
from tests.contract.pi_chips import FEELER, Lis3dh, Wires, wired


class Worn:
    """A part on a bus, and what it delivered."""

    def __init__(self, clock: VirtualClock, chip: Lis3dh, bus: I2c, wires: Wires) -> None:
        """Not started."""
        self.clock, self.chip, self.bus, self.wires = clock, chip, bus, wires
        self.part = PiAccelerometer(bus, clock, paced=False)
        self.got: list[Samples] = []

    def after(self, ms: int) -> Samples | None:
        """What is delivered when it is asked after some time."""
        many = len(self.got)
        self.clock.advance(ms * MS)
        self.part.poll()
        return self.got[-1] if len(self.got) > many else None


@pytest.fixture
def worn() -> Iterator[Worn]:
    """One that nobody has started."""
    clock = VirtualClock()
    chip = Lis3dh(clock)
    with wired({FEELER: chip}) as (bus, wires):
        yield Worn(clock, chip, bus, wires)


def test_it_is_set_up_for_eight_g(worn: Worn) -> None:
    """Each bit as the data sheet has it: 50 Hz on three axes, 8 g in 12 bits, no half-written readings, the queue in stream mode."""
    worn.part.start(worn.got.append)
    assert {each: worn.chip.registers[each] for each in (0x20, 0x23, 0x24, 0x2E)} == {
        0x20: 0b0100_0111,
        0x23: 0b1010_1000,
        0x24: 0b0100_0000,
        0x2E: 0b1000_0000,
    }
    worn.part.stop()
    assert worn.chip.registers[0x20] == 0


@pytest.mark.parametrize(
    ("axes", "felt"),
    [
        (("+x", "+y", "+z"), (32, -1008, 8176)),
        (("-x", "+y", "-z"), (-32, -1008, -8176)),
        (("+z", "-x", "+y"), (8176, -32, -1008)),
    ],
)
def test_it_may_be_mounted_any_way(axes: tuple[str, str, str], felt: tuple[int, ...], worn: Worn) -> None:
    """16 mg a step, of which the queue knows no less, with the axes as a wearer has them; both ends of the range come through."""
    worn.chip.feels = (10, -250, 2047)
    worn.part = PiAccelerometer(worn.bus, worn.clock, axes=axes, paced=False)
    worn.part.start(worn.got.append)
    got = worn.after(100)
    assert got is not None
    assert {(each.x, each.y, each.z) for each in got.samples} == {felt}


@pytest.mark.parametrize("axes", [("+x", "+y", "+y"), ("x", "+y", "+z"), ("+x", "+y", "+w")])
def test_axes_that_are_none(axes: tuple[str, str, str], worn: Worn) -> None:
    """A board's mistake is refused."""
    with pytest.raises(ValueError, match="axes"):
        PiAccelerometer(worn.bus, worn.clock, axes=axes)


def test_a_queue_that_is_full_to_the_last_place(worn: Worn) -> None:
    """Five bits count to 31: the bit for an overrun is the thirty-second reading, and none is left behind."""
    worn.part.start(worn.got.append)
    worn.clock.advance(700 * MS)
    worn.part.poll()
    assert worn.chip.read(0x2F, 1) == bytes([0x20])


def test_no_reading_is_lost_or_told_twice(worn: Worn) -> None:
    """A chip that runs 1 % fast gives 505 in ten seconds, at times that rise and never lie ahead."""
    worn.part.start(worn.got.append)
    for _ in range(50):
        worn.after(200)
    times = [each.time_ns for some in worn.got for each in some.samples]
    assert len(times) == 505
    assert all(before < after for before, after in pairwise(times))
    assert times[-1] <= worn.clock.monotonic_ns()


def test_somebody_who_was_too_busy(worn: Worn) -> None:
    """A queue that ran over gives its newest readings, none older than half a second."""
    worn.part.start(worn.got.append)
    got = worn.after(5000)
    assert got is not None
    assert worn.clock.monotonic_ns() - got.samples[0].time_ns < 500 * MS
    assert len(got.samples) == 20
    assert worn.after(0) is None


def test_it_vanishes_and_comes_back_without_its_settings(worn: Worn) -> None:
    """Nothing is delivered meanwhile, nothing is raised, and it is set up anew."""
    worn.part.start(worn.got.append)
    assert worn.after(200)
    worn.wires.cut.add(FEELER)
    assert worn.after(200) is None
    assert worn.after(200) is None
    worn.chip.power_up()
    worn.wires.cut.clear()
    worn.after(200)
    assert worn.after(200)
    assert worn.part.failures == 2


def test_another_chip_or_none(worn: Worn) -> None:
    """What answers must be a LIS3DH; and it can be started once it is there."""
    worn.chip.registers[0x0F] = 0x41
    with pytest.raises(OSError, match="0x41"):
        worn.part.start(worn.got.append)
    worn.wires.cut.add(FEELER)
    with pytest.raises(OSError, match="I/O"):
        worn.part.start(worn.got.append)
    worn.wires.cut.clear()
    worn.chip.registers[0x0F] = 0x33
    worn.part.start(worn.got.append)
    with pytest.raises(ValueError, match="runs"):
        worn.part.start(worn.got.append)
    worn.wires.cut.add(FEELER)
    worn.part.stop()


def test_its_own_thread(worn: Worn, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a camera nobody has to ask: a thread does, and ends with ``stop``."""
    monkeypatch.setattr("hal.pi.accelerometer.POLL_S", 0.001)
    part, came = PiAccelerometer(worn.bus, worn.clock), threading.Event()
    part.start(lambda _: came.set())
    worn.clock.advance(200 * MS)
    assert came.wait(60)
    part.stop()
    assert "pi-motion" not in {each.name for each in threading.enumerate()}
