"""A thread ends by an exception: which one decides whether the service ends and resumes, or that part alone is started again."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from firmware import __main__ as firmware_main
from firmware import service
from firmware.runtime.bundles import Bundles
from firmware.runtime.docklink import DockLink
from firmware.runtime.probe import DeviceProbe
from hal.interface import Track, Unit
from hal.sim.clock import SimClock
from hal.sim.sources import Paced
from tests.rig import Rig, payload, pki
from tests.sim.test_process import Hand, serve, signals, state, top, wait
from tests.unit.hal.test_sim_sources import Ticks
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

    from tools.sim.process import Control

__all__ = ["signals", "state"]  # fixtures

READY, RECORDING = ("green", "steady"), ("red", "pulse")


class PanicError(BaseException):
    """What a library in another language raises where it gives up: no ``Exception``, on purpose."""


VITAL: dict[str, str] = {
    "controller": "firmware.runtime.controller.Controller.tick",
    "writer": "firmware.runtime.writer.Writer.step",
    "video": "firmware.runtime.lens.Lens.look",
}
"""What each vital thread does all the time."""

OTHERS: dict[str, type[DockLink | Bundles | DeviceProbe]] = {
    "dock": DockLink,
    "dock-2": DockLink,
    "update": Bundles,
    "device-key": DeviceProbe,
}
"""Whose ``run`` the threads are that no recording needs."""


def die(*_anything: object, **_more: object) -> None:
    """The end of a thread."""
    message = "told to die"
    raise PanicError(message)


def listening() -> list[str]:
    """Sources that still run although the service has ended."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("sim-")]


def record(control: Control) -> None:
    """Press, and wait for the light."""
    wait(control, lambda state: top(state) == READY)
    control.tell("tap", button="record")
    wait(control, lambda state: top(state) == RECORDING)


def resumed(control: Control) -> None:
    """It records again without any press."""
    wait(control, lambda state: top(state) == RECORDING)


class Doomed(Hand):
    """A hand that does its part at a service that then ends by itself."""

    def run(self) -> None:
        """Leave it alone at the end."""
        control = self.reach()
        self._story(control)
        control.close()


def losses(output: str) -> list[tuple[str, bool, str]]:
    """The parts that the log says were lost: name, whether vital, why."""
    lost = [json.loads(line) for line in output.splitlines() if '"part-lost"' in line]
    return [(each["part"], each["vital"], each["trouble"]) for each in lost]


def test_every_thread_has_an_outcome_here() -> None:
    """A part that somebody adds needs one, and a test."""
    parts = {part.name: part.vital for part in Rig.new().camera.parts()}
    assert parts == dict.fromkeys(VITAL, True) | dict.fromkeys(OTHERS, False)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("part", VITAL)
def test_the_end_of_a_vital_thread_ends_the_service_and_the_next_start_resumes(
    part: str, state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It records, the thread dies: exit status 70, the loss is told with its name, and a start later it records again."""
    with monkeypatch.context() as broken:

        def story(control: Control) -> None:
            record(control)
            broken.setattr(VITAL[part], die)

        hand = Doomed(state, story)
        hand.start()
        arguments = ["--hal", "sim", "--state", str(state), "--control", str(state / "control"), "--replay"]
        assert firmware_main.main(arguments) == service.LOST
        hand.join(60)
    assert losses(capsys.readouterr().err) == [(part, True, "PanicError: told to die")]
    assert serve(state, resumed) == 0
    assert not listening()
    (state / "root.pem").write_bytes(pki().root_pem)
    report = verify_path(state / "evidence", state / "root.pem")
    assert [each.number for each in report.every_recording] == [1, 2]
    assert any("resumes recording 1" in fact for fact in report.every_recording[1].facts)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("part", OTHERS)
def test_the_end_of_another_thread_is_no_matter_of_the_recording(
    part: str, state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is started again alone, felt and signed; the light never changes."""
    run, armed, again = OTHERS[part].run, threading.Event(), threading.Event()

    def dying(self: Any, stopping: threading.Event, *more: Any) -> None:
        if getattr(self, "name", part) == part and not again.is_set():
            while not armed.wait(0.05):
                if isinstance(self, DeviceProbe):
                    self.step()  # or the self-test would show that nothing signs
            again.set()
            die()
        run(self, stopping, *more)

    monkeypatch.setattr(OTHERS[part], "run", dying)

    def story(control: Control) -> None:
        record(control)
        armed.set()
        assert again.wait(60)
        for _ in range(5):
            assert top(wait(control, lambda _state: True)) == RECORDING

    assert serve(state, story) == 0
    assert losses(capsys.readouterr().err) == [(part, False, "PanicError: told to die")]
    lines = [
        payload(line)
        for path in (state / "evidence" / "audit").glob("*.jwsl")
        for line in path.read_bytes().splitlines()
    ]
    assert [line["data"]["code"] for line in lines if line["kind"] == "fault"] == [f"part-lost {part}"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("trouble", [ValueError, MemoryError, PanicError])
def test_a_source_whose_thread_died_is_stopped_and_started_like_any_other(trouble: type[BaseException]) -> None:
    """Nothing comes any more; that is all that lens and microphone have to notice, and a start heals it."""
    feed, drive, units = Ticks(), Paced(SimClock(), "ticks"), list[Unit]()
    enough, take = threading.Event(), feed.take

    def dying() -> Unit | None:
        raise trouble("the encoder gave up")

    def sink(unit: Unit) -> None:
        units.append(unit)
        enough.set()

    feed.take = dying  # type: ignore[method-assign]  # replaced by the test
    drive.start(feed, sink)
    assert drive._thread is not None
    drive._thread.join(60)
    assert not drive._thread.is_alive()
    drive.stop()
    assert feed.ends == 1
    feed.take = take  # type: ignore[method-assign]  # replaced by the test
    drive.start(feed, sink)
    assert enough.wait(60)
    drive.stop()
    assert units[0].track is Track.VIDEO
