"""Strict checks of what a message's JSON holds: a table of small functions, one a kind of member.

A check takes the parsed JSON value and a name to complain with, and returns the value to keep; it raises ``FieldError``.
A record is a frozen dataclass whose members are all made with ``member``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, field, fields
from typing import Any, TypeVar

from firmware.evidence.canonical import LARGEST

Check = Callable[[object, str], Any]
RecordT = TypeVar("RecordT")


class FieldError(ValueError):
    """A member is missing, unknown, of another type, or out of its range.  The message names it."""


def member(check: Check) -> Any:  # noqa: ANN401  a dataclass field, whose type the annotation beside it gives
    """A dataclass field that is read by ``check``."""
    return field(metadata={"check": check})


def integer(low: int = 0, high: int = LARGEST) -> Check:
    """An integer from ``low`` to ``high``."""

    def check(value: object, where: str) -> int:
        if type(value) is not int or not low <= value <= high:
            raise FieldError(f"{where}: not an integer from {low} to {high}")
        return value

    return check


def text(pattern: str) -> Check:
    """Text that matches all of ``pattern``."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object, where: str) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise FieldError(f"{where}: not text like {pattern}")
        return value

    return check


def words(limit: int) -> Check:
    """Up to ``limit`` printable characters for people to read."""

    def check(value: object, where: str) -> str:
        if not isinstance(value, str) or len(value) > limit or not value.isprintable():
            raise FieldError(f"{where}: not up to {limit} printable characters")
        return value

    return check


def boolean(value: object, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise FieldError(f"{where}: neither true nor false")
    return value


def optional(inner: Check) -> Check:
    """Null, or what ``inner`` accepts."""
    return lambda value, where: None if value is None else inner(value, where)


def array(inner: Check, limit: int) -> Check:
    """A list of at most ``limit`` values that ``inner`` accepts."""

    def check(value: object, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or len(value) > limit:
            raise FieldError(f"{where}: not a list of at most {limit}")
        return tuple(inner(item, f"{where}[{index}]") for index, item in enumerate(value))

    return check


def record(kind: type[RecordT]) -> Check:
    """A JSON object with exactly the members of ``kind``."""
    return lambda value, where: read_record(kind, value, where)


def read_record(kind: type[RecordT], value: object, where: str) -> RecordT:
    """Make a ``kind`` of a parsed JSON object; ``FieldError`` unless it has exactly its members, all in range."""
    if not isinstance(value, Mapping):
        raise FieldError(f"{where}: not an object")
    checks = {part.name: part.metadata["check"] for part in fields(kind)}  # type: ignore[arg-type]
    if value.keys() != checks.keys():
        odd = ", ".join(sorted(map(str, value.keys() ^ checks.keys())))
        raise FieldError(f"{where}: missing or unknown: {odd}")
    return kind(**{name: check(value[name], f"{where}.{name}") for name, check in checks.items()})


def write_record(value: Any, where: str) -> dict[str, Any]:  # noqa: ANN401  any record
    """The JSON object of a record, read back by the rules that the peer will read it by."""
    json = asdict(value)
    read_record(type(value), json, where)
    return json
