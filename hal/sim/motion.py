"""The accelerometer of the simulated camera: it plays what somebody who wears it would make it feel."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from random import Random

from hal.interface import Clock, Sample, Samples
from hal.sim.calls import Call, Word
from hal.sim.clock import NS
from hal.sim.traces import RATE, TRACES, Vector, felt

STEP_NS = NS // RATE
QUEUE = 10
"""Readings that its queue hands over at once."""


class SimAccelerometer:
    """Feels one movement after the other, from a seed: each is drawn anew.

    ``poll`` delivers what is due; with ``paced`` a thread does that in step with the clock, without it whoever moves the clock.
    """

    def __init__(self, clock: Clock, *, paced: bool, seed: int = 1) -> None:
        """Worn by somebody who stands."""
        self._clock = clock
        self._paced = paced
        self._draw = Random(seed)  # noqa: S311 - a simulation
        self._name = "still"
        self._moves: Iterator[Vector] = TRACES["still"].begin(self._draw)
        self._lock = threading.Lock()
        self._sink: Callable[[Samples], None] | None = None
        self._due_ns = 0
        self._dead = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, sink: Callable[[Samples], None]) -> None:
        """Deliver readings until ``stop``."""
        if self._sink is not None:
            raise ValueError("runs already")
        if self._dead:
            raise OSError(errno.ENXIO, "the accelerometer does not answer")
        self._sink, self._due_ns = sink, self._clock.monotonic_ns()
        if self._paced:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="sim-motion", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Deliver nothing more."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        self._sink = None

    def play(self, name: str) -> None:
        """Let this movement begin now; ``KeyError`` if there is none of that name."""
        with self._lock:
            self._name, self._moves = name, TRACES[name].begin(self._draw)

    def die(self) -> None:
        """Fall silent, and answer no more until ``mend``."""
        self._dead = True

    def mend(self) -> None:
        """Answer again."""
        self._dead = False

    @property
    def running(self) -> bool:
        """Whether anybody listens."""
        return self._sink is not None

    @property
    def playing(self) -> str:
        """The movement that it feels."""
        return self._name

    def poll(self) -> None:
        """Deliver every full queue that is due."""
        now_ns = self._clock.monotonic_ns()
        while self._sink is not None and self._due_ns + QUEUE * STEP_NS <= now_ns:
            samples = tuple(self._take() for _ in range(QUEUE))
            if not self._dead:
                self._sink(Samples(samples))

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        return {
            "play": Call(self.play, {"name": Word(tuple(TRACES))}),
            "die": Call(self.die),
            "mend": Call(self.mend),
        }

    def _take(self) -> Sample:
        with self._lock:
            exact = next(self._moves, None)
            if exact is None:
                self._name = TRACES[self._name].then
                self._moves = TRACES[self._name].begin(self._draw)
                exact = next(self._moves)
            x, y, z = felt(self._draw, exact)
        self._due_ns += STEP_NS
        return Sample(self._due_ns, x, y, z)

    def _run(self) -> None:
        while not self._stopping.wait(QUEUE / RATE):
            self.poll()
