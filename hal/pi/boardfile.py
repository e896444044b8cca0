"""Reads a board's description: strictly, from one TOML file a board, so that no number of a pin stands in code.

Pins have the names that gpiozero takes (``GPIO17``).  What is not known here is refused, and so is a pin, or an address of the I2C bus, that
two parts claim.  Whether the board has those pins at all, whoever opens them finds out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from hal.interface import Button, Colour
from hal.pi.board import CHANNELS, Board, Chip, Contact, I2c, LightPins, Output, Rtc, Uart

SHIPPED = Path(__file__).with_name("boards")
LARGEST = 16_384  # bytes of a file
INPUTS = ("alarm", "holster")
"""Wired inputs that the firmware gives a meaning to."""
HELD = ("microphone", "tpm")
"""Parts whose pins a driver of the kernel holds: an I2S microphone, a TPM on SPI."""
CHIPS: Mapping[str, tuple[str, ...]] = {"accelerometer": ("lis3dh",), "gauge": ("max17048",), "rtc": ("ds3231",)}
"""The chips that there is a driver for, of ours or of the kernel."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{0,63}")
_PIN = re.compile(r"GPIO(?:[0-9]|1[0-9]|2[0-7])")
_DEVICE = re.compile(r"/dev/[A-Za-z0-9-]{1,32}")
_PULLS = {"up": True, "down": False, "none": None}
_LEVELS = {"low": False, "high": True}
_MOST_HELD = 8

_T = TypeVar("_T")


class BoardError(ValueError):
    """A board's file cannot be used; the message names the file, the key, and what is wrong there."""


def shipped() -> dict[str, Path]:
    """The files of the boards that come with the firmware, by the boards' names."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def load(path: Path) -> Board:
    """The board that a file describes.  BoardError where it breaks a rule, OSError where it cannot be read."""
    with path.open("rb") as file:
        return parse(file.read(LARGEST + 1), path.name)


def parse(data: bytes, file: str) -> Board:
    """The board that these bytes describe; ``file`` is what messages call them.  BoardError where they break a rule."""
    if len(data) > LARGEST:
        raise BoardError(f"{file}: has more than {LARGEST} bytes")
    try:
        table = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # text and TOML both tell their trouble by a ValueError
        raise BoardError(f"{file}: is no TOML: {error}") from error
    board = _whole(_Table(file, "", table), _board)
    for (key, one), (other, another) in combinations(board.pins(), 2):
        if one == another:
            raise BoardError(f"{file}: {other}: {one} is taken by {key}")
    for (key, first), (other, second) in combinations(board.chips(), 2):
        if first.address == second.address:
            raise BoardError(f"{file}: {other}.address: {first.address:#04x} is taken by {key}")
    for key, _ in board.chips():
        if board.i2c is None:
            raise BoardError(f"{file}: {key}: is on the I2C bus, and there is no i2c")
    return board


class _Table:
    """A table of the file, from which each key is taken once."""

    def __init__(self, file: str, where: str, left: Mapping[str, Any]) -> None:
        self.file, self.where, self.left = file, where, dict(left)

    def refuse(self, key: str, why: str) -> BoardError:
        """What is wrong with a key of this table."""
        return BoardError(f"{self.file}: {'.'.join(part for part in (self.where, key) if part)}: {why}")

    def take(self, key: str, kind: type, allowed: Callable[[Any], object], says: str) -> Any:
        """A value that has to be there and to be of exactly this type; ``says`` is the rule in words."""
        if key not in self.left:
            raise self.refuse(key, f"is missing; it has to be {says}")
        value = self.left.pop(key)
        if type(value) is not kind or not allowed(value):
            raise self.refuse(key, f"is {value!r:.60}; it has to be {says}")
        return value

    def text(self, key: str, pattern: re.Pattern[str], says: str) -> str:
        """A text that matches as a whole."""
        return str(self.take(key, str, pattern.fullmatch, says))

    def choice(self, key: str, choices: Mapping[str, Any]) -> Any:
        """What one of these words stands for."""
        return choices[self.take(key, str, lambda value: value in choices, f"one of {', '.join(choices)}")]

    def number(self, key: str, least: int, most: int) -> int:
        """A whole number within limits."""
        return int(self.take(key, int, lambda value: least <= value <= most, f"a whole number from {least} to {most}"))

    def pin(self, key: str) -> str:
        """A pin's name."""
        return self.text(key, _PIN, "a pin, GPIO0 to GPIO27")

    def table(self, key: str, read: Callable[[_Table], _T]) -> _T:
        """What is made of a table that has to be there."""
        found = self.take(key, dict, lambda _: True, "a table")
        return _whole(_Table(self.file, f"{self.where}.{key}" if self.where else key, found), read)

    def part(self, key: str, read: Callable[[_Table], _T]) -> _T | None:
        """The same, where the table may be missing."""
        return self.table(key, read) if key in self.left else None

    def some(self, names: tuple[str, ...], read: Callable[[_Table, str], _T]) -> Mapping[str, _T]:
        """What is made of those keys, out of these, that are there."""
        return MappingProxyType({name: read(self, name) for name in names if name in self.left})


