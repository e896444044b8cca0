"""The control socket does what it is asked, says what is wrong, and is never held up by a client."""

from __future__ import annotations

import base64
import io
import json
import os
import pty
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hal.interface import Button, Colour, Cue, Edge, Light, Lights, Pattern, Signal, VideoFormat
from hal.sim import control as control_module
from hal.sim.build import Simulated, build
from hal.sim.connection import LINE_BYTES
from hal.sim.control import Control
from hal.sim.preview import Picture

VIDEO = VideoFormat(width=64, height=48, fps=30, bitrate=100_000, gop=30)
LIGHTS = Lights(Light(Colour.RED, Pattern.SLOW), Light(Colour.RED))


class Client:
    """Somebody at the control socket."""

    def __init__(self, path: str) -> None:
        """Connect."""
        self.end = socket.socket(socket.AF_UNIX)
        self.end.settimeout(5)
        self.end.connect(path)
        self.lines = self.end.makefile("rb")

    def send(self, line: bytes) -> dict[str, object]:
        """Send one line and get the next one."""
        self.end.sendall(line + b"\n")
        return self.next()

    def next(self) -> dict[str, object]:
        """The next line."""
        answer = json.loads(self.lines.readline())
        assert isinstance(answer, dict)
        return answer

    def ask(self, do: str, **members: object) -> dict[str, object]:
        """Ask for something and get the answer."""
        return self.send(json.dumps({"do": do, **members}).encode())

    def error(self, do: str, **members: object) -> str:
        """What is wrong with asking for something."""
        answer = self.ask(do, **members)
        assert answer.keys() == {"ok", "error"}
        assert answer["ok"] is False
        return str(answer["error"])

    def close(self) -> None:
        """Hang up."""
        self.lines.close()
        self.end.close()


