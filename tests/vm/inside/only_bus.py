"""What only a kernel's I2C bus can pass: its errors, and its messages."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from hal.pi.i2c import MOST, I2c
from hal.pi.power import PiPower
from hal.sim.clock import VirtualClock
from tests.contract import pi_chips
from tests.vm.inside.bus import FEELER, GAUGE, Bridge


def test_where_no_chip_is_nobody_answers(bus: I2c) -> None:
    """The bus's own refusal comes through as the system's error."""
    for ask in (lambda: bus.read(GAUGE, 2, 2), lambda: bus.write(GAUGE, 2, 2)):
        with pytest.raises(OSError, match=".") as caught:
            ask()
        assert caught.value.errno == errno.ENXIO


def test_a_gauge_that_falls_off_and_comes_back(bridge: Bridge, bus: I2c, tmp_path: Path) -> None:
    """Asked while it is away it is an error; asked again it answers."""
    gauge = pi_chips.Max17048()
    bridge.chips = {GAUGE: gauge}
    power = PiPower(bus, lambda: False, address=GAUGE, thermal=tmp_path)
    first = power.battery()
    bridge.chips = {}
    with pytest.raises(OSError, match="."):
        power.battery()
    bridge.chips = {GAUGE: gauge}
    assert power.battery() == first
    assert (first.percent, first.volts) == (71, 3.9)


def test_a_word_is_two_messages_and_a_setting_one(bridge: Bridge, bus: I2c) -> None:
    """A register is named and read in one transfer, between which nobody else gets the bus."""
    bridge.chips = {GAUGE: pi_chips.Max17048(), FEELER: pi_chips.Lis3dh(VirtualClock())}
    before = bridge.messages
    assert bus.read(GAUGE, 0x04, 2) == bytes.fromhex("4799")
    assert bridge.messages == before + 2
    bus.write(FEELER, 0x20, 0x47)
    assert bridge.messages == before + 3
    assert bus.read(FEELER, 0x20, 1) == b"\x47"


def test_the_longest_read_is_whole(bridge: Bridge, bus: I2c) -> None:
    """As many bytes as one transfer may carry."""
    bridge.chips = {GAUGE: pi_chips.Max17048({each: each * 257 for each in range(0, 64, 2)})}
    assert bus.read(GAUGE, 0, MOST) == bytes(each & ~1 for each in range(MOST))