def _whole(table: _Table, read: Callable[[_Table], _T]) -> _T:
    """What is made of all of a table: a key that nobody takes is refused."""
    made = read(table)
    for key in table.left:
        raise table.refuse(f"{key:.60}", "is not known")
    return made


def _board(table: _Table) -> Board:
    """All of a file."""
    lights = table.table("lights", _lights)
    return Board(
        name=table.text("name", _NAME, "1 to 64 of A-Z a-z 0-9 -"),
        model=table.text("model", _MODEL, "1 to 64 of A-Z a-z 0-9 - and spaces"),
        buttons=table.table("buttons", _buttons),
        inputs=table.part("inputs", lambda inner: inner.some(INPUTS, lambda each, key: each.table(key, _contact)))
        or {},
        lights=lights[0],
        pwm_hz=lights[1],
        colours=table.table("colours", _colours),
        gadget=bool(table.take("gadget", bool, lambda _: True, "true or false")),
        buzzer=table.part("buzzer", _output),
        vibration=table.part("vibration", _output),
        i2c=table.part("i2c", lambda inner: I2c(_device(inner), inner.pin("sda"), inner.pin("scl"))),
        accelerometer=table.part("accelerometer", lambda inner: _chip(inner, "accelerometer")),
        gauge=table.part("gauge", lambda inner: _chip(inner, "gauge")),
        uart=table.part("uart", _uart),
        rtc=table.part("rtc", lambda inner: Rtc(_device(inner), _chip(inner, "rtc") if "chip" in inner.left else None)),
        held=table.part("held", lambda inner: inner.some(HELD, _held)) or {},
    )


def _buttons(table: _Table) -> Mapping[Button, Contact]:
    """Every button that a camera has."""
    return MappingProxyType({button: table.table(button.value, _contact) for button in Button})


def _contact(table: _Table) -> Contact:
    """A button or a wired input."""
    return Contact(table.pin("pin"), table.choice("pull", _PULLS), bool(table.choice("active", _LEVELS)))


def _output(table: _Table) -> Output:
    """A buzzer or a motor."""
    return Output(table.pin("pin"), bool(table.choice("active", _LEVELS)))


def _lights(table: _Table) -> tuple[Mapping[str, LightPins], int]:
    """Both lights, and how often their pins pulse: seldom enough for a program to do it, too often to be seen."""
    lights = {
        "top": table.table("top", lambda inner: _light(inner, CHANNELS)),
        "front": table.table("front", lambda inner: _light(inner, CHANNELS[:1])),
    }
    return MappingProxyType(lights), table.number("pwm_hz", 100, 1000)


def _light(table: _Table, needed: tuple[str, ...]) -> LightPins:
    """One light, which has to have some channels and may have the others."""
    channels = {name: table.pin(name) for name in CHANNELS if name in table.left or name in needed}
    return LightPins(MappingProxyType(channels), bool(table.choice("active", _LEVELS)))


def _colours(table: _Table) -> Mapping[Colour, tuple[float, float, float]]:
    """What each colour is mixed of: of red, green and blue so many percent, and not nothing of all."""
    mixed = {Colour.OFF: (0.0, 0.0, 0.0)}
    for colour in Colour:
        if colour is not Colour.OFF:
            red, green, blue = table.take(colour.value, list, _is_mix, "three whole numbers from 0 to 100, not all 0")
            mixed[colour] = (red / 100, green / 100, blue / 100)
    for colour, other in combinations(mixed, 2):
        if mixed[colour] == mixed[other]:
            raise table.refuse(other.value, f"is the same as {colour.value}")
    return MappingProxyType(mixed)


def _is_mix(value: list[Any]) -> bool:
    """Whether these are three percentages of which one at least is not 0."""
    return (
        len(value) == len(CHANNELS)
        and all(type(each) is int and 0 <= each <= 100 for each in value)
        and any(each > 0 for each in value)
    )


def _chip(table: _Table, part: str) -> Chip:
    """A chip on the I2C bus."""
    chips = CHIPS[part]
    return Chip(table.choice("chip", dict(zip(chips, chips, strict=True))), table.number("address", 0x08, 0x77))


def _uart(table: _Table) -> Uart:
    """The serial line to the pogo pins."""
    return Uart(_device(table), table.pin("tx"), table.pin("rx"), table.number("baud", 115_200, 4_000_000))


def _device(table: _Table) -> str:
    """A device of the kernel."""
    return table.text("device", _DEVICE, "a name below /dev/")


def _held(table: _Table, key: str) -> tuple[str, ...]:
    """Pins that a driver holds."""
    says = f"a list of 1 to {_MOST_HELD} pins, GPIO0 to GPIO27"
    pins = table.take(key, list, lambda value: 1 <= len(value) <= _MOST_HELD and all(map(_is_pin, value)), says)
    return tuple(pins)


def _is_pin(value: Any) -> bool:
    """Whether this is a pin's name."""
    return type(value) is str and _PIN.fullmatch(value) is not None
