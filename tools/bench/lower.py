"""What a docking runs over: a loopback connection, or a pseudo-terminal; and the camera's and the dock's end of it."""

from __future__ import annotations

import os
import select
import socket
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from hal.interface import DockPort, PortKind
from hal.sim.dock import SimDock
from tools.dock.rack.ports import GATHER, Port, TcpPort

_SLACK_S = 0.005
_PACING = 47  # SO_MAX_PACING_RATE of Linux, which the socket module does not name


@dataclass(frozen=True, slots=True)
class Lower:
    """A line.  ``camera`` and ``dock`` open its two ends, each called once, in the process that wants it; ``sockets`` the same below both, where
    there are such."""

    camera: Callable[[], DockPort]
    dock: Callable[[], Port]
    close: Callable[[], None]
    sockets: tuple[Callable[[], socket.socket], Callable[[], socket.socket]] | None = None

    def __enter__(self) -> Self:
        """It is open already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what this process has of it."""
        self.close()


def tcp(pace: int | None = None) -> Lower:
    """Loopback TCP.  ``pace``: bytes a second that the system hands on, as a slower network would; it does so on Linux only."""
    door = socket.create_server(("127.0.0.1", 0))

    def connect() -> socket.socket:
        end = socket.create_connection(door.getsockname())
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if pace is not None:
            end.setsockopt(socket.SOL_SOCKET, _PACING, pace)
        return end

    def accept() -> socket.socket:
        return door.accept()[0]

    return Lower(lambda: StreamPort(connect()), lambda: TcpPort(accept()), door.close, (connect, accept))


def pty(pace: int | None = None) -> Lower:
    """A pseudo-terminal: the camera has the tty, the dock its other side.  ``pace``: bytes a second that the dock takes, as a slower line would
    bring them."""
    master, slave = os.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)

    def plug() -> DockPort:
        port = SimDock()
        port.plug(path)
        return port

    def close() -> None:
        os.close(master)
        os.close(slave)

    return Lower(plug, lambda: MasterPort(master, pace), close)


class StreamPort:
    """A camera's ``DockPort`` over a connection."""

    kind = PortKind.STREAM

    def __init__(self, end: socket.socket) -> None:
        """Take the connection."""
        self._socket = end
        self._poll = select.poll()
        self._poll.register(end, select.POLLIN)

    def connected(self) -> bool:
        """It breaks when it is used, and not before."""
        return True

    def read(self, limit: int, timeout_s: float) -> bytes:
        """What waits, or what comes within the time."""
        if not self._poll.poll(timeout_s * 1000):
            return b""
        data = self._socket.recv(limit)
        if not data:
            raise ConnectionResetError("the dock closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Hand all of it over."""
        self._socket.sendall(data)

    def reset(self) -> None:
        """There is nothing to drop."""


class MasterPort:
    """A dock's end of a pseudo-terminal."""

    serial = True

    def __init__(self, master: int, pace: int | None = None) -> None:
        """Take it."""
        self._master = master
        self._pace = pace
        self._due = 0.0

    def read(self, limit: int, timeout_s: float) -> bytes:
        """What waits, or what comes within the time."""
        if self._pace and (early := self._due - time.monotonic()) > 0:
            time.sleep(early)
        data, most = b"", min(limit, GATHER)
        while len(data) < most and select.select([self._master], [], [], 0.0 if data else timeout_s)[0]:
            data += os.read(self._master, most - len(data))
        if self._pace:
            self._due = max(self._due, time.monotonic() - _SLACK_S) + len(data) / self._pace
        return data

    def write(self, data: bytes) -> None:
        """Hand all of it over."""
        while data:
            data = data[os.write(self._master, data) :]

    def idle(self) -> None:
        """Drop what waits."""
        while self.read(1 << 16, 0.0):
            pass

    def close(self) -> None:
        """Give it back."""
        with suppress(OSError):
            os.close(self._master)
