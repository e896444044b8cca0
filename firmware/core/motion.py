"""From samples of an accelerometer to a fall, or a man who is down: sums over half seconds, and a few comparisons.

An upright wearer's camera reads 1 g upwards (``y``).  What tells a fall from a hard seat, a jump or a fight is what follows it: the wearer
lies.  So a fall is a dip below the weight (the body drops) and an impact, or an impact too hard for anything else, behind which the
direction of the weight has turned by far; or both together, hard, and then no movement at all.  ``docs/design.md`` says where the numbers come from.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import acos, degrees, sqrt
from typing import TYPE_CHECKING, Final

from firmware.core.contacts import Alert

if TYPE_CHECKING:
    from hal.interface import Sample

FALL: Final = "fall"
MAN_DOWN: Final = "man-down"

_MS: Final = 1_000_000
EPOCH_NS: Final = 500 * _MS
"""Samples are summed up over so long."""
GAP_NS: Final = 1000 * _MS
"""Where none came for this long, nobody knows what happened: begin anew."""
DROP_NS: Final = 60 * _MS
"""A dip this long is a drop, not the swing of a step."""
LONG_DROP_NS: Final = 120 * _MS
STRIKE_NS: Final = 1000 * _MS
"""The impact follows its drop within this."""
BOUNCING_NS: Final = 500 * _MS
"""What comes within this of an impact belongs to it."""
SETTLING_NS: Final = 4000 * _MS
"""By then somebody who fell lies."""
STILLING_NS: Final = 10_000 * _MS
STILL_FOR: Final = 10
"""Epochs without movement behind a hard fall that left the wearer upright: against a wall, or hanging in a belt."""
HARDER_MG: Final = 1000
"""An impact harder by this needs no drop before it: somebody who is pushed does not drop first."""
TURNED_DEG: Final = 45.0
LYING_DEG: Final = 50.0
STILL_MG: Final = 60
"""The total acceleration of somebody who does not move swings by less: breathing makes 10 to 30, a sensor's noise 10."""
UP_DEG: Final = 45.0
MOVING_MG: Final = 150
"""That of somebody who walks or works swings by more."""
WORN_EPOCHS: Final = 20
"""So many epochs of moving upright tell a camera that is worn from one that lies somewhere."""
WEIGHT_MG: Final = (500.0, 1500.0)
"""A mean acceleration outside of this is no weight: its direction says nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a drop begins and what an impact is, both in mg; how far from upright is down, in degrees, and for how long, in seconds."""

    drop_mg: int = 600
    impact_mg: int = 2500
    tilt_deg: int = 60
    down_s: int = 30


@dataclass(frozen=True, slots=True)
class _Epoch:
    """Half a second: its end, the mean acceleration, and how far its amount swung."""

    end_ns: int
    mean: tuple[float, float, float]
    swing: float

    @property
    def weight(self) -> bool:
        """Whether its mean is the weight's direction."""
        return WEIGHT_MG[0] <= _amount(*self.mean) <= WEIGHT_MG[1]


@dataclass(slots=True)
class _Blow:
    """An impact that may have been a fall's: when it began, when it last struck, where up was before, and whether it was hard behind a long
    drop."""

    began_ns: int
    struck_ns: int
    before: tuple[float, float, float]
    hard: bool
    turned: int = 0
    still: int = 0


