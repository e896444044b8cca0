"""The panel with real cameras behind it: what pages see is what the service does, and nothing that happens to a camera takes it down."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import pytest
from PIL import Image

from tests.pages import Browser, get
from tools.panel.hands import MOST_PENDING
from tools.panel.panel import Panel
from tools.scenario.read import read

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = {"pre_event_s": 2, "hold_s": 1, "keep_after_receipt_h": 0, "width": 320, "height": 180, "bitrate": 500_000}

STORY = b'title = "T"\nwords = "W"\nabout_s = 5\n'
STORIES = {
    "endless": STORY + b'[[steps]]\nsay = "Wait."\n[[steps]]\npause = 600\nleast = 600\n',
    "short": STORY + b'[[steps]]\npause = 600\n[[steps]]\npress = "function"\n[[steps]]\nwait = { place = "worn" }\n',
    "lie": STORY + b'[[steps]]\nwait = { place = "docked" }\nwithin = 0\n',
    "lavish": STORY + b'cameras = 3\n[[steps]]\nsay = "x"\n',
    "strict": STORY + b'[[steps]]\nsay = "x"\n[settings]\nstandby_allowed = true\n',
}


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel with two cameras that replay."""
    root = tmp_path_factory.mktemp("panel")
    (root / "page").mkdir()
    (root / "page" / "index.html").write_text("<!doctype html><title>t</title>")
    stories = [read(story, name) for name, story in STORIES.items()]
    with Panel(
        root / "home", cameras=2, replay=True, settings=SETTINGS, folder=root / "page", scenarios=stories
    ) as panel:
        yield panel


@pytest.fixture
def browser(panel: Panel) -> Iterator[Browser]:
    """A page."""
    with Browser(panel.port) as browser:
        browser.wait_for("hello", lambda message: message["sliders"])
        yield browser


def on(message: dict[str, Any]) -> bool:
    """Whether a camera is on and has said so."""
    return message["power"] == "on" and message["state"] is not None


def recording(message: dict[str, Any]) -> bool:
    """Whether a camera records, by its service and by its light alike."""
    return on(message) and message["state"]["recording"] == "recording" and message["meaning"]["name"] == "recording"


def ready(message: dict[str, Any]) -> bool:
    """Whether it buffers."""
    return on(message) and message["state"]["recording"] == "idle" and message["meaning"]["name"] == "ready"


def test_press_and_stop(panel: Panel, browser: Browser) -> None:
    """Lights, cues and log follow the service; another page sees the same."""
    assert get(panel.port, "/")[0] == 200
    browser.camera(lambda message: ready(message) and message["state"]["ring"]["seconds"] >= 1)
    assert browser.ask("tap", camera="cam-1", button="record")["ok"]
    shown = browser.camera(recording)
    assert (shown["state"]["number"], shown["lights"]["front"]["colour"]) == (1, "red")
    cue = browser.wait_for("cue", lambda message: message["name"] == "started")
    assert (cue["camera"], bool(cue["buzz_ms"]), cue["words"]) == ("cam-1", True, "Recording has begun.")
    assert browser.wait_for("log", lambda message: message["kind"] == "opening")["words"] == "opening of recording 1"
    with Browser(panel.port) as other:
        hello = other.wait_for("hello")
        assert [camera["id"] for camera in hello["cameras"]] == ["cam-1", "cam-2"]
        assert recording(hello["cameras"][0])
        assert any(line["kind"] == "opening" for line in hello["log"])
        browser.camera(lambda message: not message["buttons"]["record"])
        time.sleep(0.1)  # sooner, and it would be the same press still
        assert other.ask("press", camera="cam-1", button="record")["ok"]
        browser.camera(lambda message: message["buttons"]["record"])
        other.wait_for("cue", lambda message: message["name"] == "stop-asked")
        assert other.ask("release", camera="cam-1", button="record", bounces=3)["ok"]
        time.sleep(0.1)
        assert other.ask("tap", camera="cam-1", button="record", ms=100)["ok"]
    browser.camera(ready)


def test_button_of_a_page_that_goes_away_is_let_go(panel: Panel, browser: Browser) -> None:
    """A closed tab holds nothing down."""
    with Browser(panel.port) as other:
        assert other.ask("press", camera="cam-2", button="function")["ok"]
        browser.camera(lambda message: message["buttons"]["function"], "cam-2")
    browser.camera(lambda message: not message["buttons"]["function"], "cam-2")


def test_pictures_for_who_looks(browser: Browser) -> None:
    """They come while a page looks, and of that camera alone."""
    assert browser.ask("look", camera="cam-2", on=True)["ok"]
    name, jpeg = browser.picture()
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert (name, picture.size) == ("cam-2", (320, 180))
    assert browser.ask("look", camera="cam-2", on=False)["ok"]
    seen = len(browser.pictures)
    browser.ask("judge")
    browser.camera(on, "cam-2")
    assert len(browser.pictures) - seen <= 2


