"""Frozen dataclasses that are read from JSON objects with exactly their members.

What a member may hold is said by a check of ``firmware.evidence.schema``; ``member``, ``members``, ``part`` and
``parts`` say so in the dataclass itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Any, TypeVar

from firmware.evidence import schema

Read = Callable[[Any, str], Any]
RecordT = TypeVar("RecordT")


def member(check: schema.Check) -> Any:
    """A plain value."""

    def read(value: Any, where: str) -> Any:
        check(value, where)
        return value

    return field(metadata={"read": read})


def members(check: schema.Check, most: int) -> Any:
    """A tuple of at most so many plain values."""

    def read(value: Any, where: str) -> tuple[Any, ...]:
        schema.items(check, most=most)(value, where)
        return tuple(value)

    return field(metadata={"read": read})


def part(kind: type[RecordT]) -> Any:
    """A record inside this one."""
    return field(metadata={"read": lambda value, where: read_record(kind, value, where)})


def parts(kind: type[RecordT], most: int) -> Any:
    """A tuple of at most so many records."""

    def read(value: Any, where: str) -> tuple[RecordT, ...]:
        schema.items(_anything, most=most)(value, where)
        return tuple(read_record(kind, item, f"{where}[{index}]") for index, item in enumerate(value))

    return field(metadata={"read": read})


def read_record(kind: type[RecordT], value: Any, where: str) -> RecordT:
    """Make a ``kind`` of a parsed JSON object; ``FormatError`` unless it has exactly its members, all in range."""
    reads: Mapping[str, Read] = {each.name: each.metadata["read"] for each in fields(kind)}  # type: ignore[arg-type]  # of a dataclass, as its callers have it
    schema.record(dict.fromkeys(reads, _anything))(value, where)
    return kind(**{name: read(value[name], f"{where}.{name}") for name, read in reads.items()})


def _anything(_value: Any, _where: str) -> None:
    """Checked elsewhere."""
