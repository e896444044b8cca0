"""Reads a board's description: strictly, from one TOML file a board, so that no number of a pin stands in code.

Pins have the names that gpiozero takes (``GPIO17``).  What is not known here is refused, and so is a pin, or an address of the I2C bus, that
two parts claim.  Whether the board has those pins at all, whoever opens them finds out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hal.interface import Button, Colour
from hal.pi.board import (
    CHANNELS,
    TPM,
    Board,
    Chip,
    Contact,
    I2c,
    Key,
    Lens,
    LightPins,
    Motion,
    Output,
    Rtc,
    SoundCard,
    Uart,
)
from hal.pi.strict import BoardError, Table, whole

SHIPPED = Path(__file__).with_name("boards")
LARGEST = 16_384  # bytes of a file
INPUTS = ("alarm", "holster")
"""Wired inputs that the firmware gives a meaning to."""
POWER = ("contact", "charging")
"""Wires that tell of power: the charging contacts have some, the charger is at work."""
CHIPS: Mapping[str, tuple[str, ...]] = {"accelerometer": ("lis3dh",), "gauge": ("max17048",), "rtc": ("ds3231",)}
"""The chips that there is a driver for, of ours or of the kernel."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{0,63}")
_WORDS = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_PIN = re.compile(r"GPIO(?:[0-9]|1[0-9]|2[0-7])")
_DEVICE = re.compile(r"/dev/[A-Za-z0-9-]{1,32}")
_CARD = re.compile(r"[A-Za-z][A-Za-z0-9:=,._-]{0,63}")
_PULLS = {"up": True, "down": False, "none": None}
_LEVELS = {"low": False, "high": True}
_ENCODERS = {"hardware": True, "libx264": False}
_KEYS = {TPM: TPM, "software": "software"}
_MOST_HELD = 8


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
    board = whole(Table(file, "", table), _board)
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


def _board(table: Table) -> Board:
    """All of a file."""
    lights = table.table("lights", _lights)
    return Board(
        name=table.text("name", _NAME, "1 to 64 of A-Z a-z 0-9 -"),
        model=table.text("model", _MODEL, "1 to 64 of A-Z a-z 0-9 - and spaces"),
        description=table.text("description", _WORDS, "1 to 200 characters on one line"),
        gpiochip=table.number("gpiochip", 0, 15) if "gpiochip" in table.left else None,
        buttons=table.table("buttons", _buttons),
        inputs=table.part("inputs", lambda inner: _contacts(inner, INPUTS)) or {},
        power=table.part("power", lambda inner: _contacts(inner, POWER)) or {},
        lights=lights[0],
        pwm_hz=lights[1],
        colours=table.table("colours", _colours),
        gadget=table.flag("gadget"),
        signer=table.table("signer", _signer),
        camera=table.part("camera", _camera),
        microphone=table.part("microphone", _microphone),
        buzzer=table.part("buzzer", _output),
        vibration=table.part("vibration", _output),
        i2c=table.part("i2c", _i2c),
        accelerometer=table.part("accelerometer", _motion),
        gauge=table.part("gauge", lambda inner: _chip(inner, "gauge")),
        uart=table.part("uart", _uart),
        rtc=table.part("rtc", lambda inner: Rtc(_device(inner), _chip(inner, "rtc") if "chip" in inner.left else None)),
    )


def _buttons(table: Table) -> Mapping[Button, Contact]:
    """Every button that a camera has."""
    return MappingProxyType({button: table.table(button.value, _contact) for button in Button})


def _contacts(table: Table, names: tuple[str, ...]) -> Mapping[str, Contact]:
    """Those of these wires that there are."""
    return table.some(names, lambda each, key: each.table(key, _contact))


def _contact(table: Table) -> Contact:
    """A button or another wire that is read."""
    return Contact(_pin(table, "pin"), table.choice("pull", _PULLS), bool(table.choice("active", _LEVELS)))


def _output(table: Table) -> Output:
    """A buzzer or a motor."""
    return Output(_pin(table, "pin"), bool(table.choice("active", _LEVELS)))


