"""The pre-event buffer: the newest seconds of the stream, as whole groups of pictures, in memory only.

It is a ring of GOPs and no delay line: it always runs, also while a recording is made, and a snapshot takes nothing
out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from firmware.core.order import Increasing
from hal.interface import Track, Unit

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Gop:
    """A group of pictures: a video keyframe and everything, sound too, that arrived before the next one."""

    units: tuple[Unit, ...]

    def __post_init__(self) -> None:
        """Refuse a GOP that no decoder could begin with."""
        if not self.units or not _opens_gop(self.units[0]):
            raise ValueError("a GOP begins with a video keyframe")

    @property
    def start_ns(self) -> int:
        """Capture time of its keyframe."""
        return self.units[0].time_ns

    @property
    def bytes(self) -> int:
        """Bytes of payload."""
        return sum(len(unit.data) for unit in self.units)


class Ring:
    """Holds at least ``seconds`` of video, and at most one GOP more, once it ran that long.

    Two things alone make it shorter: it has not run that long, or ``max_bytes`` do not hold that much; then ``short``
    counts the GOPs that had to go early.  ``early`` counts the units that came while there was no keyframe to put them
    behind, ``repeated`` those whose time did not increase; neither is held.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        """Take the window to cover and the most payload to hold."""
        if seconds < 0 or max_bytes <= 0:
            raise ValueError(f"a ring of {seconds} s in {max_bytes} bytes")
        self.short = 0
        self.early = 0
        self._window_ns = round(seconds * _NS)
        self._max_bytes = max_bytes
        self._increasing = Increasing()
        self._closed: deque[Gop] = deque()
        self._open: list[Unit] = []
        self._bytes = 0
        self._newest_ns = 0

    @property
    def bytes(self) -> int:
        """Bytes of payload held."""
        return self._bytes

    @property
    def seconds(self) -> float:
        """Seconds of video held, from the oldest frame's capture to the newest's."""
        return (self._newest_ns - self._start_ns(0)) / _NS if self._open else 0.0

    @property
    def start_ns(self) -> int | None:
        """The capture time of the oldest frame held; None while there is none."""
        return self._start_ns(0) if self._open else None

    @property
    def repeated(self) -> int:
        """Units left out because their time did not increase."""
        return self._increasing.repeated

    def push(self, unit: Unit) -> None:
        """Hold ``unit`` and let go what is no longer needed.  Never raises for what a source sends."""
        opens = _opens_gop(unit)
        if not (self._open or opens):
            self.early += 1
            return
        if not self._increasing.accept(unit):
            return
        if opens and self._open:
            self._closed.append(Gop(tuple(self._open)))
            self._open = []
        self._open.append(unit)
        self._bytes += len(unit.data)
        if unit.track is Track.VIDEO:
            self._newest_ns = unit.time_ns
        self._let_go()

    def snapshot(self) -> tuple[tuple[Gop, ...], tuple[Unit, ...]]:
        """The closed GOPs, oldest first, and the units of the GOP being filled.  No payload is copied."""
        return tuple(self._closed), tuple(self._open)

    def clear(self) -> None:
        """Forget what it holds: the stream begins anew.  The counters run on."""
        self._increasing.restart()
        self._closed.clear()
        self._open = []
        self._bytes = 0

    def _start_ns(self, index: int) -> int:
        """Where GOP ``index`` begins, the open one counted as the last."""
        return self._closed[index].start_ns if index < len(self._closed) else self._open[0].time_ns

    def _let_go(self) -> None:
        """Drop from the front only while the second GOP still covers the window, or to stay within the bytes."""
        while self._closed:
            covered = self._newest_ns - self._start_ns(1) >= self._window_ns
            if not covered and self._bytes <= self._max_bytes:
                return
            self.short += not covered
            self._bytes -= self._closed.popleft().bytes
        if self._bytes > self._max_bytes:  # no keyframe for so long that a single GOP is too much
            self.short += 1
            self._open = []
            self._bytes = 0


def _opens_gop(unit: Unit) -> bool:
    return unit.key and unit.track is Track.VIDEO
