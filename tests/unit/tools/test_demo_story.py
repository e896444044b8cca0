"""How the demo is played: its steps, its failures, and what it leaves behind."""

from __future__ import annotations

import argparse
import fcntl
import io
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from firmware.core.indications import LIGHTS, Look
from hal.interface import Lights
from tools.demo import cli, stage, story
from tools.demo.checks import AREAS
from tools.demo.stage import Stage
from tools.demo.story import STORY, Step, StepFailedError, play
from tools.dock.events import DockEvent, Kind
from tools.sim.home import Home
from tools.sim.process import CameraError
from tools.sim.screen import PlainScreen
from tools.sim.signals import stopped_by_signals


@pytest.fixture
def out() -> io.StringIO:
    """What was printed."""
    return io.StringIO()


@pytest.fixture
def played(tmp_path: Path, out: io.StringIO) -> Iterator[Stage]:
    """A stage with nothing on it."""
    made = Stage(Home(tmp_path), PlainScreen(Console(file=out, width=120)), None)
    yield made
    made.close()


def steps(*plays: Callable[[Stage], None]) -> tuple[Step, ...]:
    """A story."""
    return tuple(Step(f"step {index}", f"expects {index}", each) for index, each in enumerate(plays, 1))


def test_the_story_can_be_read() -> None:
    """Each step has a title and says what must come of it; none is told twice."""
    assert len({step.title for step in STORY}) == len({step.expects for step in STORY}) == len(STORY)
    assert all(step.title[0].isupper() and step.expects for step in STORY)


