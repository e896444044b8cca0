"""The dock port on the kernel's USB gadget, and the kernel's own USB host at the other end of the cable.

The gadget is the one that ``usb-gadget`` made at boot, on the kernel's dummy controller.  To pull its plug is to switch off the power of the
host's port: the host loses the device, the gadget hears of it and hangs its tty up, and plugged in again it is enumerated from the start.

One thing this controller does not do, and those of real boards do: it goes on saying ``configured`` when the plug is out (``only_dock.py`` holds
that).  So what the port reads is a file with what the controller said while the plug was in.
"""

from __future__ import annotations

import os
import select
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hal.pi import serialport
from tests.contract import rigs

UDC = Path("/sys/class/udc/dummy_udc.0")
DEVICE = "/dev/ttyGS0"
HOST = Path("/dev/ttyACM0")
HOST_NETWORK = Path("/sys/class/net/usb1")
SWITCH = "/sys/devices/platform/dummy_hcd.0/usb*/*-0:1.0/usb*-port1/disable"
OUT = "not attached"
PATIENCE_S = 20.0


def wait(what: str, reached: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Until the kernel has done it."""
    until = time.monotonic() + patience_s
    while not reached():
        assert time.monotonic() < until, f"after {patience_s} s: {what}"
        time.sleep(0.01)


def state() -> str:
    """What the controller says."""
    return (UDC / "state").read_text().strip()


class Cable:
    """The cable, and the host at its end."""

    def __init__(self, says: Path) -> None:
        """Nothing is plugged in.  ``says``: the file that has the controller's state."""
        (self._switch,) = Path("/").glob(SWITCH.lstrip("/"))
        self.says = says
        self._end: int | None = None
        self.pull()

    def plug(self) -> None:
        """Plug it in: the host has set the gadget up, and holds its serial line open."""
        self._switch.write_text("0")
        wait("the host sees no serial line", HOST.exists)
        wait("the host sees no network", HOST_NETWORK.exists)
        wait("the host does not open its serial line", self._open)
        wait("the gadget is not configured", lambda: state() == serialport.CONFIGURED)
        self.says.write_text(f"{state()}\n")

    def pull(self) -> None:
        """Pull it out."""
        self._switch.write_text("1")
        self.says.write_text(f"{OUT}\n")
        self.let_go()
        wait("the host still has the serial line", lambda: not HOST.exists())
        wait("the host still has the network", lambda: not HOST_NETWORK.exists())

    def send(self, data: bytes) -> None:
        """From the host."""
        while data:
            data = data[os.write(self.held(), data) :]

    def receive(self, size: int) -> bytes:
        """At the host: exactly so many bytes."""
        data = b""
        while len(data) < size:
            assert select.select([self.held()], [], [], PATIENCE_S)[0], (
                f"nothing came after {len(data)} bytes of {size}"
            )
            data += os.read(self.held(), size - len(data))
        return data

    def let_go(self) -> None:
        """Close the host's end."""
        end, self._end = self._end, None
        if end is not None:
            os.close(end)

    def _open(self) -> bool:
        with suppress(OSError):
            self._end = os.open(HOST, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(self._end)
            return True
        return False

    def held(self) -> int:
        """The host's end."""
        assert self._end is not None, "nothing is plugged in"
        return self._end


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """A cable with nothing in it."""
    cable = Cable(tmp_path / "state")
    yield cable
    cable.pull()


@pytest.fixture
def dock(cable: Cable) -> Iterator[rigs.DockRig]:
    """The gadget's serial line, of which nobody tells the port anything: it looks for itself."""
    port = serialport.gadget(DEVICE, cable.says)

    def plug() -> None:
        cable.plug()
        port.connected()

    def hang_up() -> None:
        cable.pull()
        cable.plug()

    yield rigs.DockRig(port, plug, cable.pull, hang_up, send=cable.send, receive=cable.receive)
    port.close()
