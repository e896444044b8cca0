"""What a board has, and on which pins: a frozen value.  ``hal.pi.boardfile`` reads it from one TOML file a board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hal.interface import Button, Colour

CHANNELS = ("red", "green", "blue")
"""What a light is made of."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Something that closes or opens a contact.  ``pull``: True up, False down, None by a resistor on the board.  ``high``: the level when
    it is pressed, or the alarm is raised."""

    pin: str
    pull: bool | None
    high: bool


@dataclass(frozen=True, slots=True)
class Output:
    """Something that is switched.  ``high``: the level when it is on."""

    pin: str
    high: bool


@dataclass(frozen=True, slots=True)
class LightPins:
    """One light: the pins of its channels, of which a light for the people who are filmed may have red alone.  ``high``: the level when lit."""

    channels: Mapping[str, str]
    high: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip on the I2C bus, and its address there."""

    chip: str
    address: int


@dataclass(frozen=True, slots=True)
class I2c:
    """The I2C bus: its device, and the pins that the kernel holds for it."""

    device: str
    sda: str
    scl: str


@dataclass(frozen=True, slots=True)
class Uart:
    """The serial line to the dock's pogo pins: its device, its pins, bit/s."""

    device: str
    tx: str
    rx: str
    baud: int


@dataclass(frozen=True, slots=True)
class Rtc:
    """The clock that runs on without power: its device, and the chip on the I2C bus where it is none of the board's own."""

    device: str
    chip: Chip | None


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that the parts need to know of one board.  A part that it does not have is None, or is missing from its table.

    ``colours``: for each colour what share, from 0 to 1, each channel has of it.  ``pwm_hz``: how often a light's pins pulse.
    ``held``: pins that drivers of the kernel hold, by the part they are for.
    """

    name: str
    model: str
    buttons: Mapping[Button, Contact]
    inputs: Mapping[str, Contact]
    lights: Mapping[str, LightPins]
    pwm_hz: int
    colours: Mapping[Colour, tuple[float, float, float]]
    gadget: bool
    buzzer: Output | None = None
    vibration: Output | None = None
    i2c: I2c | None = None
    accelerometer: Chip | None = None
    gauge: Chip | None = None
    uart: Uart | None = None
    rtc: Rtc | None = None
    held: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def pins(self) -> Iterator[tuple[str, str]]:
        """Every pin in use, each after the key that claims it."""
        yield from ((f"buttons.{button.value}", contact.pin) for button, contact in self.buttons.items())
        yield from ((f"inputs.{name}", contact.pin) for name, contact in self.inputs.items())
        for name, light in self.lights.items():
            yield from ((f"lights.{name}.{channel}", pin) for channel, pin in light.channels.items())
        yield from ((key, part.pin) for key, part in (("buzzer", self.buzzer), ("vibration", self.vibration)) if part)
        if self.i2c:
            yield from (("i2c.sda", self.i2c.sda), ("i2c.scl", self.i2c.scl))
        if self.uart:
            yield from (("uart.tx", self.uart.tx), ("uart.rx", self.uart.rx))
        yield from ((f"held.{name}", pin) for name, pins in self.held.items() for pin in pins)

    def chips(self) -> Iterator[tuple[str, Chip]]:
        """Every chip on the I2C bus, each after its key."""
        clock = self.rtc and self.rtc.chip
        parts = (("accelerometer", self.accelerometer), ("gauge", self.gauge), ("rtc", clock))
        yield from ((key, chip) for key, chip in parts if chip)
