"""A fuel gauge and an accelerometer on an I2C bus of the kernel's, for the real smbus2 and its ``/dev/i2c-N``.

Debian's kernel has neither ``i2c-stub`` nor an I2C controller that QEMU's machine has.  It has the driver of a USB-to-I2C bridge, Till Harbaum's
i2c-tiny-usb, and ``functionfs``, with which a program can be any USB device: this one is that bridge.  So all from smbus2 down to a message on
the bus is the kernel's, and the chips are the models that the contract suites have elsewhere.

The driver puts a chip's address where a request has the interface that it is for, and the gadget's side of the kernel hands a program what is
for its own interfaces alone.  So the bridge has as many of them as one may have, and the chips sit at addresses below that.
"""

from __future__ import annotations

import os
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hal.pi.i2c import I2c
from hal.sim.clock import VirtualClock
from tests.contract import pi_chips, rigs
from tests.vm.inside import asks
from tests.vm.inside.usb import wait

GAUGE, FEELER = 0x0D, 0x0E
GADGET = Path("/sys/kernel/config/usb_gadget/bridge")
CONTROLLER = "dummy_udc.1"
MOUNT = asks.RUN / "bridge"
BUSES = Path("/sys/class/i2c-dev")
DRIVER = "i2c-tiny-usb"
GET_FUNC, GET_STATUS, IO = 1, 3, 4
ACKNOWLEDGED, NOT_ACKNOWLEDGED = 1, 2
FUNCTIONALITY = 0x0EFF_0001
"""I2C messages, and what the kernel makes of them for SMBus."""
INTERFACES = 16
_INTERFACE = struct.Struct("<9B")
_HEAD, _EVENT, _SETUP = struct.Struct("<5I"), struct.Struct("<8sB3x"), struct.Struct("<BBHHH")
_DESCRIPTORS, _STRINGS, _BOTH_SPEEDS = 3, 2, 3
_SETUP_EVENT, _IN = 4, 0x80


class Bridge:
    """The bridge, as its firmware answers.  ``chips``: what hangs on its bus; ``messages``: how many went over it."""

    def __init__(self) -> None:
        """Make it, and plug it in."""
        self.chips: Mapping[int, pi_chips.Chip] = {}
        self.messages = 0
        self._status, self._registers = ACKNOWLEDGED, dict[int, int]()
        subprocess.run(["modprobe", "-a", "i2c-dev", "usb_f_fs"], check=True)
        function, configuration = GADGET / "functions/ffs.bridge", GADGET / "configs/c.1"
        for path in (function, configuration):
            path.mkdir(parents=True)
        (GADGET / "idVendor").write_text("0x1c40")
        (GADGET / "idProduct").write_text("0x0534")
        MOUNT.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "functionfs", "bridge", MOUNT], check=True)
        self._handle = os.open(MOUNT / "ep0", os.O_RDWR)
        described = b"".join(_INTERFACE.pack(9, 4, number, 0, 0, 0xFF, 0, 0, 0) for number in range(INTERFACES)) * 2
        size = _HEAD.size + len(described)
        os.write(self._handle, _HEAD.pack(_DESCRIPTORS, size, _BOTH_SPEEDS, INTERFACES, INTERFACES) + described)
        os.write(self._handle, struct.pack("<4I", _STRINGS, 16, 0, 0))
        threading.Thread(target=self._run, name="bridge", daemon=True).start()
        (configuration / "ffs.bridge").symlink_to(function)
        (GADGET / "UDC").write_text(CONTROLLER)

    def bus(self) -> Path:
        """The device of its bus, once the kernel has made it."""
        wait("the kernel makes no bus of it", self._found)
        return Path("/dev") / self._found()[0]

    @staticmethod
    def _found() -> list[str]:
        return sorted(path.name for path in BUSES.glob("i2c-*") if (path / "name").read_text().startswith(DRIVER))

    def _run(self) -> None:
        while True:
            told = os.read(self._handle, _EVENT.size * 4)
            for setup, kind in _EVENT.iter_unpack(told):
                if kind == _SETUP_EVENT:
                    self._serve(*_SETUP.unpack(setup))

    def _serve(self, kind: int, request: int, _flags: int, address: int, size: int) -> None:
        """One request of the host's: an answer, or data that is taken."""
        message = request & ~3 == IO
        if not kind & _IN:
            data = os.read(self._handle, size)
            if message:
                self._write(address, data)
        elif message:
            os.write(self._handle, self._read(address, size))
        else:
            answers = {GET_FUNC: struct.pack("<I", FUNCTIONALITY), GET_STATUS: bytes([self._status])}
            os.write(self._handle, answers.get(request, bytes(size)))

    def _write(self, address: int, data: bytes) -> None:
        """A message to a chip: a register, and bytes for it."""
        self.messages += 1
        self._status = ACKNOWLEDGED if address in self.chips else NOT_ACKNOWLEDGED
        if self._status == ACKNOWLEDGED and data:
            self._registers[address] = data[0]
            try:
                for value in data[1:]:
                    self.chips[address].write(data[0], value)
            except OSError:
                self._status = NOT_ACKNOWLEDGED

    def _read(self, address: int, size: int) -> bytes:
        """A message from a chip, from the register on that was written last."""
        self.messages += 1
        self._status = ACKNOWLEDGED if address in self.chips else NOT_ACKNOWLEDGED
        if self._status == NOT_ACKNOWLEDGED:
            return bytes(size)
        return self.chips[address].read(self._registers.get(address, 0), size)


@pytest.fixture(scope="session")
def bridge() -> Bridge:
    """The bridge, for as long as the machine runs."""
    return Bridge()


@pytest.fixture
def bus(bridge: Bridge) -> Iterator[I2c]:
    """The bus, with no chip on it."""
    bridge.chips = {}
    opened = I2c(str(bridge.bus()))
    yield opened
    opened.close()


@pytest.fixture
def power(bridge: Bridge, bus: I2c, tmp_path: Path) -> rigs.PowerRig:
    """A gauge on the bus."""
    bridge.chips = {GAUGE: pi_chips.Max17048()}
    return pi_chips.power_on(bus, tmp_path, GAUGE)


@pytest.fixture
def motion(bridge: Bridge, bus: I2c) -> Iterator[rigs.MotionRig]:
    """An accelerometer on the bus, asked in step with a clock."""
    clock = VirtualClock()
    bridge.chips = {FEELER: pi_chips.Lis3dh(clock)}
    rig = pi_chips.motion_on(bus, clock, FEELER)
    yield rig
    rig.motion.stop()
