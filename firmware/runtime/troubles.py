"""What is wrong right now: judged from what the parts say, and from what they no longer say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.core.forecast import warnings
from firmware.core.indications import Trouble
from firmware.runtime.microphone import Sound
from firmware.runtime.selftest import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.runtime.lens import Lens
    from firmware.runtime.microphone import Microphone
    from firmware.runtime.work import Health
    from firmware.runtime.writer import Writer

LAG_MS: Final = 1500
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

    def counts(self) -> Counts:
        """What came so far."""
        lens, microphone = self._lens, self._microphone
        listens = microphone.buffered in {Sound.ON, Sound.FAILED}
        return Counts(lens.frames, lens.bytes, microphone.units, microphone.bytes, listens)

    def well(self, now_ns: int) -> bool:
        """Whether frames come, the writer works, and what it writes becomes durable; without that nobody may feed the watchdog."""
        writer = self._writer
        return max(writer.idle_ns(now_ns), writer.stale_ns(now_ns), self._lens.silent_ns(now_ns)) <= HANGS_NS


def _standing(troubles: Mapping[Trouble, bool]) -> frozenset[Trouble]:
    return frozenset(trouble for trouble, stands in troubles.items() if stands)
