"""What a part of the fault tier comes to: figures to print, and what broke a promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Progress = Callable[[float, str], None]
"""Hears how much of a part is done, from 0 to 1, and a few words on it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One part: its name, its figures in the order in which they are printed, and each violation in a line that says how to see it
    again."""

    part: str
    figures: Mapping[str, int | float | str]
    violations: tuple[str, ...] = field(default=())
