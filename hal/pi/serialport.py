"""The dock's ports of a Raspberry Pi: the pogo pins' UART, and the USB gadget's serial line and network.

All three are a line that is opened when needed, and something else that says whether a dock is there: a UART hears nothing of a plug, so the
charging contacts say it; a gadget's state says whether a host has set it up.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hal.interface import PortKind
from hal.lines import Line, TcpLine
from hal.tty import BAUD, SerialLine

SLICE_S: Final = 0.2
"""How long a read waits before it looks again whether the dock is still there."""
CONFIGURED: Final = "configured"
CONTROLLERS: Final = Path("/sys/class/udc")


class PiDock:
    """A ``DockPort`` on a line.

    Whoever was using it when the dock went gets ``OSError`` until ``reset``, also where a dock is back by then: ``tell`` takes each change as it
    happens, and where nobody calls that the port looks for itself, five times a second while it reads.
    """

    def __init__(self, kind: PortKind, line: Callable[[], Line], present: Callable[[], bool]) -> None:
        """Nothing is opened yet.  ``line`` opens the line, or raises ``OSError``; ``present`` says whether a dock is there, and may raise that too."""
        self._kind, self._open, self._present = kind, line, present
        self._lock, self._opening = threading.Lock(), threading.Lock()
        self._line: Line | None = None
        self._there = self._used = self._gone = False

    @property
    def kind(self) -> PortKind:
        """What lies below."""
        return self._kind

    def tell(self, there: bool) -> None:  # noqa: FBT001 - a sink of levels
        """A dock has come, or has gone: from any thread, in the order in which it happens.  Whoever reads or writes is woken."""
        with self._lock:
            if there is self._there:
                return
            self._there = there
            line = None
            if not there:
                self._gone = self._gone or self._used
                line, self._line = self._line, None
        if line is not None:
            line.close()

    def connected(self) -> bool:
        """Whether a dock is there and, as far as the system knows, the line's other end is open."""
        try:
            self._alive()
        except OSError:
            return False
        return True

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Up to ``limit`` bytes, as many as wait; empty after the timeout."""
        if limit <= 0 or timeout_s < 0:
            raise ValueError(f"limit must be positive and the timeout not negative: {limit}, {timeout_s}")
        until = time.monotonic() + timeout_s
        while True:
            line = self._use()
            try:
                data = line.read(limit, max(0.0, min(SLICE_S, until - time.monotonic())))
            except OSError:
                self._break(line)
                raise
            if data or time.monotonic() >= until:
                return data

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the line."""
        line = self._use()
        try:
            line.write(data)
        except OSError:
            self._break(line)
            raise

    def reset(self) -> None:
        """Drop what is buffered.  A line that broke, or a TCP connection that was used, is opened anew when needed."""
        self._look()
        with self._lock:
            line = self._line
            self._used = self._gone = False
            if line is not None and line.renew():
                return
            self._line = None
        if line is not None:
            line.close()

    def close(self) -> None:
        """Give the line back."""
        with self._lock:
            line, self._line, self._gone = self._line, None, True
        if line is not None:
            line.close()

    def _look(self) -> None:
        try:
            there = self._present()
        except OSError:  # what says it is gone itself
            there = False
        self.tell(there)

    def _use(self) -> Line:
        line = self._alive()
        with self._lock:
            self._used = self._used or self._line is line
        return line

    def _alive(self) -> Line:
        """The line; ``OSError`` where no dock is there, or one has been and gone."""
        self._look()
        with self._opening:
            # opening may take seconds: whoever tells of a dock does not wait for it
            line = self._held() or self._keep(self._open())
        if not line.alive():
            self._break(line)
            raise OSError(errno.ENOTCONN, "the dock is gone")
        return line

    def _held(self) -> Line | None:
        with self._lock:
            if self._gone or not self._there:
                raise OSError(errno.ENOTCONN, "the dock is gone" if self._there else "nothing is plugged in")
            return self._line

    def _keep(self, fresh: Line) -> Line:
        """The line that was just opened; closed again where the dock went meanwhile."""
        with self._lock:
            if self._there and not self._gone:
                self._line = fresh
                return fresh
        fresh.close()
        raise OSError(errno.ENOTCONN, "the dock is gone")

    def _break(self, line: Line) -> None:
        with self._lock:
            self._gone = self._gone or self._line is line


def uart(device: str, contact: Callable[[], bool], baud: int = BAUD) -> PiDock:
    """The pogo pins' serial line, by the charging contacts.  A second service is refused the line while the first has it."""
    return PiDock(PortKind.SERIAL, lambda: SerialLine(device, baud, alone=True), contact)


def gadget(device: str, state: Path) -> PiDock:
    """The USB gadget's serial line, such as ``/dev/ttyGS0``, by the state of its controller: ``/sys/class/udc/*/state``."""
    return PiDock(PortKind.SERIAL, lambda: SerialLine(device, alone=True), lambda: is_configured(state))


def network(address: str, state: Path) -> PiDock:
    """The USB gadget's network, over which the dock listens at ``tcp:HOST:PORT``, by the same state."""
    return PiDock(PortKind.STREAM, lambda: TcpLine(address), lambda: is_configured(state))


def usb(device: str, controllers: Path = CONTROLLERS) -> PiDock:
    """The USB gadget's serial line, by the state of whichever controller there is when somebody looks: the gadget may be set up later."""
    return PiDock(
        PortKind.SERIAL, lambda: SerialLine(device, alone=True), lambda: is_configured(controller(controllers))
    )


def usb_network(address: str, controllers: Path = CONTROLLERS) -> PiDock:
    """The USB gadget's network, likewise."""
    return PiDock(PortKind.STREAM, lambda: TcpLine(address), lambda: is_configured(controller(controllers)))


def controller(controllers: Path = CONTROLLERS) -> Path:
    """The state of the USB device controller, the first where there are more; ``OSError`` where there is none."""
    for state in sorted(controllers.glob("*/state")):
        return state
    raise OSError(errno.ENODEV, "this board has no USB device controller")


def is_configured(state: Path) -> bool:
    """Whether a host has set the gadget up; ``OSError`` where there is no controller.  Not promised: that every controller notices a pulled
    plug.  One that cannot see the bus's power goes to ``suspended`` instead, which is no dock either: one that works keeps the bus awake."""
    return state.read_text(encoding="ascii").strip() == CONFIGURED