def test_sliders_switches_strikes_and_faults(browser: Browser) -> None:
    """Each does what it says, is shown by the page's own numbers, and what is wrong is answered."""
    browser.camera(on, "cam-2")
    browser.ask("slide", camera="cam-2", name="battery", value=7)
    browser.camera(lambda message: on(message) and message["sliders"]["battery"] == 7, "cam-2")
    browser.ask("slide", camera="cam-2", name="clock", value=120)
    browser.camera(lambda message: on(message) and abs(message["sliders"]["clock"] - 120) < 5, "cam-2")
    browser.ask("strike", camera="cam-2", name="clock-right")
    browser.camera(lambda message: on(message) and abs(message["sliders"]["clock"]) < 5, "cam-2")
    browser.ask("slide", camera="cam-2", name="storage", value=100)
    browser.camera(lambda message: on(message) and message["state"]["storage"]["free"] <= 100_000_000, "cam-2")
    browser.ask("slide", camera="cam-2", name="storage", value=20_000)
    browser.ask("switch", camera="cam-2", name="lens-covered", on=True)
    browser.camera(lambda message: message["switches"]["lens-covered"], "cam-2")
    assert browser.ask("fault", camera="cam-2", part="video", kind="drop", **{"with": {"count": 3}})["ok"]
    for error, order in (
        ("unknown camera 'cam-9'", {"do": "strike", "camera": "cam-9", "name": "fall"}),
        ("unknown slider", {"do": "slide", "camera": "cam-2", "name": "mood", "value": 1}),
        ("battery: from 0 to 100", {"do": "slide", "camera": "cam-2", "name": "battery", "value": 101}),
        ("unknown kind", {"do": "fault", "camera": "cam-2", "part": "video", "kind": "melt", "with": {}}),
        ("seconds is missing", {"do": "fault", "camera": "cam-2", "part": "video", "kind": "stall", "with": {}}),
        ("with has to be", {"do": "fault", "camera": "cam-2", "part": "video", "kind": "end", "with": {"do": "quit"}}),
        ("no such recording", {"do": "export", "recording": "../../etc/passwd"}),
        ("slots 1 to 2", {"do": "dock", "camera": "cam-2", "slot": 3}),
        ("officer", {"do": "assign", "camera": "cam-2", "officer": " "}),
    ):  # fmt: skip
        assert error in browser.error(**order)


def test_scenarios(panel: Panel, browser: Browser) -> None:
    """Played for all pages at once, one at a time, stopped when somebody says so; how it went stands there for whoever comes later."""
    hello = browser.messages[-1] if browser.messages[-1]["type"] == "hello" else browser.wait_for("hello")
    assert {"cell-door", "endless"} <= {each["name"] for each in hello["scenarios"]}
    browser.camera(ready)
    assert "unknown scenario 'x'" in browser.error("play", scenario="x")
    assert "needs 3 cameras" in browser.error("play", scenario="lavish")
    assert "standby_allowed = True" in browser.error("play", scenario="strict")
    assert browser.ask("play", scenario="endless", fast=True)["ok"]
    now = browser.wait_for("scenario", lambda message: message["step"] == 2)
    assert (now["name"], now["state"], now["say"], now["steps"]) == ("endless", "running", "Wait.", 2)
    with Browser(panel.port) as other:
        assert other.wait_for("hello")["scenario"]["state"] == "running"
        assert "stop it first" in other.error("play", scenario="short")
        assert other.ask("stop")["ok"]
    browser.wait_for("scenario", lambda message: message["state"] == "stopped")
    assert browser.ask("play", scenario="lie")["ok"]
    lie = browser.wait_for("scenario", lambda message: message["state"] == "failed")
    assert lie["problems"][0].startswith("step 1: cam-1: wait place docked: in vain; instead: power on")
    assert browser.wait_for("said", lambda message: message["trouble"])["who"] == "scenario"
    assert browser.ask("play", scenario="short", fast=True)["ok"]
    browser.wait_for("scenario", lambda message: message["state"] == "passed")
    assert browser.ask("stop")["ok"]


def test_taps_are_bounded(browser: Browser) -> None:
    """Orders that last are counted: a page cannot pile them up."""
    browser.camera(on, "cam-2")
    for number in range(MOST_PENDING + 5):
        order = {"id": 1000 + number, "do": "tap", "camera": "cam-2", "button": "function", "ms": 1500}
        browser.say(json.dumps(order))
    refused = browser.wait_for("answer", lambda message: message["ok"] is False)
    assert refused["error"] == f"{MOST_PENDING} orders wait for their end already"
    browser.wait_for("answer", lambda message: message["id"] == 1000 + MOST_PENDING - 1 and message["ok"])
    browser.camera(lambda message: not message["buttons"]["function"], "cam-2")


