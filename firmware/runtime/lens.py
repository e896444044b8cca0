"""Keeps the picture coming: a source that falls silent is started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.core.gaps import GapMeter

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from firmware.runtime.log import Log
    from hal.interface import Clock, Unit, VideoSource

NS = 1_000_000_000
AHEAD_NS = 1_000_000_000
"""A capture time further ahead than this is a glitch; everything behind it would seem to run back."""

PATIENCE_NS = (2_000_000_000, 2_000_000_000, 6_000_000_000)
"""How long to wait for a frame before the source is restarted, again, and given up.  A source that died is back soon; one that a restart
does not cure may just be late, by seconds: what it delivers is better than nothing."""
LATE_NS = 1_500_000_000
"""A frame that took longer from its capture to us is late: recorded all the same, and shown."""
SHOWN_NS = 5_000_000_000
"""How long a loss is shown: long enough to be seen once, and for as long as it goes on."""
LOOK_S = 0.2


class LensLostError(Exception):
    """The source does not come back: the service has to start anew."""


class Lens:
    """Starts the video source, watches that frames flow, and restarts it when they do not."""

    def __init__(self, source: VideoSource, clock: Clock, sink: Callable[[Unit], None], log: Log) -> None:
        self._source = source
        self._clock = clock
        self._sink = sink
        self._log = log
        self._came_ns = self._tried_ns = clock.monotonic_ns()
        self._newest_ns = self._came_ns
        self._amiss_ns: int | None = None
        self._gaps = GapMeter(NS // source.format.fps)
        self._attempts = 0
        self.stalled = False
        self.frames = self.bytes = 0  # that came so far
        self.late_ns = 0
        """How long the newest frame took from its capture to us."""

    def saw(self, unit: Unit) -> None:
        """A frame came.  One whose time stands still or runs back is as good as none; a late one is a frame."""
        self.bytes += len(unit.data)
        now_ns = self._clock.monotonic_ns()
        lost = self._gaps.see(unit.time_ns)
        self.late_ns = max(0, now_ns - max(unit.time_ns, self._newest_ns))
        if lost or self.late_ns > LATE_NS:
            self._amiss_ns = now_ns
        if unit.time_ns <= self._newest_ns:
            return
        self._newest_ns, self._came_ns = unit.time_ns, now_ns
        self.frames += 1
        self._attempts = 0
        self.stalled = False

    def amiss(self, now_ns: int) -> bool:
        """Whether frames were lost or late within the last seconds."""
        return self._amiss_ns is not None and now_ns - self._amiss_ns <= SHOWN_NS

    def silent_ns(self, now_ns: int) -> int:
        """For how long no frame came.  For other threads."""
        return now_ns - self._came_ns

    def keep(self, stop: threading.Event) -> None:
        """Run until ``stop``; ``LensLostError`` after several restarts without a frame."""
        self._start()
        try:
            while not stop.wait(LOOK_S):
                self.look()
        finally:
            self._source.stop()

    def look(self) -> None:
        """Check once whether frames flow."""
        if self._clock.monotonic_ns() - max(self._came_ns, self._tried_ns) <= PATIENCE_NS[self._attempts]:
            return
        self.stalled = True
        self._attempts += 1
        if self._attempts == len(PATIENCE_NS):
            message = f"no frame after {self._attempts - 1} restarts of the video source"
            raise LensLostError(message)
        self._log.warning("video-stalled", attempt=self._attempts)
        self._source.stop()
        self._start()

    def _start(self) -> None:
        self._tried_ns = self._clock.monotonic_ns()
        self._source.start(self._sink)