Served = tuple[Simulated, Control, Callable[[], Client], threading.Event]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A camera at a control socket, a way to connect, and whether it was told to quit."""
    camera, leave, clients = build(tmp_path / "state", video=VIDEO, replay=True), threading.Event(), list[Client]()
    control = camera.serve(tmp_path / "control", leave.set)

    def connect() -> Client:
        clients.append(Client(str(tmp_path / "control")))
        return clients[-1]

    yield camera, control, connect, leave
    control.close()
    for client in clients:
        client.close()


def test_press_release_and_tap(served: Served) -> None:
    """Buttons move as told, and each answer holds the time of the first edge."""
    camera, _, connect, _ = served
    edges, client = list[Edge](), connect()
    camera.hal.buttons.listen(edges.append)
    answers = [
        client.ask("press", button="record"),
        client.ask("release", button="record", bounces=1),
        client.ask("tap", button="function", ms=5),
    ]
    assert [(edge.button, edge.down) for edge in edges] == [
        (Button.RECORD, True),
        (Button.RECORD, False),
        (Button.RECORD, True),
        (Button.RECORD, False),
        (Button.FUNCTION, True),
        (Button.FUNCTION, False),
    ]
    assert answers == [{"ok": True, "time_ns": edges[at].time_ns} for at in (0, 1, 4)]
    assert edges[5].time_ns - edges[4].time_ns >= 5_000_000


def test_trigger(served: Served) -> None:
    """A sensor goes off by its name."""
    camera, _, connect, _ = served
    fired = list[Signal]()
    camera.hal.triggers.listen(fired.append)
    assert connect().ask("trigger", name="alarm")["ok"] is True
    assert [(signal.name, signal.active) for signal in fired] == [("alarm", True), ("alarm", False)]


def test_plug_and_unplug(served: Served) -> None:
    """Plugging in connects the port and powers the contacts; pulling out ends both."""
    camera, _, connect, _ = served
    end, slave = pty.openpty()
    tty.setraw(slave)
    client = connect()
    assert client.ask("plug", port=os.ttyname(slave)) == {"ok": True}
    assert (camera.hal.docks[0].connected(), camera.hal.power.contact()) == (True, True)
    assert client.ask("state")["dock"] == os.ttyname(slave)
    assert "No such file" in client.error("plug", port="/dev/does-not-exist")
    assert (camera.hal.docks[0].connected(), camera.hal.power.contact()) == (False, False)
    client.ask("plug", port=os.ttyname(slave))
    assert client.ask("unplug") == {"ok": True}
    assert (camera.hal.docks[0].connected(), camera.hal.power.contact()) == (False, False)
    os.close(end)
    os.close(slave)


def test_two_links(served: Served) -> None:
    """Each link is plugged in and pulled out for itself; the contacts have power until the last one is out."""
    camera, _, connect, _ = served
    ends = [pty.openpty() for _ in range(2)]
    one, two = (os.ttyname(slave) for _, slave in ends)
    client, hal = connect(), camera.hal

    def up() -> tuple[bool, ...]:
        return (*(dock.connected() for dock in hal.docks), hal.power.contact())

    client.ask("plug", port=two, link=2)
    assert up() == (False, True, True)
    client.ask("plug", port=one)
    assert up() == (True, True, True)
    assert client.ask("state")["docks"] == [one, two]
    client.ask("unplug", link=1)
    assert up() == (False, True, True)
    client.ask("plug", port=one, link=1)
    client.ask("unplug")
    assert up() == (False, False, False)
    for each in (end for pair in ends for end in pair):
        os.close(each)


@pytest.mark.parametrize(
    ("part", "kind", "members"),
    [
        ("video", "stall", {"seconds": 1}),
        ("audio", "drop", {}),
        ("storage", "fill", {}),
        ("config", "read-only", {"on": False}),
        ("clock", "unset", {}),
        ("dock", "cut", {"after": 100}),
        ("power", "battery", {"percent": 3}),
        ("triggers", "set", {"name": "holster", "active": True}),
        ("triggers", "chatter", {"name": "alarm"}),
        ("motion", "play", {"name": "fall"}),
        ("motion", "die", {}),
    ],
)
def test_faults_reach_their_part(served: Served, part: str, kind: str, members: dict[str, object]) -> None:
    """Each part takes its faults."""
    assert served[2]().ask("fault", part=part, kind=kind, **members) == {"ok": True}


def test_state_tells_all(served: Served) -> None:
    """The state holds what the parts say at this moment."""
    camera, _, connect, _ = served
    client = connect()
    client.ask("fault", part="power", kind="battery", percent=3)
    client.ask("fault", part="power", kind="heat", celsius=41.5)
    client.ask("fault", part="clock", kind="2100")
    client.ask("press", button="record")
    camera.hal.indicators.show(LIGHTS)
    camera.hal.watchdog.ready()
    camera.hal.watchdog.feed()
    state = client.ask("state")
    assert state["battery"] == {"percent": 3, "charging": False, "celsius": 41.5}
    assert state["buttons"] == {"record": True, "function": False}
    assert state["lights"] == {
        "top": {"colour": "red", "pattern": "slow"},
        "front": {"colour": "red", "pattern": "steady"},
    }
    assert state["watchdog"] == {"state": "ready", "feeds": 1, "longest_ms": 0}
    assert state["overlay"] == {
        "device": "",
        "shift": "",
        "recording": False,
        "clock_set": False,
        "fields": ["device", "shift", "time"],
    }
    assert isinstance(state["clock"], dict)
    assert state["clock"]["quality"] == "rtc"
    assert (state["dock"], state["contact"]) == (None, False)


def test_watching(served: Served) -> None:
    """After ``watch`` come the present lights, then every change and cue with its time, beside the answers."""
    camera, _, connect, _ = served
    client = connect()
    assert client.ask("watch") == {"ok": True}
    assert client.next()["event"] == "lights"
    camera.hal.indicators.show(LIGHTS)
    camera.hal.indicators.play(Cue("started", (100, 50, 100), ((880, 90),)))
    lights, cue = client.next(), client.next()
    assert lights.pop("time_ns") <= cue.pop("time_ns")  # type: ignore[operator]  # JSON: a number here
    assert lights.pop("utc_ms") <= cue.pop("utc_ms")  # type: ignore[operator]  # JSON: a number here
    assert lights == {
        "event": "lights",
        "top": {"colour": "red", "pattern": "slow"},
        "front": {"colour": "red", "pattern": "steady"},
    }
    assert cue == {"event": "cue", "name": "started", "buzz_ms": [100, 50, 100], "tones": [[880, 90]]}
    assert client.error("watch") == "watch: asked for already"


def test_watching_the_log(served: Served) -> None:
    """Who asks for it hears each line of the log, the newest so far first; who does not hears none."""
    camera, _, connect, _ = served
    audit = camera.hal.evidence.root().enter("audit", create=True)
    file = audit.create("00000001.jwsl")

    def write(line: bytes) -> None:
        file.append(line + b"\n")
        file.sync()

    write(b"eyJ.one.x")
    plain, client = connect(), connect()
    plain.ask("watch", log=False)
    client.ask("watch", log=True)
    assert [connected.next()["event"] for connected in (plain, client)] == ["lights", "lights"]
    write(b"eyJ.two.x")
    camera.hal.indicators.play(Cue("started", ()))
    told = [client.next() for _ in range(3)]
    assert [(event["event"], event.get("file"), event.get("line")) for event in told] == [
        ("log", "00000001.jwsl", "eyJ.one.x"),
        ("log", "00000001.jwsl", "eyJ.two.x"),
        ("cue", None, None),
    ]
    assert told[0]["time_ns"] <= told[1]["time_ns"]  # type: ignore[operator]  # JSON: a number here
    assert plain.next()["event"] == "cue"
    file.close()


def test_looking(served: Served) -> None:
    """Pictures come while the lens runs, and stop to be made once nobody looks."""
    camera, _, connect, _ = served
    camera.hal.video.start(lambda _: None)
    client = connect()
    assert client.ask("look") == {"ok": True}
    picture = client.next()
    assert picture["event"] == "picture"
    with Image.open(io.BytesIO(base64.b64decode(str(picture["jpeg"])))) as opened:
        assert opened.size == (64, 48)
    assert client.next()["time_ns"] > picture["time_ns"]  # type: ignore[operator]  # JSON: a number here
    client.end.sendall(b'{"do": "look"}\n')
    while "ok" not in (answer := client.next()):
        assert answer["event"] == "picture"
    assert answer["error"] == "look: asked for already"
    client.close()
    worker = next((thread for thread in threading.enumerate() if thread.name == "sim-preview"), None)
    if worker is not None:
        worker.join(60)
        assert not worker.is_alive()
    camera.hal.video.stop()


def test_slow_looker_gets_fewer(served: Served) -> None:
    """A picture that finds another waiting is left out: whoever looks slowly is not cut off, and sees what is new."""
    camera, _, connect, _ = served
    client, count = connect(), 3000
    client.ask("look")
    for number in range(count):
        for watcher in camera.parts.preview._watchers:
            watcher(Picture(b"x" * 10_000, number))
    watcher(Picture(b"", -1))
    seen = list[object]()
    while -1 not in seen and len(seen) < count:
        client.end.settimeout(1)
        try:
            seen.append(client.next()["time_ns"])
        except TimeoutError:
            break
    assert 0 < len(seen) < 1000
    assert seen == sorted(seen, key=int)  # type: ignore[arg-type]  # JSON: a number here


def test_describe_tells_what_can_be_asked(served: Served) -> None:
    """Verbs, parts, kinds and arguments: all that a page needs to draw its controls, and each of them is taken as described."""
    client = served[2]()
    told: dict[str, Any] = client.ask("describe")
    assert told["verbs"]["press"] == {
        "button": {"kind": "word", "known": ["record", "function"], "default": None},
        "bounces": {"kind": "number", "low": 0, "high": 50, "whole": True, "default": 0},
    }
    assert told["verbs"]["plug"]["port"] == {"kind": "text", "limit": 1024, "default": None}
    assert told["faults"]["storage"]["read-only"] == {"on": {"kind": "flag", "default": True}}
    assert told["faults"]["power"]["heat"]["celsius"]["whole"] is False
    known = client.error("fault").partition("known: ")[2].split(", ")
    assert list(told["faults"]) == known
    for part, kinds in told["faults"].items():
        assert list(kinds) == client.error("fault", part=part).partition("known: ")[2].split(", ")


def test_contract_names_every_word(served: Served) -> None:
    """What stands at the head of ``control.py`` has each verb, each argument, each kind of argument, and each member of the state."""
    contract, client = control_module.__doc__ or "", served[2]()
    known = client.error("nothing").partition("known: ")[2].split(", ")
    assert all(f'{{"do": "{verb}"' in contract for verb in known)
    told: dict[str, Any] = client.ask("describe")
    arguments = {name: argument for verb in told["verbs"].values() for name, argument in verb.items()}
    assert all(f'"{name}"' in contract or f"``{name}``" in contract for name in arguments)
    assert all(f'"kind": "{argument["kind"]}"' in contract for argument in arguments.values())
    listed = contract.partition("``state`` has")[2].partition("After ``watch``")[0]
    assert all(name in listed for name in client.ask("state").keys() - {"ok"})


def test_service_speaks_for_itself(tmp_path: Path) -> None:
    """What the service tells stands in the state, as it is at that moment."""
    camera, said = build(tmp_path / "state", video=VIDEO, replay=True), {"recording": "idle"}
    control = camera.serve(tmp_path / "control", lambda: None, lambda: said)
    client = Client(str(tmp_path / "control"))
    assert client.ask("state")["service"] == {"recording": "idle"}
    said["recording"] = "recording"
    assert client.ask("state")["service"] == {"recording": "recording"}
    client.close()
    control.close()


def test_watcher_that_left_is_forgotten(served: Served) -> None:
    """A client that hung up does not disturb the lights or the others."""
    camera, _, connect, _ = served
    gone, stays = connect(), connect()
    gone.ask("watch")
    gone.close()
    stays.ask("watch")
    stays.next()
    for number in range(5):
        camera.hal.indicators.play(Cue(f"cue-{number}", ()))
    assert [stays.next()["name"] for _ in range(5)] == [f"cue-{number}" for number in range(5)]


def test_watcher_that_does_not_read_is_cut_off(served: Served) -> None:
    """Whoever lets events pile up is cut off; the lights never wait for it."""
    camera, _, connect, _ = served
    lazy, keen = connect(), connect()
    lazy.ask("watch")
    for _ in range(20_000):
        camera.hal.indicators.play(Cue("x" * 50, ()))
    while lazy.lines.readline():
        pass
    assert keen.ask("unplug") == {"ok": True}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"press"', "not a JSON object"),
        (b'{"do": "unplug", "do": "unplug"}', "a member stands twice"),
        (b'{"do": NaN}', "NaN is no JSON number"),
        (
            b"{}",
            "unknown verb None; known: press, release, tap, trigger, plug, unplug, state, quit, fault, describe, watch, look",
        ),
        (b'{"do": "pres"}', "unknown verb 'pres'; known: press,"),
        (b'{"do": ["press"]}', "unknown verb ['press']; known: press,"),
        (b'{"do": "press"}', "button is missing"),
        (b'{"do": "press", "button": "play"}', "button must be one of record, function"),
        (b'{"do": "press", "button": "record", "hard": true}', "unknown member 'hard'; known: button, bounces"),
        (b'{"do": "quit", "x": 1}', "unknown member 'x'; known: none"),
        (b'{"do": "unplug", "link": 3}', "link must be a whole number from 0 to 2"),
        (b'{"do": "watch", "x": 1}', "unknown member 'x'; known: log"),
        (b'{"do": "watch", "log": 1}', "log must be true or false"),
        (b'{"do": "look", "x": 1}', "unknown member 'x'; known: none"),
        (b'{"do": "trigger", "name": "shot"}', "name must be one of alarm, holster"),
        (b'{"do": "plug", "port": "tcp:x"}', "not of the form tcp:HOST:PORT"),
        (b'{"do": "fault"}', "unknown part None; known: video, audio, storage, config, clock, dock, dock-2, power"),
        (b'{"do": "fault", "part": "clock"}', "unknown kind None; known: unset, 1970, 2100, jump, right"),
        (b'{"do": "fault", "part": "clock", "kind": "jump"}', "ms is missing"),
    ],
)
def test_wrong_requests_are_answered(served: Served, line: bytes, said: str) -> None:
    """Everything that is not understood is answered with what is wrong, and the connection stands."""
    client = served[2]()
    answer = client.send(line)
    assert answer["ok"] is False
    assert said in str(answer["error"])
    assert client.ask("unplug") == {"ok": True}


def test_endless_line(served: Served) -> None:
    """A line without an end is refused before it fills the memory, and the connection with it."""
    client = served[2]()
    client.end.sendall(b" " * (LINE_BYTES + 1))
    assert client.next() == {"ok": False, "error": f"a line of more than {LINE_BYTES} bytes"}
    assert client.lines.readline() == b""


def test_torn_last_line_is_not_obeyed(served: Served) -> None:
    """What is not ended by a line feed was not said."""
    camera, _, connect, leave = served
    client = connect()
    client.end.sendall(b'{"do": "quit"}')
    client.end.shutdown(socket.SHUT_WR)
    assert client.lines.readline() == b""
    assert not leave.is_set()
    assert not camera.hal.buttons.is_down(Button.RECORD)


def test_too_many_clients(served: Served) -> None:
    """The seventeenth client is turned away, and the others stay."""
    clients = [served[2]() for _ in range(16)]
    assert all(client.ask("unplug") == {"ok": True} for client in clients)
    assert served[2]().lines.readline() == b""
    assert clients[0].ask("unplug") == {"ok": True}


def test_quit_is_answered_before_the_end(served: Served, tmp_path: Path) -> None:
    """Whoever asks to quit gets the answer, then the connection ends and the socket is gone."""
    _, control, connect, leave = served
    client, other = connect(), connect()
    client.end.sendall(b'{"do": "quit"}\n')
    assert leave.wait(60)
    control.close()
    assert client.next() == {"ok": True}
    assert client.lines.readline() == b""
    assert other.lines.readline() == b""
    assert not (tmp_path / "control").exists()
    control.close = lambda: None  # type: ignore[method-assign]  # the fixture closes once more


def test_socket_of_a_dead_camera_is_replaced(tmp_path: Path) -> None:
    """What a killed camera left behind is no obstacle."""
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    control = Control(path, {}, {})
    assert path.stat().st_mode & 0o777 == 0o600
    control.close()


def test_living_things_are_not_replaced(served: Served, tmp_path: Path) -> None:
    """A second camera at the same socket, a file in its place and a missing folder are ``OSError``."""
    (tmp_path / "file").write_text("x")
    for name, said in (("control", "another camera"), ("file", "not a socket"), ("missing/control", "No such file")):
        with pytest.raises(OSError, match=said):
            Control(tmp_path / name, {}, {})
    assert served[2]().ask("unplug") == {"ok": True}


def test_long_paths(tmp_path: Path) -> None:
    """A socket may lie deeper than a socket address is long."""
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    folder.mkdir(parents=True)
    control = Control(folder / "control", {}, {})
    descriptor = os.open(folder, os.O_PATH)
    client = Client(f"/proc/self/fd/{descriptor}/control")
    assert "unknown verb" in client.error("press")
    client.close()
    os.close(descriptor)
    control.close()
    assert not (folder / "control").exists()
