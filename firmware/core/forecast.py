"""How long storage will last: what has to stay free, how much a second takes, what that leaves, and when to warn.

It must never promise too much.  What cannot be known is counted at its worst: every flush is padded in full, the encoder overshoots to
twice its target, and the buffer and the queue are as full as they can be.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from firmware.core.indications import Trouble
from firmware.core.memory import SLACK_S, captured

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB: Final = 1 << 20
CLOSING: Final = 24 * MIB
"""What sealing may take and a docking after it: a manifest of 4 MiB written beside its place, the private part, lines, receipts."""
PREPARED: Final = 17 * MIB
"""What is set aside while a recording runs and comes back later: two segments and a journal."""
EMPTYING: Final = 40 * MIB
"""How early receipted footage makes room, before what has to stay free is touched."""
FLUSH: Final = 96 << 10
"""What a flush may take beside its units: padding of at most 64 KiB, boxes for half a second of 240 frames, its journal line, and a pair of
signatures in the picture, one of them with certificates, of GOPs so long that each lists the most hashes."""
SOUND: Final = 16_000
"""Bytes a second that sound may take."""
FLUSHES: Final = 2
"""Live flushes a second."""
WAITING: Final = 60
"""Live flushes that may wait: storage that hangs for longer ends the service."""
WINDOW_S: Final = 60.0
HOUR_S: Final = 3600


def on_card(size: int, flushes: int) -> int:
    """The most bytes that ``size`` bytes of picture and sound take on the card, in so many flushes."""
    return size + -(-size // 1000) + flushes * FLUSH


@dataclass(frozen=True, slots=True)
class Budget:
    """What a profile needs: ``bitrate`` in bit/s, the buffer's and the queue's and a segment's length in seconds."""

    bitrate: int
    pre_event_s: int
    queue_s: int
    segment_s: int

    @property
    def rate(self) -> int:
        """Bytes a second on the card at the target rate."""
        return on_card(self.bitrate // 8 + SOUND, FLUSHES)

    @property
    def running(self) -> int:
        """Bytes that have to be free for a recording to go on: what waits is still written, and then it is sealed."""
        return CLOSING + on_card(captured(self.queue_s, self.bitrate), WAITING)

    @property
    def idle(self) -> int:
        """Bytes that have to be free for one to begin: the buffer goes to the card beside it, and what is set aside for one that runs
        must not end it at once.  So a card that was full stays full until something goes, although sealing gave a little back."""
        seconds = self.pre_event_s + SLACK_S
        return self.running + PREPARED + on_card(captured(seconds, self.bitrate), seconds)

    @property
    def emptying(self) -> int:
        """Free bytes below which receipted footage goes."""
        return self.idle + EMPTYING


class Rate:
    """Bytes a second that recording takes: measured over the newest minute of it; what of that minute is not measured yet is counted
    at ``target``."""

    def __init__(self, target: int, window_s: float = WINDOW_S) -> None:
        self._target = target
        self._window_s = window_s
        self._flushes: deque[tuple[int, float]] = deque()
        self._size = 0
        self._seconds = 0.0

    def add(self, size: int, seconds: float) -> None:
        """So many bytes became durable for so many seconds of recording."""
        self._flushes.append((size, seconds))
        self._size += size
        self._seconds += seconds
        while self._seconds - self._flushes[0][1] >= self._window_s:
            old_size, old_seconds = self._flushes.popleft()
            self._size -= old_size
            self._seconds -= old_seconds

    @property
    def per_second(self) -> int:
        """Bytes a second, rounded up, at least one."""
        unknown_s = max(0.0, self._window_s - self._seconds)
        measured = (self._size + unknown_s * self._target) / (self._seconds + unknown_s)
        return int(measured) + 1


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether recording has to end, or may not begin, and for how many seconds it can go on."""

    full: bool
    left_s: int


def outlook(*, free: int, returnable: int, kept: int, aside: int, rate: int, segment_s: int) -> Outlook:
    """What storage with ``free`` bytes has left when it may not fall below ``kept``, at ``rate`` bytes a second.

    ``returnable`` bytes are receipted footage, which makes room once it is needed, ``aside`` may yet be set aside.  A segment is set aside before it is filled, so that
    the last one may find no room although half of it would have.
    """
    if free < kept:
        return Outlook(full=True, left_s=0)
    room = max(0, free + returnable - kept - aside)
    return Outlook(full=False, left_s=max(0, room // rate - segment_s))


_WARNINGS: Final[Mapping[Trouble, int]] = MappingProxyType(
    {Trouble.STORAGE_CRITICAL: HOUR_S // 2, Trouble.STORAGE_LOW: HOUR_S}
)
"""Below how many seconds each stands."""


def warnings(left_s: int, before: frozenset[Trouble]) -> frozenset[Trouble]:
    """The warnings that stand with so much left; ``before``: those that stood.  One goes only once there is a quarter more than where it
    came, so that a picture that grows and shrinks does not make it flicker."""
    return frozenset(
        trouble
        for trouble, below_s in _WARNINGS.items()
        if left_s < (below_s * 5 // 4 if trouble in before else below_s)
    )
