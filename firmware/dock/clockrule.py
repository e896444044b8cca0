"""When a camera takes a dock's word for the time."""

from __future__ import annotations

from dataclasses import dataclass

from firmware.dock.facts import ClockReading
from firmware.evidence.timetoken import Vouched

LARGEST_STEP_MS = 24 * 3600 * 1000

APART_MS = 60_000
"""How far a dock's clock may be from what vouches for it, beyond the accuracy that this one states: it travelled, and waited."""

DOCK = "dock"
"""Who set a clock, as the audit log says it: a dock alone."""


@dataclass(frozen=True, slots=True)
class ClockVerdict:
    """Whether to set the clock, and why or why not, in words; ``source``: on whose word."""

    take: bool
    reason: str
    source: str = DOCK


def judge(camera: ClockReading, dock_utc_ms: int, vouched: Vouched | None, *, recording: bool) -> ClockVerdict:
    """Apply the rule: a clock that was never set takes the dock's word, a set one moves by at most 24 hours on it, and further where
    somebody else vouches for that time.

    What vouches for another time than the dock's moves no clock at all.  While a recording is being made the clock never runs back.
    """
    step = dock_utc_ms - camera.utc_ms
    if recording and step < 0:
        return ClockVerdict(take=False, reason=f"{-step} ms back while a recording is being made")
    if vouched is not None:
        apart = abs(dock_utc_ms - vouched.utc_ms)
        if apart > vouched.accuracy_ms + APART_MS:
            return ClockVerdict(take=False, reason=f"the dock's time and that of its token are {apart} ms apart")
        return ClockVerdict(
            take=True, reason=f"a step of {step} ms, vouched for by {vouched.source}", source=f"{DOCK} {vouched.source}"
        )
    if camera.quality == "unset":
        return ClockVerdict(take=True, reason="the clock was not set")
    if abs(step) <= LARGEST_STEP_MS:
        return ClockVerdict(take=True, reason=f"a step of {step} ms")
    hours = abs(step) // 3_600_000
    return ClockVerdict(take=False, reason=f"a step of {hours} h takes more than a dock's word; it brought no token")
