"""What is wrong right now: judged from what the parts say, and from what they no longer say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.core.forecast import warnings
from firmware.core.indications import Trouble
from firmware.runtime.microphone import Sound
from hal.interface import ClockQuality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.runtime.lens import Lens
    from firmware.runtime.log import Log
    from firmware.runtime.microphone import Microphone
    from firmware.runtime.work import Health
    from firmware.runtime.writer import Writer
    from hal.interface import Battery, Clock, Power

LAG_MS: Final = 1500
BATTERY_LOW: Final = 20
BATTERY_CRITICAL: Final = 5
LOOK_NS: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
HANGS_NS: Final = 10_000_000_000
"""A part that does nothing for so long will not come back by itself.

Twice the longest stall of a card that a recording has to outlive, and no more than the writer's queue holds: until then waiting loses
nothing, from then on it would.  A lens that gives nothing is given up by itself at that time, which ends the service in good order.
"""


def of_storage(health: Health, before: frozenset[Trouble]) -> frozenset[Trouble]:
    """What a word of the writer amounts to; ``before``: what the one before did."""
    return warnings(health.left_s, before) | _standing(
        {
            Trouble.STORAGE_FULL: health.full,
            Trouble.STORAGE_FAILS: health.fails,
            Trouble.LAGGING: health.lag_ms > LAG_MS,
        }
    )


class Senses:
    """Battery and clock, looked at once a second.  A gauge that cannot be read says nothing, and stops nothing."""

    def __init__(self, power: Power, clock: Clock, log: Log) -> None:
        self._power = power
        self._clock = clock
        self._log = log
        self._looked_ns: int | None = None
        self.battery: Battery | None = None
        self._found: frozenset[Trouble] = frozenset()

    def troubles(self, now_ns: int) -> frozenset[Trouble]:
        """What they said last."""
        if self._looked_ns is None or now_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns = now_ns
            try:
                self._found = self._look()
            except OSError as error:
                self._log.warning("gauge-failed", trouble=str(error))
        return self._found

    def _look(self) -> frozenset[Trouble]:
        battery = self.battery = self._power.battery()
        return _standing(
            {
                Trouble.BATTERY_CRITICAL: battery.percent <= BATTERY_CRITICAL and not battery.charging,
                Trouble.BATTERY_LOW: battery.percent <= BATTERY_LOW and not battery.charging,
                Trouble.CLOCK_UNSET: self._clock.utc().quality is ClockQuality.UNSET,
            }
        )


class Pulse:
    """Lens, microphone and writer.  A storage that hangs in a sync says nothing at all: silence is told as trouble too."""

    def __init__(self, lens: Lens, microphone: Microphone, writer: Writer) -> None:
        self._lens = lens
        self._microphone = microphone
        self._writer = writer

    def troubles(self, now_ns: int) -> frozenset[Trouble]:
        """What they suffer from."""
        return _standing(
            {
                Trouble.FAULT: self._lens.stalled or not self.well(now_ns),
                Trouble.LAGGING: self._writer.idle_ns(now_ns) > LAG_MS * NS_PER_MS,
                Trouble.PICTURE_FAILS: self._lens.amiss(now_ns),
                Trouble.NO_SOUND: self._microphone.state is Sound.FAILED,
                Trouble.SOUND_ADRIFT: self._microphone.adrift(now_ns),
            }
        )

    def well(self, now_ns: int) -> bool:
        """Whether frames come, the writer works, and what it writes becomes durable; without that nobody may feed the watchdog."""
        writer = self._writer
        return max(writer.idle_ns(now_ns), writer.stale_ns(now_ns), self._lens.silent_ns(now_ns)) <= HANGS_NS


def _standing(troubles: Mapping[Trouble, bool]) -> frozenset[Trouble]:
    return frozenset(trouble for trouble, stands in troubles.items() if stands)
