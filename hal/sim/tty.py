"""A serial line through pyserial: a pseudo-terminal, or any other tty."""

from __future__ import annotations

import errno
import termios
import threading

import serial

from hal.sim.lines import hung_up

_BAUD = 3_000_000  # a pseudo-terminal ignores it
_PATIENCE_S = 5.0


class SerialLine:
    """An open tty, raw and without flow control."""

    def __init__(self, path: str) -> None:
        """Open it; ``OSError`` if there is none."""
        self._port = serial.Serial(path, _BAUD, timeout=0, write_timeout=_PATIENCE_S)
        self._closing = False
        self._reading, self._writing = threading.Lock(), threading.Lock()

    def read(self, limit: int, timeout_s: float) -> bytes:
        """What waits, or the next byte that comes."""
        with self._reading:
            if self._port.timeout != timeout_s:
                self._port.timeout = timeout_s
            data = bytes(self._port.read(1))
            if data and (waiting := min(limit - 1, self._port.in_waiting)):
                data += bytes(self._port.read(waiting))
        if self._closing:
            raise OSError(errno.ENODEV, "pulled out")
        return data

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
        self._closing = True
        self._port.cancel_read()
        self._port.cancel_write()
        with self._reading, self._writing:
            self._port.close()
