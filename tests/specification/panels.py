"""The parts of the wiring drawing: which pins each has, and what is drawn in its field.  A part that a board lacks is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hal.interface import Button
from hal.pi.board import Board, Contact
from tests.specification import circuits
from tests.specification.symbols import INK

WAYS: Mapping[str, str] = {
    "red": "#d3121d",
    "green": "#15803d",
    "blue": "#1d4ed8",
    "button": "#7c3f00",
    "input": "#8a5a2b",
    "data": "#0e7490",
    "clock": "#b7791f",
    "spi": "#7e22ce",
    "sound": "#0f766e",
    "serial": "#c2410c",
    "power": "#b3261e",
    "load": "#be185d",
}
"""The colours of wires."""
SPI: Mapping[str, str] = {"GPIO10": "MOSI", "GPIO9": "MISO", "GPIO11": "SCLK", "GPIO7": "CS"}
I2S: Mapping[str, str] = {"GPIO18": "BCLK", "GPIO19": "WS", "GPIO20": "DOUT"}
"""What a module calls the pins of a bus that the board has in one place only."""


@dataclass
class Panel:
    """A part's field.  ``pins``: each pin, a name or a number of the header, and its wire's colour; ``offsets``: how far below the first one each
    terminal is; ``above`` and ``below``: what the field needs over the first and under the last.  ``top``, ``bottom`` and ``ys`` are where it came to lie."""

    title: str
    pins: Mapping[str, str]
    draw: circuits.Circuit
    notes: tuple[str, ...] = ()
    above: float = 34
    below: float = 30
    top: float = 0
    bottom: float = 0
    ys: list[float] = field(default_factory=list)

    @property
    def offsets(self) -> list[float]:
        """How far below the first terminal each one is."""
        return [28 * index for index in range(len(self.pins))]


def left(board: Board, alike: list[Board]) -> list[Panel]:
    """Those whose pins are in the left column, for the most part, from top to bottom."""
    panels = [_chips(board, alike, board.i2c.pins)] if board.i2c and board.i2c.pins else []
    panels += [
        _contact("function button", board.buttons[Button.FUNCTION], "button"),
        _light(board, "top", "light on top", "one RGB LED, common cathode"),
    ]
    if board.signer.pins:
        note = "LetsTrust: GPIO24 is its reset, so free"
        panels.append(_module("TPM 2.0 on SPI", "TPM", board.signer.pins, SPI, "spi", note))
    panels.append(_contact("record button", board.buttons[Button.RECORD], "button"))
    if board.vibration:
        panels.append(_driver("vibration motor", board.vibration.pin, "M"))
    if "holster" in board.inputs:
        panels.append(_contact("holster", board.inputs["holster"], "input"))
    return panels


def right(board: Board) -> list[Panel]:
    """Those whose pins are in the right column."""
    panels = [Panel("camera module", {}, circuits.nothing, ("a ribbon to the CSI connector",), 30, 12), _supply()]
    if board.uart:
        pins, note = (
            dict.fromkeys((board.uart.tx, board.uart.rx), WAYS["serial"]),
            "each needs protection against static",
        )
        panels.append(Panel("dock's pogo pins", pins, circuits.pogo, (note,), above=40, below=66))
    panels.append(_light(board, "front", "light in front"))
    if "alarm" in board.inputs:
        panels.append(_contact("alarm", board.inputs["alarm"], "input"))
    if board.buzzer:
        panels.append(_driver("buzzer", board.buzzer.pin, "B"))
    if "contact" in board.power:
        panels.append(_divider(board.power["contact"]))
    if board.microphone and board.microphone.pins:
        note = "its channel select (SEL, L/R) to ground"
        panels.append(_module("microphone on I2S", "MEMS", board.microphone.pins, I2S, "sound", note))
    return panels


def _contact(title: str, contact: Contact, kind: str) -> Panel:
    """A contact to ground; one that is closed at rest opens."""
    opens = contact.high
    note = f"{'opens' if opens else 'closes'} to ground; pulled up inside"
    return Panel(title, {contact.pin: WAYS[kind]}, circuits.contact(opens=opens), (note,), below=38)


def _light(board: Board, name: str, title: str, *notes: str) -> Panel:
    """A light, a terminal for each channel."""
    channels = board.lights[name].channels
    pins = {pin: WAYS[channel] for channel, pin in channels.items()}
    return Panel(title, pins, circuits.lamps([*channels]), notes, above=42, below=42 if notes else 28)


def _driver(title: str, pin: str, sign: str) -> Panel:
    """Motor or buzzer."""
    notes = {"M": "coin motor, 3 V, under 100 mA", "B": "passive, magnetic; the tone is the PWM's"}
    return Panel(title, {pin: WAYS["load"]}, circuits.driver(sign), (notes[sign],), above=88, below=60)


def _divider(contact: Contact) -> Panel:
    """Whether the charging contacts have power."""
    pins, note = {contact.pin: WAYS["power"]}, "or a UPS board's own wire, of 3.3 V"
    return Panel("charging contacts", pins, circuits.divider, (note,), above=42, below=76)


def _chips(board: Board, alike: list[Board], pins: tuple[str, ...]) -> Panel:
    """All chips of the bus; of one that is not on every board that is drawn, on which it is not."""
    words = {"accelerometer": "movement", "gauge": "battery", "rtc": "clock"}
    said = []
    for key, chip in board.chips():
        lacking = [each.model.removeprefix("Raspberry ") for each in alike if key not in dict(each.chips())]
        said.append([chip.chip.upper(), words[key], f"{chip.address:#04x}", *(f"not on {each}" for each in lacking)])
    notes = ("each also at 3V3 and ground", "the gauge's supply is the cell")
    wires = dict(zip(pins, (WAYS["data"], WAYS["clock"]), strict=True))
    return Panel("chips on I2C", wires, circuits.bus(said), notes, above=40, below=120)


def _module(title: str, words: str, held: tuple[str, ...], names: Mapping[str, str], kind: str, note: str) -> Panel:
    """A module whose pins a driver of the kernel holds."""
    pins = {pin: WAYS[kind] for pin in names if pin in held}
    return Panel(title, pins, circuits.module([names[pin] for pin in pins], words), (note,), above=50, below=42)


def _supply() -> Panel:
    """Battery, charger and converter."""
    pins = {"2": WAYS["power"], "4": WAYS["power"], "6": INK}
    notes = ("charged by the dock's 5 V", "its gauge is one of the chips on I2C")
    return Panel("UPS board", pins, circuits.supply, notes, above=36, below=48)
