"""What ``docs/hardware.md`` shows of the boards' files: pins, wiring and parts.  Where a pin lies gpiozero knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gpiozero.pins.pi import PiBoardInfo

from hal.pi import boardfile
from hal.pi.board import CHANNELS, Board, Chip, Contact, Lens, Motion, Output

REVISIONS: Mapping[str, str] = {"zero2w": "902120", "pi4": "c03115", "pi5": "c04170"}
"""The revision codes by which gpiozero knows these boards."""
_HEADER = "J8"
_CONTACTS: Mapping[tuple[bool | None, bool], str] = {
    (True, False): "a contact that closes to ground; pulled up inside",
    (True, True): "a contact to ground that opens; pulled up inside",
    (False, True): "a contact that closes to 3.3 V; pulled down inside",
    (False, False): "a contact to 3.3 V that opens; pulled down inside",
    (None, True): "high when active; needs a resistor down",
    (None, False): "low when active; needs a resistor up",
}
_TELLS = {"contact": "they have power", "charging": "it charges"}
_POWER = {"contact": "charging contacts", "charging": "charger"}


def boards() -> list[Board]:
    """All boards, in the order of ``REVISIONS``."""
    files = boardfile.shipped()
    return [boardfile.load(files[name]) for name in REVISIONS]


def position(board: Board, pin: str) -> int:
    """Which pin of the 40-pin header a pin's name means."""
    ((header, info),) = PiBoardInfo.from_revision(int(REVISIONS[board.name], 16)).find_pin(pin)
    if header.name != _HEADER:
        raise ValueError(f"{board.name}: {pin} is at {header.name}")
    return int(info.number)


def wiring(board: Board) -> Iterator[tuple[str, str, str]]:
    """Every pin in use: what hangs on it, its name, and how it is wired."""
    yield from ((f"button `{button.value}`", each.pin, _contact(each)) for button, each in board.buttons.items())
    yield from ((f"input `{name}`", each.pin, _contact(each)) for name, each in board.inputs.items())
    for name, light in board.lights.items():
        how = f"{'to ground' if light.high else 'to 3.3 V'} through the LED and its resistor, PWM at {board.pwm_hz} Hz"
        yield from ((f"`{name}` light, {channel}", pin, how) for channel, pin in light.channels.items())
    if board.buzzer:
        yield (
            "buzzer",
            board.buzzer.pin,
            f"a passive one behind a transistor, {_output(board.buzzer)}; the tone is the PWM's frequency",
        )
    if board.vibration:
        yield (
            "vibration motor",
            board.vibration.pin,
            f"behind a transistor, with a diode across it, {_output(board.vibration)}",
        )
    for name, each in board.power.items():
        yield (_POWER[name], each.pin, f"3.3 V at the most, through two resistors: {_level(each)} while {_TELLS[name]}")
    if board.i2c:
        how = "all chips that are named above; has a resistor up on the board"
        yield from zip(("I2C data", "I2C clock"), board.i2c.pins, (how, how), strict=False)
    if board.uart:
        how = f"pogo pins, {board.uart.baud} bit/s, 3.3 V"
        yield from (("dock UART, out", board.uart.tx, how), ("dock UART, in", board.uart.rx, how))
    held = (("I2S microphone", board.microphone), ("TPM 2.0 on SPI", board.signer))
    yield from ((what, pin, "held by the kernel's driver") for what, part in held if part for pin in part.pins)


def pins() -> str:
    """One table for all boards that are wired alike."""
    parts = []
    for names, rows in _alike(lambda board: tuple((*row, position(board, row[1])) for row in wiring(board))):
        parts += [f"On {names}:", "", "| part | pin | at the header | wiring |", "|---|---|---|---|"]
        parts += [f"| {what} | `{pin}` | {where} | {how} |" for what, pin, how, where in rows]
        parts.append("")
    return "\n".join(parts).rstrip()


def header() -> str:
    """The 40-pin header as it lies before whoever wires it, the corner with pin 1 at the upper left."""
    parts = []
    for names, rows in _alike(_header):
        parts += [f"On {names}:", "", "| left | | | right |", "|---:|---:|:---|:---|"]
        parts += [f"| {left} | **{number}** | **{number + 1}** | {right} |" for number, left, right in rows]
        parts.append("")
    return "\n".join(parts).rstrip()


