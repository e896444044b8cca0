"""Keeps the picture coming: a source that falls silent is started again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hal.interface import ClockQuality, Overlay

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from firmware.runtime.log import Log
    from hal.interface import Clock, Unit, VideoSource

AHEAD_NS = 1_000_000_000
"""A capture time further ahead than this is a glitch; everything behind it would seem to run back."""

STALL_NS = 2_000_000_000
ATTEMPTS = 5
LOOK_S = 0.2


class LensLostError(Exception):
    """The source does not come back: the service has to start anew."""


class Lens:
    """Starts the video source, watches that frames flow, and restarts it when they do not."""

    def __init__(
        self, source: VideoSource, clock: Clock, sink: Callable[[Unit], None], log: Log, *, device: str
    ) -> None:
        self._source = source
        self._clock = clock
        self._sink = sink
        self._log = log
        self._device = device
        self._seen_ns = self._tried_ns = clock.monotonic_ns()
        self._attempts = 0
        self.stalled = False
        self.caption(recording=False)

    def caption(self, *, recording: bool) -> None:
        """Have burnt into the picture whose it is, and whether it is being recorded.  An incident is never refused for its caption."""
        clock_set = self._clock.utc().quality is not ClockQuality.UNSET
        with suppress(OSError):
            self._source.overlay(Overlay(self._device, recording, clock_set))

    def saw(self, unit: Unit) -> None:
        """A frame came.  One whose time stands still or runs back is as good as none."""
        if unit.time_ns <= self._seen_ns:
            return
        self._seen_ns = unit.time_ns
        self._attempts = 0
        self.stalled = False

    def silent_ns(self, now_ns: int) -> int:
        """For how long no frame came.  For other threads."""
        return now_ns - self._seen_ns

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
        if self._clock.monotonic_ns() - max(self._seen_ns, self._tried_ns) <= STALL_NS:
            return
        self.stalled = True
        self._attempts += 1
        if self._attempts > ATTEMPTS:
            message = f"no frame after {ATTEMPTS} restarts of the video source"
            raise LensLostError(message)
        self._log.warning("video-stalled", attempt=self._attempts)
        self._source.stop()
        self._start()

    def _start(self) -> None:
        self._tried_ns = self._clock.monotonic_ns()
        self._source.start(self._sink)
