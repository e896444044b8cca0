"""The I2C bus, through smbus2: registers of chips."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from smbus2 import SMBus

MOST: Final = 32
"""Bytes that one transfer may carry."""


class I2c:
    """A bus.  Each transfer is whole, whichever thread asks; ``OSError`` where a chip does not answer."""

    def __init__(self, device: str) -> None:
        """Open it, such as ``/dev/i2c-1``; ``OSError`` if there is none."""
        try:
            from smbus2 import SMBus
        except ImportError as error:
            raise OSError(f"no smbus2: {error}") from error
        self._lock = threading.Lock()
        self._bus: SMBus = SMBus(device)

    def read(self, chip: int, register: int, count: int) -> bytes:
        """``count`` bytes, ``MOST`` of them at most, from a register on."""
        with self._lock:
            data = bytes(self._bus.read_i2c_block_data(chip, register, count))
        if len(data) != count:
            raise OSError(f"chip 0x{chip:02x} gave {len(data)} bytes of {count}")
        return data

    def write(self, chip: int, register: int, value: int) -> None:
        """Set a register of one byte."""
        with self._lock:
            self._bus.write_byte_data(chip, register, value)

    def close(self) -> None:
        """Give it back."""
        with self._lock:
            self._bus.close()
