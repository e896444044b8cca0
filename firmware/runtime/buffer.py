"""The pre-event buffer as the officer may pause it: on standby nothing is kept, and a recording that lacks it says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.core.flags import Flag
from firmware.core.memory import buffer_bytes
from firmware.core.ring import Ring
from hal.interface import Track

if TYPE_CHECKING:
    from firmware.runtime.microphone import Microphone
    from firmware.runtime.stamps import Stamps
    from firmware.runtime.take import Take
    from firmware.settings import Settings
    from hal.interface import Clock, Unit

NS = 1_000_000_000
AGAIN_NS = 2 * NS
"""So long behind a pause the buffer has begun again, with the next keyframe."""


class Buffer:
    """The ring, and when it was paused last.  Driven by the controller's thread."""

    def __init__(self, settings: Settings, microphone: Microphone, clock: Clock) -> None:
        self.ring = Ring(settings.pre_event_s, buffer_bytes(settings.pre_event_s, settings.bitrate))
        self._tracks = set(Track) if settings.pre_event_sound else {Track.VIDEO}
        self._window_ns = settings.pre_event_s * NS
        self._microphone = microphone
        self._clock = clock
        self._began_ns = self._ended_ns = 0
        self._paused = False

    def keep(self, unit: Unit) -> None:
        """Hold a unit of what is buffered at all; on standby nothing is."""
        if unit.track in self._tracks and not self._paused:
            self.ring.push(unit)

    def heed(self, flags: frozenset[Flag]) -> None:
        """Have the microphone muted, and everything forgotten and nothing held, while these flags say so."""
        now_ns, pause = self._clock.monotonic_ns(), Flag.STANDBY in flags
        if pause and not self._paused:
            self.ring.clear()
            self._began_ns = now_ns
        elif self._paused and not pause:
            self._ended_ns = now_ns
        self._paused = pause
        self._microphone.mute(now_ns, on=Flag.MUTE in flags)
        self._microphone.rest(on=pause)

    def explain(self, take: Take, stamps: Stamps) -> None:
        """Have a take that begins now say that the buffer was paused, where that takes anything from it."""
        now_ns = self._clock.monotonic_ns()
        epoch_ns = now_ns if take.epoch_ns is None else take.epoch_ns
        lacks = now_ns - epoch_ns < self._window_ns
        if self._ended_ns and lacks and now_ns - self._ended_ns < self._window_ns + AGAIN_NS:
            take.note("standby", {"began": stamps.at(self._began_ns), "ended": stamps.at(self._ended_ns)})
