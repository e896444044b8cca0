"""What a person does with the virtual camera: presses a button, and looks at the lights.  Both are electrical, from outside the machine."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from tools.vm.trouble import VmError
from tools.vm.wires import Wires

_LOOK_S = 0.1
_SHORT_S = 0.3  # an emulated processor that others keep busy may not see a shorter one
_CHANNELS = ("red", "green", "blue")
_LIGHTS = ("top", "front")
"""The tables of ``lights``; what else stands there is about how they are driven."""


@dataclass(frozen=True, slots=True)
class Board:
    """The lines by their names: buttons, and for each light its channels."""

    buttons: Mapping[str, int]
    lights: Mapping[str, Mapping[str, int]]


def read_board(text: str) -> Board:
    """The lines that a board's file names.  VmError where it is none."""
    try:
        told = tomllib.loads(text)
        buttons = {name: _line(pin["pin"]) for name, pin in told["buttons"].items()}
        lights = {
            name: {channel: _line(pins[channel]) for channel in _CHANNELS if channel in pins}
            for name, pins in told["lights"].items()
            if name in _LIGHTS
        }
    except (AttributeError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise VmError(f"the board's file: {error}") from error
    return Board(buttons, lights)


def _line(pin: str) -> int:
    number = pin.removeprefix("GPIO")
    if not number.isdigit():
        raise VmError(f"the board's file: {pin!r} is no pin")
    return int(number)


class Hands:
    """Somebody who holds the camera."""

    def __init__(self, wires: Wires, board: Board) -> None:
        """The machine's wires, and what each of them is."""
        self._wires, self._board = wires, board

    def press(self, button: str = "record", hold_s: float = 0.1) -> None:
        """Push a button, hold it, let it go."""
        line = self._board.buttons[button]
        self._wires.drive(line, level=True)
        time.sleep(hold_s)
        self._wires.drive(line, level=False)

    def stop(self, hold_s: float = 3.5, rest_s: float = 0.5) -> None:
        """End a recording: hold the record button for three seconds, and confirm by a short press once the finger has rested."""
        self.press(hold_s=hold_s)
        time.sleep(rest_s)
        self.press(hold_s=_SHORT_S)

    def lit(self, light: str) -> frozenset[str]:
        """The channels of a light that are lit now."""
        return _lit(self._board.lights[light], self._wires.levels())

    def wait_dark(self, light: str, for_s: float, timeout_s: float) -> None:
        """Wait until a light has been dark for so long, so that it is not one that blinks.  VmError when it does not come to that."""
        lines = set(self._board.lights[light].values())
        until = time.monotonic() + timeout_s
        while True:
            since = max((seen.at_s for seen in self._wires.seen if seen.line in lines), default=0.0)
            now = time.monotonic()
            if not self.lit(light) and now - since >= for_s:
                return
            if now > until:
                raise VmError(f"after {timeout_s:g} s the {light} light is still lit, or blinks")
            time.sleep(min(for_s, _LOOK_S))

    def wait_lit(self, light: str, channels: frozenset[str], timeout_s: float) -> float:
        """Wait until exactly these channels of a light are lit; how many seconds it took.  VmError when it does not come to that."""
        lines = self._board.lights[light]
        return self._wires.wait(lambda levels: _lit(lines, levels) == channels, timeout_s)


def _lit(lines: Mapping[str, int], levels: Mapping[int, bool]) -> frozenset[str]:
    return frozenset(channel for channel, line in lines.items() if levels.get(line, False))