def parts() -> str:
    """What each board has."""
    rows: Mapping[str, Callable[[Board], str]] = {
        "name": lambda board: f"`{board.name}`",
        "wired inputs": lambda board: ", ".join(f"`{name}`" for name in board.inputs) or "none",
        "lights": lambda board: ", ".join(
            f"`{name}` ({_channels(each.channels)})" for name, each in board.lights.items()
        ),
        "buzzer, vibration motor": lambda board: f"{_yes(board.buzzer)}, {_yes(board.vibration)}",
        "camera": lambda board: _lens(board.camera),
        "microphone": lambda board: f"`{board.microphone.card}`" if board.microphone else "none",
        "device key": lambda board: f"TPM 2.0, `{board.signer.device}`" if board.signer.device else "a file",
        "accelerometer": lambda board: _motion(board.accelerometer),
        "fuel gauge": lambda board: _chip(board.gauge),
        "clock that runs on": lambda board: (
            (_chip(board.rtc.chip) if board.rtc.chip else "the board's own") if board.rtc else "none"
        ),
        "dock UART": lambda board: f"`{board.uart.device}`" if board.uart else "none",
        "USB gadget": lambda board: _yes(board.gadget),
    }
    found = boards()
    lines = [f"| | {' | '.join(board.model for board in found)} |", "|---|" + "---|" * len(found)]
    lines += [f"| {what} | {' | '.join(says(board) for board in found)} |" for what, says in rows.items()]
    return "\n".join(lines)


def colours() -> str:
    """What each colour is mixed of."""
    lines = []
    for names, rows in _alike(lambda board: tuple(board.colours.items())):
        lines += [f"On {names}, in percent:", "", f"| | {' | '.join(CHANNELS)} |", "|---|---|---|---|"]
        lines += [f"| {colour.value} | {' | '.join(f'{share * 100:.0f}' for share in mix)} |" for colour, mix in rows]
    return "\n".join(lines)


def _alike(facts: Callable[[Board], tuple[Any, ...]]) -> list[tuple[str, tuple[Any, ...]]]:
    """The boards of which the same is true together, by their models."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for board in boards():
        groups.setdefault(facts(board), []).append(board.model)
    return [(", ".join(models), found) for found, models in groups.items()]


def _header(board: Board) -> tuple[tuple[int, str, str], ...]:
    real = PiBoardInfo.from_revision(int(REVISIONS[board.name], 16)).headers[_HEADER]
    uses = {position(board, pin): f"{what} (`{pin}`)" for what, pin, _ in wiring(board)}
    says = {number: uses.get(number, real.pins[number].name) for number in real.pins}
    return tuple((number, says[number], says[number + 1]) for number in range(1, len(says), 2))


def names(board: Board) -> Mapping[int, str]:
    """What each pin of the header is called."""
    real = PiBoardInfo.from_revision(int(REVISIONS[board.name], 16)).headers[_HEADER]
    return {int(number): str(pin.name) for number, pin in sorted(real.pins.items())}


def _contact(contact: Contact) -> str:
    return _CONTACTS[contact.pull, contact.high]


def _output(output: Output) -> str:
    return f"on when {'high' if output.high else 'low'}"


def _chip(chip: Chip | None) -> str:
    return f"{chip.chip.upper()} at {chip.address:#04x}" if chip else "none"


def _lens(lens: Lens | None) -> str:
    """Which it is, which way up, and who encodes."""
    if lens is None:
        return "none"
    who = {None: "picamera2 is asked who encodes", True: "the board encodes", False: "libx264 encodes"}[lens.hardware]
    return f"number {lens.number}, {'upside down' if lens.turned else 'upright'}; {who}"


def _motion(motion: Motion | None) -> str:
    return f"{_chip(motion.chip)}; `{' '.join(motion.axes)}`" if motion else "none"


def _level(contact: Contact) -> str:
    return "high" if contact.high else "low"


def _channels(channels: Mapping[str, str]) -> str:
    return ", ".join(channels)


def _yes(part: object) -> str:
    return "yes" if part else "no"


MADE: Mapping[str, Callable[[], str]] = {"parts": parts, "colours": colours}
WIRING: Mapping[str, Callable[[], str]] = {"pins": pins, "header": header}
