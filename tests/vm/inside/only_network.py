"""The gadget's network as it is on a camera: no address but the link's own, and a dock at the other end that is found at the one address of all docks."""

from __future__ import annotations

import fcntl
import os
import shlex
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from hal.interface import PortKind
from hal.pi import serialport
from hal.pi.serialport import PiDock
from tests.vm.inside.usb import HOST_NETWORK, Cable, wait

HERE, HOST = "usb0", HOST_NETWORK.name
PARTS = Path("/usr/lib/lapel/parts.env")
LARGE = 8 << 20
CONNECTIONS = 5
PATIENCE_S = 30.0
FOUND_S = 240.0
"""After a plug was pulled, this kernel's gadget was seen to send nothing until some thirty packets waited; the camera asks anew until then."""
_SIOCSIFADDR, _UP = 0x8916, 0x1


def at() -> str:
    """Where the service looks for a dock, by the words that it is started with."""
    words = shlex.split(next(line for line in PARTS.read_text().splitlines() if line.startswith("LAPEL_PARTS=")))
    return words[words.index("--dock") + 1]


def addresses(interface: str) -> list[str]:
    """Those that an interface has (proc(5), if_inet6)."""
    fields = (line.split() for line in Path("/proc/net/if_inet6").read_text().splitlines())
    return [each[0] for each in fields if each[5] == interface]


def settle(interface: str, address: str) -> None:
    """Give the host's interface its address, as a dock's computer does, and switch it on."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asked:
        request = struct.pack(
            "=16sIi", socket.inet_pton(socket.AF_INET6, address), 64, socket.if_nametoindex(interface)
        )
        flags = Path("/sys/class/net", interface, "flags")
        flags.write_text(f"{int(flags.read_text(), 16) | _UP}")
        fcntl.ioctl(asked, _SIOCSIFADDR, request)


@pytest.fixture
def dock(cable: Cable) -> Iterator[tuple[PiDock, socket.socket]]:
    """The camera's port, plugged in; and where its dock listens."""
    host, _, number = at().removeprefix("tcp:").rpartition(":")
    address, _, _ = host.partition("%")
    cable.plug()
    settle(HOST, address)
    wait("the camera has no address", lambda: addresses(HERE))
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as listener:
        listener.settimeout(PATIENCE_S)
        wait("the dock cannot listen there", lambda: _bound(listener, address, int(number)))
        port = serialport.network(at(), cable.says)
        yield port, listener
        port.close()


def _bound(listener: socket.socket, address: str, number: int) -> bool:
    try:
        listener.bind((address, number, 0, socket.if_nametoindex(HOST)))
    except OSError:  # until the kernel knows that nobody else has the address
        return False
    listener.listen()
    return True


def test_the_camera_has_its_links_address_alone(dock: object) -> None:
    """None that somebody at the other end could have given it."""
    assert dock
    (address,) = addresses(HERE)
    assert address.startswith("fe80" + 12 * "0")
    asked = Path("/proc/sys/net/ipv6/conf", HERE)
    assert [(asked / name).read_text().strip() for name in ("accept_ra", "autoconf", "accept_redirects")] == 3 * ["0"]


def test_its_network_is_known_again(cable: Cable) -> None:
    """The same addresses at both ends each time that it is plugged in, neither of which is another maker's."""
    seen = []
    for _ in range(2):
        cable.plug()
        seen.append([Path("/sys/class/net", name, "address").read_text().strip() for name in (HERE, HOST)])
        cable.pull()
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[0][1]
    assert {each[:3] for each in seen[0]} == {"02:"}


def test_it_finds_the_dock_and_carries_all(dock: tuple[PiDock, socket.socket]) -> None:
    """Megabytes in order, both ways, and the end of it where the dock hangs up.  A connection that stalls is given up and made anew, as the
    service does; one of the first few carries all."""
    port, listener = dock
    assert port.kind is PortKind.STREAM
    sent = os.urandom(LARGE)
    for _ in range(CONNECTIONS):
        wait("the camera does not find the dock", port.connected, FOUND_S)
        there, _ = listener.accept()
        there.settimeout(PATIENCE_S)
        with there:
            down, up = _carry(there.sendall, partial(port.read, timeout_s=PATIENCE_S), sent), b""
            if down == sent:
                up = _carry(port.write, there.recv, sent)
        if up == sent:
            break
        port.reset()
    assert (down, up) == (sent, sent)
    with pytest.raises(OSError, match="closed|gone"):
        port.read(1, PATIENCE_S)


def _carry(give: Callable[[bytes], object], take: Callable[[int], bytes], data: bytes) -> bytes:
    """What arrives of it: all, or what did until the connection stalled or broke."""

    def giving() -> None:
        with suppress(OSError):
            give(data)

    got = bytearray()
    thread = threading.Thread(target=giving)
    thread.start()
    with suppress(OSError):
        while len(got) < len(data) and (some := take(1 << 16)):
            got += some
    thread.join()
    return bytes(got)


def test_no_dock_is_no_harm(cable: Cable) -> None:
    """A host that is no dock: the port says so, again and again, and no more."""
    cable.plug()
    port = serialport.network(at(), cable.says)
    assert [port.connected() for _ in range(2)] == [False, False]
    port.close()
