"""A bus with a fuel gauge and an accelerometer on it, for the real smbus2: only what the kernel answers to its ioctls is made up.

The chips are models of their data sheets, written apart from the drivers: registers, and what reading and writing them does.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from unittest import mock

import smbus2.smbus2 as library

from hal.pi.accelerometer import PiAccelerometer
from hal.pi.i2c import I2c
from hal.pi.power import PiPower
from hal.sim.clock import NS, VirtualClock
from tests.contract import rigs

GAUGE, FEELER = 0x36, 0x18


class Chip(Protocol):
    """What answers at an address."""

    def read(self, register: int, count: int) -> bytes:
        """What it sends from ``register`` on."""

    def write(self, register: int, value: int) -> None:
        """One byte for a register."""


@dataclass
class Max17048:
    """Words of 16 bits, the high byte first.  A cell of 3.9 V, charged to 71.6 %, unless told otherwise."""

    words: dict[int, int] = field(default_factory=lambda: {0x02: 0xC300, 0x04: 0x4799, 0x08: 0x0012})

    def read(self, register: int, count: int) -> bytes:
        """Words from the register's on."""
        data = b"".join(self.words.get(each, 0).to_bytes(2, "big") for each in range(register, register + count, 2))
        return data[:count]

    def write(self, register: int, value: int) -> None:
        """It takes no bytes."""
        raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))


class Lis3dh:
    """A chip that lies still, y up, and queues what it feels by a clock, 10 bits of it.  Its oscillator runs 1 % fast."""

    def __init__(self, clock: VirtualClock) -> None:
        """Without power just before: nothing is set up."""
        self._clock = clock
        self.feels = (0, 250, 0)  # steps of 4 mg
        self.power_up()

    def power_up(self) -> None:
        """Registers as the data sheet has them after a start."""
        self.registers = {0x0F: 0x33, 0x20: 0x07, 0x2E: 0x00}
        self._queue: list[tuple[int, int, int]] = []
        self._queued_ns = self._clock.monotonic_ns()

    def read(self, register: int, count: int) -> bytes:
        """One register, or with bit 7 a run of them."""
        self._queue_up()
        onward, register = register & 0x80, register & 0x7F
        if register == 0x2F:
            full = 0x40 if len(self._queue) >= 32 else 0
            return bytes([full | (0x20 if not self._queue else 0) | min(31, len(self._queue))])
        if register == 0x28:
            assert onward, "without bit 7 it sends the same byte again and again"
            taken, self._queue = self._queue[: count // 6], self._queue[count // 6 :]
            kept = [
                axis & ~3 for each in taken for axis in each
            ]  # ST: "in the FIFO only 10 most significant bits are stored"
            return b"".join((axis * 16).to_bytes(2, "little", signed=True) for axis in kept)
        return bytes([self.registers.get(register, 0)]) * count

    def write(self, register: int, value: int) -> None:
        """Set a register; bypass empties the queue."""
        self._queue_up()
        self.registers[register] = value
        if register == 0x2E and not value & 0xC0:
            self._queue.clear()

    def _queue_up(self) -> None:
        now_ns, step_ns = self._clock.monotonic_ns(), NS // 50 * 100 // 101
        runs = self.registers.get(0x20, 0) == 0x47 and self.registers.get(0x24, 0) & 0x40
        if not runs or not self.registers[0x2E] & 0x80:
            self._queued_ns = now_ns
        while self._queued_ns + step_ns <= now_ns:
            self._queued_ns += step_ns
            self._queue = [*self._queue, self.feels][-32:]


class Wires:
    """The kernel's side of a bus: which chips hang on it, and who is cut off."""

    def __init__(self, chips: dict[int, Chip]) -> None:
        """All of them answer."""
        self.chips, self.cut = chips, set[int]()
        self.transfers = 0
        self._addresses: dict[int, int] = {}
        """As in the kernel, whoever has the bus open talks to the chip of their own choice."""

    def ioctl(self, descriptor: int, request: int, argument: object) -> int:
        """``i2c-dev`` for what smbus2 asks of it."""
        match request, argument:
            case library.I2C_FUNCS, _:
                argument.value = 0x0FFF_0009  # type: ignore[attr-defined] # ctypes' unsigned long
            case library.I2C_SLAVE, int(address):
                self._addresses[descriptor] = address
            case library.I2C_SMBUS, library.i2c_smbus_ioctl_data():
                self._transfer(argument, self._addresses.get(descriptor, -1))
            case _:
                raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        return 0

    def _transfer(self, message: library.i2c_smbus_ioctl_data, address: int) -> None:
        self.transfers += 1
        if address not in self.chips or address in self.cut:
            raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
        chip, data = self.chips[address], message.data.contents
        if message.size == library.I2C_SMBUS_I2C_BLOCK_DATA and message.read_write == library.I2C_SMBUS_READ:
            count = data.block[0]
            assert 1 <= count <= 32
            sent = chip.read(message.command, count)
            data.block[0] = len(sent)
            for place, each in enumerate(sent, 1):
                data.block[place] = each
        elif message.size == library.I2C_SMBUS_BYTE_DATA and message.read_write == library.I2C_SMBUS_WRITE:
            chip.write(message.command, data.byte)
        else:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


@contextmanager
def wired(chips: dict[int, Chip]) -> Iterator[tuple[I2c, Wires]]:
    """A bus on smbus2, and its wires, while it lasts."""
    wires = Wires(chips)
    with mock.patch.object(library, "ioctl", wires.ioctl):
        opened = I2c("/dev/null")  # any file that opens; what it is asked goes to the wires
        yield opened, wires
        opened.close()


def power_on(bus: I2c, path: Path, address: int = GAUGE) -> rigs.PowerRig:
    """A gauge on a bus, contacts, a processor's thermometer, and a command that says that it was called."""
    zone, touched = path / "thermal_zone0", [False]
    zone.mkdir()
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text("48312\n")
    part = PiPower(bus, lambda: touched[0], address=address, thermal=path, off=("touch", str(path / "off")))
    return rigs.PowerRig(part, lambda on: touched.__setitem__(0, on), (path / "off").exists)


def motion_on(bus: I2c, clock: VirtualClock, address: int = FEELER) -> rigs.MotionRig:
    """An accelerometer on a bus, asked in step with a clock."""
    part = PiAccelerometer(bus, clock, address=address, paced=False)

    def run(seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            clock.advance(NS // 10)
            part.poll()

    return rigs.MotionRig(part, clock, run)


@contextmanager
def power(path: Path) -> Iterator[rigs.PowerRig]:
    """A gauge on a bus that is made up."""
    with wired({GAUGE: Max17048()}) as (opened, _):
        yield power_on(opened, path)


@contextmanager
def motion() -> Iterator[rigs.MotionRig]:
    """An accelerometer on one."""
    clock = VirtualClock()
    with wired({FEELER: Lis3dh(clock)}) as (opened, _):
        yield motion_on(opened, clock)
