"""When a camera takes a dock's word for the time."""

from __future__ import annotations

from dataclasses import dataclass

from firmware.dock.facts import ClockReading

LARGEST_STEP_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class ClockVerdict:
    """Whether to set the clock, and why or why not, in words."""

    take: bool
    reason: str


def judge(camera: ClockReading, dock_utc_ms: int, token: str | None, *, recording: bool) -> ClockVerdict:
    """Apply the rule: a clock that was never set takes the dock's word, a set one moves by at most 24 hours on it.

    A larger step would need an authority-signed or RFC 3161 token over the camera's nonce; none is understood yet, so
    that such a step is refused with or without one.  While a recording is being made the clock never runs back.
    """
    step = dock_utc_ms - camera.utc_ms
    if recording and step < 0:
        return ClockVerdict(take=False, reason=f"{-step} ms back while a recording is being made")
    if camera.quality == "unset":
        return ClockVerdict(take=True, reason="the clock was not set")
    if abs(step) <= LARGEST_STEP_MS:
        return ClockVerdict(take=True, reason=f"a step of {step} ms")
    hours = abs(step) // 3_600_000
    claim = "its token is not understood" if token else "it brought no token"
    return ClockVerdict(take=False, reason=f"a step of {hours} h takes more than a dock's word; {claim}")
