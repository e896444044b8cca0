"""``lapel sim``: what keys do, and what is left when it ends."""

from __future__ import annotations

import argparse
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tools.dock.events import DockEvent, Kind
from tools.sim import cli, desk
from tools.sim.desk import KEYS, OTHER_NAMES, QUIT, Desk
from tools.sim.home import Home, assign, provision
from tools.sim.mirror import Mirror
from tools.sim.process import CameraError
from tools.sim.screen import PlainScreen


class Camera:
    """A camera that notes what is done to it.  It is found running ``lives`` times at most."""

    refuses = False
    lives = 100

    def __init__(self, state: Path, **_: Any) -> None:
        """Off."""
        self.done: list[str] = []
        self.socket = state / "control"
        self._on = False

    @property
    def running(self) -> bool:
        """Whether it is on."""
        self.lives -= self._on
        return self._on and self.lives >= 0

    def start(self) -> None:
        """On."""
        if self.refuses:
            raise CameraError("it does not start")
        self.done.append("start")
        self._on = True

    def tap(self) -> None:
        """Pressed."""
        self.done.append("tap")

    def hold(self, _seconds: float) -> None:
        """Held."""
        self.done.append("hold")

    def tell(self, do: str, **_: str) -> None:
        """Ordered."""
        self.done.append(do)

    def kill(self) -> None:
        """Cut off."""
        self.done.append("kill")
        self._on = False

    def stop(self) -> None:
        """Stopped."""
        self.done.append("stop")
        self._on = False


def done(hands: Desk) -> list[str]:
    """What was done to the camera in these hands."""
    camera: Any = hands.camera
    noted: list[str] = camera.done
    return noted


class Bay:
    """A dock that notes that it was closed."""

    port = "/dev/pts/99"

    def __init__(self, _identity: Path, _store: Path, hear: Any) -> None:
        """Tell one thing that is worth a line, and one that is not."""
        self.closed = False
        hear(DockEvent(Kind.PROGRESS, "cam-1", {"done": 1, "total": 2}))
        hear(DockEvent(Kind.ASSIGNED, "cam-1", {"shift": "S-1"}))

    def close(self) -> None:
        """Closed."""
        self.closed = True


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "SimCamera", Camera)
    monkeypatch.setattr(desk, "Bay", Bay)
    monkeypatch.setattr(desk, "LET_GO_S", 0)


def test_each_key_does_what_its_help_says(tmp_path: Path) -> None:
    """In the order in which keys were pressed; the camera is stopped and the dock closed at the end."""
    said = list[str]()
    mirror = Mirror()
    with Desk(Home(tmp_path), mirror, said.append, None) as hands:
        for name in "phkr":
            hands.do(lambda name=name: KEYS[name].action(hands))  # type: ignore[misc]  # mypy knows no type for a lambda's default
        hands.do(lambda: KEYS["r"].action(hands))
        hands.do(lambda: KEYS["d"].action(hands))
        hands.do(lambda: mirror.hear({"event": "dock", "port": "/dev/pts/99"}))
        hands.do(lambda: KEYS["d"].action(hands))
    assert done(hands) == ["start", "tap", "hold", "kill", "start", "plug", "unplug", "stop"]
    bay: Any = hands._bay
    assert bay.closed
    assert said == [
        "cut off, as if the battery fell out; r switches it on again",
        "it is on already",
        "cam-1: assigned to shift S-1",
    ]


def test_what_goes_wrong_is_said_and_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is a line; the next key works."""
    monkeypatch.setattr(Camera, "refuses", True)
    said = list[str]()
    with Desk(Home(tmp_path), Mirror(), said.append, None) as hands:
        hands.do(hands.tap)
    assert said == ["it does not start"]
    assert done(hands) == ["tap", "stop"]


def test_keys_are_told_apart() -> None:
    """No key means two things."""
    assert QUIT not in KEYS
    assert not set(OTHER_NAMES) & {*KEYS, QUIT}
    assert set(OTHER_NAMES.values()) <= set(KEYS)


def run(tmp_path: Path) -> int:
    """``lapel sim`` without a terminal."""
    return cli.run(argparse.Namespace(panel=False, scenario=None, state=tmp_path / "sim", source=None))


def test_without_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes what is missing, says how to drive it, and ends with the camera."""
    monkeypatch.setattr(cli, "LOOK_S", 0)
    monkeypatch.setattr(Camera, "lives", 3)
    assert run(tmp_path) == 0
    said = capsys.readouterr().out
    assert "made a throw-away authority" in said
    assert "camera/control" in said
    assert (tmp_path / "sim" / "authority" / "root.crt.pem").exists()


def test_a_camera_that_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal there is nothing to wait for."""
    monkeypatch.setattr(Camera, "refuses", True)
    assert run(tmp_path) == 1
    assert "it does not start" in capsys.readouterr().out


def test_a_place_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, and does not begin."""
    (tmp_path / "sim").write_text("in the way")
    assert run(tmp_path) == 1
    assert capsys.readouterr().err.startswith("lapel sim: ")


def test_keys_until_quit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known keys are obeyed, others passed over; a terminal that goes away quits too."""
    pressed: Iterator[str | None] = iter(["", "x ", "kq", "p"])
    monkeypatch.setattr(cli, "read_keys", lambda _terminal, _timeout_s: next(pressed))
    monkeypatch.setattr(cli, "single_keys", lambda _terminal: threading.Lock())
    out = io.StringIO()
    screen = PlainScreen(Console(file=out))
    with Desk(Home(tmp_path), Mirror(), screen.say, None) as hands:
        cli._obey_keys(hands, screen)
    assert done(hands) == ["start", "tap", "kill", "stop"]
    assert "hold record" in out.getvalue()
    assert next(pressed) == "p"
    pressed = iter([None])
    with Desk(Home(tmp_path), Mirror(), screen.say, None) as hands:
        cli._obey_keys(hands, screen)
    assert done(hands) == ["start", "stop"]


def test_a_home(tmp_path: Path) -> None:
    """Everything that is needed is made, secrets are for their owner alone, and whose shift it is stands in the register only."""
    home = Home(tmp_path)
    told = list[tuple[int, int]]()
    provision(home, {"pre_event_s": 10}, lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for path in (
        home.certificate,
        home.key,
        home.escrow,
        home.camera / "config" / "device.crt.pem",
        home.identity / "dock.crt.pem",
    ):
        assert path.is_file()
    assert home.key.stat().st_mode & 0o077 == 0
    shift = assign(home, "Jordan Ellis")
    assert "Jordan Ellis" in (home.dock / "register.jsonl").read_text()
    assert shift in (home.dock / "register.jsonl").read_text()
    assert assign(home, "Jordan Ellis") != shift
