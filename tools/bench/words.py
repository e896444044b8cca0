"""Figures in words: numbers, values with their spread, promises, and facts, whose unit is in their name, as in ``ours_bytes_s``."""

from __future__ import annotations

import math
from typing import Final

from tools.bench.figure import Figure

_DIGITS: Final = 3
_SHORT: Final = ((1_000_000, 1_000_000, "M"), (100_000, 1_000, "k"))
"""From where on a number is written in thousands or millions."""
_UNITS: Final = (
    ("ns_byte", 1.0, "ns a byte"),
    ("instructions_byte", 1.0, "instructions a byte"),
    ("bytes_s", 1e-6, "MB/s"),
    ("cpu_ms", 1.0, "ms of the processor"),
    ("cpu_s", 1.0, "s of the processor"),
    ("mib", 1.0, "MiB"),
    ("bytes", 1 / (1 << 20), "MiB"),
    ("percent", 1.0, "%"),
    ("ns", 1.0, "ns"),
    ("us", 1.0, "µs"),
    ("ms", 1.0, "ms"),
    ("s", 1.0, "s"),
)
"""The end of a fact's name, what its value is multiplied by to be shown, and in which unit; the first that fits."""


def said(figure: Figure) -> str:
    """A figure's value and spread as people read them; where there is none, why."""
    if figure.value is None or figure.spread is None:
        return f"not measured: {figure.skipped}"
    low, high = figure.spread
    return f"{number(figure.value)} ({number(low)} to {number(high)})" if low != high else number(figure.value)


def promise(figure: Figure) -> str:
    """What is promised and aimed at, in words; empty where nothing is."""
    told = (("at least", figure.least), ("at most", figure.most), ("aim", figure.aim))
    return ", ".join(f"{word} {number(each)}" for word, each in told if each is not None)


def number(value: float) -> str:
    """Three digits of it, as people write numbers: 0.0123, 12.3, 1,230, 123 k, 1.23 M."""
    if value == 0:
        return "0"
    for floor, size, unit in _SHORT:
        if abs(value) >= floor:
            return f"{number(value / size)} {unit}"
    digits = max(0, _DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fact(name: str, value: float) -> str:
    """``against_bytes_s``, 12.5e6: "against 12.5 MB/s"; a name without a unit is a number of such things."""
    for end, factor, unit in _UNITS:
        if name == end or name.endswith(f"_{end}"):
            return f"{_spaced(name.removesuffix(end))} {number(value * factor)} {unit}".strip()
    return f"{_spaced(name)} {number(value)}"


def _spaced(name: str) -> str:
    return name.strip("_").replace("_", " ")
