"""The simulated dock port loses, alters, invents and cuts as it was told to."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.interface import PortKind
from hal.sim.dock import SimDock
from hal.sim.noise import Chances, Fuse, Noise

CHANCE = st.floats(0, 1)


@dataclass
class Pair:
    """A port that is plugged into a pseudo-terminal, and its other end."""

    port: SimDock
    end: int
    plugged: list[str | None]

    def received(self, size: int) -> bytes:
        """Exactly so many bytes that the port wrote."""
        data = b""
        while len(data) < size:
            data += os.read(self.end, size - len(data))
        return data


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A port and its peer."""
    end, slave = pty.openpty()
    tty.setraw(slave)
    port, plugged = SimDock(), list[str | None]()
    port.watchers.add(plugged.append)
    port.plug(os.ttyname(slave))
    os.close(slave)
    yield Pair(port, end, plugged)
    port.unplug()
    os.close(end)


@given(st.binary(max_size=200), st.integers(0, 200), CHANCE, CHANCE, CHANCE, st.integers())
def test_noise_does_not_depend_on_pieces(
    data: bytes, at: int, drop: float, flip: float, invent: float, seed: int
) -> None:
    """A seed gives one result, however a stream is cut into reads: a failure can be repeated."""
    chances = Chances(drop, flip, invent)
    whole, parts = Noise(chances, seed), Noise(chances, seed)
    assert whole.spoil(data) == parts.spoil(data[:at]) + parts.spoil(data[at:])


@given(st.binary(max_size=100), st.integers())
def test_each_kind_of_noise(data: bytes, seed: int) -> None:
    """No chance changes nothing; certain loss leaves nothing, a flip alters one bit a byte, invention doubles."""
    assert Noise(Chances(), seed).spoil(data) == data
    assert Noise(Chances(drop=1), seed).spoil(data) == b""
    flipped = Noise(Chances(flip=1), seed).spoil(data)
    assert [(one ^ other).bit_count() for one, other in zip(data, flipped, strict=True)] == [1] * len(data)
    assert Noise(Chances(invent=1), seed).spoil(data)[::2] == data


@given(st.lists(st.binary(max_size=20), max_size=20), st.integers(0, 100))
def test_fuse_lets_exactly_so_many_through(pieces: list[bytes], after: int) -> None:
    """A fuse passes the first ``after`` bytes, wherever the pieces end, and is broken from then on."""
    fuse = Fuse(after)
    assert b"".join(map(fuse.let, pieces)) == b"".join(pieces)[:after]
    assert fuse.broken == (sum(map(len, pieces)) >= after)
    assert not Fuse().broken


def test_cut_pulls_the_plug_after_so_many_bytes(pair: Pair) -> None:
    """The bytes before the cut arrive, then the port is empty until something is plugged in again."""
    pair.port.faults()["cut"]({"after": 7})
    os.write(pair.end, b"abcd")
    assert pair.port.read(4, 1) == b"abcd"
    with pytest.raises(OSError, match="pulled out"):
        pair.port.write(b"wxyz")
    assert pair.received(3) == b"wxy"
    assert not pair.port.connected()
    assert pair.plugged[-1] is None
    pair.port.reset()
    assert not pair.port.connected()


def test_noise_on_the_line(pair: Pair) -> None:
    """Noise touches both directions, and ends when it is cleared."""
    pair.port.faults()["noise"]({"seed": 3, "drop": 0.5})
    pair.port.write(bytes(1000))
    pair.port.clear()
    pair.port.write(b"\xff")
    data = pair.received(300)
    while not data.endswith(b"\xff"):
        data += pair.received(1)
    assert 300 < len(data) < 700
    pair.port.faults()["noise"]({"invent": 1})
    os.write(pair.end, b"ab")
    assert len(pair.port.read(2, 1)) in {2, 4}
    pair.port.faults()["clear"]({})


def test_kind_follows_the_plug(pair: Pair) -> None:
    """A tty is serial, also when nothing is plugged in."""
    assert pair.port.kind is PortKind.SERIAL
    pair.port.unplug()
    assert pair.port.kind is PortKind.SERIAL
    assert pair.port.path is None


@pytest.mark.parametrize(
    "path", ["tcp:", "tcp:host", "tcp::1", "tcp:host:", "tcp:host:-1", "tcp:host:65536", "tcp:host:x"]
)
def test_malformed_addresses(path: str) -> None:
    """What is no TCP address is a wrong call, and nothing is plugged in."""
    port = SimDock()
    with pytest.raises(ValueError, match="tcp:HOST:PORT"):
        port.plug(path)
    assert port.path is None


@pytest.mark.parametrize("path", ["/dev/does-not-exist", "tcp:127.0.0.1:1"])
def test_nobody_there(pair: Pair, path: str) -> None:
    """Plugging into nothing is ``OSError``, and what was plugged in before is out."""
    with pytest.raises(OSError, match=r"No such file|refused"):
        pair.port.plug(path)
    assert pair.port.path is None
    assert not pair.port.connected()
    assert pair.plugged[-1] is None
