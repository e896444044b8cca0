"""Keeps the picture coming: a source that falls silent is started again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from firmware.core.gaps import GapMeter

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from firmware.runtime.log import Log
    from hal.interface import Hal, Unit

NS = 1_000_000_000
AHEAD_NS = 1_000_000_000
"""A capture time further ahead than this is a glitch; everything behind it would seem to run back."""

PATIENCE_NS = (2_000_000_000, 2_000_000_000, 6_000_000_000)
"""How long to wait for a frame before the source is restarted, again, and given up.  A source that died is back soon; one that a restart
does not cure may just be late, by seconds: what it delivers is better than nothing."""
ABSENT_NS = 30_000_000_000
"""How often a source that has never given a frame is tried, in the end: a new process would change nothing, so the service goes on without."""
ANEW_NS = 600_000_000_000
"""After so long without a frame a new process is tried all the same: a library that hangs is cured by nothing else."""
LATE_NS = 1_500_000_000
"""A frame that took longer from its capture to us is late: recorded all the same, and shown."""
SHOWN_NS = 5_000_000_000
"""How long a loss is shown: long enough to be seen once, and for as long as it goes on."""
LOOK_S = 0.2


class LensLostError(Exception):
    """The source does not come back: the service has to start anew."""


class Lens:
    """Starts the video source, watches that frames flow, and restarts it when they do not."""

    def __init__(self, hal: Hal, sink: Callable[[Unit], None], log: Log) -> None:
        self._source = source = hal.video
        self._clock = clock = hal.clock
        self._ready = hal.watchdog.ready
        self._sink = sink
        self._log = log
        self._came_ns = self._tried_ns = self._looked_ns = self._began_ns = clock.monotonic_ns()
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

    @property
    def absent(self) -> bool:
        """Whether there has never been a frame, though it was waited for: the camera does what it can without."""
        return self.stalled and not self.frames

    def silent_ns(self, now_ns: int) -> int:
        """For how long no frame came, or where there is no lens nobody looked for it.  For other threads."""
        return max(0, now_ns - self._looked_ns - ABSENT_NS) if self.absent else now_ns - self._came_ns

    def keep(self, stop: threading.Event) -> None:
        """Run until ``stop``; ``LensLostError`` after several restarts of a lens that was there."""
        self._start()
        try:
            while not stop.wait(LOOK_S):
                self.look()
        finally:
            with suppress(OSError):
                self._source.stop()

    def look(self) -> None:
        """Check once whether frames flow."""
        now_ns = self._looked_ns = self._clock.monotonic_ns()
        if now_ns - max(self._came_ns, self._tried_ns) <= self._patience_ns():
            return
        self.stalled = True
        self._attempts += 1
        anew = now_ns - max(self._came_ns, self._began_ns) > ANEW_NS
        if anew or (self.frames and self._attempts >= len(PATIENCE_NS)):
            message = f"no frame after {self._attempts - 1} restarts of the video source"
            raise LensLostError(message)
        self._log.warning("video-stalled", attempt=self._attempts)
        if not self.frames:
            self._ready()  # it buffers nothing; but it hears, shows and docks, and nobody need start it anew for that
        with suppress(OSError):  # what cannot be stopped says so when it is started
            self._source.stop()
        self._start()

    def _patience_ns(self) -> int:
        if self._attempts < len(PATIENCE_NS):
            return PATIENCE_NS[self._attempts]
        return min(PATIENCE_NS[-1] << (self._attempts - len(PATIENCE_NS)), ABSENT_NS)

    def _start(self) -> None:
        self._tried_ns = self._clock.monotonic_ns()
        try:
            self._source.start(self._sink)
        except OSError as error:
            self.stalled = True
            self._log.error("video-fails", trouble=str(error))
