"""What the audit log has to hear of faults and of the battery, and no more often than it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from firmware.core.gauge import Gauge, reading
from firmware.core.indications import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from hal.interface import Battery

SIGNED: Final = frozenset(
    {
        Trouble.FAULT,
        Trouble.PICTURE_FAILS,
        Trouble.BUTTON_STUCK,
        Trouble.NO_SOUND,
        Trouble.SOUND_ADRIFT,
        Trouble.SENSOR_FAILS,
        Trouble.HOT,
    }
)
"""Troubles that the audit log has a line for, each time they begin.  What the card suffers from is not written to that card."""
SIGN_NS: Final = 60_000_000_000
"""A trouble that comes and goes is signed no more often than this."""

LOOK_NS: Final = 1_000_000_000


class FaultLines:
    """Lines of the audit log; ``sign`` has one written."""

    def __init__(self, sign: Callable[[str, dict[str, Any]], None]) -> None:
        self._line = sign
        self._signed: dict[str, int] = {}
        self._gauge = Gauge()
        self._looked_ns = -LOOK_NS

    def begun(self, troubles: frozenset[Trouble], now_ns: int) -> None:
        """These troubles have begun."""
        if troubles:
            for trouble in sorted(SIGNED & troubles, key=list(Trouble).index):
                self.sign(trouble.value, now_ns)

    def sign(self, fault: str, now_ns: int) -> None:
        """A fault by its name, once a minute at most."""
        if now_ns - self._signed.get(fault, now_ns - SIGN_NS) >= SIGN_NS:
            self._signed[fault] = now_ns
            self._line("fault", {"code": fault})

    def power(self, battery: Battery | None, now_ns: int) -> None:
        """The battery as it is; None while nobody could look.  What is asked more than once a second has not changed."""
        if battery is None or now_ns - self._looked_ns < LOOK_NS:
            return
        self._looked_ns = now_ns
        if self._gauge.worth(power := reading(battery), now_ns):
            self._line("power", power)
