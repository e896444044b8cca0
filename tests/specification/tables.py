"""Tables in Markdown, and what a table of the code says about itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from firmware.evidence.errors import FormatError

_MISSING = re.compile(r"([a-z_0-9]+): missing")
_UNFIT = " is not "


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with these columns."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)


def code(words: Iterable[object]) -> str:
    """Words as code, with commas between."""
    return ", ".join(f"`{word}`" for word in words)


def members(check: Callable[[Any, str], None]) -> list[str]:
    """The members of an object that a check asks for, in the order of its table: it names each that is missing."""
    value: dict[str, None] = {}
    while True:
        try:
            check(value, "")
        except FormatError as error:
            missing = _MISSING.match(str(error))
            if missing is None:
                return list(value)
            value[missing[1]] = None
        else:
            return list(value)


def grouped(number: int) -> str:
    """An integer as the pages write it: digits in threes."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}") if abs(number) >= 10_000 else str(number)
