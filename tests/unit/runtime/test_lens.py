"""A lens that falls silent, or was never there: when it is tried again, when the service is given up, and what others may know of it."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from firmware.runtime.lens import ABSENT_NS, ANEW_NS, PATIENCE_NS, Lens, LensLostError
from firmware.runtime.log import Log
from firmware.runtime.troubles import HANGS_NS
from hal.interface import Hal, Track, Unit, VideoFormat
from hal.sim.clock import NS, VirtualClock
from hal.sim.watchdog import SimWatchdog

if TYPE_CHECKING:
    from collections.abc import Callable

STEP_NS = 200_000_000


class Source:
    """A lens that is there or not, and says what was asked of it."""

    format = VideoFormat(160, 128, 10, 250_000, 10)

    def __init__(self, clock: VirtualClock) -> None:
        self._clock, self.there, self.starts, self.sticks = clock, False, list[int](), False

    def start(self, _sink: Callable[[Unit], None]) -> None:
        """Begin, if it is there."""
        self.starts.append(self._clock.monotonic_ns())
        if not self.there:
            raise OSError("no camera")

    def stop(self) -> None:
        """End, unless it sticks."""
        if self.sticks:
            raise OSError("it hangs")


class Bench:
    """A watched lens on a clock of the test's own."""

    def __init__(self) -> None:
        self.clock, self.log = VirtualClock(), io.StringIO()
        self.source, self.watchdog = Source(self.clock), SimWatchdog(self.clock)
        hal = SimpleNamespace(video=self.source, clock=self.clock, watchdog=self.watchdog)
        self.lens = Lens(cast("Hal", hal), lambda _: None, Log(self.log, self.clock))
        self.began_ns = self.clock.monotonic_ns()
        self.lens._start()

    def run(self, ns: int) -> None:
        """Let time pass, looking five times a second."""
        for _ in range(ns // STEP_NS):
            self.clock.advance(STEP_NS)
            self.lens.look()

    def frame(self) -> None:
        """One comes."""
        self.clock.advance(STEP_NS)
        self.lens.saw(Unit(Track.VIDEO, self.clock.monotonic_ns(), b"frame", key=True))


def test_a_lens_that_was_never_there_is_tried_ever_more_rarely() -> None:
    """The service lives on without it, and whoever started the service hears that it does; each refusal is logged with its reason."""
    bench = Bench()
    assert bench.lens.absent
    bench.run(300 * NS)
    pauses = [round((b - a) / NS) for a, b in zip(bench.source.starts, bench.source.starts[1:], strict=False)]
    assert pauses[:6] == [2, 2, 6, 6, 12, 24]
    assert set(pauses[6:]) == {ABSENT_NS // NS}
    assert bench.watchdog.state == "ready"
    assert bench.lens.silent_ns(bench.clock.monotonic_ns()) <= HANGS_NS
    told = [json.loads(line) for line in bench.log.getvalue().splitlines()]
    assert {line["trouble"] for line in told if line["event"] == "video-fails"} == {"no camera"}


def test_nobody_who_looks_is_told_too() -> None:
    """Where the lens's own thread hangs in an attempt, that is silence: nobody may feed the watchdog for it for ever."""
    bench = Bench()
    bench.run(20 * NS)
    bench.clock.advance(ABSENT_NS + HANGS_NS + NS)
    assert bench.lens.silent_ns(bench.clock.monotonic_ns()) > HANGS_NS


def test_the_first_frame_ends_its_absence() -> None:
    """From then on it is watched like any lens."""
    bench = Bench()
    bench.run(20 * NS)
    bench.source.there = True
    bench.run(ABSENT_NS)
    bench.frame()
    assert not bench.lens.absent
    assert not bench.lens.stalled
    assert bench.lens.silent_ns(bench.clock.monotonic_ns() + NS) == NS


@pytest.mark.parametrize("sticks", [False, True])
def test_a_lens_that_was_there_costs_a_start(*, sticks: bool) -> None:
    """After two restarts in vain, whether it refuses or cannot even be stopped: a new process may cure what hangs in this one."""
    bench = Bench()
    bench.source.there = True
    bench.frame()
    bench.source.there, bench.source.sticks = False, sticks
    with pytest.raises(LensLostError):
        bench.run(sum(PATIENCE_NS) + 2 * NS)
    assert bench.clock.monotonic_ns() - bench.began_ns <= sum(PATIENCE_NS) + NS
    assert len(bench.source.starts) == 3


def test_a_new_process_is_tried_now_and_then() -> None:
    """Every ten minutes: that is no loop of starts, and a library that hangs is cured by nothing else."""
    bench = Bench()
    bench.run(ANEW_NS - ABSENT_NS)
    with pytest.raises(LensLostError):
        bench.run(3 * ABSENT_NS)
