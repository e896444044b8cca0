"""Calls that come in as JSON objects, checked against a table before anything runs.

A ``Call`` names a function and the arguments that it takes.  The control socket's verbs and each part's faults are
tables of calls, so that every message is checked in one place and every refusal says what is wrong and what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

T = TypeVar("T")


class CallError(ValueError):
    """The request is wrong; the text says how, and what would be right."""


class Argument(Protocol):
    """One argument of a call: a check, and what stands in where it is left out."""

    @property
    def default(self) -> object:
        """The value where the request has none; None if it must be given."""

    def check(self, value: object) -> object:
        """The value to call with; ``CallError`` if it is not of this kind."""

    def describe(self) -> Mapping[str, object]:
        """Kind, limits and default as a JSON object, for whoever draws a control for it."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number from ``low`` to ``high``; whole unless ``real``."""

    low: float
    high: float
    default: float | None = None
    real: bool = False

    def check(self, value: object) -> float:
        """The number; a boolean is none."""
        kinds = (int, float) if self.real else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.low <= value <= self.high:
            raise CallError(f"must be a {'' if self.real else 'whole '}number from {self.low} to {self.high}")
        return value

    def describe(self) -> Mapping[str, object]:
        """Limits, and whether it is whole."""
        limits = {"low": self.low, "high": self.high, "whole": not self.real}
        return {"kind": "number", **limits, "default": self.default}


@dataclass(frozen=True, slots=True)
class Word:
    """One of a few words."""

    known: Sequence[str]
    default: str | None = None

    def check(self, value: object) -> str:
        """The word."""
        if not isinstance(value, str) or value not in self.known:
            raise CallError(f"must be one of {', '.join(self.known)}")
        return value

    def describe(self) -> Mapping[str, object]:
        """The words."""
        return {"kind": "word", "known": list(self.known), "default": self.default}


@dataclass(frozen=True, slots=True)
class Text:
    """A text of 1 to ``limit`` characters."""

    limit: int = 1024
    default: str | None = None

    def check(self, value: object) -> str:
        """The text."""
        if not isinstance(value, str) or not 0 < len(value) <= self.limit:
            raise CallError(f"must be a text of 1 to {self.limit} characters")
        return value

    def describe(self) -> Mapping[str, object]:
        """Its length."""
        return {"kind": "text", "limit": self.limit, "default": self.default}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    default: bool | None = None

    def check(self, value: object) -> bool:
        """The flag."""
        if not isinstance(value, bool):
            raise CallError("must be true or false")
        return value

    def describe(self) -> Mapping[str, object]:
        """There is nothing to tell but the default."""
        return {"kind": "flag", "default": self.default}


@dataclass(frozen=True, slots=True)
class Call:
    """A function and the arguments that it takes by name; what it returns, if anything, goes into the answer."""

    do: Callable[..., object]
    takes: Mapping[str, Argument] = field(default_factory=dict)

    def __call__(self, given: Mapping[str, object]) -> Mapping[str, object]:
        """Check ``given`` and call: the function's answer, empty if it has none; ``CallError`` before anything ran."""
        answer = self.do(**self.arguments(given))
        return answer if isinstance(answer, Mapping) else {}

    def arguments(self, given: Mapping[str, object]) -> dict[str, object]:
        """What to call it with; ``CallError`` names what is wrong with ``given``."""
        unknown = sorted(given.keys() - self.takes.keys())
        if unknown:
            raise CallError(f"unknown member {unknown[0]!r}; known: {', '.join(self.takes) or 'none'}")
        return {name: _value(name, argument, given) for name, argument in self.takes.items()}

    def describe(self) -> Mapping[str, object]:
        """What it takes: by name, each argument's description."""
        return {name: argument.describe() for name, argument in self.takes.items()}


def pick(table: Mapping[str, T], what: str, name: object) -> T:
    """What ``name`` stands for in a table; ``CallError`` with the names that there are."""
    if not isinstance(name, str) or name not in table:
        raise CallError(f"unknown {what} {name!r}; known: {', '.join(table)}")
    return table[name]


def _value(name: str, argument: Argument, given: Mapping[str, object]) -> object:
    if name not in given:
        if argument.default is None:
            raise CallError(f"{name} is missing")
        return argument.default
    try:
        return argument.check(given[name])
    except CallError as problem:
        raise CallError(f"{name} {problem}") from None
