"""Strict tables of a TOML file: each key is taken once, by rule, and what nobody took is refused.  The message names file, key and rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

_T = TypeVar("_T")


class BoardError(ValueError):
    """A board's file cannot be used; the message names the file, the key, and what is wrong there."""


class Table:
    """A table of the file, from which each key is taken once."""

    def __init__(self, file: str, where: str, left: Mapping[str, Any]) -> None:
        """``where``: the table's own key, empty for all of the file."""
        self.file, self.where, self.left = file, where, dict(left)

    def refuse(self, key: str, why: str) -> BoardError:
        """What is wrong with a key of this table."""
        return BoardError(f"{self.file}: {'.'.join(part for part in (self.where, key) if part)}: {why}")

    def take(self, key: str, kind: type, allowed: Callable[[Any], object], says: str) -> Any:
        """A value that has to be there and to be of exactly this type; ``says`` is the rule in words."""
        if key not in self.left:
            raise self.refuse(key, f"is missing; it has to be {says}")
        value = self.left.pop(key)
        if type(value) is not kind or not allowed(value):
            raise self.refuse(key, f"is {value!r:.60}; it has to be {says}")
        return value

    def text(self, key: str, pattern: re.Pattern[str], says: str) -> str:
        """A text that matches as a whole."""
        return str(self.take(key, str, pattern.fullmatch, says))

    def choice(self, key: str, choices: Mapping[str, Any]) -> Any:
        """What one of these words stands for."""
        return choices[self.take(key, str, lambda value: value in choices, f"one of {', '.join(choices)}")]

    def number(self, key: str, least: int, most: int) -> int:
        """A whole number within limits."""
        return int(self.take(key, int, lambda value: least <= value <= most, f"a whole number from {least} to {most}"))

    def flag(self, key: str) -> bool:
        """Yes or no."""
        return bool(self.take(key, bool, lambda _: True, "true or false"))

    def table(self, key: str, read: Callable[[Table], _T]) -> _T:
        """What is made of a table that has to be there."""
        found = self.take(key, dict, lambda _: True, "a table")
        return whole(Table(self.file, f"{self.where}.{key}" if self.where else key, found), read)

    def part(self, key: str, read: Callable[[Table], _T]) -> _T | None:
        """The same, where the table may be missing."""
        return self.table(key, read) if key in self.left else None

    def some(self, names: tuple[str, ...], read: Callable[[Table, str], _T]) -> Mapping[str, _T]:
        """What is made of those keys, out of these, that are there."""
        return MappingProxyType({name: read(self, name) for name in names if name in self.left})


def whole(table: Table, read: Callable[[Table], _T]) -> _T:
    """What is made of all of a table: a key that nobody takes is refused."""
    made = read(table)
    for key in table.left:
        raise table.refuse(f"{key:.60}", "is not known")
    return made
