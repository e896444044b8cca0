"""A serial line through pyserial: a UART, a USB gadget's tty, a pseudo-terminal."""

from __future__ import annotations

import errno
import os
import select
import termios
import threading
from typing import TYPE_CHECKING

from hal.lines import hung_up

if TYPE_CHECKING:
    import serial

BAUD = 3_000_000  # a gadget and a pseudo-terminal ignore it
_PATIENCE_S = 5.0


class SerialLine:
    """An open tty, raw and without flow control."""

    def __init__(self, path: str, baud: int = BAUD, *, alone: bool = False) -> None:
        """Open it at ``baud`` bit/s; ``OSError`` if there is none or, with ``alone``, where another one that wants it alone has it."""
        try:
            from serial import Serial
        except ImportError as error:
            raise OSError(errno.ENODEV, f"no pyserial: {error}") from error
        self._port: serial.Serial = Serial(path, baud, timeout=0, write_timeout=_PATIENCE_S, exclusive=alone or None)
        self._woken, self._wake = os.pipe()
        self._closing = False
        self._reading, self._writing = threading.Lock(), threading.Lock()

    def read(self, limit: int, timeout_s: float) -> bytes:
        """What waits, or the next byte that comes."""
        data = b""
        with self._reading:
            if not self._closing and self._waits(timeout_s):
                data = bytes(self._port.read(min(limit, max(1, self._port.in_waiting))))
        if self._closing:
            raise OSError(errno.ENODEV, "pulled out")
        return data

    def _waits(self, timeout_s: float) -> bool:
        """Whether there is something to read within the time.  A timeout of pyserial's own would set the tty up anew each time."""
        return self._port.fileno() in select.select([self._port.fileno(), self._woken], [], [], timeout_s)[0]

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the tty."""
        with self._writing:
            self._port.write(data)

    def alive(self) -> bool:
        """Whether the other end of a pseudo-terminal is open; a real line always seems so."""
        try:
            return not hung_up(self._port.fileno())
        except OSError:
            return False

    def renew(self) -> bool:
        """Drop what is buffered."""
        try:
            self._port.reset_input_buffer()
            self._port.reset_output_buffer()
        except (OSError, termios.error):
            return False
        return self.alive()

    def close(self) -> None:
        """Wake whoever reads or writes, and close the tty."""
        if self._closing:
            return
        self._closing = True
        os.write(self._wake, b".")
        self._port.cancel_write()
        with self._reading, self._writing:
            self._port.close()
            os.close(self._wake)
            os.close(self._woken)
