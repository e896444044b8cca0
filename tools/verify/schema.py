"""Checks of JSON values, put together from small ones into tables.  Each raises ``Refused`` and names the member."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tools.verify.canonical import LARGEST
from tools.verify.findings import need

Check = Callable[[str, Any], None]
"""Takes the member's name and its value."""

_MAX_TEXT = 256
PLAIN = r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]"
"""One character that is no control character."""


def integer(low: int = 0, high: int = LARGEST) -> Check:
    """An integer from ``low`` to ``high``."""

    def check(name: str, value: Any) -> None:
        need(isinstance(value, int) and not isinstance(value, bool), f"{name} is not an integer")
        need(low <= value <= high, f"{name} is out of range")

    return check


def boolean(name: str, value: Any) -> None:
    """True or false."""
    need(isinstance(value, bool), f"{name} is not true or false")


def text(pattern: str = f"{PLAIN}*", longest: int = _MAX_TEXT) -> Check:
    """A string of at most ``longest`` characters that matches ``pattern`` as a whole; by default any without control
    characters."""
    compiled = re.compile(pattern)

    def check(name: str, value: Any) -> None:
        need(isinstance(value, str), f"{name} is not a string")
        need(len(value) <= longest and compiled.fullmatch(value), f"{name} is not of the form that the format demands")

    return check


def one_of(*allowed: str) -> Check:
    """One of these strings."""

    def check(name: str, value: Any) -> None:
        need(value in allowed, f"{name} is none of {', '.join(allowed)}")

    return check


def nullable(inner: Check) -> Check:
    """Null, or what ``inner`` takes."""

    def check(name: str, value: Any) -> None:
        if value is not None:
            inner(name, value)

    return check


def members(table: Mapping[str, Check]) -> Check:
    """An object with exactly these members."""

    def check(name: str, value: Any) -> None:
        need(isinstance(value, dict), f"{name} is not an object")
        prefix = f"{name}." if name else ""
        missing, unknown = sorted(set(table) - set(value)), sorted(set(value) - set(table))
        need(not missing, f"{prefix}{', '.join(missing)}: missing")
        need(not unknown, f"{prefix}{', '.join(unknown)}: no member of the format")
        for member, inner in table.items():
            inner(prefix + member, value[member])

    return check


def list_of(inner: Check, longest: int) -> Check:
    """A list of at most ``longest`` values that ``inner`` takes."""

    def check(name: str, value: Any) -> None:
        need(isinstance(value, list), f"{name} is not a list")
        need(len(value) <= longest, f"{name} is too long")
        for index, each in enumerate(value):
            inner(f"{name}[{index}]", each)

    return check


def mapping(key: str, most: int) -> Check:
    """An object of at most ``most`` members, whose names match ``key`` and whose values are text, integers, true, false
    or null."""
    compiled = re.compile(key)

    def check(name: str, value: Any) -> None:
        need(isinstance(value, dict), f"{name} is not an object")
        need(len(value) <= most, f"{name} has too many members")
        for member, each in value.items():
            need(compiled.fullmatch(member), f"{name} has a member of no name that the format allows")
            need(
                each is None or isinstance(each, (str, int)),
                f"{name}.{member} is not text, a number, true, false or null",
            )

    return check
