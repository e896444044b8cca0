"""What only a real USB gadget can pass: enumeration, a plug that is pulled, and two ends that lose what does not fit."""

from __future__ import annotations

import hashlib
import os
import select
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from firmware.dock.link import Link, LinkState, Lost, Received
from hal.pi import serialport
from hal.tty import SerialLine
from tests.contract import rigs
from tests.vm.inside.usb import DEVICE, UDC, Cable

MIB = 1 << 20
PENDING = 128 * 1024
LONGEST_S = 100.0
Read = Callable[[int, float], bytes]
Write = Callable[[bytes], object]


def test_the_controller_says_when_a_host_is_there(cable: Cable) -> None:
    """``configured`` with a host.  Pinned: this one goes on saying so without one, so that we notice when it no longer does."""
    cable.plug()
    assert serialport.is_configured(UDC / "state")
    cable.pull()
    assert serialport.is_configured(UDC / "state")


def test_the_host_finds_a_camera_with_a_serial_line_and_a_network(cable: Cable) -> None:
    """What the gadget's script made is what a host's drivers take it for."""
    cable.plug()
    found = [path.parent for path in Path("/sys/bus/usb/devices").glob("*/product") if "Lapel" in path.read_text()]
    assert [(path / "product").read_text().strip() for path in found] == ["Lapel camera"]
    drivers = {(path / "driver").resolve().name for path in found[0].glob("*:*") if (path / "driver").exists()}
    assert drivers == {"cdc_acm", "cdc_ncm"}


def test_a_second_service_is_refused_the_line(dock: rigs.DockRig) -> None:
    """The first has it alone."""
    dock.plug()
    assert dock.port.connected()
    with pytest.raises(OSError, match=DEVICE):
        SerialLine(DEVICE, alone=True)


def test_large_transfers_each_way_are_whole(dock: rigs.DockRig, cable: Cable) -> None:
    """A MiB up and then one down, by one session of our flow control: to the last byte, over queues of the kernel that drop what does not fit.

    Not both at once, which nothing of the protocol does: each end has one thread, and two that write more than the line holds wait for each other.
    """
    dock.plug()
    camera, host = Link(7), Link(None)
    for up, down in ((os.urandom(MIB), b""), (b"", os.urandom(MIB))):
        finished, came = threading.Semaphore(0), dict[str, bytes]()
        ends = (
            partial(_carry, host, *_host(cable), down, len(up), finished),
            partial(_carry, camera, dock.port.read, dock.port.write, up, len(down), finished),
        )
        threads = [
            threading.Thread(target=_keep, args=(came, *each)) for each in zip(("up", "down"), ends, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONGEST_S + 10)
        sums = {name: hashlib.sha256(data).hexdigest() for name, data in came.items()}
        assert sums == {"up": hashlib.sha256(up).hexdigest(), "down": hashlib.sha256(down).hexdigest()}


def _keep(came: dict[str, bytes], name: str, carry: Callable[[], bytes]) -> None:
    came[name] = carry()


def _host(cable: Cable) -> tuple[Read, Write]:
    """How the host's end reads and writes."""

    def read(limit: int, timeout_s: float) -> bytes:
        ready, _, _ = select.select([cable.held()], [], [], timeout_s)
        return os.read(cable.held(), limit) if ready else b""

    return read, cable.send


def _carry(link: Link, read: Read, write: Write, give: bytes, want: int, finished: threading.Semaphore) -> bytes:
    """Give all, take so much, and go on until the other end has done so too: it may still want an answer."""
    left, got, until, said = memoryview(give), bytearray(), time.monotonic() + LONGEST_S, False
    while time.monotonic() < until:
        link.tick(time.monotonic_ns())
        if link.state is LinkState.OPEN and left and link.pending < PENDING:
            link.send(bytes(left[:PENDING]))
            left = left[PENDING:]
        if data := link.data_to_send():
            write(data)
        if data := read(65_536, min(0.05, link.wait_ns() / 1e9)):
            link.receive_data(data, time.monotonic_ns())
        while event := link.next_event():
            assert not isinstance(event, Lost), event
            got += event.data if isinstance(event, Received) else b""
        if not said and len(got) == want and not left and not link.pending:
            said = True
            finished.release()
        if said and finished.acquire(blocking=False):
            if finished.acquire(blocking=False):
                finished.release(2)
                return bytes(got)
            finished.release()
    return bytes(got)
