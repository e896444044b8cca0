"""A scenario does what its steps say, waits for what they wait for, and fails where something comes otherwise."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest

from hal.interface import Button, Colour, Light, Lights, Pattern
from tools.dock.events import DockEvent, Kind
from tools.scenario import player as player_module
from tools.scenario.player import Player, Progress, UnplayableError
from tools.scenario.read import read
from tools.sim import judging
from tools.sim.bench import Audience, Audiences, BenchError
from tools.sim.controls import Controls
from tools.sim.face import Face
from tools.sim.held import Power, Standing
from tools.sim.process import CameraError

GREEN, RED = Light(Colour.GREEN), Light(Colour.RED, Pattern.PULSE)
DARK = Light(Colour.OFF)
IDLE = {
    "recording": "idle",
    "place": "worn",
    "flags": [],
    "troubles": [],
    "number": 4,
    "ring": {"seconds": 5.0},
    "shift": None,
}


class Mirror:
    """What is seen."""

    def __init__(self) -> None:
        """Green."""
        self.face = Face(Lights(GREEN, DARK))


class Camera:
    """A camera that notes what is done to it, and obeys at once."""

    def __init__(self, name: str, bench: Bench) -> None:
        """On and idle."""
        self.name, self.bench = name, bench
        self.done: list[Any] = []
        self.mirror = Mirror()
        self.controls = Controls({"battery": None}, {}, {}, {})  # type: ignore[dict-item]  # a stand-in with what the player uses
        self.now = Standing(Power.ON, None, {"service": dict(IDLE)}, None, frozenset(), {"lens-covered": True})
        self.refuses = False

    def service(self, **facts: Any) -> None:
        """It says something else of itself."""
        self.now = Standing(self.now.power, None, {"service": {**IDLE, **facts}}, self.now.slot, self.now.down)
        self.bench.audience.changed(self)  # type: ignore[arg-type]  # a stand-in with what the player uses

    def press(self, button: Button, bounces: int = 0) -> int:
        """A press records at once."""
        if self.refuses:
            raise CameraError("press: the camera is off")
        self.done.append(("press", button.value, bounces))
        self.mirror.face = Face(Lights(RED, RED))
        self.bench.audience.heard(self, {"event": "cue", "name": "started"})  # type: ignore[arg-type]  # a stand-in with what the player uses
        self.service(recording="recording")
        return 0

    def release(self, button: Button, bounces: int = 0) -> int:
        """Let go."""
        self.done.append(("release", button.value, bounces))
        return 0

    def pull_battery(self) -> None:
        """Out."""
        self.now = Standing(Power.OFF)

    def put_battery(self) -> Future[None]:
        """In."""
        done: Future[None] = Future()
        self.now = Standing(Power.ON, None, {"service": dict(IDLE)})
        done.set_result(None)
        return done

    def unplug(self) -> None:
        """Out of the rack."""
        self.done.append("unplug")

    def __getattr__(self, name: str) -> Any:
        """Anything else is noted."""
        return lambda *given, **named: self.done.append((name, *given, *named.values()))


class Bench:
    """Cameras, and what is told of them."""

    def __init__(self, count: int = 1, **settings: Any) -> None:
        """All worn."""
        self.audience = Audiences(Audience())
        self.settings = settings
        self.home = None
        self.cameras = {f"cam-{number}": Camera(f"cam-{number}", self) for number in range(1, count + 1)}

    def camera(self, name: str) -> Camera:
        """By its name."""
        return self.cameras[name]

    def put_in(self, name: str) -> None:
        """Into the rack: it is receipted at once."""
        self.cameras[name].done.append("put in")
        self.audience.docked(DockEvent(Kind.RECEIPTED, name, {}))

    def take_out(self, name: str) -> None:
        """Not allowed here."""
        raise BenchError(f"{name} is glued to the rack")

    def assign(self, name: str, officer: str) -> str:
        """Noted."""
        self.cameras[name].done.append(("assign", officer))
        return "S-1"


def playing(
    bench: Bench, steps: str, *, head: str = "", fast: bool = True, told: list[Progress] | None = None
) -> Player:
    """A player of these steps."""
    scenario = read(f'title = "T"\nwords = "W"\nabout_s = 1\n{head}\n{steps}'.encode(), "x")
    return Player(bench, scenario, fast=fast, changed_to=(told if told is not None else []).append)  # type: ignore[arg-type]  # a stand-in with what the player uses


def test_steps_are_done_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each action reaches its camera; before the first every camera is made ready."""
    monkeypatch.setattr(player_module, "LET_GO_S", 0)
    bench, told = Bench(2), list[Progress]()
    progress = playing(
        bench,
        '[[steps]]\nsay = "Hello"\n[[steps]]\npause = 600\n'
        '[[steps]]\ncamera = "cam-2"\npress = "record"\nms = 1\nbounces = 2\n'
        '[[steps]]\ncamera = "cam-2"\nwait = { cue = "started", light = "recording", front = "on", recording = "recording" }\n'
        '[[steps]]\ndown = "function"\n[[steps]]\nup = "function"\nbounces = 1\n'
        '[[steps]]\nslide = "battery"\nto = 5\n[[steps]]\nswitch = "x"\non = true\n[[steps]]\nstrike = "fall"\n'
        '[[steps]]\nfault = "video"\nkind = "stall"\nwith = { seconds = 3 }\n[[steps]]\nassign = "Jo"\n'
        '[[steps]]\nbattery = "out"\n[[steps]]\nwait = { power = "off" }\n[[steps]]\nbattery = "in"\n'
        '[[steps]]\ndock = true\n[[steps]]\nwait = { dock = "receipted" }\n',
        head="cameras = 2", told=told,
    ).play()  # fmt: skip
    assert (progress.state, progress.problems, progress.say) == ("passed", (), "Hello")
    one, two = bench.cameras.values()
    assert two.done == [
        ("switch", "lens-covered", False),
        ("slide", "battery", 80),
        ("press", "record", 2),
        ("release", "record", 2),
    ]
    assert one.done == [
        ("switch", "lens-covered", False), ("slide", "battery", 80),
        ("press", "function", 0), ("release", "function", 1), ("slide", "battery", 5), ("switch", "x", True), ("strike", "fall"),
        ("tell", "fault", "video", "stall", 3), ("assign", "Jo"), "put in",
    ]  # fmt: skip
    assert [each.step for each in told if each.state == "running"][-1] == 16
    assert bench.audience._all == (bench.audience._all[0],)


