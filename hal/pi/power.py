"""Battery and charger of a board with a MAX17048 or one of its family (MAX17043/44/49/58/59), as most UPS boards for a Raspberry Pi have.

Registers and units are those of Maxim's data sheet 19-6171 (revision 7, its register summary), and of the older chips' own; Linux'
max17040_battery.c has the same.  A chip for two cells tells the voltage of one.  None of them has a thermometer.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hal.interface import Battery
from hal.pi.i2c import I2c

ADDRESS: Final = 0x36
VCELL: Final = 0x02
SOC: Final = 0x04
VERSION: Final = 0x08
VOLT: Final = 12_800  # steps of VCELL, 78.125 uV for each cell; the older chips have 1.25 mV, 16 times that, and leave four bits at 0
PERCENT: Final = 256  # steps of SOC
CELL_V: Final = 2.5, 4.5
"""What a lithium-ion cell has that still powers a board, with something to spare: the chip is powered by the cell that it measures, and works
from 2.5 V to 4.5 V."""
THERMAL: Final = Path("/sys/class/thermal")
PROCESSOR: Final = "cpu-thermal"
OFF: Final = ("systemctl", "poweroff", "--no-block")
"""systemd stops what runs, unmounts and then switches off; reboot(2) would do the last alone.  ``--no-block``: nobody waits for his own end."""
ASKED: Final = Path("/run/lapel-off/now")
"""What a unit of the image watches: the service may not switch off itself, unless it is root."""
PATIENCE_S: Final = 10.0


class PiPower:
    """A fuel gauge on I2C, the contacts' level, and the processor's thermometer."""

    def __init__(
        self,
        bus: I2c,
        contact: Callable[[], bool],
        charging: Callable[[], bool] | None = None,
        *,
        address: int = ADDRESS,
        thermal: Path = THERMAL,
        off: Sequence[str] = OFF,
        asked: Path = ASKED,
    ) -> None:
        """Find the gauge: ``OSError`` if it does not answer.  ``charging`` is the charger's own word, where the board has a wire for it; else
        it is taken to charge while there is power on the contacts.  ``off`` is the command that switches off, ``asked`` the file that has it done where that is refused."""
        self._bus, self._address = bus, address
        self._contact, self._charging = contact, charging or contact
        self._thermal, self._off, self._asked = thermal, tuple(off), asked
        version = self._word(VERSION)
        if version in {0x0000, 0xFFFF}:
            raise OSError(f"the gauge answers nonsense: version 0x{version:04x}")

    def battery(self) -> Battery:
        """The battery now; ``OSError`` if the gauge does not answer, or answers what no cell can have."""
        volts, charge = self._word(VCELL) / VOLT, self._word(SOC) / PERCENT
        low, high = CELL_V
        if not low <= volts <= high:
            raise OSError(f"the gauge answers nonsense: a cell of {volts:.3f} V")
        percent = min(100, int(charge))  # the chip's model goes a little beyond
        return Battery(percent, charging=self._charging(), volts=round(volts, 3))

    def contact(self) -> bool:
        """Whether the charging contacts have power."""
        return self._contact()

    def processor(self) -> float | None:
        """The processor's temperature, by the kernel; None where it has none."""
        return processor(self._thermal)

    def off(self) -> None:
        """Have systemd switch the board off; ``OSError`` if it does not take the order."""
        switch_off(self._off, self._asked)

    def close(self) -> None:
        """Give the bus back."""
        self._bus.close()

    def _word(self, register: int) -> int:
        return int.from_bytes(self._bus.read(self._address, register, 2), "big")


def processor(thermal: Path) -> float | None:
    """The processor's temperature in degrees Celsius, by the kernel; None where it has none."""
    for zone in sorted(thermal.glob("thermal_zone*")):
        try:
            if (zone / "type").read_text(encoding="ascii").strip() == PROCESSOR:
                return int((zone / "temp").read_text(encoding="ascii")) / 1000
        except (OSError, ValueError):  # a zone that is just not measured
            continue
    return None


def switch_off(command: Sequence[str], asked: Path = ASKED) -> None:
    """Have systemd switch the board off: by a command, or where that is refused by a file that one of its units watches.  ``OSError`` if neither
    can be had."""
    try:
        _ordered(command)
    except OSError:
        if not asked.parent.is_dir():
            raise
        asked.touch()


def _ordered(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{command[0]} does not answer within {PATIENCE_S} s") from error
    if done.returncode:
        raise OSError(f"{command[0]} failed: {done.stderr.strip()[:200]}")
