"""A camera in somebody's hands: its battery goes in and out, and what was wrong with its hardware stays so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hal.interface import Button
from tools.sim import held
from tools.sim.held import HeldCamera, Power
from tools.sim.process import CameraError

SERVICE = {"recording": "idle", "place": "worn", "flags": [], "troubles": []}
FAULTS: dict[str, Any] = {
    "power": {"battery": {"percent": {}}, "heat": {"celsius": {}}},
    "storage": {"fill": {"free": {}}},
    "video": {"dark": {"on": {}}},
}


class Process:
    """A camera's process that does what the test says."""

    made: list[Process]

    def __init__(self, state: Path, *, on_event: Callable[[Any], None], capacity: int, **_: Any) -> None:
        """Off."""
        self.capacity, self.on_event = capacity, on_event
        self.done: list[Any] = []
        self.status: int | None = None
        self.running = False
        self.fails = False
        self.go = threading.Event()
        self.go.set()
        self.percent, self.time_ns, self.total = 80, 0, capacity
        self.port: str | None = None
        Process.made.append(self)

    def start(self) -> None:
        """On."""
        self.go.wait(60)
        if self.fails:
            raise CameraError("it does not start")
        self.done.append(("start", self.capacity))
        self.running, self.percent = True, 80

    def tell(self, do: str, **given: Any) -> dict[str, Any]:
        """Obey."""
        if not self.running:
            raise CameraError(f"{do}: the camera is off")
        if do == "describe":
            return {"faults": FAULTS, "verbs": {"trigger": {"name": {"known": ["alarm"]}}}}
        if do == "state":
            self.time_ns += 1
            return {"time_ns": self.time_ns, "battery": {"percent": self.percent, "celsius": 24.0}, "service": SERVICE,
                    "space": {"total": self.total, "free": 5_000_000}, "clock": {"utc_ms": 0}}  # fmt: skip
        self.done.append((do, *given.values()))
        if given.get("kind") == "battery":
            self.percent = given["percent"]
        if given.get("kind") == "fill":
            self.total = 7_000_000
        return {"time_ns": 1}

    def end(self, status: int) -> None:
        """It ends by itself."""
        self.running, self.status = False, status
        self.on_event({"event": "off"})

    def kill(self) -> None:
        """SIGKILL."""
        if self.running:
            self.end(-9)

    def stop(self) -> None:
        """In good order."""
        if self.running:
            self.end(0)


@pytest.fixture
def news() -> threading.Condition:
    """Told of each change."""
    return threading.Condition()


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, news: threading.Condition) -> Iterator[HeldCamera]:
    """A camera with such a process."""
    Process.made = []
    monkeypatch.setattr(held, "SimCamera", Process)

    def changed() -> None:
        with news:
            news.notify_all()

    camera = HeldCamera("cam-1", tmp_path, changed=changed)
    yield camera
    camera.close()


@pytest.fixture
def process(camera: HeldCamera) -> Process:
    """Its process."""
    return Process.made[0]


def wait(news: threading.Condition, ready: Callable[[], object]) -> None:
    """Wait until it stands so."""
    with news:
        assert news.wait_for(ready, 10)


def test_in_and_out(camera: HeldCamera, process: Process, news: threading.Condition) -> None:
    """On once it answers; out it is dark at once, and knows no state any more."""
    assert not camera.now.state
    with pytest.raises(CameraError, match="the camera is off"):
        camera.press(Button.RECORD)
    camera.put_battery().result(60)
    wait(news, lambda: camera.now.state)
    assert camera.now.power.value == "on"
    assert camera.press(Button.RECORD, 2) == 1
    assert camera.now.down == {Button.RECORD}
    camera.pull_battery()
    assert (camera.now.power, camera.now.state, camera.now.down, camera.now.trouble) == (
        Power.OFF,
        None,
        frozenset(),
        None,
    )
    camera.put_battery().result(60)
    camera.put_battery().result(60)  # it is on already
    assert [each for each in process.done if each[0] == "start"] == [("start", held.CARD_BYTES)] * 2


