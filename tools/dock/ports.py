"""Where cameras are plugged in: a serial line (through pyserial) or TCP."""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from typing import Protocol

import serial

TCP = "tcp:"
BAUD = 3_000_000
PATIENCE_S = 10.0


class Port(Protocol):
    """An open line to at most one camera; ``OSError`` once it is gone."""

    serial: bool

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Up to ``limit`` bytes as soon as any are there; empty after the timeout."""

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` over."""

    def close(self) -> None:
        """Give it back."""


class SerialPort:
    """A tty: a USB serial gadget, a UART, or a pseudo-terminal, which ignores the baud rate."""

    serial = True

    def __init__(self, path: str, baud: int = BAUD) -> None:
        """Open it, raw and without flow control."""
        self._tty = serial.Serial(path, baud, timeout=0, write_timeout=PATIENCE_S)

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Read what waits, or the next byte that comes."""
        if self._tty.timeout != timeout_s:
            self._tty.timeout = timeout_s
        return bytes(self._tty.read(min(limit, max(1, self._tty.in_waiting))))

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the tty."""
        self._tty.write(data)

    def close(self) -> None:
        """Close the tty."""
        with suppress(OSError):
            self._tty.close()


class TcpPort:
    """An accepted connection."""

    serial = False

    def __init__(self, end: socket.socket) -> None:
        """Take the connection over."""
        self._socket = end
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.settimeout(PATIENCE_S)

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Read what waits, or wait for some."""
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return b""
        data = self._socket.recv(limit)
        if not data:
            raise ConnectionResetError("the camera closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the connection."""
        self._socket.sendall(data)

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._socket.close()


def is_tcp(spec: str) -> bool:
    """Whether a port's name is ``tcp:...``."""
    return spec.startswith(TCP)


def listen(spec: str) -> socket.socket:
    """Listen at ``tcp:[ADDRESS]:PORT`` (or ``tcp:ADDRESS:PORT``); ``ValueError`` for anything else, ``OSError`` if it
    is taken.

    Without an address it listens on all; port 0 takes a free one.
    """
    host, _, port = spec.removeprefix(TCP).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise ValueError(f"{spec!r} is not of the form tcp:[ADDRESS]:PORT")
    family = socket.AF_INET6 if ":" in host or not host else socket.AF_INET
    return socket.create_server((host, int(port)), family=family, dualstack_ipv6=not host)
