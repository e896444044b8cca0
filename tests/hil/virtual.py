"""Hands at the virtual camera: they drive its pins, look at its lights, join two of its pins, hold its cable, and cut its power."""

from __future__ import annotations

import json
import os
import socket
import threading
import tty
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.vm.hands import Board
from tools.vm.machine import Machine, Parts
from tools.vm.trouble import VmError

LOOK_S = 20.0
JOINED_S = 0.5
_PIN = "GPIO"


class Jumper(threading.Thread):
    """Joins an output of the machine to an input of it, until it is taken away."""

    def __init__(self, machine: Machine, out: int, back: int) -> None:
        """By the lines' numbers."""
        super().__init__(name="jumper", daemon=True)
        self._wires, self._out, self._back = machine.wires, out, back
        self._away = threading.Event()

    def run(self) -> None:
        """Each change of the output is one of the input."""
        while not self._away.is_set():
            level = self._wires.levels().get(self._out, False)
            self._wires.drive(self._back, level=level)
            with suppress(VmError):  # nothing has changed
                self._wires.wait(lambda levels, was=level: levels.get(self._out, False) is not was, JOINED_S)  # type: ignore[misc]  # mypy knows no type for a lambda's default

    def take_away(self) -> None:
        """Let the input go."""
        self._away.set()
        self.join()
        self._wires.drive(self._back, level=False)


class VirtualHands:
    """What ``tests.hil.hands`` may ask for, done to a virtual machine."""

    def __init__(self, parts: Parts, log: Path, board: Board) -> None:
        """The machine is off."""
        self._parts, self._log, self._board = parts, log, board
        self._boots = 0
        self._machine: Machine | None = None
        self._jumper: Jumper | None = None
        self._cable: int | None = None
        self._acts: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
            "look": self._look,
            "press": lambda told: self._drive(told["button"], level=True),
            "release": lambda told: self._drive(told["button"], level=False),
            "jumper": self._join,
            "unjumper": lambda _: self._part(),
            "plug": lambda _: self._plug(),
            "unplug": lambda _: self._unplug(),
            "cut": lambda _: self.off(),
            "power": lambda _: self.on(),
        }

    @property
    def machine(self) -> Machine:
        """The machine that is on.  ``VmError`` where none is."""
        if self._machine is None:
            raise VmError("the machine is off")
        return self._machine

    def on(self) -> None:
        """Switch it on."""
        self._boots += 1
        machine = Machine(self._parts, self._log.with_suffix(f".{self._boots}.log"))
        machine.__enter__()
        self._machine = machine

    def off(self) -> None:
        """Cut it off."""
        self._unplug()
        self._part()
        machine, self._machine = self._machine, None
        if machine is not None:
            machine.cut()

    def answer(self, line: bytes) -> bytes:
        """The answer to one line."""
        told = json.loads(line)
        act = self._acts.get(told["do"])
        if act is None:
            return _line(ok=False, why="nobody can do that to a virtual machine")
        try:
            return _line(ok=True, **{"is": act(told)})
        except (VmError, OSError) as error:
            return _line(ok=False, why=str(error))

    def _look(self, told: Mapping[str, Any]) -> bool:
        wanted = {
            light: frozenset(told["channels"]) if light == told["light"] else frozenset()
            for light in self._board.lights
        }
        lines = {
            line: channel in wanted[light]
            for light, pins in self._board.lights.items()
            for channel, line in pins.items()
        }
        try:
            self.machine.wires.wait(
                lambda levels: all(levels.get(line, False) is lit for line, lit in lines.items()), LOOK_S
            )
        except VmError:
            return False
        return True

    def _drive(self, button: str, *, level: bool) -> None:
        self.machine.wires.drive(self._board.buttons[button], level=level)

    def _join(self, told: Mapping[str, Any]) -> None:
        out, back = (int(str(told[name]).removeprefix(_PIN)) for name in ("out", "back"))
        self._jumper = Jumper(self.machine, out, back)
        self._jumper.start()

    def _part(self) -> None:
        jumper, self._jumper = self._jumper, None
        if jumper is not None:
            jumper.take_away()

    def _plug(self) -> None:
        self._unplug()
        self._cable = os.open(self.machine.cable(), os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._cable)

    def _unplug(self) -> None:
        cable, self._cable = self._cable, None
        if cable is not None:
            os.close(cable)


def serve(hands: VirtualHands, listening: socket.socket) -> None:
    """Answer whoever connects, one after another, until the socket is closed."""
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    connection.sendall(hands.answer(line))


def _line(**told: object) -> bytes:
    return json.dumps(told).encode() + b"\n"
