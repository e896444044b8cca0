"""The rules that a setting may have: which values it takes, in words and as a test.

Each rule has ``unit``, what a value is measured in, its own text for a message, and ``accepts``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in a range, both ends allowed; ``step`` is what it must be a multiple of, and ``off`` allows 0 beside it."""

    least: int
    most: int
    unit: str = ""
    step: int = 1
    off: bool = False

    def __str__(self) -> str:
        multiple = f", a multiple of {self.step}" if self.step > 1 else ""
        never = ", or 0 for never" if self.off else ""
        return f"a whole number from {self.least} to {self.most}{f' {self.unit}' if self.unit else ''}{multiple}{never}"

    def accepts(self, value: object) -> bool:
        """Whether the value obeys; true and false are no numbers."""
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return (self.off and value == 0) or (self.least <= value <= self.most and value % self.step == 0)


@dataclass(frozen=True, slots=True)
class Switch:
    """True or false."""

    unit: str = ""

    def __str__(self) -> str:
        return "true or false"

    def accepts(self, value: object) -> bool:
        """Whether the value obeys; numbers and words are no switch."""
        return isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words."""

    words: tuple[str, ...]
    unit: str = ""

    def __str__(self) -> str:
        return f"one of {', '.join(self.words)}"

    def accepts(self, value: object) -> bool:
        """Whether the value obeys."""
        return isinstance(value, str) and value in self.words


@dataclass(frozen=True, slots=True)
class Several:
    """Some of several words, in their order, with commas and nothing else between; those of ``always`` may not be left out."""

    words: tuple[str, ...]
    always: tuple[str, ...] = ()
    unit: str = ""

    def __str__(self) -> str:
        needed = f", always with {' and '.join(self.always)}" if self.always else ""
        return f"some of {', '.join(self.words)}, in this order, with commas between{needed}"

    def accepts(self, value: object) -> bool:
        """Whether the value obeys."""
        if not isinstance(value, str):
            return False
        chosen = value.split(",") if value else []
        return chosen == [word for word in self.words if word in chosen] and set(self.always) <= set(chosen)


@dataclass(frozen=True, slots=True)
class Text:
    """Printable text on one line, with its length in characters."""

    least: int
    most: int
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.least} to {self.most} printable characters"

    def accepts(self, value: object) -> bool:
        """Whether the value obeys."""
        return isinstance(value, str) and self.least <= len(value) <= self.most and value.isprintable()


@dataclass(frozen=True, slots=True)
class Coded:
    """Text of letters, digits and ``+ / = .`` alone, or none; what it has to decode to is for whoever uses it to judge."""

    most: int
    what: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.what}, at most {self.most} characters, or nothing"

    def accepts(self, value: object) -> bool:
        """Whether the value obeys."""
        if not isinstance(value, str) or len(value) > self.most:
            return False
        return value.isascii() and all(each.isalnum() or each in "+/=." for each in value)


Rule = Whole | Switch | Choice | Several | Text | Coded
