"""The dock's end of the USB cable, led out of the machine: whoever opens the other end outside has plugged the cable in.

The camera is a real USB gadget, and the kernel's dummy host controller the host that it is plugged into.  While somebody outside holds the
virtio serial port open that host lets the gadget in (it is *authorised*), and each byte of its ``ttyACM0`` goes out, each from outside in.
Unlike with a cable the gadget is not without power while it is out: its controller is ``addressed``, not ``not attached``.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "dock"
HOST = Path("/dev/ttyACM0")
_PORTS = Path("/sys/class/virtio-ports")
_DEVICES = Path("/sys/bus/usb/devices")
_DEVICE = "[0-9]*-*[0-9]"
_INTERFACE = ":"
_BLOCK = 16_384
_LOOK_S = 0.2


def outside() -> Path | None:
    """The port that leads out, once the kernel has found it."""
    for path in _PORTS.glob("*"):
        if (path / "name").is_file() and (path / "name").read_text().strip() == NAME:
            return Path("/dev") / path.name
    return None


def host() -> Path | None:
    """The USB host's end of the serial line, while the gadget is let in."""
    return HOST if HOST.exists() else None


def wait(what: str, find: Callable[[], Path | None]) -> Path:
    """A device, as soon as it is there."""
    while (path := find()) is None:
        time.sleep(_LOOK_S)
    sys.stderr.write(f"cable: {what}: {path}\n")
    return path


def let_in(*, whether: bool) -> None:
    """Let the USB host use what is attached to it, or not."""
    for path in _DEVICES.glob(f"{_DEVICE}/authorized"):
        if _INTERFACE not in path.parent.name:
            path.write_text(f"{whether:d}")


def held(port: int) -> bool:
    """Whether somebody holds the other end."""
    poll = select.poll()
    poll.register(port, select.POLLIN)
    return not any(event & select.POLLHUP for _, event in poll.poll(0))


@contextmanager
def raw(path: Path) -> Iterator[int]:
    """The tty, as a stream of bytes."""
    line = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(line)
        termios.tcflush(line, termios.TCIOFLUSH)
        os.set_blocking(line, True)
        yield line
    finally:
        os.close(line)


def carry(port: int, line: int) -> None:
    """Bytes both ways, until one end is let go."""
    poll = select.poll()
    for each in (port, line):
        poll.register(each, select.POLLIN)
    other = {port: line, line: port}
    while True:
        for handle, event in poll.poll():
            if event & (select.POLLHUP | select.POLLERR):
                return
            data = memoryview(os.read(handle, _BLOCK))
            if not data:
                return
            while data:
                data = data[os.write(other[handle], data) :]


def main() -> None:
    """For ever."""
    port = os.open(wait("the way out", outside), os.O_RDWR)
    while True:
        let_in(whether=False)
        while not held(port):
            time.sleep(_LOOK_S)
        let_in(whether=True)
        with raw(wait("plugged in", host)) as line:
            try:
                carry(port, line)
            except OSError as error:
                sys.stderr.write(f"cable: {error}\n")
        sys.stderr.write("cable: pulled out\n")


if __name__ == "__main__":
    main()
