"""Whoever restarts a camera that hangs: fed while frames flow and what is recorded becomes durable, starved soon when they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Recording
from firmware.runtime.lens import LensLostError
from firmware.runtime.troubles import HANGS_NS
from tests.rig import NS, Rig
from tests.sim.test_parts import shows_recording

if TYPE_CHECKING:
    from collections.abc import Callable

SURVIVED_S = 5.0
"""The longest stall of a card that costs nothing."""
LIMIT_S = HANGS_NS / NS


def well(rig: Rig) -> bool:
    """Whether the controller would feed now."""
    return rig.camera.well(rig.clock.monotonic_ns())


def writer_hangs(rig: Rig) -> None:
    """A sync does not return."""
    rig.camera.writer.step = lambda: False  # type: ignore[method-assign]  # replaced by the test


def writes_vanish(rig: Rig) -> None:
    """The writer loops and loops, and nothing becomes durable."""
    rig.camera.writer._jobs = {kind: lambda _job: None for kind in rig.camera.writer._jobs}


def no_frames(rig: Rig) -> None:
    """The lens gives nothing, and nobody notices: its own thread hangs."""
    rig.video.disturbance.end()
    rig.camera.lens.look = lambda: None  # type: ignore[method-assign]  # replaced by the test


def frozen_frames(rig: Rig) -> None:
    """Frames whose time stands still."""
    rig.video.disturbance.repeat(100_000)
    rig.camera.lens.look = lambda: None  # type: ignore[method-assign]  # replaced by the test


HANGS: tuple[Callable[[Rig], None], ...] = (writer_hangs, writes_vanish, no_frames, frozen_frames)


@pytest.mark.parametrize("hang", HANGS)
def test_a_recording_that_does_not_go_on_starves_the_watchdog(hang: Callable[[Rig], None]) -> None:
    """Not before a stall that it outlives is over, and soon after."""
    rig = Rig.new().run(3).tap().run(2)
    assert well(rig)
    hang(rig)
    assert well(rig.run(SURVIVED_S + 1))
    assert not well(rig.run(LIMIT_S - SURVIVED_S))
    assert not shows_recording(rig)


def test_an_idle_camera_needs_no_writes() -> None:
    """Nothing is to be written: it is well for hours."""
    rig = Rig.new().run(3).tap().run(2).stop()
    for _ in range(10):
        assert well(rig.run(7))


def test_a_card_that_stalls_for_five_seconds_costs_nothing_and_kills_nobody() -> None:
    """Nothing is lost, the lag is shown, and the camera is fed throughout."""
    rig = Rig.new().run(3).tap().run(2)
    step = rig.camera.writer.step
    writer_hangs(rig)
    for _ in range(int(SURVIVED_S * 4)):
        assert well(rig.run(0.25))
    assert not shows_recording(rig)
    rig.camera.writer.step = step  # type: ignore[method-assign]  # replaced by the test
    assert shows_recording(rig.run(2))
    assert rig.state is Recording.RECORDING


def test_a_lens_is_given_up_no_later_than_the_watchdog_would_end_it() -> None:
    """A lens that is lost ends the service in good order: what was captured is still written."""
    rig = Rig.new().run(3).tap().run(2)
    rig.video.disturbance.end()
    rig.video.disturbance.starting = lambda: None  # type: ignore[method-assign]  # no restart heals it
    began_ns = rig.clock.monotonic_ns()
    with pytest.raises(LensLostError):
        rig.run(60)
    assert rig.clock.monotonic_ns() - began_ns <= HANGS_NS + NS // 5


def test_the_controller_feeds_at_least_once_a_second_and_only_while_all_is_well() -> None:
    """What is fed is what ``well`` says, by the controller's own loop."""
    rig = Rig.new().run(3)
    controller, inbox = rig.camera.controller, rig.camera.inbox

    class Turns:
        """A stop that comes after so many turns of the loop, time passing in each."""

        def __init__(self, turns: int) -> None:
            self.left = turns

        def is_set(self) -> bool:
            """Another turn."""
            self.left -= 1
            rig.run(0.05)
            return self.left < 0

    inbox.wait = lambda timeout_s: None  # type: ignore[method-assign]  # replaced by the test
    watchdog = rig.hal.watchdog
    controller.run(inbox, Turns(100))  # type: ignore[arg-type]  # a stand-in with what the controller asks of an event
    fed = watchdog.feeds  # type: ignore[attr-defined]  # the simulated watchdog's own
    assert 15 <= fed <= 25
    assert watchdog.longest_ns <= NS // 2  # type: ignore[attr-defined]  # the simulated watchdog's own
    no_frames(rig)
    controller.run(inbox, Turns(round((LIMIT_S + 1) * 20)))  # type: ignore[arg-type]  # a stand-in with what the controller asks of an event
    starved = watchdog.feeds  # type: ignore[attr-defined]  # the simulated watchdog's own
    controller.run(inbox, Turns(100))  # type: ignore[arg-type]  # a stand-in with what the controller asks of an event
    assert watchdog.feeds == starved  # type: ignore[attr-defined]  # the simulated watchdog's own


def test_it_is_ready_once_it_buffers() -> None:
    """Whoever started the service hears of it with the first frame, not before."""
    rig = Rig.new()
    assert rig.hal.watchdog.state == "starting"  # type: ignore[attr-defined]  # the simulated watchdog's own
    rig.run(0.3)
    assert rig.hal.watchdog.state == "ready"  # type: ignore[attr-defined]  # the simulated watchdog's own
