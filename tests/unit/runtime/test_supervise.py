"""What happens when a part ends."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from firmware.runtime.log import Log
from firmware.runtime.supervise import Part, Supervisor
from hal.sim.clock import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable


def waiting(stop: threading.Event) -> None:
    """A part that does its duty."""
    assert stop.wait(60)


def supervisor(on_loss: Callable[[str], None] = lambda _: None) -> tuple[Supervisor, io.StringIO]:
    """A supervisor that restarts at once."""
    stream = io.StringIO()
    return Supervisor(Log(stream, VirtualClock()), on_loss=on_loss, pause_s=0), stream


def test_the_end_of_a_vital_part_ends_the_service() -> None:
    """No half-alive camera: the others are stopped, and the loss is reported to whoever started it."""

    def failing(_stop: threading.Event) -> None:
        message = "the card is gone"
        raise OSError(message)

    keeper, log = supervisor()
    assert keeper.run([Part("controller", waiting, vital=True), Part("writer", failing, vital=True)]) is False
    assert keeper.lost == "writer"
    assert "the card is gone" in log.getvalue()


def test_a_part_that_is_not_vital_is_restarted_alone() -> None:
    """Its loss is told each time; the others do not notice."""
    told: list[str] = []
    keeper, log = supervisor(told.append)
    lives = iter([OSError("one"), ValueError("two"), None])

    def dying(stop: threading.Event) -> None:
        trouble = next(lives)
        if trouble is not None:
            raise trouble
        keeper.stop()
        stop.wait(60)

    assert keeper.run([Part("controller", waiting, vital=True), Part("dock", dying, vital=False)])
    assert told == ["dock", "dock"]
    assert log.getvalue().count("part-lost") == 2


def test_a_part_that_returns_has_failed() -> None:
    """A thread that just ends is a dead device."""
    keeper, log = supervisor()
    assert not keeper.run([Part("writer", lambda _stop: None, vital=True)])
    assert "returned" in log.getvalue()


def test_everything_ends_when_asked() -> None:
    """A stop on purpose is no loss."""
    keeper, _ = supervisor()
    threading.Timer(0.05, keeper.stop).start()
    assert keeper.run([Part("controller", waiting, vital=True)])


def test_a_part_that_hangs_does_not_keep_the_service_from_starting_anew() -> None:
    """A sync of a dead card never returns: the lights must not stand still with it."""
    hanging = threading.Event()

    def failing(_stop: threading.Event) -> None:
        message = "no frames"
        raise OSError(message)

    def hang(_stop: threading.Event) -> None:
        hanging.wait(60)

    keeper = Supervisor(Log(io.StringIO(), VirtualClock()), on_loss=lambda _: None, grace_s=0.05)
    parts = [Part("writer", hang, vital=True), Part("video", failing, vital=True)]
    assert not keeper.run(parts)
    hanging.set()


class PanicError(BaseException):
    """What a library in another language raises where it gives up: no ``Exception``, on purpose."""


@pytest.mark.parametrize("trouble", [ValueError, OSError, MemoryError, SystemExit, KeyboardInterrupt, PanicError])
def test_whatever_ends_a_part_has_its_outcome(trouble: type[BaseException]) -> None:
    """No kind of exception lets a thread end unseen: a vital one ends the service, another is started again."""
    told: list[str] = []
    keeper, log = supervisor(told.append)
    again = threading.Event()

    def minor(stop: threading.Event) -> None:
        if not told:
            raise trouble("gone")
        again.set()
        stop.wait(60)

    def vital(_stop: threading.Event) -> None:
        assert again.wait(60)
        raise trouble("gone")

    assert not keeper.run([Part("dock", minor, vital=False), Part("writer", vital, vital=True)])
    assert told == ["dock"]
    assert keeper.lost == "writer"
    assert log.getvalue().count(f"{trouble.__name__}: gone") == 2


def test_a_part_is_lost_also_where_no_memory_is_left_to_say_so() -> None:
    """What has to follow comes before the words: the service ends, and the other part is started again."""
    keeper, _ = supervisor()
    keeper._log.error = starving  # type: ignore[method-assign]  # replaced by the test
    lives, again = iter([True, False]), threading.Event()

    def minor(stop: threading.Event) -> None:
        if next(lives):
            starving()
        again.set()
        stop.wait(60)

    def vital(_stop: threading.Event) -> None:
        assert again.wait(60)
        starving()

    assert not keeper.run([Part("dock", minor, vital=False), Part("controller", vital, vital=True)])
    assert keeper.lost == "controller"


def starving(*_anything: object, **_more: object) -> None:
    """No memory is left."""
    raise MemoryError


def test_the_kernel_knows_each_part_by_its_name() -> None:
    """``top -H`` on a camera says which part of the service is busy."""
    told: list[str] = []
    keeper, _ = supervisor()

    def body(_stop: threading.Event) -> None:
        told.append(Path(f"/proc/self/task/{threading.get_native_id()}/comm").read_text(encoding="ascii"))
        keeper.stop()

    assert keeper.run([Part("controller", body, vital=True)])
    assert told == ["controller\n"]
