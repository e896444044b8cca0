"""The service as a whole, with its threads, driven through the control socket as an officer would drive it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from firmware import __main__ as firmware_main
from firmware import service
from firmware.runtime.enrolment import Enrolment
from firmware.runtime.log import Log
from firmware.settings import Settings
from hal.sim.clock import VirtualClock
from hal.sim.storage import FileStorage
from tests.rig import VALUES, PkiSigner, pki, settings_line
from tools.sim.process import CameraError, Control
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 60.0
FAST = {**VALUES, "pre_event_s": 1, "hold_s": 1, "alert_fall": True}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The directory of an enrolled camera."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "root.crt.pem").write_bytes(pki().root_pem)
    (config / "device.crt.pem").write_bytes(pki().device.pem)
    (config / "device.key.pem").write_bytes(pki().device.key_pem)
    (config / "settings.jws").write_bytes(settings_line(FAST) + b"\n")
    return tmp_path


@pytest.fixture
def signals() -> Iterator[None]:
    """Leave signal handlers as they were."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


class Hand(threading.Thread):
    """What an officer does, on a thread of its own, since the service has the main one."""

    def __init__(self, state: Path, story: Callable[[Control], None]) -> None:
        super().__init__(daemon=True)
        self._path = state / "control"
        self._story = story
        self.trouble: BaseException | None = None

    def run(self) -> None:
        """Wait for the socket, then do it, and end the service whatever happens."""
        control = self.reach()
        try:
            self._story(control)
        except BaseException as error:  # noqa: BLE001 - raised again by the test
            self.trouble = error
        finally:
            control.tell("quit")
            control.close()

    def reach(self) -> Control:
        """The camera's socket, as soon as it is there."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return Control(self._path)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)


def wait(control: Control, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Poll the camera's state."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        state = control.tell("state")
        if ready(state):
            return state
        assert time.monotonic() < deadline, state
        time.sleep(0.02)


def top(state: dict[str, Any]) -> tuple[str, str]:
    """The light on top."""
    light = state["lights"]["top"]
    return light["colour"], light["pattern"]


def serve(state: Path, story: Callable[[Control], None]) -> int:
    """Run the service while a hand does its part."""
    hand = Hand(state, story)
    hand.start()
    arguments = ["--hal", "sim", "--state", str(state), "--control", str(state / "control"), "--replay"]
    status = firmware_main.main(arguments)
    hand.join(PATIENCE_S)
    if hand.trouble is not None:
        raise hand.trouble
    return status


@pytest.mark.usefixtures("signals")
def test_a_recording_in_real_time(state: Path) -> None:
    """Pressed, shown, stopped, ended in good order: the judge calls it whole."""

    def story(control: Control) -> None:
        wait(control, lambda state: top(state) == ("green", "steady"))
        time.sleep(1.2)
        control.tell("tap", button="record")
        shown = wait(control, lambda state: top(state) == ("red", "pulse"))
        assert (shown["service"]["recording"], shown["service"]["number"]) == ("recording", 1)
        for press_ms in (80, 1200, 80):
            time.sleep(0.1)  # sooner, and it would be the same press still
            control.tell("tap", button="record", ms=press_ms)
        wait(control, lambda state: top(state) == ("green", "steady"))

    assert serve(state, story) == 0
    (state / "root.pem").write_bytes(pki().root_pem)
    report = verify_path(state / "evidence", state / "root.pem")
    assert report.worst is Verdict.WHOLE
    assert len(report.every_recording) == 1


@pytest.mark.usefixtures("signals")
def test_a_camera_of_no_authority_refuses_loudly(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It shows that it cannot record, answers a press with a refusal, and says what is missing."""
    (state / "config" / "settings.jws").unlink()
    cues: list[str] = []

    def story(control: Control) -> None:
        wait(control, lambda state: top(state) == ("amber", "four"))
        watcher = Control(state / "control")
        watcher.tell("watch")
        control.tell("tap", button="record")
        control.tell("trigger", name="alarm")
        while len(cues) < 2:
            event = watcher.read()
            cues.extend([event["name"]] if event["event"] == "cue" else [])
        watcher.close()

    assert serve(state, story) == 0
    assert cues == ["refused", "refused"]
    log = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert any(event["event"] == "not-enrolled" and "settings.jws" in event["trouble"] for event in log)
    assert not (state / "evidence" / "recordings").exists()


