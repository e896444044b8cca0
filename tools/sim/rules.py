"""What a value from outside has to be, as rows of a table: said in words to whoever wrote it, and checked before anything is done.  Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_LARGE: Final = 1 << 53
_MEMBERS: Final = 16


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value has to be.  ``default``: what it is where it is left out; ``...``: it has to be there."""

    what: str
    good: Callable[[object], bool]
    default: object = ...


def text(longest: int = 100, default: object = ...) -> Rule:
    """A text that can be shown."""
    return Rule(
        f"a text of 1 to {longest} printable characters",
        lambda value: (
            isinstance(value, str) and 0 < len(value) <= longest and value.isprintable() and bool(value.strip())
        ),
        default,
    )


def number(low: float, high: float, default: object = ...) -> Rule:
    """A number, whole or not."""
    return Rule(f"a number from {low} to {high}", lambda value: _number(value) and low <= value <= high, default)  # type: ignore[operator]  # `_number` has seen that it is one


def whole(low: int, high: int, default: object = ...) -> Rule:
    """A whole number."""
    return Rule(
        f"a whole number from {low} to {high}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high,
        default,
    )


def word(*known: str, default: object = ...) -> Rule:
    """One of a few words."""
    return Rule(f"one of {', '.join(known)}", lambda value: value in known, default)


def flag(default: object = ...) -> Rule:
    """True or false."""
    return Rule("true or false", lambda value: isinstance(value, bool), default)


def _number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGE


GIVEN: Final = Rule(
    "a table of numbers, texts and flags",
    lambda value: (
        isinstance(value, dict)
        and len(value) <= _MEMBERS
        and all(isinstance(each, str | bool) or _number(each) for each in value.values())
        and not value.keys() & {"do", "part", "kind"}
    ),
    {},
)
"""Arguments of a fault; those that have places of their own are none."""
