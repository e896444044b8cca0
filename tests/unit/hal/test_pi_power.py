"""The fuel gauge, the charger's wires and the processor's thermometer, through the real smbus2."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.interface import Battery
from hal.pi.i2c import I2c
from hal.pi.power import ASKED, PiPower
from tests.contract.pi_chips import GAUGE, Max17048, Wires, wired


@pytest.fixture
def gauge() -> Max17048:
    """A chip."""
    return Max17048()


@pytest.fixture
def bus(gauge: Max17048) -> Iterator[tuple[I2c, Wires]]:
    """It on a bus."""
    with wired({GAUGE: gauge}) as both:
        yield both


@pytest.mark.parametrize(
    ("vcell", "soc", "volts", "percent"),
    [
        (0xC300, 0x4799, 3.9, 71),
        (0xD200, 0x6400, 4.2, 100),
        (0xD1F0, 0x63FF, 4.199, 99),
        (0x9600, 0x00FF, 3.0, 0),
        (0xD200, 0x6700, 4.2, 100),  # its model runs a little past the end
        (0xB9A0, 0x0A00, 3.712, 10),  # a MAX17043: the lower four bits are always 0
    ],
)
def test_registers(vcell: int, soc: int, volts: float, percent: int, gauge: Max17048, bus: tuple[I2c, Wires]) -> None:
    """78.125 uV and 1/256 % a step, high byte first, percent rounded down; the chip has no thermometer."""
    gauge.words |= {0x02: vcell, 0x04: soc}
    assert PiPower(bus[0], lambda: False).battery() == Battery(percent, charging=False, celsius=None, volts=volts)


@pytest.mark.parametrize("vcell", [0x0000, 0xFFFF, 0x7000])
def test_nonsense_is_no_battery(vcell: int, gauge: Max17048, bus: tuple[I2c, Wires]) -> None:
    """A bus that is held low or high answers too: it is refused and says why."""
    power = PiPower(bus[0], lambda: False)
    gauge.words[0x02] = vcell
    with pytest.raises(OSError, match="nonsense"):
        power.battery()


@pytest.mark.parametrize("version", [0x0000, 0xFFFF])
def test_nonsense_is_no_gauge(version: int, gauge: Max17048, bus: tuple[I2c, Wires]) -> None:
    """The same as the part is opened."""
    gauge.words[0x08] = version
    with pytest.raises(OSError, match="nonsense"):
        PiPower(bus[0], lambda: False)


def test_a_gauge_that_vanishes_and_comes_back(bus: tuple[I2c, Wires]) -> None:
    """While it does not answer that is an OSError, for the contacts and the processor it is none, and then it answers again."""
    power = PiPower(bus[0], lambda: True)
    bus[1].cut.add(GAUGE)
    with pytest.raises(OSError, match="I/O"):
        power.battery()
    assert power.contact()
    bus[1].cut.clear()
    assert power.battery().percent == 71


def test_a_board_without_a_gauge(bus: tuple[I2c, Wires]) -> None:
    """Nobody answers at the address: the part cannot be opened."""
    with pytest.raises(OSError, match="I/O"):
        PiPower(bus[0], lambda: False, address=0x55)


def test_a_board_without_a_bus(tmp_path: Path) -> None:
    """The device is named."""
    with pytest.raises(OSError, match="i2c-7"):
        I2c(str(tmp_path / "i2c-7"))


def test_a_file_that_is_no_bus() -> None:
    """The kernel itself refuses what the real smbus2 asks of it."""
    with pytest.raises(OSError, match="ioctl"):
        I2c("/dev/null")


def test_a_board_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is trouble of the part's, which the service can say."""
    monkeypatch.setitem(sys.modules, "smbus2", None)
    with pytest.raises(OSError, match="smbus2"):
        I2c("/dev/null")


def test_the_charger_has_its_own_word(bus: tuple[I2c, Wires]) -> None:
    """Where the board has a wire for it a full battery on the contacts does not charge."""
    power = PiPower(bus[0], lambda: True, lambda: False)
    assert power.contact()
    assert not power.battery().charging


def zone(top: Path, number: int, kind: str, temp: str | None) -> None:
    """One of the kernel's thermometers."""
    folder = top / f"thermal_zone{number}"
    folder.mkdir()
    (folder / "type").write_text(kind)
    if temp is not None:
        (folder / "temp").write_text(temp)


def test_the_processors_thermometer(bus: tuple[I2c, Wires], tmp_path: Path) -> None:
    """The processor's alone, in thousandths; None while there is none, or none that says anything."""
    power = PiPower(bus[0], lambda: False, thermal=tmp_path)
    assert power.processor() is None
    zone(tmp_path, 0, "rp1-adc\n", "55000\n")
    assert power.processor() is None
    zone(tmp_path, 1, "cpu-thermal\n", "hot\n")
    assert power.processor() is None
    (tmp_path / "thermal_zone1" / "temp").unlink()
    assert power.processor() is None
    (tmp_path / "thermal_zone1" / "temp").write_text("-1500\n")
    assert power.processor() == -1.5


@pytest.mark.parametrize(
    ("command", "message"),
    [(("/no/such/command",), "command"), (("sh", "-c", "echo Access denied >&2; exit 1"), "Access denied")],
)
def test_an_order_that_is_not_taken(command: tuple[str, ...], message: str, bus: tuple[I2c, Wires]) -> None:
    """Who may not switch off, or has nothing to do it with, hears why."""
    with pytest.raises(OSError, match=message):
        PiPower(bus[0], lambda: False, off=command).off()


def test_an_order_that_nobody_answers(bus: tuple[I2c, Wires], monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that hangs holds nobody up for long."""
    monkeypatch.setattr("hal.pi.power.PATIENCE_S", 0.1)
    with pytest.raises(TimeoutError, match="sleep"):
        PiPower(bus[0], lambda: False, off=("sleep", "60")).off()


def test_where_the_order_is_refused_a_unit_of_the_system_is_asked(bus: tuple[I2c, Wires], tmp_path: Path) -> None:
    """The service is not root, and there may be nobody to ask for leave: a file says that the board is to go off.  Without a place for it that
    is an error, as before."""
    asked = tmp_path / "lapel-off" / "now"
    power = PiPower(bus[0], lambda: False, off=("false",), asked=asked)
    with pytest.raises(OSError, match="false failed"):
        power.off()
    asked.parent.mkdir()
    power.off()
    assert asked.exists()


def test_the_image_watches_that_file() -> None:
    """The same path in code, unit and the list of what is made at boot; the service may write there."""
    system = Path(__file__).parents[3] / "buildroot" / "overlay" / "usr" / "lib"
    assert f"PathExists={ASKED}\n" in (system / "systemd/system/lapel-off.path").read_text()
    assert f"d {ASKED.parent} " in (system / "tmpfiles.d/lapel.conf").read_text()
    assert f"-{ASKED.parent}\n" in (system / "systemd/system/lapel.service").read_text()
    assert "lapel-off.path" in (system / "systemd/system/lapel.target").read_text()
