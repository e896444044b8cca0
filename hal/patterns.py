"""How each pattern of a light goes, to the millisecond: for whoever drives a light, draws one, or tells people what they see."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from hal.interface import Pattern


def _flashes(*lengths_ms: int) -> tuple[tuple[int, float], ...]:
    """The course of a light that is on, off, on, ... for so long each."""
    points: tuple[tuple[int, float], ...] = ()
    for index, length_ms in enumerate(lengths_ms):
        at_ms, level = sum(lengths_ms[:index]), float(index % 2 == 0)
        points += ((at_ms, level), (at_ms + length_ms, level))
    return points


COURSES: Mapping[Pattern, tuple[tuple[int, float], ...]] = {
    Pattern.STEADY: _flashes(1000),
    Pattern.SLOW: _flashes(500, 500),
    Pattern.FAST: _flashes(125, 125),
    Pattern.DOUBLE: _flashes(120, 120, 120, 640),
    Pattern.PULSE: ((0, 0.2), (500, 1.0), (1000, 0.2)),
    Pattern.GAP: _flashes(1000, 250),
    Pattern.TWO_GAPS: _flashes(1000, 250, 250, 250),
    Pattern.FOUR: _flashes(125, 125, 125, 125, 125, 125, 125, 1125),
    Pattern.UNEVEN: _flashes(125, 125, 500, 250),
    Pattern.BLINK: _flashes(100, 2900),
}
"""Points (ms, brightness from 0 to 1) joined by straight lines; two at one time are a jump.  At the last one it begins anew."""


def period_ms(pattern: Pattern) -> int:
    """After how long it begins anew."""
    return COURSES[pattern][-1][0]


def brightness(pattern: Pattern, at_s: float) -> float:
    """From 0 to 1, how bright a light is so many seconds after its pattern began."""
    at_ms = at_s * 1000 % period_ms(pattern)
    (begin, first), (end, last) = next(pair for pair in pairwise(COURSES[pattern]) if pair[0][0] <= at_ms < pair[1][0])
    return first + (last - first) * (at_ms - begin) / (end - begin)
