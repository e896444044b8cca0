"""Plays a scenario on a bench: does what its steps say, waits for what they wait for, and compares what came of it with what was expected."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from hal.interface import Button
from tools.dock.events import DockEvent
from tools.scenario.conditions import Told, met, standing
from tools.scenario.outcome import not_as_expected
from tools.scenario.steps import HAPPENINGS, Scenario
from tools.sim import judging
from tools.sim.bench import Audience, Bench, BenchError
from tools.sim.held import HeldCamera, Power
from tools.sim.logline import payload
from tools.sim.mirror import Event
from tools.sim.process import CameraError

READY_S: Final = 30.0
LET_GO_S: Final = 0.12
"""No hand presses again sooner: to the camera that is a contact that bounces."""
_FRESH: Final[Mapping[str, float]] = {"battery": 80, "temperature": 24}


class UnplayableError(Exception):
    """It cannot begin; the message says why."""


class StoppedError(Exception):
    """Somebody ended it."""


class ProblemError(Exception):
    """Something did not come as expected; the message says what, and what came instead."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scenario is.  ``state``: ``none``, ``running``, ``passed``, ``failed`` or ``stopped``; ``step`` counts from 1, 0 before the
    first; ``words``: the step in words; ``say``: what was said last to whoever is trained."""

    name: str | None = None
    state: str = "none"
    step: int = 0
    steps: int = 0
    words: str = ""
    say: str = ""
    problems: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """For a page."""
        told = {key: getattr(self, key) for key in ("name", "state", "step", "steps", "words", "say")}
        return {**told, "problems": list(self.problems)}


class Player(Audience):
    """Plays one scenario, once.  ``changed_to`` is told of its progress, from the thread that plays."""

    def __init__(
        self,
        bench: Bench,
        scenario: Scenario,
        *,
        fast: bool = False,
        changed_to: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        """``fast``: pauses are left out.  ``UnplayableError`` where the bench has not what it needs."""
        if scenario.cameras > len(bench.cameras):
            raise UnplayableError(f"it needs {scenario.cameras} cameras, here are {len(bench.cameras)}")
        other = {key: value for key, value in scenario.settings.items() if bench.settings.get(key) != value}
        if other:
            wanted = ", ".join(f"{key} = {value}" for key, value in other.items())
            raise UnplayableError(
                f"it needs an authority whose settings say {wanted}: begin anew, with --scenario {scenario.name}"
            )
        self.progress = Progress(scenario.name, "running", 0, len(scenario.steps))
        self._bench = bench
        self._scenario = scenario
        self._fast = fast
        self._changed_to = changed_to
        self._stopped = False
        self._news = threading.Condition()
        self._told = {name: Told() for name in list(bench.cameras)[: scenario.cameras]}
        self._actions: Mapping[str, Callable[[HeldCamera, Mapping[str, Any]], None]] = {
            "say": lambda _, given: self._become(say=given["say"]),
            "pause": self._pause,
            "press": lambda camera, given: self._press(camera, given["press"], given["ms"] / 1000, given["bounces"]),
            "hold": lambda camera, given: self._press(camera, given["hold"], given["seconds"], given["bounces"]),
            "down": lambda camera, given: _ignore(camera.press(Button(given["down"]), given["bounces"])),
            "up": lambda camera, given: _ignore(camera.release(Button(given["up"]), given["bounces"])),
            "strike": lambda camera, given: camera.strike(given["strike"]),
            "slide": lambda camera, given: camera.slide(given["slide"], given["to"]),
            "switch": lambda camera, given: camera.switch(given["switch"], on=given["on"]),
            "fault": lambda camera, given: _ignore(
                camera.tell("fault", part=given["fault"], kind=given["kind"], **given["with"])
            ),
            "dock": lambda camera, given: (bench.put_in if given["dock"] else bench.take_out)(camera.name),
            "battery": self._battery,
            "assign": lambda camera, given: _ignore(bench.assign(camera.name, given["assign"])),
            "wait": self._wait,
        }

    def play(self) -> Progress:
        """Play it to its end, and say how it went."""
        leave = self._bench.audience.join(self)
        try:
            self._prepare()
            for step in self._scenario.steps:
                self._become(step=step.number, words=step.words)
                try:
                    self._actions[step.action](self._bench.camera(step.camera), step.given)
                except (ProblemError, BenchError, CameraError) as error:
                    raise ProblemError(f"step {step.number}: {step.words}: {error}") from None
            problems = self._judge()
            self._become(state="failed" if problems else "passed", words="", problems=tuple(problems))
        except StoppedError:
            self._become(state="stopped", words="")
        except ProblemError as error:
            self._become(state="failed", problems=(str(error),))
        finally:
            leave()
            self._let_go()
        return self.progress

    def stop(self) -> None:
        """End it soon; from any thread."""
        with self._news:
            self._stopped = True
            self._news.notify_all()

    # What is told.

    def changed(self, camera: HeldCamera) -> None:  # noqa: ARG002 - whichever it is
        """Somebody may wait for that."""
        with self._news:
            self._news.notify_all()

    def heard(self, camera: HeldCamera, event: Event) -> None:
        """Keep what happens."""
        if event["event"] == "cue":
            self._happened(camera.name, "cue", event["name"])
        elif event["event"] == "log":
            self._happened(camera.name, "log", str(payload(event["line"]).get("kind")))
        else:
            self.changed(camera)

    def docked(self, event: DockEvent) -> None:
        """Keep what the dock does to a camera."""
        self._happened(event.device, "dock", event.kind.value)

    def _happened(self, name: str, what: str, value: str) -> None:
        told = self._told.get(name)
        if told is not None:
            with self._news:
                told.happenings[what].append(value)
                self._news.notify_all()

    # What is done.

    def _prepare(self) -> None:
        """Every camera worn, whole, charged and idle."""
        for name, told in self._told.items():
            camera = self._bench.camera(name)
            self._become(words=f"{name}: made ready")
            self._idle(camera)
            for switch, on in camera.now.switches.items():
                if on:
                    camera.switch(switch, on=False)
            for slider, value in _FRESH.items():
                if slider in camera.controls.sliders:
                    camera.slide(slider, value)
            state = camera.now.state
            told.before = (state["service"].get("number") or 0) if state else 0

    def _idle(self, camera: HeldCamera) -> None:
        try:
            if camera.now.power is not Power.ON:
                camera.put_battery().result()
            if camera.now.slot is not None:
                camera.unplug()
        except CameraError as error:
            raise ProblemError(f"{camera.name} cannot be made ready: {error}") from None
        conditions = {"power": "on", "recording": "idle", "place": "worn"}
        self._until(camera, conditions, READY_S, f"{camera.name} cannot be made ready")

    def _let_go(self) -> None:
        """Nothing stays pressed, however it ended."""
        for name in self._told:
            camera = self._bench.camera(name)
            for button in camera.now.down:
                with suppress(CameraError):
                    camera.release(button)

    def _pause(self, _: HeldCamera, given: Mapping[str, Any]) -> None:
        self._sleep(given["least"] if self._fast else given["pause"])

    def _press(self, camera: HeldCamera, button: str, seconds: float, bounces: int) -> None:
        camera.press(Button(button), bounces)
        try:
            self._sleep(seconds)
        finally:
            camera.release(Button(button), bounces)
        self._sleep(LET_GO_S)

    def _battery(self, camera: HeldCamera, given: Mapping[str, Any]) -> None:
        if given["battery"] == "out":
            camera.pull_battery()
        else:
            camera.put_battery().result()

    def _wait(self, camera: HeldCamera, given: Mapping[str, Any]) -> None:
        self._until(camera, given["wait"], given["within"], "in vain")

    def _until(self, camera: HeldCamera, conditions: Mapping[str, Any], seconds: float, otherwise: str) -> None:
        """Wait until all conditions hold; what happened up to there is then spent."""
        told, deadline = self._told[camera.name], time.monotonic() + seconds
        with self._news:
            while not met(camera, told, conditions):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ProblemError(f"{otherwise}; {standing(camera, told)}")
                self._let(left)
            for kind in conditions.keys() & set(HAPPENINGS):
                told.seen[kind] = told.happenings[kind].index(conditions[kind], told.seen[kind]) + 1

    def _sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._news:
            while (left := deadline - time.monotonic()) > 0:
                self._let(left)

    def _let(self, seconds: float) -> None:
        """Let time pass, at most so much, or until something is told."""
        if self._stopped:
            raise StoppedError
        self._news.wait(seconds)

    def _judge(self) -> list[str]:
        """What is not as expected of the recordings that the dock has of this."""
        if not self._scenario.recordings:
            return []
        self._become(words="the verifier is at work")
        try:
            report = judging.judge(self._bench.home)
        except judging.JudgingError as error:
            return [str(error)]
        before = {name: told.before for name, told in self._told.items()}
        return not_as_expected(self._scenario.recordings, report, before)

    def _become(self, **changes: Any) -> None:
        self.progress = replace(self.progress, **changes)
        self._changed_to(self.progress)


def _ignore(_: object) -> None:
    """What an order answers is nothing to a scenario."""
