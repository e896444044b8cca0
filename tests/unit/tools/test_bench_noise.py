"""What the link carries over a bad line, in virtual time: a ratio of counted bytes, the same in each run."""

from __future__ import annotations

import pytest

from firmware.dock.link import OPEN_EVERY_NS
from tools.bench.line import LineSpec, Way
from tools.bench.noise import MS, BrokenError, allowed, carry, free_running

WORST_DELAY_NS = 30 * MS


@pytest.mark.parametrize("error_rate", [0.0, 1e-6, 1e-5])
@pytest.mark.parametrize("baud", [115_200, 921_600, 3_000_000])
@pytest.mark.parametrize("delay_ms", [1, 16])
def test_a_uart_with_bit_errors(error_rate: float, baud: int, delay_ms: int) -> None:
    """On a raw UART with bit errors both ways the link carries at least nine tenths of what the errors allow (seven are promised), also behind an
    adapter that hands bytes on every 16 ms."""
    line = LineSpec(baud, error_rate=error_rate, delay_ns=delay_ms * MS)
    carried = carry(line, size=200_000 if baud < 200_000 else 1_500_000, seed=5)
    assert carried.rate > 0.9 * allowed(line)
    assert (carried.repeated > 0) == (error_rate > 0)


@pytest.mark.parametrize("seed", range(3))
def test_a_uart_far_away(seed: int) -> None:
    """With 30 ms of delay each way, more than any adapter has, seven tenths are kept at a bit error rate of 1e-5."""
    line = LineSpec(3_000_000, error_rate=1e-5, delay_ns=WORST_DELAY_NS)
    assert carry(line, size=3_000_000, seed=seed + 1).rate > 0.7 * allowed(line)


def test_a_line_ten_times_worse() -> None:
    """At 1e-4 four of ten frames are lost, and still three quarters of what that leaves are carried."""
    line = LineSpec(3_000_000, error_rate=1e-4, delay_ns=4 * MS)
    carried = carry(line, size=1_000_000)
    assert carried.repeated > 1000
    assert carried.rate > 0.75 * allowed(line)


@pytest.mark.parametrize("room", [2048, 4096, 8192, 16_384, 32_768])
def test_a_gadget_that_loses_what_does_not_fit(room: int) -> None:
    """A USB serial gadget whose reader comes every 3 ms loses a third and more of what a writer pours into it who takes no heed; the link finds
    its room, and fills at least seven tenths of it each time."""
    every = 3 * MS
    gadget = LineSpec(240_000_000, bits=8, delay_ns=MS // 5, tray=1 << 16, room=room)
    assert free_running(gadget, 1 << 20, reader_ns=every) < 0.67 * (1 << 20)
    carried = carry(gadget, size=1 << 20, step_ns=MS // 5, reader_ns=every)
    assert carried.overflowed
    assert carried.rate > 0.7 * allowed(gadget, every)


def test_a_gadget_with_room() -> None:
    """Nothing is lost where a whole window fits."""
    gadget = LineSpec(240_000_000, bits=8, delay_ns=MS // 5, tray=1 << 16, room=1 << 17)
    assert carry(gadget, size=1 << 20, step_ns=MS // 5, reader_ns=3 * MS).overflowed == 0


def test_the_line_itself() -> None:
    """The simulated line keeps its rate, hits as many bits as it says, and delays."""
    way = Way(LineSpec(100_000, error_rate=1e-3, delay_ns=50 * MS, tray=1 << 20), 7)
    assert way.write(bytes(20_000)) == 20_000
    way.advance(1000 * MS)
    assert (way.carried, way.read()) == (10_000, b"")
    way.advance(2000 * MS)
    heard = way.read()
    way.advance(2050 * MS)
    heard += way.read()
    assert way.carried == 20_000
    assert not way.busy
    assert 150 < way.damaged < 250
    lost = 20_000 - len(heard)
    assert 20 < lost < 60, "a start or stop bit is one of five"
    assert abs(sum(heard.count(1 << bit) for bit in range(8)) + lost - way.damaged) <= 6
    assert way.write(bytes(1 << 21)) == 1 << 20, "the driver holds so much"


def test_the_same_seed_the_same_run() -> None:
    """What a seed gives, it gives again; another one gives something else."""
    line = LineSpec(3_000_000, error_rate=1e-5, delay_ns=4 * MS)
    first, again, other = (carry(line, size=300_000, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_a_dead_line() -> None:
    """A line that carries nothing well is a lost link, not a run without end."""
    with pytest.raises(BrokenError, match="silent"):
        carry(LineSpec(3_000_000), LineSpec(3_000_000, error_rate=0.02), size=100_000)
    assert OPEN_EVERY_NS < 1000 * MS
