"""What every dock port must do."""

from __future__ import annotations

import threading
import time

import pytest

from hal.interface import PortKind
from tests.contract.rigs import DockRig

WAIT_S = 30.0


def read(dock: DockRig, size: int) -> bytes:
    """Exactly ``size`` bytes."""
    data, until = b"", time.monotonic() + WAIT_S
    while len(data) < size and time.monotonic() < until:
        data += dock.port.read(size - len(data), 0.2)
    return data


def until_gone(dock: DockRig) -> OSError:
    """The error that reading ends with."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        try:
            dock.port.read(100, 0.05)
        except OSError as problem:
            return problem
    pytest.fail("reading goes on")


def test_nothing_plugged_in(dock: DockRig) -> None:
    """A port with nothing in it says so, and reading and writing are ``OSError``."""
    assert not dock.port.connected()
    with pytest.raises(OSError, match="plugged"):
        dock.port.read(1, 0)
    with pytest.raises(OSError, match="plugged"):
        dock.port.write(b"x")
    dock.port.reset()


def test_bytes_go_both_ways(dock: DockRig) -> None:
    """What one side writes the other one reads, byte for byte, all 256 of them."""
    dock.plug()
    assert dock.port.connected()
    assert dock.port.kind in PortKind
    dock.send(bytes(range(256)))
    assert read(dock, 256) == bytes(range(256))
    dock.port.write(bytes(reversed(range(256))))
    assert dock.receive(256) == bytes(reversed(range(256)))


def test_read_takes_what_waits(dock: DockRig) -> None:
    """A read does not wait for the limit, and never exceeds it."""
    dock.plug()
    dock.send(b"0123456789")
    begun = time.monotonic()
    first = dock.port.read(4, WAIT_S)
    assert 0 < len(first) <= 4
    more = dock.port.read(100, WAIT_S)
    assert time.monotonic() - begun < WAIT_S, "it waited for more than there was"
    assert more
    assert first + more + read(dock, 10 - len(first + more)) == b"0123456789"


def test_read_is_empty_after_the_timeout(dock: DockRig) -> None:
    """A silent peer is no error."""
    dock.plug()
    begun = time.monotonic()
    assert dock.port.read(10, 0.1) == b""
    assert 0.05 < time.monotonic() - begun < WAIT_S
    assert dock.port.read(10, 0) == b""


def test_large_writes_are_whole(dock: DockRig) -> None:
    """A write hands everything over, also while the peer is slower than the writer."""
    dock.plug()
    data = bytes(range(251)) * 800
    writer = threading.Thread(target=dock.port.write, args=(data,))
    writer.start()
    assert dock.receive(len(data)) == data
    writer.join()


def test_peer_that_goes_away(dock: DockRig) -> None:
    """Once the peer is gone reading ends in ``OSError`` and the port is not connected, until it is made ready again."""
    dock.plug()
    dock.send(b"stale")
    assert read(dock, 5) == b"stale"
    dock.hang_up()
    until_gone(dock)
    assert not dock.port.connected()
    dock.port.reset()
    assert dock.port.connected()
    dock.port.write(b"hello")
    assert dock.receive(5) == b"hello"
    dock.send(b"again")
    assert read(dock, 5) == b"again"


def test_unplugging_wakes_a_reader(dock: DockRig) -> None:
    """Whoever waits for a byte is told at once when the plug is pulled."""
    dock.plug()
    found: list[OSError] = []
    reader = threading.Thread(target=lambda: found.append(until_gone(dock)))
    reader.start()
    time.sleep(
        0.05
    )  # so that it waits already, most times; in the others it finds nothing to wait at, and is told the same
    dock.unplug()
    reader.join(WAIT_S)
    assert len(found) == 1
    assert not dock.port.connected()


def test_plugging_in_again(dock: DockRig) -> None:
    """After a pull the next plug begins anew, without a byte of before."""
    dock.plug()
    dock.send(b"stale")
    dock.unplug()
    dock.plug()
    dock.port.reset()
    assert dock.port.connected()
    dock.port.write(b"x")
    assert dock.receive(1) == b"x"
    dock.send(b"fresh")
    assert read(dock, 5) == b"fresh"


def test_plugged_in_again_before_anybody_looked(dock: DockRig) -> None:
    """However fast the plug is back, whoever was using it hears that it was out: nothing of before goes on by mistake."""
    dock.plug()
    dock.send(b"before")
    assert read(dock, 6) == b"before"
    dock.unplug()
    dock.plug()
    assert not dock.port.connected()
    with pytest.raises(OSError, match="gone"):
        dock.port.write(b"x")
    until_gone(dock)
    dock.port.reset()
    assert dock.port.connected()
    dock.send(b"after")
    assert read(dock, 5) == b"after"


def test_reset_drops_what_is_buffered(dock: DockRig) -> None:
    """After ``reset`` nothing of what an earlier peer sent is read."""
    dock.plug()
    dock.send(b"stale")
    time.sleep(0.05)  # what is still under way when it is reset came from the next peer
    assert dock.port.read(1, WAIT_S) == b"s"
    dock.port.reset()
    assert dock.port.connected()
    assert dock.port.read(100, 0.05) == b""


@pytest.mark.parametrize(("limit", "timeout_s"), [(0, 1), (-1, 1), (1, -1)])
def test_wrong_reads(dock: DockRig, limit: int, timeout_s: float) -> None:
    """A limit below one or a negative timeout is a wrong call."""
    with pytest.raises(ValueError, match="limit"):
        dock.port.read(limit, timeout_s)
