"""QEMU's qtest protocol, without I/O: lines of text, in which answers and what intercepted lines do come mixed.

Source: QEMU's ``softmmu/qtest.c``.  A command is answered by ``OK``, ``OK VALUE``, ``FAIL WHY`` or ``ERR WHY``; a change of an intercepted
line is told by ``IRQ raise NUMBER`` or ``IRQ lower NUMBER`` whenever it comes, between a command and its answer too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 4096
_IRQ = re.compile(r"IRQ (raise|lower) (\d{1,5})")
_LEVELS = {"raise": True, "lower": False}
_PATH = re.compile(r"/[A-Za-z0-9_/\[\]-]+")


class QtestError(Exception):
    """QEMU refuses a command, or says what is not of the protocol."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command came to; ``value`` is empty where there is none."""

    value: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command came to nothing."""

    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """An intercepted line rose or fell."""

    line: int
    level: bool


Word = Answer | Refusal | Change


class Reader:
    """Bytes in, words out."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._rest = b""

    def feed(self, data: bytes) -> list[Word]:
        """The words that are whole now, in order.  QtestError where a line is none, or does not end."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            raise QtestError(f"a line of more than {_LONGEST} bytes")
        return [parse(line.decode(errors="replace").rstrip("\r")) for line in lines if line.strip()]


def parse(line: str) -> Word:
    """One line.  QtestError where it is none of the protocol."""
    if (match := _IRQ.fullmatch(line)) is not None:
        return Change(int(match[2]), _LEVELS[match[1]])
    kind, _, rest = line.partition(" ")
    if kind == "OK":
        return Answer(rest)
    if kind in {"FAIL", "ERR"}:
        return Refusal(rest)
    raise QtestError(f"not of the protocol: {line[:80]!r}")


def drive(part: str, line: int, *, level: bool) -> bytes:
    """The command that drives an input of a part, named by its path in QEMU's tree.  ``ValueError`` where that is none."""
    return f"set_irq_in {_checked(part)} unnamed-gpio-in {line} {int(level)}\n".encode()


def intercept(part: str) -> bytes:
    """The command after which changes of a part's outputs are told."""
    return f"irq_intercept_out {_checked(part)}\n".encode()


def _checked(part: str) -> str:
    if _PATH.fullmatch(part) is None:
        raise ValueError(f"not a part's path: {part!r}")
    return part
