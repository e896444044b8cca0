"""The takes of one boot, one after the other: which one runs, and which one is giving way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.core.overlaps import shared
from firmware.evidence.kinds import MOST_OVERLAPS
from firmware.evidence.transcript import TICKS
from firmware.media.timeline import Timeline
from firmware.runtime.take import Take
from firmware.runtime.work import Overlap
from hal.interface import Track

if TYPE_CHECKING:
    from firmware.core.overlaps import Reach, Shared
    from firmware.core.ring import Ring
    from firmware.runtime.mailbox import Mailbox
    from firmware.runtime.work import Job
    from firmware.settings import Settings
    from hal.interface import Hal, Unit

SOUND_NS: Final = 250_000_000
"""So long a take that gives way waits for the last of its sound, which comes later than the picture.  What waits with it is then younger than
a second, so that a cut takes no more than ever."""


class Takes:
    """``begun``: how many there were, the newest of which has that number.  Everything captured goes through ``push``."""

    def __init__(self, box: Mailbox[Job], settings: Settings, hal: Hal) -> None:
        self.begun = 0
        self._box = box
        self._settings = settings
        self._hal = hal
        self._current: Take | None = None
        self._leaving: tuple[Take, Unit] | None = None
        self._earlier: list[Reach] = []

    def begin(self, ring: Ring) -> Take:
        """A take that begins with what is in the buffer; where another one runs, that is lost, and this one goes on in its place."""
        self._let_go()
        if self._current is not None:
            self._remember(self._current)
        take = self._next(buffered=True, overlaps=self._overlaps(ring))
        take.join(ring)
        return take

    def push(self, unit: Unit) -> None:
        """One captured unit.  Sound from before a seam still belongs to the take before it."""
        if self._current is None:
            return
        if self._leaving is not None and unit.track is Track.AUDIO:
            if unit.time_ns < self._leaving[1].time_ns:
                self._leaving[0].push(unit)
                return
            self._let_go(unit)
        self._current.push(unit)

    def due(self, unit: Unit) -> bool:
        """Whether the take that runs has grown as long as it may be, and another one can begin with ``unit``."""
        return self._current is not None and self._current.over(unit)

    def follow(self, keyframe: Unit, *, sound: bool) -> Take:
        """The take that runs gives way to another one that begins with ``keyframe``: no frame is missing between them, and none is in both.
        ``sound``: some of it may be on its way."""
        self._let_go()
        before = self._current
        take = self._next(buffered=False, overlaps=())
        if before is not None:
            before.give_way(keyframe)
            self._leaving = before, keyframe
        take.lead(keyframe)
        if not sound:
            self._let_go()
        return take

    def tick(self, now_ns: int) -> None:
        """Time passed: a microphone that says nothing more keeps no recording from being sealed."""
        if self._leaving is not None and now_ns - self._leaving[1].time_ns >= SOUND_NS:
            self._let_go()

    def end(self, reason: str, now_ns: int) -> None:
        """End the take that runs."""
        self._let_go()
        if self._current is not None:
            self._current.end(reason, now_ns)
            self._remember(self._current)
        self._current = None

    def _next(self, *, buffered: bool, overlaps: tuple[Overlap, ...]) -> Take:
        self.begun += 1
        own = (self.begun, self._box, self._settings, self._hal)
        self._current = Take(*own, continues=self._current, buffered=buffered, overlaps=overlaps)
        return self._current

    def _remember(self, take: Take) -> None:
        """What is in the buffer now may come again."""
        if take.reach is not None:
            self._earlier.append(take.reach)

    def _overlaps(self, ring: Ring) -> tuple[Overlap, ...]:
        """What the buffer holds of earlier takes; nothing that has left it comes back."""
        epoch_ns = ring.start_ns
        if epoch_ns is None:
            return ()
        self._earlier = [reach for reach in self._earlier if reach.last_ns >= epoch_ns][-MOST_OVERLAPS:]
        return tuple(_in_ticks(each, epoch_ns) for each in shared(self._earlier, epoch_ns))

    def _let_go(self, sound: Unit | None = None) -> None:
        """Nothing more comes for the take before the seam; ``sound``: the first behind it."""
        if self._leaving is not None:
            before, keyframe = self._leaving
            self._leaving = None
            before.left(keyframe, sound)
            self._remember(before)


def _in_ticks(each: Shared, epoch_ns: int) -> Overlap:
    """In the media times of a take that begins at ``epoch_ns``, and of the earlier one."""
    here, there = Timeline(epoch_ns, TICKS), Timeline(each.epoch_ns, TICKS)
    return Overlap(each.take, here.ticks(each.first_ns), here.ticks(each.last_ns), there.ticks(each.first_ns))
