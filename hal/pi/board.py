"""What a board has, and on which pins: a frozen value.  ``hal.pi.boardfile`` reads it from one TOML file a board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hal.interface import Button, Colour

CHANNELS = ("red", "green", "blue")
"""What a light is made of."""
TPM = "tpm2"
"""The kind of signer that is a TPM 2.0; the other is ``software``, a key in a file."""


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
    """The I2C bus: its device, and the pins that the kernel holds for it, data and clock; none where it is not at the header."""

    device: str
    pins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Motion:
    """The accelerometer: its chip, and which of the chip's axes, with its sign, is to the wearer's left, up, and away from the wearer."""

    chip: Chip
    axes: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Lens:
    """The camera: its number among those of picamera2, whether it is mounted upside down, and whether the board's own encoder does the work
    (True), libx264 (False), or whichever picamera2 finds fit for the platform (None)."""

    number: int
    turned: bool
    hardware: bool | None


@dataclass(frozen=True, slots=True)
class SoundCard:
    """The microphone: what ALSA calls it, and the pins that the kernel holds for it, which one on USB does not need."""

    card: str
    pins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """Where the device's key lives, in the words of ``Signer.kind``: a TPM behind a device, with the pins that the kernel holds for it, or a file,
    which has neither."""

    kind: str
    device: str = ""
    pins: tuple[str, ...] = ()


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

    ``description``: which board and which parts, for people.  ``colours``: for each colour what share, from 0 to 1, each channel has of it.
    ``pwm_hz``: how often a light's pins pulse.  ``power``: wires that tell whether the charging contacts have power (``contact``), and whether
    the charger is at work (``charging``).  ``gpiochip``: the chip of the kernel's whose lines the pins are, None for the one that is known.
    """

    name: str
    model: str
    description: str
    buttons: Mapping[Button, Contact]
    inputs: Mapping[str, Contact]
    power: Mapping[str, Contact]
    lights: Mapping[str, LightPins]
    pwm_hz: int
    colours: Mapping[Colour, tuple[float, float, float]]
    gadget: bool
    signer: Key
    camera: Lens | None = None
    microphone: SoundCard | None = None
    buzzer: Output | None = None
    vibration: Output | None = None
    i2c: I2c | None = None
    accelerometer: Motion | None = None
    gauge: Chip | None = None
    uart: Uart | None = None
    rtc: Rtc | None = None
    gpiochip: int | None = None

    def pins(self) -> Iterator[tuple[str, str]]:
        """Every pin in use, each after the key that claims it."""
        yield from ((f"buttons.{button.value}", contact.pin) for button, contact in self.buttons.items())
        for table, contacts in (("inputs", self.inputs), ("power", self.power)):
            yield from ((f"{table}.{name}", contact.pin) for name, contact in contacts.items())
        for name, light in self.lights.items():
            yield from ((f"lights.{name}.{channel}", pin) for channel, pin in light.channels.items())
        yield from ((key, part.pin) for key, part in (("buzzer", self.buzzer), ("vibration", self.vibration)) if part)
        if self.i2c:
            yield from zip(("i2c.sda", "i2c.scl"), self.i2c.pins, strict=False)
        if self.uart:
            yield from (("uart.tx", self.uart.tx), ("uart.rx", self.uart.rx))
        yield from (("microphone.pins", pin) for pin in (self.microphone.pins if self.microphone else ()))
        yield from (("signer.pins", pin) for pin in self.signer.pins)

    def chips(self) -> Iterator[tuple[str, Chip]]:
        """Every chip on the I2C bus, each after its key."""
        clock, motion = self.rtc and self.rtc.chip, self.accelerometer and self.accelerometer.chip
        parts = (("accelerometer", motion), ("gauge", self.gauge), ("rtc", clock))
        yield from ((key, chip) for key, chip in parts if chip)
