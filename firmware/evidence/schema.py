"""A small language for what a JSON value has to be, and the one validator that speaks it.

A *check* takes a value and the name of its place and raises ``FormatError`` naming that place.  The tables of
``documents`` are made of these, and hold for what is written as for what is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from firmware.evidence.errors import FormatError

Check = Callable[[Any, str], None]

PLAIN = r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]"
"""Pattern of one character that is no control character (Unicode's category Cc), nor half of one."""


def integer(lowest: int, highest: int) -> Check:
    """An integer, both ends included."""

    def check(value: Any, where: str) -> None:
        if type(value) is not int:
            raise _unfit(value, where, "an integer")
        if not lowest <= value <= highest:
            raise _unfit(value, where, f"{lowest} to {highest}")

    return check


def text(pattern: str, words: str) -> Check:
    """Text that fits a pattern as a whole; ``words`` say what that is."""
    compiled = re.compile(pattern)

    def check(value: Any, where: str) -> None:
        if not (isinstance(value, str) and compiled.fullmatch(value)):
            raise _unfit(value, where, words)

    return check


def one_of(*values: str) -> Check:
    """One of a few words."""

    def check(value: Any, where: str) -> None:
        if not (isinstance(value, str) and value in values):
            raise _unfit(value, where, f"one of {', '.join(values)}")

    return check


def flag(value: Any, where: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise _unfit(value, where, "true or false")


def scalar(value: Any, where: str) -> None:
    """Text, an integer, true, false or null."""
    if value is not None and type(value) not in (str, int, bool):
        raise _unfit(value, where, "text, an integer, true, false or null")


def null_or(inner: Check) -> Check:
    """Null, or what ``inner`` asks for."""

    def check(value: Any, where: str) -> None:
        if value is not None:
            inner(value, where)

    return check


def items(inner: Check, *, most: int) -> Check:
    """A list of at most so many items."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list):
            raise _unfit(value, where, "a list")
        if len(value) > most:
            raise FormatError(f"{where}: {len(value)} items, at most {most} are allowed")
        for index, item in enumerate(value):
            inner(item, f"{where}[{index}]")

    return check


def mapping(key: Check, inner: Check, *, most: int) -> Check:
    """An object with at most so many members of free names."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise _unfit(value, where, "an object")
        if len(value) > most:
            raise FormatError(f"{where}: {len(value)} members, at most {most} are allowed")
        for name, member in value.items():
            key(name, f"{where}: the name")
            inner(member, f"{where}.{name}")

    return check


def record(table: Mapping[str, Check]) -> Check:
    """An object with exactly these members."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise _unfit(value, where, "an object")
        prefix = f"{where}." if where else ""
        if value.keys() != table.keys():
            for name in table:
                if name not in value:
                    raise FormatError(f"{prefix}{name}: missing")
            for name in value:
                if name not in table:
                    raise FormatError(f"{prefix}{str(name)[:40]}: unknown")
        for name, inner in table.items():
            inner(value[name], f"{prefix}{name}")

    return check


def _unfit(value: Any, where: str, words: str) -> FormatError:
    """The refusal of one value, which is shown as far as it is short."""
    shown = repr(value)
    return FormatError(f"{where}: {shown if len(shown) <= 80 else shown[:77] + '...'} is not {words}")
