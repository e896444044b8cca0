"""What a reading of the camera's clock is worth (section 6.3): how far from the dock's time it may lie."""

from __future__ import annotations

from tools.verify.model import Clock, Opening

SETTING_MS = 1000
"""A dock's word travels, waits and is taken: no more than this."""

DRIFT_PPM = 200
"""The most that any clock of a camera gains or loses: a bare crystal in the cold."""


def uncertainty_ms(clock: Clock, opening: Opening) -> int | None:
    """How many milliseconds a reading in this recording may lie from the time of the dock that set the clock last, either way.

    None where nobody knows: the clock was never set, no docking is on record, or it runs behind that docking.  A clock
    of ``dock`` quality was set in this boot, one of ``rtc`` quality at the docking that the opening's anchor names.
    """
    if clock.quality == "dock":
        return _drifted(clock.mono_ms)
    if clock.quality == "rtc" and opening.anchor is not None and clock.utc_ms >= opening.anchor[1]:
        return _drifted(clock.utc_ms - opening.anchor[1])
    return None


def _drifted(elapsed_ms: int) -> int:
    return SETTING_MS + -(-elapsed_ms * DRIFT_PPM // 1_000_000)
