"""When the battery's state is worth a line of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hal.interface import Battery

MINUTE_NS: Final = 60_000_000_000
RARELY_NS: Final = 30 * MINUTE_NS
STEP_PERCENT: Final = 5
STEP_CELSIUS: Final = 5


def reading(battery: Battery) -> dict[str, Any]:
    """A battery as the log has it: whole degrees, null where the temperature is not known."""
    celsius = None if battery.celsius is None else max(-100, min(200, round(battery.celsius)))
    return {"percent": battery.percent, "charging": battery.charging, "celsius": celsius}


@dataclass(slots=True)
class Gauge:
    """Remembers what was told last: every half an hour, and after a step of 5 % or 5 degrees, or of the charger, but never more often
    than once a minute.  The first reading counts as told: the log's ``boot`` line has it."""

    told: dict[str, Any] | None = None
    at_ns: int = 0

    def worth(self, now: dict[str, Any], now_ns: int) -> bool:
        """Whether ``now`` has to be told; it then counts as told."""
        waited_ns = now_ns - self.at_ns
        first = self.told is None
        if self.told is not None and waited_ns < (MINUTE_NS if self._moved(self.told, now) else RARELY_NS):
            return False
        self.told, self.at_ns = now, now_ns
        return not first

    @staticmethod
    def _moved(told: dict[str, Any], now: dict[str, Any]) -> bool:
        warm = (told["celsius"], now["celsius"])
        heated = warm[0] != warm[1] if None in warm else abs(warm[0] - warm[1]) >= STEP_CELSIUS
        drained = abs(told["percent"] - now["percent"]) >= STEP_PERCENT
        return bool(heated or drained or told["charging"] != now["charging"])
