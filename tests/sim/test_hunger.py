"""A real camera process to which the kernel gives no more memory: it may end or go on, and never shows ``recording`` and does not record."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.rig import pki
from tests.sim.test_process import Hand, state, top, wait
from tools.sim.process import CameraError, Control
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["state"]  # a fixture

RECORDING = (("red", "pulse"), ("red", "double"))
LONG_S = 60.0

CAMERA = """
import pathlib, resource, signal, sys
from firmware.__main__ import main
kept = []
def starve(*_):
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    size = 1 << 24
    while size >= LEFT:
        try:
            kept.append(bytearray(size))
        except MemoryError:
            size //= 2
signal.signal(signal.SIGUSR1, starve)
sys.exit(main(sys.argv[1:]))
"""


def start(state: Path, left: int) -> subprocess.Popen[bytes]:
    """A camera that, told by a signal, takes all memory that it can get in pieces of ``left`` bytes and more, and keeps it."""
    arguments = ["--hal", "sim", "--state", str(state), "--control", str(state / "control"), "--replay"]
    with (state / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", CAMERA.replace("LEFT", str(left)), *arguments],
            stderr=log,
            env={**os.environ, "MALLOC_ARENA_MAX": "1"},  # else each thread has room of its own set aside
        )


def written(state: Path) -> int:
    """Bytes of journals on the card."""
    return sum(path.stat().st_size for path in (state / "evidence").glob("recordings/*/journal.jwsl"))


@pytest.mark.parametrize("left", [128, 1 << 16])
def test_a_camera_without_memory_records_or_ends(left: int, state: Path) -> None:
    """Starved while it records, at once or nearly: for as long as it lives, its journal grows; and the next start resumes."""
    camera = start(state, left)
    try:
        control = Hand(state, lambda _control: None).reach()
        wait(control, lambda state: top(state) == ("green", "steady"))
        control.tell("tap", button="record")
        wait(control, lambda state: top(state) in RECORDING)
        control.close()
        camera.send_signal(signal.SIGUSR1)
        for _ in range(4):
            before, until = written(state), time.monotonic() + LONG_S
            while camera.poll() is None and written(state) == before:
                assert time.monotonic() < until, "it runs and writes nothing"
                time.sleep(0.02)
        camera.kill()
        camera.wait()
        camera = start(state, left)
        control = Hand(state, lambda _control: None).reach()
        wait(control, lambda state: top(state) in RECORDING)
        control.close()
    finally:
        camera.kill()
        camera.wait()
    (state / "root.pem").write_bytes(pki().root_pem)
    report = verify_path(state / "evidence", state / "root.pem")
    assert {each.verdict for each in report.every_recording} <= {Verdict.RECOVERED, Verdict.OPEN}, [
        each for recording in report.every_recording for each in recording.problems
    ]
    assert len(report.every_recording) == 2
    with suppress(CameraError, OSError):
        Control(state / "control").close()
