"""Lens and microphone of the simulated camera: what makes units, who drives it, and what spoils it.

A *feed* makes the units of one track.  A *drive* asks it for them: ``Paced`` on a thread in step with the real clock,
``Stepped`` only when a test says so.  A *disturbance* stands between the two and the sink.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from hal.interface import AudioFormat, Overlay, Unit, VideoFormat
from hal.sim.calls import Call
from hal.sim.clock import NS, SimTime, VirtualClock
from hal.sim.disturbance import Disturbance

Sink = Callable[[Unit], None]


class Feed(Protocol):
    """The units of one track, in the order of their times."""

    def begin(self, time_ns: int) -> None:
        """Start anew, the first unit captured at ``time_ns``; for video it is a keyframe."""

    def due_ns(self) -> int:
        """When the next unit's last sample has been captured."""

    def take(self) -> Unit | None:
        """Capture and encode what is due; None where the encoder keeps it for later or there is no picture."""

    def skip(self) -> None:
        """Let what is due pass by."""

    def end(self) -> None:
        """Give the encoder back."""

    def faults(self) -> dict[str, Call]:
        """What can go wrong before and in the encoder."""


class VideoFeed(Feed, Protocol):
    """A feed of pictures."""

    @property
    def format(self) -> VideoFormat:
        """The format of every unit."""

    def burn(self, overlay: Overlay) -> None:
        """Draw this into the pictures from now on."""


class AudioFeed(Feed, Protocol):
    """A feed of sound."""

    @property
    def format(self) -> AudioFormat:
        """The format of every unit."""


class Drive(Protocol):
    """Whoever asks a feed for its units."""

    disturbance: Disturbance

    def start(self, feed: Feed, sink: Sink) -> None:
        """Begin the feed and deliver its units to ``sink``."""

    def stop(self) -> None:
        """Deliver nothing more once this returns."""


class Paced:
    """Drives a feed in real time, on a thread of its own.

    A feed that falls behind by more than ``patience_s`` loses what is late: that is the few buffers a camera has, and
    it shows as a gap in the times.
    """

    def __init__(self, clock: SimTime, name: str, patience_s: float = 0.25, *, gather_s: float = 0.0) -> None:
        """A drive that waits on ``clock``; ``name`` is the thread's.  It lets ``gather_s`` of units gather before it hands them over, as a sound
        card does in its buffer."""
        self.disturbance = Disturbance()
        self.skipped = 0
        self._clock = clock
        self._name = name
        self._gather_s = gather_s
        self._patience_ns = int(patience_s * NS)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, feed: Feed, sink: Sink) -> None:
        """Begin now; ``ValueError`` while it runs, ``OSError`` if the part is told to refuse."""
        if self._thread is not None:
            raise ValueError(f"{self._name} runs already")
        self.disturbance.starting()
        feed.begin(self._clock.monotonic_ns())
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, args=(feed, sink), name=f"sim-{self._name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self, feed: Feed, sink: Sink) -> None:
        with suppress(OSError):  # or else the kernel calls it as the thread of the firmware's that started it
            Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(f"sim-{self._name}", encoding="ascii")
        try:
            while not self._stopping.is_set() and not self.disturbance.ended:
                late_ns = self._clock.monotonic_ns() - feed.due_ns()
                if late_ns < 0:
                    self._stopping.wait(-late_ns / NS + self._gather_s)
                elif late_ns > self._patience_ns:
                    self._catch_up(feed)
                else:
                    if self.disturbance.slow_s:
                        self._stopping.wait(self.disturbance.slow_s)
                    _deliver(feed, self.disturbance, sink)
        finally:
            feed.end()

    def _catch_up(self, feed: Feed) -> None:
        now_ns = self._clock.monotonic_ns()
        while feed.due_ns() < now_ns:
            feed.skip()
            self.skipped += 1


class Stepped:
    """Drives a feed when it is told to, for a clock that a test moves."""

    def __init__(self, clock: SimTime) -> None:
        """A drive that begins its feed at the time ``clock`` shows."""
        self.disturbance = Disturbance()
        self._clock = clock
        self._running: tuple[Feed, Sink] | None = None
        self._last_ns = -1

    def start(self, feed: Feed, sink: Sink) -> None:
        """Begin at the clock's time, if need be a nanosecond behind the last unit; ``ValueError`` while it runs,
        ``OSError`` if the part is told to refuse.
        """
        if self._running is not None:
            raise ValueError("runs already")
        self.disturbance.starting()
        feed.begin(max(self._clock.monotonic_ns(), self._last_ns + 1))
        self._running = feed, sink

    def stop(self) -> None:
        """Deliver nothing more."""
        running, self._running = self._running, None
        if running is not None:
            running[0].end()

    def due_ns(self) -> int | None:
        """When the next unit is due; None while nothing runs."""
        if self._running is None or self.disturbance.ended:
            return None
        return self._running[0].due_ns()

    def deliver_until(self, time_ns: int) -> None:
        """Deliver every unit that is due at ``time_ns``."""
        while self._running is not None and (due_ns := self.due_ns()) is not None and due_ns <= time_ns:
            feed, sink = self._running
            self._last_ns = due_ns
            _deliver(feed, self.disturbance, sink)


def run_until(clock: VirtualClock, drives: Sequence[Stepped], time_ns: int) -> None:
    """Advance ``clock`` to ``time_ns``, stopping at each unit of all ``drives`` to deliver it when it is due."""
    while True:
        due = [due_ns for drive in drives if (due_ns := drive.due_ns()) is not None and due_ns <= time_ns]
        clock.advance(max(0, min(due, default=time_ns) - clock.monotonic_ns()))
        if not due:
            return
        for drive in drives:
            drive.deliver_until(clock.monotonic_ns())


class SimVideo:
    """The simulated lens: a ``VideoSource`` of any feed under any drive."""

    def __init__(self, feed: VideoFeed, drive: Drive) -> None:
        """A stopped lens."""
        self.drive = drive
        self.burnt = Overlay("", recording=False, clock_set=False)
        self._feed = feed

    @property
    def format(self) -> VideoFormat:
        """The format of every unit."""
        return self._feed.format

    def start(self, sink: Sink) -> None:
        """Deliver units until ``stop``, the first one a keyframe."""
        self.drive.start(self._feed, sink)

    def stop(self) -> None:
        """Deliver nothing more once this returns."""
        self.drive.stop()

    def overlay(self, overlay: Overlay) -> None:
        """Burn this into the frames from now on."""
        self.burnt = overlay
        self._feed.burn(overlay)

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        return self.drive.disturbance.faults() | self._feed.faults()


class SimAudio:
    """The simulated microphone: an ``AudioSource`` of any feed under any drive."""

    def __init__(self, feed: AudioFeed, drive: Drive) -> None:
        """A stopped microphone."""
        self.drive = drive
        self._feed = feed

    @property
    def format(self) -> AudioFormat:
        """The format of every unit."""
        return self._feed.format

    def start(self, sink: Sink) -> None:
        """Deliver units until ``stop``, the first one captured from now on."""
        self.drive.start(self._feed, sink)

    def stop(self) -> None:
        """Deliver nothing more once this returns."""
        self.drive.stop()

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        return self.drive.disturbance.faults() | self._feed.faults()


def _deliver(feed: Feed, disturbance: Disturbance, sink: Sink) -> None:
    unit = feed.take()
    for spoilt in () if unit is None else disturbance.spoil(unit):
        sink(spoilt)
