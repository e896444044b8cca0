"""Whoever stands at the desk while a board is brought up: a person at a terminal, or a program that does the same with relays and eyes of its own.

What may be asked for stands in one table.  A person reads it in words; a program reads a JSON object a line, ``{"do": "press", "button": "record"}``,
and answers each with one: ``{"ok": true}``, for a question ``{"ok": true, "is": true}``, for a number ``{"ok": true, "is": 2.5}``, or
``{"ok": false, "why": "there is no meter"}``, and then that test is skipped, with this reason.
"""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import IO, Protocol, Self

LONGEST = 4096
"""Bytes of an answer."""
SOCKET = "unix:"
TERMINAL = "/dev/tty"


class Kind(Enum):
    """What an act is answered with."""

    DONE = "done"
    TRUTH = "truth"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that hands or eyes do: in words, with the names of what is given in braces."""

    words: str
    kind: Kind = Kind.DONE


ACTS: Mapping[str, Act] = {
    "look": Act("Is the {light} light {shows}, and all else dark?", Kind.TRUTH),
    "felt": Act("Did the motor buzz, once?", Kind.TRUTH),
    "heard": Act("Did the buzzer sound, once?", Kind.TRUTH),
    "press": Act("Press the {button} button (header pin {header}) and keep it pressed."),
    "release": Act("Let go of the {button} button."),
    "raise": Act("Close or open the contact of the input {name} (header pin {header}), so that it tells."),
    "lower": Act("Put the input {name} back to rest."),
    "jumper": Act("Join header pin {out} to header pin {back} through a resistor of 1 kilohm."),
    "unjumper": Act("Take that jumper away."),
    "aim": Act("Aim the lens at something bright with print on it, an arm's length away."),
    "cover": Act("Cover the lens."),
    "uncover": Act("Uncover the lens."),
    "sharp": Act("Is the picture {path} upright, sharp, and of the right colours?", Kind.TRUTH),
    "quiet": Act("Be quiet for some seconds after Enter."),
    "speak": Act("After Enter, speak for some seconds, an arm's length away."),
    "plug": Act("Plug the camera's USB cable into this desk."),
    "unplug": Act("Pull the camera's USB cable out, at the desk."),
    "adapter": Act(
        "Join a 3.3 V serial adapter at this desk to the dock UART: its RX to header pin {tx}, its TX to header pin {rx}, ground to ground."
    ),
    "cut": Act("After Enter, cut the board's power: pull the supply, do not shut down."),
    "power": Act("Give the board its power again."),
    "meter": Act("What does the meter read, in watts?", Kind.NUMBER),
}


class NoHandsError(Exception):
    """This cannot be done here; the message says why."""


class Hands(Protocol):
    """Whoever does what is asked for."""

    def do(self, act: str, **given: object) -> bool | float:
        """Do it, and say what came of it: True, or the answer to a question.  ``NoHandsError`` where it cannot be done, ``ValueError`` for an
        act that there is not."""


class Nobody:
    """There is no terminal and no program."""

    def do(self, act: str, **given: object) -> bool | float:
        """Never."""
        raise NoHandsError(f"needs a person: {words(act, given)}  (no terminal, and HIL_HANDS is not set)")


class Person:
    """Somebody at a terminal."""

    def __init__(self, reads: IO[str], writes: IO[str]) -> None:
        """``reads``: what is typed; ``writes``: what is shown."""
        self._reads, self._writes = reads, writes

    @classmethod
    def at(cls, stack: ExitStack, terminal: str = TERMINAL) -> Person | Nobody:
        """The person at this process's terminal, if it has one."""
        try:
            reads = stack.enter_context(open(terminal, encoding="utf-8"))  # noqa: PTH123, SIM115 - a device, closed with the stack
            writes = stack.enter_context(open(terminal, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - the same
        except OSError:
            return Nobody()
        return cls(reads, writes)

    def do(self, act: str, **given: object) -> bool | float:
        """Ask until the answer is one; ``s`` skips."""
        ends = {Kind.DONE: "[Enter]", Kind.TRUTH: "[y/n]", Kind.NUMBER: "[number]"}
        kind = ACTS[act].kind
        while True:
            self._writes.write(f"\n>>> {words(act, given)} {ends[kind]} (s: skip) ")
            self._writes.flush()
            line = self._reads.readline()
            if not line or line.strip() == "s":
                raise NoHandsError(f"skipped by hand: {words(act, given)}")
            answer = _typed(kind, line.strip())
            if answer is not None:
                return answer


def _typed(kind: Kind, line: str) -> bool | float | None:
    """What somebody typed; None where it is no answer."""
    if kind is Kind.DONE:
        return True
    if kind is Kind.TRUTH:
        return {"y": True, "yes": True, "n": False, "no": False}.get(line.lower())
    try:
        return float(line.replace(",", "."))
    except ValueError:
        return None


class Machine:
    """A program that answers a line with a line: a child process, or whoever listens on a socket."""

    def __init__(self, where: str) -> None:
        """``where``: a command, or ``unix:PATH``."""
        self._where = where

    def __enter__(self) -> Self:
        """Start it, or connect.  ``OSError`` where that cannot be."""
        with ExitStack() as stack:
            if self._where.startswith(SOCKET):
                connection = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                connection.connect(self._where.removeprefix(SOCKET))
                self._reads: IO[bytes] = stack.enter_context(connection.makefile("rb"))
                self._writes: IO[bytes] = stack.enter_context(connection.makefile("wb"))
            else:
                child = subprocess.Popen(shlex.split(self._where), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                stack.enter_context(child)
                if child.stdout is None or child.stdin is None:
                    raise OSError("no pipes")
                self._reads, self._writes = child.stdout, child.stdin
            self._open = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it: its input ends."""
        with suppress(OSError):  # what it was still to be asked it has not heard
            self._open.close()

    def do(self, act: str, **given: object) -> bool | float:
        """Ask it."""
        kind = ACTS[act].kind
        try:
            self._writes.write(json.dumps({"do": act, **given}).encode() + b"\n")
            self._writes.flush()
            line = self._reads.readline(LONGEST)
        except OSError as error:
            raise NoHandsError(f"HIL_HANDS is gone: {error}") from None
        return answered(act, kind, line)


def answered(act: str, kind: Kind, line: bytes) -> bool | float:
    """What a program's answer means.  ``NoHandsError`` where it cannot, or its answer is none."""
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    if type(told) is not dict or type(told.get("ok")) is not bool:
        raise NoHandsError(f"HIL_HANDS answers {act} with {line[:80]!r}")
    if not told["ok"]:
        raise NoHandsError(f"{act}: {told.get('why', 'HIL_HANDS cannot')}")
    if kind is Kind.DONE:
        return True
    answer: object = told.get("is")
    if kind is Kind.TRUTH and isinstance(answer, bool):
        return answer
    if kind is Kind.NUMBER and isinstance(answer, (int, float)) and not isinstance(answer, bool):
        return float(answer)
    raise NoHandsError(f"HIL_HANDS answers {act} with {line[:80]!r}")


def table() -> str:
    """What may be asked for, for the page."""
    ends = {Kind.DONE: "", Kind.TRUTH: "true or false", Kind.NUMBER: "a number"}
    lines = ["| `do` | asks | `is` |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {act.words.replace('{', '*').replace('}', '*')} | {ends[act.kind]} |"
        for name, act in ACTS.items()
    ]
    return "\n".join(lines)


def words(act: str, given: Mapping[str, object]) -> str:
    """An act as a person reads it.  ``ValueError`` where there is no such act, or something that it names is not given."""
    if act not in ACTS:
        raise ValueError(f"hands know no {act!r}; they know {', '.join(ACTS)}")
    try:
        return ACTS[act].words.format(**given)
    except KeyError as error:
        raise ValueError(f"{act}: {error} is not given") from None