def test_hardware_is_as_before(camera: HeldCamera, process: Process, news: threading.Condition) -> None:
    """A covered lens, the battery's charge, the card's room, and where it is plugged in; the room before it looks at its card."""
    camera.put_battery().result(60)
    camera.switch("lens-covered", on=True)
    camera.slide("battery", 12)
    camera.slide("storage", 5)
    camera.plug("/dev/tty", 2)
    wait(news, lambda: camera.reading("battery") == 12)
    camera.pull_battery()
    assert (camera.now.slot, camera.now.switches) == (2, {"lens-covered": True})
    process.done.clear()
    camera.put_battery().result(60)
    assert process.done[0] == ("start", 7_000_000)
    assert ("fault", "power", "battery", 12) in process.done
    assert ("fault", "video", "dark", True) in process.done
    assert process.done[-1] == ("plug", "/dev/tty")
    camera.switch("lens-covered", on=False)
    camera.unplug()
    camera.pull_battery()
    process.done.clear()
    camera.put_battery().result(60)
    assert not any(each[0] == "plug" or "dark" in each for each in process.done)


def test_dead_camera_is_put_into_the_rack(camera: HeldCamera, process: Process) -> None:
    """It stands there, and is plugged in once it has power."""
    camera.plug("/dev/tty", 1)
    assert (camera.now.slot, process.done) == (1, [])
    camera.put_battery().result(60)
    assert process.done[-1] == ("plug", "/dev/tty")


def test_cable_that_is_torn_out(camera: HeldCamera, process: Process) -> None:
    """Not by whoever holds it: it is worn again all the same."""
    camera.put_battery().result(60)
    camera.plug("/dev/tty", 1)
    process.on_event({"event": "dock", "port": None, "link": 1})
    assert camera.now.slot is None


@pytest.mark.parametrize(
    ("status", "power", "said"),
    [
        (0, Power.OFF, "it switched itself off"),
        (1, Power.FAILED, "ended by itself (status 1)"),
        (-11, Power.FAILED, "(status -11)"),
    ],
)
def test_service_that_ends_by_itself(
    camera: HeldCamera, process: Process, status: int, power: Power, said: str
) -> None:
    """It is said how, and nothing starts it again but a hand."""
    camera.put_battery().result(60)
    process.end(status)
    assert camera.now.power is power
    assert said in str(camera.now.trouble)
    camera.put_battery().result(60)
    assert (camera.now.power, camera.now.trouble) == (Power.ON, None)


def test_lost_vital_part_is_started_again(camera: HeldCamera, process: Process, news: threading.Condition) -> None:
    """As whoever supervises the service on a camera does."""
    camera.put_battery().result(60)
    process.end(held.LOST)
    wait(news, lambda: process.running and camera.now.power is Power.ON)


def test_service_that_does_not_start(camera: HeldCamera, process: Process) -> None:
    """It is said why, and the next try may do."""
    process.fails = True
    with pytest.raises(CameraError, match="does not start"):
        camera.put_battery().result(60)
    assert (camera.now.power, camera.now.trouble) == (Power.FAILED, "it does not start")
    process.fails = False
    camera.put_battery().result(60)
    assert camera.now.power is Power.ON


def test_pulled_out_while_it_starts(camera: HeldCamera, process: Process, news: threading.Condition) -> None:
    """Whatever becomes of the start, it is off, and no failure."""
    process.go.clear()
    started = camera.put_battery()
    wait(news, lambda: camera.now.power is Power.STARTING)
    camera.pull_battery()
    process.go.set()
    started.result(60)
    assert (camera.now.power, camera.now.trouble) == (Power.OFF, None)


def test_switched_off_in_good_order(camera: HeldCamera) -> None:
    """That is no failure either."""
    camera.put_battery().result(60)
    camera.switch_off().result(60)
    assert (camera.now.power, camera.now.trouble) == (Power.OFF, None)


def test_what_it_does_not_have(camera: HeldCamera) -> None:
    """Is named, with what there is."""
    camera.put_battery().result(60)
    with pytest.raises(CameraError, match="unknown slider 'mood'; known: battery, temperature, storage"):
        camera.slide("mood", 1)
    with pytest.raises(CameraError, match="unknown switch 'x'; known: lens-covered"):
        camera.switch("x", on=True)
    with pytest.raises(CameraError, match="unknown strike 'x'; known: alarm"):
        camera.strike("x")
    with pytest.raises(CameraError, match="battery: from 0 to 100 %, not 101"):
        camera.slide("battery", 101)