def test_steps_are_played_in_order(played: Stage, out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is announced before it is played."""
    monkeypatch.setattr(story, "STORY", steps(lambda stage: stage.say("one"), lambda stage: stage.say("two")))
    play(played, (OSError,))
    said = [line.split("s  ", 1)[1].strip() for line in out.getvalue().splitlines()]
    assert said == ["[1/2] step 1", "one", "[2/2] step 2", "two"]


def test_a_step_that_cannot_go_on_ends_the_story(played: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure names its step; a mistake of the demo itself is not taken for one."""

    def fail(_stage: Stage) -> None:
        raise CameraError("it does not answer")

    def mistake(_stage: Stage) -> None:
        raise AttributeError("oops")

    monkeypatch.setattr(story, "STORY", steps(lambda _stage: None, fail))
    with pytest.raises(StepFailedError, match="it does not answer") as failed:
        play(played, cli.FAILURES)
    assert (failed.value.number, failed.value.step.expects) == (2, "expects 2")
    monkeypatch.setattr(story, "STORY", steps(mistake))
    with pytest.raises(AttributeError):
        play(played, cli.FAILURES)


def lights(shown: Lights) -> dict[str, Any]:
    """The event that tells of lights."""
    both = {"top": shown.top, "front": shown.front}
    told = {name: {"colour": light.colour.value, "pattern": light.pattern.value} for name, light in both.items()}
    return {"event": "lights", "utc_ms": 5, **told}


def test_the_stage_takes_down_what_it_sees(played: Stage, out: io.StringIO) -> None:
    """What the camera shows and what the dock says is on the screen and in the chronicle, with names to find plugging again."""
    for event in (
        lights(LIGHTS[Look.RECORDING]),
        {"event": "dock", "port": "/dev/x", "utc_ms": 6},
        {"event": "dock", "port": None, "utc_ms": 7},
    ):
        played.mirror.hear(event)
    assert played.mark == 3
    assert [(entry.utc_ms, entry.name) for entry in played.chronicle.entries] == [
        (5, ""),
        (6, "plugged"),
        (7, "pulled"),
    ]
    played._heard(DockEvent(Kind.ASSIGNED, "cam-1", {"shift": "S-1"}))
    played._heard(DockEvent(Kind.SETTINGS, "cam-1", {"serial": 1, "taken": False, "text": "old"}))
    played._heard(DockEvent(Kind.LOST, "cam-1", {"text": "expected"}))
    told = list[tuple[int, int]]()
    played.offload = lambda done, total: told.append((done, total))
    played._heard(DockEvent(Kind.PROGRESS, "cam-1", {"done": 1, "total": 2}))
    played._heard(DockEvent(Kind.LOST, "cam-1", {"text": "in the middle"}))
    assert told == [(1, 2)]
    printed = out.getvalue()
    assert "pulsing" in printed
    assert "shift S-1" in printed
    assert "in the middle" in printed
    assert "expected" not in printed
    assert "old" not in printed


def test_a_press_is_noted_when_it_was_made(played: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the camera's own clocks, however long the answer took."""
    monkeypatch.setattr(played.camera, "tap", lambda: 2_000_000_000)
    state = {"time_ns": 2_250_000_000, "clock": {"utc_ms": 10_250}}
    monkeypatch.setattr(played.camera, "tell", lambda _do: state)
    assert played.press("press") == 2_000_000_000
    assert played.chronicle.at("press") == 10_000


def test_closing_ends_the_camera_in_any_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not stop in order is cut off, and the dock is closed; twice is harmless."""
    done = list[str]()

    class Camera:
        """Refuses to stop."""

        def __init__(self, *_: Any, **__: Any) -> None:
            """Running."""

        def stop(self) -> None:
            """It does not."""
            done.append("stop")
            raise CameraError("it does not stop")

        def kill(self) -> None:
            """It is gone."""
            done.append("kill")

    class Bay:
        """A dock."""

        def __init__(self, *_: Any) -> None:
            """Open."""

        def close(self) -> None:
            """Closed."""
            done.append("dock")

    monkeypatch.setattr(stage, "SimCamera", Camera)
    monkeypatch.setattr(stage, "Bay", Bay)
    made = Stage(Home(tmp_path), PlainScreen(Console(file=io.StringIO())), None)
    assert made.dock() is made.dock()
    made.close()
    made.close()
    assert done == ["dock", "stop", "kill", "stop", "kill"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of one's own to run the command in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run() -> int:
    """``lapel demo``."""
    return cli.run(argparse.Namespace(source=None, post_quantum=False))


def everything(stage: Stage) -> None:
    """All areas hold."""
    for area in AREAS:
        stage.checks.hold(area, "a promise", "kept", ok=True)


def test_all_is_well(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 0, a table, and where the report is; what an earlier demo left is gone."""
    (place / "build" / "demo" / "old").mkdir(parents=True)
    monkeypatch.setattr(story, "STORY", steps(everything))
    assert run() == 0
    assert not (place / "build" / "demo" / "old").exists()
    said = capsys.readouterr().out
    assert "Everything held." in said
    assert "build/demo/report.html" in said


@pytest.mark.usefixtures("place")
def test_something_did_not_hold(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Played to the end, and still status 1."""
    monkeypatch.setattr(
        story, "STORY", steps(everything, lambda stage: stage.checks.hold("erased", "x", "y", ok=False))
    )
    assert run() == 1
    assert "Something did not hold." in capsys.readouterr().out


@pytest.mark.usefixtures("place")
def test_a_step_failed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Which step, what was expected, what came instead, and where the log is."""

    def fail(_stage: Stage) -> None:
        raise CameraError("[red]it does not answer")

    monkeypatch.setattr(story, "STORY", steps(lambda stage: stage.checks.hold("recorded", "x", "y", ok=True), fail))
    assert run() == 1
    said = capsys.readouterr().out
    for part in (
        "Step 2",
        "step 2",
        "expects 2",
        "[red]it does not answer",
        "build/demo/camera/camera.log",
        "was not reached",
    ):
        assert part in said


def test_two_demos_in_one_place(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second one does not begin, and leaves the first one's files alone."""
    (place / "build" / "demo").mkdir(parents=True)
    with (place / "build" / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run() == 1
    assert (place / "build" / "demo").is_dir()
    assert "another demo is being played" in capsys.readouterr().err


def test_a_link_is_not_replaced(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it leads to is somebody's."""
    (place / "precious").mkdir()
    (place / "build").mkdir()
    (place / "build" / "demo").symlink_to(place / "precious")
    assert run() == 1
    assert (place / "precious").is_dir()
    assert "is a link" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_like_ctrl_c(number: signal.Signals) -> None:
    """And what handled it before does so again afterwards."""
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), stopped_by_signals():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before
