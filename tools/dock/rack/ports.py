"""Where cameras are plugged in: a serial line (through pyserial) or TCP; and what the system knows about these."""

from __future__ import annotations

import errno
import grp
import os
import re
import select
import socket
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import serial
from serial.tools import list_ports

from tools.dock.rack.gadgets import Tty
from tools.dock.rack.slots import usb_location

TCP = "tcp:"
BAUD = 3_000_000
BITS = 10
"""Bits of a byte on a UART: start, eight, stop."""
PATIENCE_S = 10.0
READ = 256 * 1024
GATHER = 16 * 1024
"""Bytes that are taken from a tty at once, if so many wait: the system hands on a quarter of that in one piece."""
SCANS = 3

NOT_THERE = frozenset({errno.ENOENT, errno.ENXIO, errno.EIO, errno.ENODEV})
"""Errors of a tty, or of an address, that is not plugged in."""

_UART = re.compile(r"/dev/tty(USB|AMA|S|SC|THS|mxc|O|PS)\d+")

_REMEDIES: Mapping[int, str] = {
    errno.EACCES: "{rights}",
    errno.EPERM: "{rights}",
    errno.EAGAIN: "another program holds it: another dock, or ModemManager; end that",
    errno.EBUSY: "another program holds it: another dock, or ModemManager; end that",
    errno.EMFILE: "this dock has too many files open: raise the limit (ulimit -n)",
    errno.ENFILE: "this computer has too many files open",
    errno.EADDRINUSE: "another program listens there: another dock?",
    errno.EADDRNOTAVAIL: "this computer does not have that address",
}


class Port(Protocol):
    """An open line to at most one camera; ``OSError`` once it is gone."""

    serial: bool

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Up to ``limit`` bytes as soon as any are there; empty after the timeout."""

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` over."""

    def idle(self) -> None:
        """Listen to nobody for now: drop what a line brings, leave what a connection brings."""

    def close(self) -> None:
        """Give it back."""


class SerialPort:
    """A tty: a USB serial gadget, a UART, or a pseudo-terminal, which ignores the baud rate."""

    serial = True

    def __init__(self, path: str, baud: int = BAUD) -> None:
        """Open it, raw, without flow control, and for nobody else; ``OSError`` where that cannot be done."""
        with _as_os_error():
            self._tty = serial.Serial(path, baud, timeout=0, write_timeout=PATIENCE_S, exclusive=True)
        self.byte_rate = baud / BITS if _UART.fullmatch(os.path.realpath(path)) else None
        """Bytes a second, None where the baud rate means nothing."""

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Read what waits, or the next byte that comes."""
        ready, _, _ = select.select(
            [self._tty.fileno()], [], [], timeout_s
        )  # pyserial's own timeout sets the tty up anew
        data, most = b"", min(limit, GATHER)
        while ready and len(data) < most:
            waiting = (
                self._tty.in_waiting or not data
            )  # a tty that is gone is ready and has nothing: reading that tells
            if not waiting:
                break
            data += self._tty.read(min(most - len(data), int(waiting)))
        return data

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the tty."""
        self._tty.write(data)

    def idle(self) -> None:
        """Drop what waits."""
        self.read(READ, 0.0)

    def close(self) -> None:
        """Close the tty."""
        with suppress(OSError):
            self._tty.close()


@contextmanager
def _as_os_error() -> Iterator[None]:
    """A tty that vanishes while it is set up raises what is no ``OSError``, and pyserial lets some of that through."""
    try:
        yield
    except termios.error as error:
        raise OSError(*error.args) from None


def byte_rate(port: Port) -> float | None:
    """Bytes a second that a port's line is set to; None where it has no such thing."""
    return port.byte_rate if isinstance(port, SerialPort) else None


class TcpPort:
    """An accepted connection."""

    serial = False

    def __init__(self, end: socket.socket, gone: Callable[[], bool] = lambda: False) -> None:
        """Take the connection over.  ``gone``: whether the interface that it came by was pulled out, of which TCP itself hears nothing."""
        self._socket = end
        self._gone = gone
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.settimeout(PATIENCE_S)

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Read what waits, or wait for some."""
        if not select.select([self._socket], [], [], timeout_s)[0]:
            if self._gone():
                raise OSError(errno.ENODEV, "the network interface was pulled out")
            return b""
        data = self._socket.recv(limit)
        if not data:
            raise ConnectionResetError("the camera closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the connection."""
        self._socket.sendall(data)

    def idle(self) -> None:
        """Leave what waits; ``OSError`` once nobody is there to hear an answer."""
        if select.select([self._socket], [], [], 0.0)[0] and not self._socket.recv(1, socket.MSG_PEEK):
            raise ConnectionResetError("the camera closed the connection")

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._socket.close()


def is_tcp(spec: str) -> bool:
    """Whether a port's name is ``tcp:...``."""
    return spec.startswith(TCP)


def address(spec: str) -> tuple[str, int]:
    """Address and port of ``tcp:[ADDRESS]:PORT`` (or ``tcp:ADDRESS:PORT``); ``ValueError`` for anything else."""
    host, _, port = spec.removeprefix(TCP).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise ValueError(f"{spec!r} is not of the form tcp:[ADDRESS]:PORT")
    return host, int(port)


def listen(spec: str) -> socket.socket:
    """Listen at an address; ``OSError`` if that is taken, or not there.

    Without one it listens on all; port 0 takes a free one.
    """
    host, port = address(spec)
    family = socket.AF_INET6 if ":" in host or not host else socket.AF_INET
    return socket.create_server((host, port), family=family, dualstack_ipv6=not host)


def interface(spec: str) -> str:
    """The network interface that an address names (``fe80::1%usb0``), empty if it names none."""
    return address(spec)[0].partition("%")[2]


def interface_index(name: str) -> int:
    """The system's number of a network interface, another one each time that it is plugged in; 0 while it is not
    there."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def peer_place(peer: Sequence[Any], devices: Path = Path("/sys/class/net")) -> tuple[str, str]:
    """Where a TCP peer is plugged in, and the network interface it came by, if its address says so.

    A link-local peer is at the USB location of its interface, so that it is in the slot that its serial line is in, or,
    where the interface is not on USB, at the interface.  Any other peer is at its address.
    """
    host, _, name = str(peer[0]).partition("%")
    if not name:
        return host.removeprefix("::ffff:"), ""
    with suppress(OSError):
        if location := usb_location((devices / name / "device").readlink().name):
            return location, name
    return name, name


def ttys() -> list[Tty] | None:
    """Every serial port that the system has now; None if it did not hold still for the time of a look.

    pyserial reads several files of a port one after the other, and stumbles where it is pulled out in between.
    """
    for _ in range(SCANS):
        with suppress(OSError, TypeError, ValueError):
            return [
                Tty(each.device, each.location, each.vid, each.pid, each.description or "")
                for each in list_ports.comports()
            ]
    return None


def remedy(path: str, error: OSError) -> str:
    """What is wrong with a port that cannot be opened, and what to do about it."""
    what = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
    todo = _REMEDIES.get(error.errno or 0)
    return f"{what}: {todo.format(rights=_rights(path))}" if todo else what


def _rights(path: str) -> str:
    """What gives this user a device."""
    try:
        status = Path(path).stat()
        group = grp.getgrgid(status.st_gid).gr_name
    except (OSError, KeyError):
        group = ""
    if group in ("", "root") or status.st_mode & 0o060 != 0o060:
        return "give this user the device with a udev rule (GROUP and MODE)"
    return f"add this user to the group {group} (usermod -aG {group} USER, then log in anew)"