def test_what_happens_is_waited_for_once_and_in_order() -> None:
    """A cue that was waited for is spent; one that came before a wait counts; kinds do not wait for each other."""
    bench = Bench()
    steps = '[[steps]]\ndock = true\n[[steps]]\npress = "record"\nms = 1\n[[steps]]\nwait = { cue = "started" }\n'
    assert playing(bench, steps + '[[steps]]\nwait = { dock = "receipted" }\n').play().state == "passed"
    progress = playing(Bench(), steps + '[[steps]]\nwait = { cue = "started" }\nwithin = 0\n').play()
    assert progress.state == "failed"
    assert progress.problems[0].startswith(
        "step 4: cam-1: wait cue started: in vain; instead: power on, light recording"
    )


@pytest.mark.parametrize(
    ("condition", "before", "after"),
    [
        ('trouble = "no-sound"', {}, {"troubles": ["battery-low", "no-sound"]}),
        ('no_trouble = "no-sound"', {"troubles": ["no-sound"]}, {}),
        ('flag = "hush"', {}, {"flags": ["hush"]}),
        ('no_flag = "hush"', {"flags": ["hush"]}, {}),
        ('place = "docked"', {}, {"place": "docked"}),
        ("ring_s = 6", {}, {"ring": {"seconds": 6.1}}),
        ("shift = true", {}, {"shift": "S-1"}),
        ("shift = false", {"shift": "S-1"}, {}),
        ('place = "worn", recording = "recording"', {}, {"recording": "recording"}),
    ],
)
def test_conditions(condition: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Each holds exactly when the camera says so, and is noticed at once when it begins to."""
    bench = Bench()
    camera = bench.cameras["cam-1"]
    steps = f'[[steps]]\nassign = "Jo"\n[[steps]]\nwait = {{ {condition} }}\nwithin = 0\n'
    camera.service()
    player = playing(bench, steps)
    bench.assign = lambda *_: str(camera.service(**before))  # type: ignore[method-assign, func-returns-value]  # replaced by the test
    assert player.play().state == "failed"
    camera.service()
    player = playing(bench, steps.replace("within = 0", "within = 20"))
    later = threading.Timer(0.05, lambda: camera.service(**after))
    bench.assign = lambda *_: str(later.start())  # type: ignore[method-assign, func-returns-value]  # replaced by the test
    assert player.play().state == "passed"


def test_refusals_are_named() -> None:
    """What a camera or the bench refuses fails the step, with its number and why; what is pressed is let go."""
    bench = Bench()
    progress = playing(bench, "[[steps]]\ndock = false\n").play()
    assert progress.problems == ("step 1: cam-1: dock False: cam-1 is glued to the rack",)
    bench.cameras["cam-1"].refuses = True
    progress = playing(bench, '[[steps]]\npress = "record"\n').play()
    assert "the camera is off" in progress.problems[0]
    bench.cameras["cam-1"].now = Standing(Power.ON, None, {"service": dict(IDLE)}, None, frozenset({Button.RECORD}))
    playing(bench, "[[steps]]\ndock = false\n").play()
    assert bench.cameras["cam-1"].done[-1] == ("release", "record", 0)


def test_stopping() -> None:
    """In the middle of a pause, at once."""
    bench, told = Bench(), list[Progress]()
    player = playing(bench, "[[steps]]\npause = 600\n", fast=False, told=told)
    thread = threading.Thread(target=player.play)
    thread.start()
    while not any(each.step == 1 for each in told):
        thread.join(0.01)
    player.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert player.progress.state == "stopped"


def test_camera_that_records_cannot_be_made_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing ends somebody's recording for a story."""
    monkeypatch.setattr(player_module, "READY_S", 0)
    bench = Bench()
    bench.cameras["cam-1"].service(recording="recording")
    progress = playing(bench, '[[steps]]\nsay = "x"\n').play()
    assert (progress.state, progress.problems[0].startswith("cam-1 cannot be made ready; instead: power on")) == (
        "failed",
        True,
    )


def test_what_it_needs_is_asked_first() -> None:
    """More cameras than there are, and settings that the authority has not signed, are refused before anything is done."""
    with pytest.raises(UnplayableError, match="needs 2 cameras, here are 1"):
        playing(Bench(), '[[steps]]\nsay = "x"\n', head="cameras = 2")
    with pytest.raises(UnplayableError, match="hush_allowed = True: begin anew, with --scenario x"):
        playing(Bench(hush_allowed=False), '[[steps]]\nsay = "x"\n[settings]\nhush_allowed = true\n')
    playing(Bench(hush_allowed=True), '[[steps]]\nsay = "x"\n[settings]\nhush_allowed = true\n')


def found(number: int, **changes: Any) -> dict[str, Any]:
    """A recording as the verifier tells of it."""
    told = {"device": "cam-1", "number": number, "verdict": "whole", "seconds": 9.0, "priority": False, "problems": [],
            "private": [{"kind": "stop", "text": "stopped: officer"}]}  # fmt: skip
    return {**told, **changes}


@pytest.mark.parametrize(
    ("expected", "recordings", "problem"),
    [
        ('verdict = "whole"', [found(4), found(5)], None),
        ('verdict = "whole"\nleast_s = 5\nmost_s = 10\nmarked = false\nsays = ["officer"]', [found(5)], None),
        ('verdict = "whole"', [found(4)], "cam-1: 1 recordings were expected in the dock, there are 0"),
        ('verdict = "whole"', [found(5), found(6)], "cam-1: 1 recordings were expected in the dock, there are 2"),
        ('verdict = "recovered"', [found(5)], "cam-1, recording 5: the verdict is whole, not recovered"),
        (
            'verdict = "whole"',
            [found(5, verdict="not whole", problems=[{"reason": "a gap"}])],
            "the verdict is not whole, not whole: a gap",
        ),
        ('verdict = "whole"\nleast_s = 10', [found(5)], "it has 9.0 s, not 10 to 86400"),
        ('verdict = "whole"\nmost_s = 8', [found(5)], "it has 9.0 s, not 0 to 8"),
        ('verdict = "whole"\nmarked = true', [found(5)], "it is not marked"),
        ('verdict = "whole"\nmarked = false', [found(5, priority=True)], "it is marked"),
        ('verdict = "whole"\nsays = ["fall"]', [found(5)], "nothing in it says 'fall'"),
        ('verdict = "whole"\nsays = ["fall"]', [found(5, private=None)], "nothing in it says 'fall'"),
    ],
)
def test_recordings_are_as_expected(
    monkeypatch: pytest.MonkeyPatch, expected: str, recordings: list[Any], problem: str | None
) -> None:
    """Only those that were made meanwhile count; each has to be there, and as it is expected."""
    monkeypatch.setattr(judging, "judge", lambda _: {"volumes": [{"recordings": recordings[::-1]}]})
    progress = playing(Bench(), f'[[steps]]\nsay = "x"\n[[recordings]]\n{expected}\n').play()
    assert progress.state == ("passed" if problem is None else "failed")
    assert problem is None or problem in progress.problems[0]


def test_verifier_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """No verdict is no success."""

    def fail(_: Any) -> Any:
        raise judging.JudgingError("it says nothing")

    monkeypatch.setattr(judging, "judge", fail)
    progress = playing(Bench(), '[[steps]]\nsay = "x"\n[[recordings]]\nverdict = "whole"\n').play()
    assert (progress.state, progress.problems) == ("failed", ("it says nothing",))
    assert progress.json()["problems"] == ["it says nothing"]