def test_wrong_settings_are_named_and_the_camera_records_with_the_defaults(state: Path) -> None:
    """All problems at once, each with its key; a typing error at a desk does not stop a recording."""
    stream = io.StringIO()
    log = Log(stream, VirtualClock())
    (state / "config" / "settings.jws").write_bytes(settings_line({"pre_event_s": 500, "colour": "red"}) + b"\n")
    enrolment = Enrolment.load(FileStorage(state / "config").root(), PkiSigner())
    assert service.chosen_settings(enrolment, log) == Settings()
    assert "pre_event_s" in stream.getvalue()
    assert "colour" in stream.getvalue()


@pytest.mark.usefixtures("signals")
def test_losing_a_vital_part_ends_the_service(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever supervises it starts it again; the exit status says that this was no end on purpose."""

    def lost(_self: object, _stop: object) -> None:
        message = "the card is gone"
        raise OSError(message)

    monkeypatch.setattr("firmware.runtime.writer.Writer.run", lost)
    monkeypatch.setattr(service, "REST_S", 0)  # storage was of no use from the beginning on
    arguments = ["--hal", "sim", "--state", str(state), "--control", str(state / "control"), "--replay"]
    assert firmware_main.main(arguments) == service.LOST


@pytest.mark.usefixtures("signals")
def test_a_second_service_on_the_camera_is_refused(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, with a status of its own, touches nothing, and the first one goes on; gone, it leaves the camera to the next."""

    def story(control: Control) -> None:
        held = {path: path.stat().st_mtime_ns for path in state.rglob("*") if "evidence" not in path.parts}
        second = [
            sys.executable,
            "-m",
            "firmware",
            "--hal",
            "sim",
            "--state",
            str(state),
            "--control",
            str(state / "2"),
        ]
        done = subprocess.run(second, capture_output=True, check=False, timeout=60)
        assert done.returncode == service.TAKEN
        (line,) = done.stderr.splitlines()
        assert json.loads(line)["trouble"] == f"another service runs on this camera: it has {state}"
        assert {path: path.stat().st_mtime_ns for path in held} == held
        assert not (state / "2").exists()
        assert control.tell("state")["ok"]

    assert serve(state, story) == 0
    assert not any(json.loads(line)["event"] == "taken" for line in capsys.readouterr().err.splitlines())
    assert serve(state, lambda _: None) == 0


@pytest.mark.usefixtures("signals")
def test_a_refused_order_says_why(state: Path) -> None:
    """The control socket names what it knows."""

    def story(control: Control) -> None:
        with pytest.raises(CameraError, match="unknown verb"):
            control.tell("dance")

    assert serve(state, story) == 0


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--source", "no-such-film.mp4"], "no-such-film.mp4: cannot open the video source: No such file or directory"),
        (["--control", "no-such-directory/control"], "no-such-directory/control: No such file or directory"),
    ],
)
def test_what_keeps_the_service_from_starting_is_told(
    state: Path, given: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line of the log that names it, and with a status of its own."""
    arguments = ["--hal", "sim", "--state", str(state), "--control", str(state / "control"), "--replay", *given]
    assert firmware_main.main(arguments) == service.NOT_STARTED
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["trouble"] == named


@pytest.mark.usefixtures("signals")
def test_a_battery_at_its_end_switches_the_camera_off(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Gauge and voltage agree: what is being recorded is sealed, and the service ends by itself."""

    def drain() -> None:
        control = Hand(state, lambda _: None).reach()
        wait(control, lambda state: top(state) == ("green", "steady"))
        control.tell("tap", button="record")
        wait(control, lambda state: top(state) == ("red", "pulse"))
        control.tell("fault", part="power", kind="voltmeter")
        control.tell("fault", part="power", kind="battery", percent=0)
        control.close()

    hand = threading.Thread(target=drain, daemon=True)
    hand.start()
    arguments = ["--hal", "sim", "--state", str(state), "--control", str(state / "control"), "--replay"]
    assert firmware_main.main(arguments) == 0
    hand.join(PATIENCE_S)
    log = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [event["event"] for event in log[-2:]] == ["off", "end"]
    assert [event["when"] for event in log if event["event"] == "self-test"][:1] == ["boot"]
    (state / "root.pem").write_bytes(pki().root_pem)
    report = verify_path(state / "evidence", state / "root.pem")
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE]
