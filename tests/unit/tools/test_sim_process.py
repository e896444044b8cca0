"""The simulated camera as a child process, and its control socket's client."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.sim.home import Home, provision
from tools.sim.mirror import Mirror
from tools.sim.process import CameraError, Control, SimCamera

ROOT = Path(__file__).parents[3]


def answering(path: Path, *lines: bytes) -> threading.Thread:
    """Somebody who listens there, and answers each order of one client with one of these lines; then hangs up."""
    folder = os.open(path.parent, os.O_PATH)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    listener.listen(1)
    os.close(folder)

    def serve() -> None:
        with listener:
            end, _ = listener.accept()
        with end, end.makefile("rb") as orders:
            for line in lines:
                orders.readline()
                end.sendall(line)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_orders_and_refusals(tmp_path: Path) -> None:
    """An answer is returned, a refusal raised with its reason, silence told from both."""
    thread = answering(tmp_path / "s", b'{"ok": true, "time_ns": 5}\n', b'{"ok": false, "error": "no such verb"}\n')
    control = Control(tmp_path / "s")
    assert control.tell("tap", button="record")["time_ns"] == 5
    with pytest.raises(CameraError, match="jump: no such verb"):
        control.tell("jump")
    thread.join()
    with pytest.raises(CameraError, match="state: "):
        control.tell("state")
    control.close()


def test_nonsense_is_no_answer(tmp_path: Path) -> None:
    """What is not JSON is told as trouble with the camera."""
    thread = answering(tmp_path / "s", b"nonsense\n")
    control = Control(tmp_path / "s")
    with pytest.raises(CameraError, match="state: the camera is gone"):
        control.tell("state")
    thread.join()
    control.close()


def test_a_socket_with_a_long_path(tmp_path: Path) -> None:
    """A checkout may lie deeper than a socket's address is long."""
    deep = tmp_path.joinpath(*["a-rather-long-name-of-a-directory"] * 4)
    deep.mkdir(parents=True)
    thread = answering(deep / "control", b'{"ok": true}\n')
    control = Control(deep / "control")
    assert control.tell("state") == {"ok": True}
    thread.join()
    control.close()


def test_nobody_listens(tmp_path: Path) -> None:
    """Connecting fails as any other opening does."""
    with pytest.raises(OSError, match="No such file"):
        Control(tmp_path / "s")


def test_a_camera_that_is_off_takes_no_orders(tmp_path: Path) -> None:
    """And stopping it is harmless."""
    camera = SimCamera(tmp_path)
    with pytest.raises(CameraError, match="state: the camera is off"):
        camera.tell("state")
    camera.stop()
    camera.kill()


def test_a_camera_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The reason in its log is in the message, and no process is left."""
    camera = SimCamera(tmp_path, source=str(tmp_path / "no-such-film.mp4"))
    with pytest.raises(CameraError, match=r"did not start: /.*/no-such-film\.mp4: cannot open"):
        camera.start()
    assert not camera.running


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A camera with an authority, and a picture that costs little."""
    home = Home(tmp_path)
    provision(home, {"width": 320, "height": 180, "pre_event_s": 1})
    return home


@pytest.fixture
def watched(home: Home) -> Iterator[tuple[SimCamera, Mirror]]:
    """A camera and its mirror; off in the end."""
    mirror = Mirror()
    camera = SimCamera(home.camera, on_event=mirror.hear)
    yield camera, mirror
    camera.kill()


def test_press_cut_and_start_again(watched: tuple[SimCamera, Mirror]) -> None:
    """A real camera: it answers a press, SIGKILL ends it, it comes back recording, and stops in good order."""
    camera, mirror = watched
    camera.start()
    mirror.wait_for_lights("ready", 0)
    pressed_ns = camera.tap()
    assert mirror.wait_for_cue("started", 0)["time_ns"] > pressed_ns
    with pytest.raises(CameraError, match=r"waited 0 s in vain: the moon; the camera's state: \{"):
        camera.wait("the moon", lambda _state: False, timeout_s=0)
    assert camera.wait("a state", lambda state: state["ok"])["buttons"]["record"] is False
    camera.kill()
    assert not camera.running
    mark = len(mirror.events)
    camera.start()
    mirror.wait_for_lights("recording", mark)
    camera.stop()
    events = [json.loads(line)["event"] for line in camera.log.read_text().splitlines()]
    assert events[-1] == "end"


def test_a_battery_that_drains_to_nothing_is_a_cut(watched: tuple[SimCamera, Mirror]) -> None:
    """Too fast for any forecast: the power goes in the middle, and the next start goes on recording."""
    camera, mirror = watched
    camera.start()
    mirror.wait_for_lights("ready", 0)
    camera.tap()
    mirror.wait_for_cue("started", 0)
    camera.tell("fault", part="power", kind="drain", hours=0.0002)
    assert camera._process is not None
    assert camera._process.wait(60) == -signal.SIGKILL
    mark = len(mirror.events)
    camera.start()
    mirror.wait_for_lights("recording", mark)
    camera.stop()


def test_a_camera_that_dies_does_not_look_ready(watched: tuple[SimCamera, Mirror]) -> None:
    """Whoever killed it, and whether or not it could say so: its face goes dark, and once."""
    camera, mirror = watched
    camera.start()
    mirror.wait_for_lights("ready", 0)
    os.kill(camera.process_id, signal.SIGKILL)
    mirror.events.wait("the end", lambda event: event["event"] == "off", after=0, timeout_s=10)
    assert mirror.face.on_since_s is None
    dark = mirror.face
    mirror.off()
    assert mirror.face is dark


def test_a_program_on_a_tether_ends_with_its_parent() -> None:
    """Whoever started it was killed and could not end it: it is told to end, and does so in good order."""
    child = "import os, signal, sys, time; signal.signal(15, lambda *_: sys.exit(os.write(1, b'bye\\n') - 4)); os.write(1, b'up\\n'); time.sleep(60)"
    parent = (
        "import os, subprocess, sys, time; "
        f"subprocess.Popen([sys.executable, '-m', 'tools.sim.tether', str(os.getpid()), '-c', {child!r}]); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGKILL)
        assert process.stdout.readline() == "bye\n"
        process.wait()


def test_a_program_whose_parent_is_gone_does_not_begin() -> None:
    """The parent may die before the tether is tied."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.sim.tether", "1", "-c", "print('up')"], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout == b""


def test_two_cameras_in_one_place(watched: tuple[SimCamera, Mirror], home: Home) -> None:
    """The second one is not begun, and the first goes on."""
    camera, _ = watched
    camera.start()
    with pytest.raises(CameraError, match="another camera is running"):
        SimCamera(home.camera).start()
    assert camera.tell("state")["ok"]
