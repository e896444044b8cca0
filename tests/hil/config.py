"""What a run is told by variables, of `make` or of the environment: one table, for the reader and for the page."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.hil.ssh import Host

ROOT = Path(__file__).parents[2]
VARIABLES: Mapping[str, tuple[str, str]] = {
    "HOST": ("", "where the board is: `user@name` or `user@name:port`; has to be given"),
    "HIL_KEY": ("", "the private key that lets in; else ssh's own choice"),
    "HIL_KNOWN": (
        "",
        "a file of known keys of boards: no other one is taken. Else the first key that is met is kept in `build/hil/known_hosts`, and a changed one is refused",
    ),
    "HIL_BOARD": (
        "",
        "the board's file, or the name of one that comes with the firmware; else by the board's revision code",
    ),
    "HIL_PYTHON": ("/opt/lapel/bin/python3", "what runs Python on the board, where the service's wheel is installed"),
    "HIL_PLACE": ("/var/lib/lapel/evidence", "a directory on the evidence partition"),
    "HIL_CARD": ("", "the microphone, by its name in ALSA's configuration; else the one of the board's file"),
    "HIL_DOCK": ("/dev/ttyACM0", "the camera's serial line at this desk"),
    "HIL_UART": ("", "a 3.3 V serial adapter at this desk, for the pogo pins' line; without one that test is left out"),
    "HIL_HANDS": ("", "a program that presses, looks and switches power; else the person at the terminal"),
    "HIL_CUTS": ("5", "how often the power is cut"),
    "HIL_HOURS": ("12", "how long the last step takes"),
    "HIL_CANNOT": ("", "a file of JSON: steps that cannot be done on this board, each with the reason"),
    "HIL_OUT": ("build/hil", "where reports and what the board gave are kept"),
}
PYTHON_WORDS = 8


class ConfigError(ValueError):
    """A variable is not set, or wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a run was told."""

    host: Host
    key: Path | None
    known: Path | None
    board: str
    python: tuple[str, ...]
    place: str
    card: str
    dock: str
    uart: str
    hands: str
    cuts: int
    hours: float
    cannot: Mapping[str, str]
    out: Path

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Config:
        """``ConfigError`` where something is missing or wrong."""
        told = {name: environment.get(name, "").strip() or default for name, (default, _) in VARIABLES.items()}
        if not told["HOST"]:
            raise ConfigError("HOST is not set: make hil HOST=user@name")
        try:
            host = Host.parse(told["HOST"])
        except ValueError as error:
            raise ConfigError(str(error)) from None
        python = tuple(told["HIL_PYTHON"].split())
        if len(python) > PYTHON_WORDS:
            raise ConfigError("HIL_PYTHON: is no command")
        return cls(
            host=host,
            key=_file(told, "HIL_KEY"),
            known=_file(told, "HIL_KNOWN"),
            board=told["HIL_BOARD"],
            python=python,
            place=told["HIL_PLACE"],
            card=told["HIL_CARD"],
            dock=told["HIL_DOCK"],
            uart=told["HIL_UART"],
            hands=told["HIL_HANDS"],
            cuts=int(_number(told, "HIL_CUTS", 1, 1000)),
            hours=_number(told, "HIL_HOURS", 0.001, 1000),
            cannot=_cannot(_file(told, "HIL_CANNOT")),
            out=ROOT / told["HIL_OUT"],
        )


def _file(told: Mapping[str, str], name: str) -> Path | None:
    if not told[name]:
        return None
    path = Path(told[name]).expanduser()
    if not path.is_file():
        raise ConfigError(f"{name}: {path} is no file")
    return path


def _number(told: Mapping[str, str], name: str, least: float, most: float) -> float:
    try:
        value = float(told[name])
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise ConfigError(f"{name}: {told[name]!r} is no number from {least:g} to {most:g}")
    return value


def _cannot(path: Path | None) -> Mapping[str, str]:
    if path is None:
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"HIL_CANNOT: {path}: {error}") from None
    if type(told) is not dict or any(type(why) is not str for why in told.values()):
        raise ConfigError(f"HIL_CANNOT: {path}: is no object of steps and reasons")
    return told


def variables() -> str:
    """The table, for the page."""
    lines = ["| variable | is, if it is not set | says |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {f'`{default}`' if default else ''} | {says} |" for name, (default, says) in VARIABLES.items()
    ]
    return "\n".join(lines)
