"""How warm the camera may be, and what follows.  A thermometer may lie, too: one that jumps, or was hot from the start and alone, ends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

_NS: Final = 1_000_000_000
POSSIBLE: Final = (-40.0, 125.0)
"""Degrees that can be meant: a sensor that is torn off or shorted says less, or more."""
JUMP: Final = 10.0
"""Degrees by which nothing of a camera's mass changes from one reading to the next, a second later."""
TRUSTED_NS: Final = 600 * _NS
"""How long one that jumped has to behave before it counts again."""
LASTS_NS: Final = 30 * _NS
"""How long a limit has to be passed."""


class Place(Enum):
    """Where it is measured."""

    BATTERY = "battery"
    PROCESSOR = "processor"


class Level(Enum):
    """How warm it is, rising."""

    COOL = 0
    WARM = 1  # told
    HOT = 2  # and what can wait, waits
    OVER = 3  # and it ends


@dataclass(frozen=True, slots=True)
class Limits:
    """Degrees from which on each level holds; ``gap``: by so much the other sensor, in the same case, may be cooler than one that is believed."""

    warm: float
    hot: float
    over: float
    gap: float


LIMITS: Final[Mapping[Place, Limits]] = MappingProxyType(
    {Place.BATTERY: Limits(50.0, 55.0, 60.0, gap=10.0), Place.PROCESSOR: Limits(80.0, 85.0, 90.0, gap=40.0)}
)
"""From published limits: ``docs/design.md`` says which."""


class Thermometer:
    """One sensor's history."""

    def __init__(self, limits: Limits) -> None:
        """Nothing was read yet."""
        self._limits = limits
        self._jumped_ns: int | None = None
        self._over_ns: int | None = None
        self.celsius: float | None = None
        self.was_cool = False
        """Whether it was seen below its first limit since it may be trusted: then it moves, and does not just hang."""

    def see(self, celsius: float | None, now_ns: int) -> None:
        """One reading; None where there is none."""
        before = self.celsius
        if celsius is None or not POSSIBLE[0] < celsius < POSSIBLE[1]:
            self.celsius = self._over_ns = None
            return
        if before is not None and abs(celsius - before) > JUMP:
            self._jumped_ns, self.was_cool = now_ns, False
        self.celsius = celsius
        self.was_cool |= celsius < self._limits.warm and not self._doubted(now_ns)
        if celsius < self._limits.over:
            self._over_ns = None
        elif self._over_ns is None:
            self._over_ns = now_ns

    def level(self, now_ns: int, other: float | None) -> Level:
        """How warm it is; ``other`` is what the other sensor says.  What is doubted warns, and no more."""
        if self.celsius is None or self.celsius < self._limits.warm:
            return Level.COOL
        if self.celsius < self._limits.hot or self._doubted(now_ns):
            return Level.WARM
        lasts = self._over_ns is not None and now_ns - self._over_ns >= LASTS_NS
        agreed = self.was_cool if other is None else other >= self.celsius - self._limits.gap
        return Level.OVER if lasts and agreed else Level.HOT

    def _doubted(self, now_ns: int) -> bool:
        return self._jumped_ns is not None and now_ns - self._jumped_ns < TRUSTED_NS


class Heat:
    """Both sensors of a camera."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._of = {place: Thermometer(limits) for place, limits in LIMITS.items()}

    def see(self, battery: float | None, processor: float | None, now_ns: int) -> Level:
        """One reading of each, in degrees Celsius, None where there is none; how warm the camera is."""
        told = {Place.BATTERY: battery, Place.PROCESSOR: processor}
        for place, sensor in self._of.items():
            sensor.see(told[place], now_ns)
        one, other = self._of[Place.BATTERY], self._of[Place.PROCESSOR]
        levels = (one.level(now_ns, other.celsius), other.level(now_ns, one.celsius))
        return max(levels, key=lambda level: level.value)