class Motion:
    """Feed it every sample in order.  Times may have gaps; what runs back is passed over."""

    def __init__(self, limits: Limits) -> None:
        """Nothing is known yet."""
        self._limits = limits
        self._now_ns: int | None = None
        self._restart()

    def _restart(self) -> None:
        self._sum = [0.0, 0.0, 0.0]
        self._count = 0
        self._since_ns: int | None = None
        self._least, self._most = float("inf"), 0.0
        self._epochs: deque[_Epoch] = deque(maxlen=4)
        self._light_ns: int | None = None
        self._dropped: tuple[int, int] | None = None  # when the last drop began and ended
        self._blow: _Blow | None = None
        self._worn = 0
        self._down_ns: int | None = None
        self._told = False

    def sample(self, sample: Sample) -> list[Alert]:
        """What this sample completes."""
        now_ns = sample.time_ns
        if self._now_ns is not None and now_ns <= self._now_ns:
            return []
        if self._now_ns is not None and now_ns - self._now_ns > GAP_NS:
            self._restart()
        self._now_ns = now_ns
        amount = _amount(sample.x, sample.y, sample.z)
        self._dip(amount, now_ns)
        if amount >= self._limits.impact_mg:
            self._strike(amount, now_ns)
        return self._add(sample, amount, now_ns)

    def _dip(self, amount: float, now_ns: int) -> None:
        """Notice where the body drops."""
        if amount < self._limits.drop_mg:
            self._light_ns = now_ns if self._light_ns is None else self._light_ns
            if now_ns - self._light_ns >= DROP_NS:
                self._dropped = (self._light_ns, now_ns)
        else:
            self._light_ns = None

    def _strike(self, amount: float, now_ns: int) -> None:
        """An impact: it counts behind a drop, or where it is too hard for anything else."""
        if self._blow is not None and now_ns - self._blow.struck_ns <= BOUNCING_NS:
            self._blow.struck_ns = now_ns
            return
        drop = self._dropped
        fell = drop is not None and now_ns - drop[1] <= STRIKE_NS
        hard = amount >= self._limits.impact_mg + HARDER_MG
        before = self._upright_before(drop[0] if fell and drop is not None else now_ns)
        if before is None or not (fell or hard):
            return
        began_ns = drop[0] if fell and drop is not None else now_ns
        long = fell and drop is not None and drop[1] - drop[0] >= LONG_DROP_NS
        self._blow = _Blow(began_ns, now_ns, before, hard and long)

    def _upright_before(self, time_ns: int) -> tuple[float, float, float] | None:
        """Where up was in the last epochs that ended by then; None where nobody can tell."""
        means = [epoch.mean for epoch in self._epochs if epoch.end_ns <= time_ns and epoch.weight]
        return _mean(means[-2:]) if means else None

    def _add(self, sample: Sample, amount: float, now_ns: int) -> list[Alert]:
        if self._since_ns is None:
            self._since_ns = now_ns
        for axis, value in enumerate((sample.x, sample.y, sample.z)):
            self._sum[axis] += value
        self._count += 1
        self._least, self._most = min(self._least, amount), max(self._most, amount)
        if now_ns - self._since_ns < EPOCH_NS:
            return []
        x, y, z = (total / self._count for total in self._sum)
        epoch = _Epoch(now_ns, (x, y, z), self._most - self._least)
        self._epochs.append(epoch)
        self._sum, self._count, self._since_ns = [0.0, 0.0, 0.0], 0, now_ns
        self._least, self._most = float("inf"), 0.0
        return self._fallen(epoch) + self._down(epoch)

    def _fallen(self, epoch: _Epoch) -> list[Alert]:
        """Whether an impact was a fall's: judged by the epochs behind it."""
        blow = self._blow
        if blow is None or epoch.end_ns - blow.struck_ns <= EPOCH_NS + BOUNCING_NS:
            return []
        since_ns = epoch.end_ns - blow.struck_ns
        lies = epoch.weight and _angle(blow.before, epoch.mean) >= TURNED_DEG and _tilt(epoch.mean) >= LYING_DEG
        blow.turned = blow.turned + 1 if lies and since_ns <= SETTLING_NS else 0
        blow.still = blow.still + 1 if epoch.swing < STILL_MG else 0
        if blow.turned >= 2 or (blow.hard and blow.still >= STILL_FOR):
            self._blow = None
            return [Alert(FALL, blow.began_ns)]
        if since_ns > STILLING_NS:
            self._blow = None
        return []

    def _down(self, epoch: _Epoch) -> list[Alert]:
        """Whether somebody who wore it lies without moving.  It is told once, and again after it was worn again."""
        tilt = _tilt(epoch.mean)
        if tilt < UP_DEG and epoch.swing > MOVING_MG:
            self._worn = min(self._worn + 1, WORN_EPOCHS)
            self._told = self._told and self._worn < WORN_EPOCHS
        if not (epoch.weight and tilt >= self._limits.tilt_deg and epoch.swing < STILL_MG):
            self._down_ns = None
            return []
        self._down_ns = epoch.end_ns if self._down_ns is None else self._down_ns
        if self._told or self._worn < WORN_EPOCHS or epoch.end_ns - self._down_ns < self._limits.down_s * 1000 * _MS:
            return []
        self._told, self._worn = True, 0
        return [Alert(MAN_DOWN, self._down_ns)]


def _amount(x: float, y: float, z: float) -> float:
    return sqrt(x * x + y * y + z * z)


def _mean(vectors: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    x, y, z = (sum(axis) / len(vectors) for axis in zip(*vectors, strict=True))
    return x, y, z


def _angle(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Degrees between two directions; neither is nothing."""
    cosine = sum(a * b for a, b in zip(one, other, strict=True)) / (_amount(*one) * _amount(*other))
    return degrees(acos(max(-1.0, min(1.0, cosine))))


def _tilt(mean: tuple[float, float, float]) -> float:
    """Degrees from upright; 0 for nothing."""
    return _angle(mean, (0.0, 1000.0, 0.0)) if _amount(*mean) else 0.0
