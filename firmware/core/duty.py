"""Whose shift it is: an assignment begins when the camera leaves the dock that gave it, and ends at the next docking, or after 14 hours.

    given --taken out--> running --docked, or 14 h--> over

One that is given while another runs, in a docking that has not stood for ten seconds, takes its place when the camera is taken out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from firmware.core.starts import SAME_MS

LONGEST_MS: Final = 14 * 3_600_000


@dataclass(frozen=True, slots=True)
class Duty:
    """``running``: the shift's id, None when nobody's; ``until_ms``: when it is over, on the monotonic clock."""

    running: str | None = None
    until_ms: int = 0

    def begin(self, shift: str, now_ms: int, ran_ms: int = 0) -> Duty:
        """Taken out, or a start in the middle of a shift that has run for ``ran_ms`` already."""
        return Duty(shift, now_ms + LONGEST_MS - ran_ms).at(now_ms)

    def at(self, now_ms: int) -> Duty:
        """As time passes: after 14 hours nobody's any more."""
        return self.end() if self.running is not None and now_ms >= self.until_ms else self

    def end(self) -> Duty:
        """Docked."""
        return replace(self, running=None)


def ran_ms(began: Mapping[str, Any], now: Mapping[str, Any]) -> int:
    """For how long something runs that began in this boot or an earlier one, from readings of both clocks.

    Within one power-on the monotonic clock tells; else the wall clock, where it was set both times; where neither does, it is counted
    from now on.
    """
    apart_ms = (now["utc_ms"] - now["mono_ms"]) - (began["utc_ms"] - began["mono_ms"])
    passed_ms: int = now["mono_ms"] - began["mono_ms"]
    if abs(apart_ms) > SAME_MS:
        unknown = "unset" in (began["quality"], now["quality"])
        passed_ms = 0 if unknown else now["utc_ms"] - began["utc_ms"]
    return max(0, passed_ms)
