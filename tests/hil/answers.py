"""What the programs on a board say: a JSON object a line, read strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 65_536
"""Bytes of a line."""
_SHOWN = 120


class AnswerError(ValueError):
    """A line that none of the programs says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said: which kind, and the facts of it.  A fact that is missing, or is another type, is an ``AnswerError`` that names it."""

    says: str
    facts: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A text."""
        value = self._fact(name)
        if type(value) is not str:
            raise self._wrong(name, "a text")
        return value

    def number(self, name: str) -> float:
        """A number, whole or not."""
        value = self._fact(name)
        if type(value) not in {int, float}:
            raise self._wrong(name, "a number")
        return float(value)

    def whole(self, name: str) -> int:
        """A whole number."""
        value = self._fact(name)
        if type(value) is not int:
            raise self._wrong(name, "a whole number")
        return value

    def truth(self, name: str) -> bool:
        """Whether."""
        value = self._fact(name)
        if type(value) is not bool:
            raise self._wrong(name, "true or false")
        return value

    def numbers(self, name: str) -> list[float]:
        """Numbers."""
        value = self._fact(name)
        if type(value) is not list or any(type(each) not in {int, float} for each in value):
            raise self._wrong(name, "a list of numbers")
        return [float(each) for each in value]

    def texts(self, name: str) -> dict[str, str]:
        """Texts by name."""
        value = self._fact(name)
        if type(value) is not dict or any(type(each) is not str for each in value.values()):
            raise self._wrong(name, "an object of texts")
        return dict(value)

    def _fact(self, name: str) -> Any:
        if name not in self.facts:
            raise AnswerError(f"{self.says}: {name} is missing")
        return self.facts[name]

    def _wrong(self, name: str, says: str) -> AnswerError:
        return AnswerError(f"{self.says}: {name}: {self.facts[name]!r:.60} is not {says}")


def parse(line: bytes) -> Answer:
    """One line.  ``AnswerError`` where it is longer than ``LONGEST``, does not end, or is no object that says what it is."""
    if len(line) > LONGEST or not line.endswith(b"\n"):
        raise AnswerError(f"a line that is too long or does not end: {line[:_SHOWN]!r}")
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise AnswerError(f"no program of ours says {line[:_SHOWN]!r}") from None
    if type(told) is not dict or type(told.get("says")) is not str:
        raise AnswerError(f"no program of ours says {line[:_SHOWN]!r}")
    return Answer(told.pop("says"), told)
