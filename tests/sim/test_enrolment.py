"""A camera from nobody's to its first recording, as a process of its own, by the real command over its dock port."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tools.provision import add_parser, create_authority
from tools.provision.factory.ledger import Ledger
from tools.sim.cable import Cable
from tools.sim.process import CameraError, Control
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

PATIENCE_S = 60


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An empty directory: a camera that was just made."""
    state = tmp_path / "camera"
    state.mkdir()
    return state


@pytest.fixture
def camera(state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Its service."""
    command = [
        sys.executable,
        "-m",
        "firmware",
        "--hal",
        "sim",
        "--state",
        str(state),
        "--control",
        str(state / "control"),
        "--replay",
    ]
    with (state / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        yield process
        process.terminate()


def lapel(*arguments: object) -> int:
    """The command line; the exit status."""
    root = argparse.ArgumentParser(prog="lapel")
    add_parser(root.add_subparsers(required=True))
    options = root.parse_args(["provision", *map(str, arguments)])
    return int(options.run(options))


def seen(state: Path, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The camera's state once it is as asked, whichever service answers."""
    deadline = time.monotonic() + PATIENCE_S
    told: object = None
    while time.monotonic() < deadline:
        try:
            with closing(Control(state / "control")) as control:
                told = found = control.tell("state")
                if ready(found):
                    return found
        except (OSError, CameraError) as error:
            told = error
        time.sleep(0.05)
    raise AssertionError(told)


def tell(state: Path, do: str, **facts: Any) -> None:
    """One order."""
    with closing(Control(state / "control")) as control:
        control.tell(do, **facts)


def shows(colour: str) -> Callable[[dict[str, Any]], bool]:
    """Whether the light on top has this colour."""
    return lambda state: bool(state["lights"]["top"]["colour"] == colour)


def test_from_nobody_to_a_recording(
    state: Path, camera: subprocess.Popen[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It shows that it cannot record, and does not; enrolled over its port it becomes, in the same process, a camera that records, with a key
    that was made inside and evidence that verifies under that authority's root; and it is enrolled no second time."""
    authority = create_authority(tmp_path / "authority", "Test")
    seen(state, shows("amber"))
    tell(state, "tap", button="record")
    given = ("--authority", authority.directory, "--port")
    with Cable() as cable:
        tell(state, "plug", port=cable.camera)
        assert lapel("device", "cam-7", *given, cable.dock) == 0
        assert "cam-7: enrolled; its key is in a file" in capsys.readouterr().out
        seen(state, shows("green"))
        assert camera.poll() is None, "it became another one, and did not end"
        tell(state, "plug", port=cable.camera)
        assert lapel("device", "cam-8", *given, cable.dock) == 1
        assert "cam-7: docks: enrolled, and the camera that the ledger has" in capsys.readouterr().out
        tell(state, "unplug")
    tell(state, "tap", button="record")
    seen(state, lambda found: found["service"]["recording"] == "recording")
    tell(state, "quit")
    assert camera.wait(PATIENCE_S) == 0
    report = verify_path(state / "evidence", authority.directory / "root.crt.pem")
    assert report.worst in (Verdict.WHOLE, Verdict.UNPROVEN)
    assert len(report.every_recording) == 1, "what was pressed before it was anybody's is none"
    (entry,) = Ledger(authority.directory / "cameras.csv").entries()
    log = [json.loads(line) for line in (state / "log").read_text().splitlines()]
    assert [each["key"] for each in log if each["event"] == "enrolment-key"] == [entry.key]
    assert [each["certificate"] for each in log if each["event"] == "enrolled"] == [entry.certificate]
    assert [each["event"] for each in log if each["event"] in ("start", "again", "end")] == [
        "start",
        "again",
        "start",
        "end",
    ]
    assert entry.serial == (state / "board" / "serial").read_text().strip()
    assert (state / "config" / "device.key.pem").stat().st_mode & 0o777 == 0o600
