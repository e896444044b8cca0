"""What lies between an encoder's thread and the firmware's: a queue that the encoder never waits for, and capture times to the nanosecond."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from hal.interface import Clock, Track, Unit
from hal.pi.annexb import AccessUnits

US: Final = 1000  # ns
WAITING: Final = 300
"""Frames that may wait: ten seconds at most rates.  Whoever takes them is dead by then, and memory is worth more."""
PENDING: Final = 64
"""Frames whose times are kept until they come out of the encoder: four times the buffers that one has."""
GAP: Final = b"", 0
"""Stands in the queue where buffers were dropped."""


class Stamps:
    """Keeps the sensor's times, in ns, for encoders that hand on microseconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[int, int] = {}

    def saw(self, sensor_ns: int) -> None:
        """A frame that goes into the encoder was captured then."""
        with self._lock:
            self._seen[sensor_ns // US] = sensor_ns
            if len(self._seen) > PENDING:
                del self._seen[next(iter(self._seen))]

    def of(self, time_us: int) -> int:
        """When the frame was captured that the encoder says is of ``time_us``: exactly, or to the microsecond if it was not seen going in."""
        with self._lock:
            return self._seen.pop(time_us, time_us * US)


class Feed:
    """Takes an encoder's buffers, and gives a sink whole access units on a thread of its own.

    The first unit is a keyframe, and times rise and lie in the past: a unit that breaks this is left out, and so is all behind it up to the
    next keyframe, since nothing there could be decoded.
    """

    def __init__(self, clock: Clock, sink: Callable[[Unit], None], after_ns: int) -> None:
        """Begin with units later than ``after_ns``."""
        self._clock, self._sink = clock, sink
        self._units = AccessUnits()
        self._open = self._gap = False
        self._queue: SimpleQueue[tuple[bytes, int] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pi-video", daemon=True)
        self.last_ns = after_ns
        """The newest unit's time."""
        self.dropped = 0
        """Buffers that found the queue full."""
        self._thread.start()

    def put(self, data: bytes, time_ns: int) -> None:
        """Take one buffer.  Never waits, never raises; for the encoder's thread."""
        if self._queue.qsize() >= WAITING:
            self.dropped += 1
            self._gap = True
            return
        if self._gap:
            self._gap = False
            self._queue.put(GAP)
        self._queue.put((data, time_ns))

    def close(self) -> None:
        """Deliver what is in the queue, and nothing more once this returns."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            self._deliver(*item)

    def _deliver(self, data: bytes, time_ns: int) -> None:
        if not data:
            self._open = False
        whole = self._units.whole(data)
        if whole is None:
            return
        unit, key = whole
        in_order = self.last_ns < time_ns <= self._clock.monotonic_ns()
        self._open = in_order and (self._open or key)
        if self._open:
            self.last_ns = time_ns
            self._sink(Unit(Track.VIDEO, time_ns, unit, key))
