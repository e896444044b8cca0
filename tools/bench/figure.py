"""What a measurement says: a ratio to a peer or a limit that was measured beside it, round by round, and what is promised of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One ratio: ``what`` divided by what it is measured ``against``, in the same run, on the same bytes.

    ``ratios``: one a round.  The promise is that their median is at least ``least`` and at most ``most``; ``aim`` is what we would like, in the
    promise's direction.  ``facts``: what the ratio was made of, medians, each with its unit in its name, for a reader who wants to know; no
    promise is made of them.  ``skipped``: why there is no ratio, and which package brings the peer.  ``note``: a sentence for the page.
    """

    suite: str
    what: str
    against: str
    ratios: tuple[float, ...] = ()
    least: float | None = None
    most: float | None = None
    aim: float | None = None
    facts: Mapping[str, float] = field(default_factory=dict)
    skipped: str = ""
    note: str = ""

    @property
    def name(self) -> tuple[str, str, str]:
        """Which figure of any run this is."""
        return self.suite, self.what, self.against

    @property
    def value(self) -> float | None:
        """The median; None where nothing was measured."""
        return median(self.ratios) if self.ratios else None

    @property
    def spread(self) -> tuple[float, float] | None:
        """The smallest and the largest; None where nothing was measured."""
        return (min(self.ratios), max(self.ratios)) if self.ratios else None

    @property
    def kept(self) -> bool | None:
        """Whether the promise is kept; None where there is none, or nothing was measured."""
        return self.within(0.0)

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached; None where there is none, or nothing was measured."""
        value = self.value
        if value is None or self.aim is None:
            return None
        return value <= self.aim if self.least is None and self.most is not None else value >= self.aim

    def within(self, margin: float) -> bool | None:
        """The same, had the promise been less strict by this share of it: few rounds say less than many."""
        value = self.value
        if value is None or (self.least is None and self.most is None):
            return None
        enough = self.least is None or value >= self.least * (1 - margin)
        return enough and (self.most is None or value <= self.most * (1 + margin))


@dataclass(frozen=True, slots=True)
class Series:
    """A course to be plotted: pairs of ``x`` and ``y``, whose names say their units.  ``log_x``: each step is a factor."""

    suite: str
    what: str
    x: str
    y: str
    points: tuple[tuple[float, float], ...]
    log_x: bool = False


def over(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Ratios, round by round: what disturbs a machine disturbs what runs side by side alike.  ValueError where there are not as many."""
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))