def test_dead_battery_and_dead_service(panel: Panel, browser: Browser) -> None:
    """Pulled out it is dark at once, and back in it goes on, its lens still covered; a service that dies by itself is told of."""
    browser.camera(on, "cam-2")
    browser.ask("switch", camera="cam-2", name="lens-covered", on=True)
    browser.ask("slide", camera="cam-2", name="battery", value=42)
    browser.camera(lambda message: on(message) and message["sliders"]["battery"] == 42, "cam-2")
    browser.ask("tap", camera="cam-2", button="record")
    browser.camera(recording, "cam-2")
    assert browser.ask("battery", camera="cam-2", **{"in": False})["ok"]
    dark = browser.camera(lambda message: message["power"] == "off", "cam-2")
    assert (dark["meaning"]["name"], dark["state"], dark["lights"]["top"]["colour"]) == ("off", None, "off")
    assert "the camera is off" in browser.error("press", camera="cam-2", button="record")
    assert browser.ask("battery", camera="cam-2", **{"in": True})["ok"]
    again = browser.camera(lambda message: recording(message) and message["sliders"]["battery"] == 42, "cam-2")
    assert (again["state"]["number"], again["switches"]["lens-covered"]) == (2, True)
    os.kill(panel.bench.camera("cam-2").process_id, signal.SIGKILL)
    dead = browser.camera(lambda message: message["power"] == "failed", "cam-2")
    assert "ended by itself" in dead["trouble"]
    assert browser.ask("battery", camera="cam-2", **{"in": True})["ok"]
    browser.camera(lambda message: recording(message) and message["state"]["number"] == 3, "cam-2")
    assert get(panel.port, "/")[0] == 200


def test_dock_and_desk(panel: Panel, browser: Browser) -> None:
    """In the rack it hands over; the verifier judges, and the film plays: at the desk's side, for the camera has no key."""
    browser.ask("assign", camera="cam-1", officer="Jordan Ellis")
    assert browser.camera(on)["officer"] == "Jordan Ellis"
    assert browser.ask("dock", camera="cam-1")["ok"]
    assert "cam-1 stands in slot 1" in browser.error("dock", camera="cam-2", slot=1)
    browser.wait_for("dock", lambda message: message["slots"][0]["total"] > 0)
    done = browser.wait_for("recordings", lambda message: message["items"] and not message["judging"])
    item = done["items"][-1]
    assert (item["camera"], item["number"], item["verdict"]) == ("cam-1", 1, "whole")
    assert item["private"]
    assert "Jordan" not in str(item)
    assert item["film"] == {"state": "none", "done": 0.0, "url": None, "words": None}
    assert browser.ask("export", recording=item["id"])["ok"]
    film = browser.wait_for(
        "recordings", lambda message: message["items"] and message["items"][-1]["film"]["state"] == "ready"
    )["items"][-1]["film"]
    status, headers, body = get(panel.port, film["url"])
    assert (status, headers["content-type"]) == (200, "video/mp4")
    with av.open(io.BytesIO(body), "r") as opened:
        assert len(list(opened.decode(video=0))) == pytest.approx(item["seconds"] * 30, abs=2)
    assert get(panel.port, film["url"], Range="bytes=0-9")[2] == body[:10]
    with Browser(panel.port) as other:
        assert other.wait_for("hello")["recordings"]["items"][-1]["film"]["url"] == film["url"]
    assert browser.ask("dock", camera="cam-1", slot=None)["ok"]
    browser.camera(lambda message: message["slot"] is None)
    browser.camera(lambda message: on(message) and message["state"]["shift"])


def test_command(tmp_path: Path) -> None:
    """``lapel sim --panel`` prints the address, serves the page, and ends in good order on a signal."""
    command = [
        sys.executable,
        "-m",
        "tools",
        "sim",
        "--panel",
        "--replay",
        "--port",
        "0",
        "--state",
        str(tmp_path / "sim"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().strip()
            port = int(url.rsplit(":", 1)[1].rstrip("/"))
            with Browser(port) as browser:
                browser.wait_for("hello", lambda message: message["sliders"])
                browser.camera(ready)
            program.send_signal(signal.SIGTERM)
            assert program.wait(60) == 0
        finally:
            program.kill()


def test_port_that_is_taken(panel: Panel, tmp_path: Path) -> None:
    """It says so, and leaves nothing running."""
    command = [
        sys.executable,
        "-m",
        "tools",
        "sim",
        "--panel",
        "--port",
        str(panel.port),
        "--state",
        str(tmp_path / "sim"),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "in use" in done.stderr
