"""How long a camera waits before it meets a dock again: longer behind each refusal, and behind each docking that breaks off although nobody
moved the camera.

A contact that shakes costs no time, and neither does a hand: a camera that was out of contact begins at once.  A dock that lets the link
drop again and again is met every few seconds at most, which is also the most that an honest one behind it waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""The pause behind a docking: the first without a refusal, then one further with each refusal in a row."""

DROPS_S = (0.0, 0.0, 0.0, 1.0, 2.0, 4.0)
"""For how much longer it waits while contact stands: one further with each docking in a row that broke off early."""

EARLY_NS = 10_000_000_000
"""A docking that broke off later than this behind its beginning takes long enough as it is."""


class Outcome(Enum):
    """How a docking ended: with a goodbye, with the link, or by somebody's fault."""

    DONE = "done"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Patience:
    """What came of the dockings up to now: refusals in a row, and how many broke off early."""

    refusals: int = 0
    drops: int = 0

    @property
    def pause_s(self) -> float:
        """How long to wait in any case, in seconds."""
        return PAUSES_S[min(self.refusals, len(PAUSES_S) - 1)]

    @property
    def hold_s(self) -> float:
        """How long before that, as long as contact stands."""
        return DROPS_S[min(self.drops, len(DROPS_S) - 1)]

    def after(self, outcome: Outcome, lasted_ns: int, *, accepted: bool, contact: bool) -> Patience:
        """Behind one more docking of this length: whether both sides had believed each other, and whether contact stands."""
        if outcome is Outcome.REFUSED:
            return Patience(self.refusals + 1, self.drops)
        if outcome is Outcome.DONE or not contact:
            return Patience()
        refusals = 0 if accepted else self.refusals
        return Patience(refusals, 0 if lasted_ns >= EARLY_NS else self.drops + 1)

    def apart(self) -> Patience:
        """The camera was out of contact: what breaks off then is nobody's doing."""
        return Patience(self.refusals)
