"""Joins the machine's GPIO and USB to the service's simulated parts, through the control socket, until the service ends.

An edge on a button's line is a press or a release; the lights that the service shows are driven onto the lamps' lines, patterns and all;
while the USB device controller is configured by a host the dock's port is plugged in.  When the service is gone the lamps go dark: nothing
else would put out what it showed.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hal.interface import Pattern
from hal.patterns import brightness

from .gpio import Lines

CHIP = Path("/dev/gpiochip0")
PORT = "/dev/ttyGS0"
LIGHTS = ("top", "front")
CHANNELS = ("red", "green", "blue")
TICK_S = 0.025
_CONTROLLERS = Path("/sys/class/udc")
_LOOK_EVERY = 10  # ticks
_PATIENCE_S = 60.0


def offset(pin: str) -> int:
    """A pin's number on its chip."""
    return int(pin.removeprefix("GPIO"))


def lamps(board: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Light, channel and line of each lamp."""
    for light in LIGHTS:
        pins = board["lights"][light]
        for channel in CHANNELS:
            if channel in pins:
                yield light, channel, offset(pins[channel])


def level(board: Mapping[str, Any], shown: Mapping[str, str], channel: str, at_s: float) -> bool:
    """Whether a lamp is lit, so many seconds after its light was shown."""
    share = board["colours"].get(shown["colour"], (0, 0, 0))[CHANNELS.index(channel)]
    return bool(share * brightness(Pattern(shown["pattern"]), at_s) >= 50)


class Hands:
    """What goes on between the lines and the socket."""

    def __init__(self, board: Mapping[str, Any], control: socket.socket) -> None:
        """Take the lines that the board names, and watch."""
        self._board, self._control = board, control
        self._buttons = {offset(pin["pin"]): name for name, pin in board["buttons"].items()}
        self._lamps = tuple(lamps(board))
        self._inputs = Lines(CHIP, tuple(self._buttons), "lapel-vm buttons")
        self._outputs = Lines(CHIP, [line for _, _, line in self._lamps], "lapel-vm lights", output=True)
        self._shown: dict[str, tuple[Mapping[str, str], float]] = {}
        self._levels: Sequence[bool] = ()
        self._plugged = False
        self._rest = b""
        self._drive([False] * len(self._lamps))
        self._ask(do="watch")

    def run(self) -> None:
        """Until the service ends."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._inputs.fd, selectors.EVENT_READ, self._pressed)
            selector.register(self._control, selectors.EVENT_READ, self._told)
            ticks = 0
            while True:
                for key, _ in selector.select(TICK_S):
                    key.data()
                ticks += 1
                now = time.monotonic()
                self._drive([self._lit(light, channel, now) for light, channel, _ in self._lamps])
                if ticks % _LOOK_EVERY == 0:
                    self._mind_cable()

    def dark(self) -> None:
        """Put every lamp out."""
        self._drive([False] * len(self._lamps))

    def _lit(self, light: str, channel: str, now: float) -> bool:
        if light not in self._shown:
            return False
        shown, since = self._shown[light]
        return level(self._board, shown, channel, now - since)

    def _drive(self, levels: Sequence[bool]) -> None:
        if levels != self._levels:
            self._levels = levels
            self._outputs.set(levels)

    def _pressed(self) -> None:
        for line, rose in self._inputs.edges():
            self._ask(do="press" if rose else "release", button=self._buttons[line])

    def _told(self) -> None:
        data = self._control.recv(65_536)
        if not data:
            raise ConnectionError("the service has ended")
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            told = json.loads(line)
            if told.get("event") == "lights":
                now = time.monotonic()
                for light in ("top", "front"):
                    if self._shown.get(light, ({}, 0.0))[0] != told[light]:
                        self._shown[light] = told[light], now
            elif told.get("ok") is False:
                sys.stderr.write(f"hands: the service refuses: {told['error']}\n")

    def _mind_cable(self) -> None:
        states = [path.read_text().strip() for path in _CONTROLLERS.glob("*/state")]
        configured = "configured" in states
        if configured != self._plugged:
            self._plugged = configured
            self._ask(**({"do": "plug", "port": PORT} if configured else {"do": "unplug"}))

    def _ask(self, **request: str) -> None:
        self._control.sendall(json.dumps(request).encode() + b"\n")


def connect(path: Path) -> socket.socket:
    """The service's control socket, as soon as it is there."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            control.connect(str(path))
        except OSError:
            control.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return control


def main(board: str, control: str) -> None:
    """Run until the service ends."""
    hands = Hands(tomllib.loads(Path(board).read_text()), connect(Path(control)))
    sys.stderr.write("hands: joined\n")
    try:
        hands.run()
    finally:
        hands.dark()


if __name__ == "__main__":
    main(*sys.argv[1:])