def _lights(table: Table) -> tuple[Mapping[str, LightPins], int]:
    """Both lights, and how often their pins pulse: seldom enough for a program to do it, too often to be seen."""
    lights = {
        "top": table.table("top", lambda inner: _light(inner, CHANNELS)),
        "front": table.table("front", lambda inner: _light(inner, CHANNELS[:1])),
    }
    return MappingProxyType(lights), table.number("pwm_hz", 100, 1000)


def _light(table: Table, needed: tuple[str, ...]) -> LightPins:
    """One light, which has to have some channels and may have the others."""
    channels = {name: _pin(table, name) for name in CHANNELS if name in table.left or name in needed}
    return LightPins(MappingProxyType(channels), bool(table.choice("active", _LEVELS)))


def _colours(table: Table) -> Mapping[Colour, tuple[float, float, float]]:
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


def _signer(table: Table) -> Key:
    """Where the device's key lives.  It has to be said: nothing falls back on a file by itself."""
    kind = table.choice("kind", _KEYS)
    return Key(kind, _device(table), _held(table)) if kind == TPM else Key(kind)


def _camera(table: Table) -> Lens:
    """The lens.  Pictures are only ever turned upside down: one that is mirrored shows what nobody saw, and no board turns by a quarter."""
    number, turn = table.number("number", 0, 3), table.take("turn", int, (0, 180).__contains__, "0 or 180")
    return Lens(number, turn == 180, table.choice("encoder", _ENCODERS) if "encoder" in table.left else None)


def _microphone(table: Table) -> SoundCard:
    """The sound card, by what ALSA calls it."""
    return SoundCard(table.text("card", _CARD, "1 to 64 of A-Z a-z 0-9 : = , . _ -, as ALSA calls it"), _held(table))


def _i2c(table: Table) -> I2c:
    """The I2C bus, which may be none of the header's."""
    keys = ("sda", "scl") if {"sda", "scl"} & set(table.left) else ()
    return I2c(_device(table), tuple(_pin(table, key) for key in keys))


def _motion(table: Table) -> Motion:
    """The accelerometer, and how it is mounted."""
    says = "x, y and z in the order of the wearer's left, up, and away from the wearer, each with its sign"
    axes = table.take("axes", list, _is_mounting, says)
    return Motion(_chip(table, "accelerometer"), tuple(axes))


def _is_mounting(value: list[Any]) -> bool:
    """Whether these are three different axes, each with a sign."""
    return all(type(each) is str and each[:1] in {"+", "-"} for each in value) and sorted(
        each[1:] for each in value
    ) == ["x", "y", "z"]


def _chip(table: Table, part: str) -> Chip:
    """A chip on the I2C bus."""
    chips = CHIPS[part]
    return Chip(table.choice("chip", dict(zip(chips, chips, strict=True))), table.number("address", 0x08, 0x77))


def _uart(table: Table) -> Uart:
    """The serial line to the pogo pins."""
    return Uart(_device(table), _pin(table, "tx"), _pin(table, "rx"), table.number("baud", 115_200, 4_000_000))


def _device(table: Table) -> str:
    """A device of the kernel."""
    return table.text("device", _DEVICE, "a name below /dev/")


def _pin(table: Table, key: str) -> str:
    """A pin's name."""
    return table.text(key, _PIN, "a pin, GPIO0 to GPIO27")


def _held(table: Table) -> tuple[str, ...]:
    """Pins that a driver of the kernel holds for a part; one on USB has none."""
    if "pins" not in table.left:
        return ()
    says = f"a list of 1 to {_MOST_HELD} pins, GPIO0 to GPIO27"
    return tuple(
        table.take("pins", list, lambda value: 1 <= len(value) <= _MOST_HELD and all(map(_is_pin, value)), says)
    )


def _is_pin(value: Any) -> bool:
    """Whether this is a pin's name."""
    return type(value) is str and _PIN.fullmatch(value) is not None
