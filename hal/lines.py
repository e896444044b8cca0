"""What lies below a dock port, simulated or real: the ``Line`` protocol, and TCP."""

from __future__ import annotations

import errno
import select
import socket
import threading
from contextlib import suppress
from typing import Protocol

_TCP = "tcp:"
_LAST_PORT = 65_535
_PATIENCE_S = 5.0
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


class Line(Protocol):
    """An open line.  ``close`` may come from any thread; a ``read`` or ``write`` under way ends, with ``OSError``."""

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Up to ``limit`` bytes as soon as any are there; empty after the timeout."""

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` over; ``OSError`` once the peer is gone, or where it takes nothing for seconds."""

    def alive(self) -> bool:
        """Whether the peer is still there, as far as the system knows."""

    def renew(self) -> bool:
        """Drop what is buffered, ready for a new peer: False where only opening it again does that."""

    def close(self) -> None:
        """Give it back; once more is harmless."""


def is_tcp(path: str) -> bool:
    """Whether the path means a TCP connection."""
    return path.startswith(_TCP)


def hung_up(descriptor: int) -> bool:
    """Whether the other end of a descriptor is gone."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & _GONE for _, events in poll.poll(0))


class TcpLine:
    """A TCP connection to ``tcp:HOST:PORT``."""

    def __init__(self, path: str) -> None:
        """Connect; ``ValueError`` for a malformed path, ``OSError`` if nobody listens."""
        host, _, port = path.removeprefix(_TCP).rpartition(":")
        if not host or not port.isascii() or not port.isdecimal() or int(port) > _LAST_PORT:
            raise ValueError(f"not of the form tcp:HOST:PORT: {path!r}")
        self._socket = socket.create_connection((host, int(port)), timeout=_PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._untouched = True

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Up to ``limit`` bytes."""
        with self._reading:
            if not _readable(self._socket, timeout_s):
                return b""
            self._untouched = False
            data = self._socket.recv(limit)
        if not data:
            raise OSError(errno.ECONNRESET, "the dock closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the connection."""
        with self._writing:
            self._untouched = False
            self._socket.sendall(data)

    def alive(self) -> bool:
        """Whether the connection stands, or still holds something to be read."""
        try:
            return not _readable(self._socket, 0) or bool(self._socket.recv(1, socket.MSG_PEEK))
        except (OSError, ValueError):
            return False

    def renew(self) -> bool:
        """Only a connection that was not used yet can serve a new peer."""
        return self._untouched and self.alive()

    def close(self) -> None:
        """End the connection."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with self._reading, self._writing:
            self._socket.close()


def _readable(end: socket.socket, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))
