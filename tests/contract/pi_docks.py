"""The dock's ports of a Raspberry Pi with something at the other end: pseudo-terminals through the real pyserial, and TCP on the loopback.

A port opens its line when it is first asked whether a dock is there.  The service asks all the time; here whoever plugs in does, once.
"""

from __future__ import annotations

import os
import pty
import select
import socket
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hal.pi import serialport
from tests.contract import rigs

PATIENCE_S = 60.0


class Terminals:
    """A device's path that is a link to the newest pseudo-terminal, and the ends of it that the dock holds."""

    def __init__(self, link: Path) -> None:
        """None yet."""
        self.link, self._ends = link, list[int]()

    def offer(self) -> None:
        """A new one."""
        master, slave = pty.openpty()
        tty.setraw(slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._ends.append(master)

    def hang_up(self) -> None:
        """End the newest as a kernel does when the other side goes."""
        os.close(self._ends.pop())

    def send(self, data: bytes) -> None:
        """From the dock."""
        while data:
            data = data[os.write(self._ends[-1], data) :]

    def receive(self, size: int) -> bytes:
        """At the dock."""
        data = b""
        while len(data) < size:
            assert select.select([self._ends[-1]], [], [], PATIENCE_S)[0], "nothing came"
            data += os.read(self._ends[-1], size - len(data))
        return data

    def close(self) -> None:
        """All of them."""
        while self._ends:
            self.hang_up()


@contextmanager
def uart(path: Path) -> Iterator[rigs.DockRig]:
    """One line that is always open, and contacts whose edges the port is told; it breaks only when its device does."""
    terminals, touched = Terminals(path / "ttyAMA0"), [False]
    port = serialport.uart(str(terminals.link), lambda: touched[0])
    terminals.offer()

    def touch(*, on: bool) -> None:
        touched[0] = on
        port.tell(on)

    def hang_up() -> None:
        terminals.hang_up()
        terminals.offer()

    def plug() -> None:
        touch(on=True)
        port.connected()

    yield rigs.DockRig(port, plug, lambda: touch(on=False), hang_up, send=terminals.send, receive=terminals.receive)
    port.close()
    terminals.close()


@contextmanager
def gadget(path: Path) -> Iterator[rigs.DockRig]:
    """A line that hangs up when the host goes, and the controller's state in a file, which nobody tells the port of."""
    terminals, state = Terminals(path / "ttyGS0"), path / "state"
    state.write_text("not attached\n")
    port = serialport.gadget(str(terminals.link), state)

    def plug() -> None:
        terminals.offer()
        state.write_text("configured\n")
        port.connected()

    def unplug() -> None:
        state.write_text("not attached\n")
        terminals.hang_up()

    def hang_up() -> None:
        terminals.hang_up()
        terminals.offer()

    yield rigs.DockRig(port, plug, unplug, hang_up, send=terminals.send, receive=terminals.receive)
    port.close()
    terminals.close()


@contextmanager
def network(path: Path) -> Iterator[rigs.DockRig]:
    """A dock that listens, and the controller's state in a file."""
    state, peers = path / "state", list[socket.socket]()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    state.write_text("not attached\n")
    port = serialport.network(f"tcp:127.0.0.1:{listener.getsockname()[1]}", state)

    def peer() -> socket.socket:
        with suppress(BlockingIOError):
            while True:
                peers.append(listener.accept()[0])
                peers[-1].settimeout(PATIENCE_S)
        return peers[-1]

    def plug() -> None:
        state.write_text("configured\n")
        port.connected()

    def unplug() -> None:
        state.write_text("not attached\n")
        port.tell(False)

    yield rigs.DockRig(
        port,
        plug,
        unplug,
        hang_up=lambda: peer().close(),
        send=lambda data: peer().sendall(data),
        receive=lambda size: _exactly(peer().recv, size),
    )
    port.close()
    for each in [*peers, listener]:
        each.close()


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = read(size - len(data))
        assert piece, "the camera hung up"
        data += piece
    return data
