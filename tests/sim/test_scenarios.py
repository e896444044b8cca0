"""Every scenario of the folder, played without its pauses on real services: lights, cues, dock and verdicts are as it expects."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tools.scenario.read import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIE = b"""title = "A lie"
words = "It expects what does not come."
about_s = 5
[settings]
pre_event_s = 0
[[steps]]
press = "record"
[[steps]]
wait = { cue = "stopped" }
within = 1.5
"""


NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def command(name: str) -> list[str]:
    """How one is played for a test."""
    return [sys.executable, "-m", "tools", "sim", "--scenario", name, "--fast", "--replay"]


def played(name: str) -> subprocess.CompletedProcess[str]:
    """What ``lapel sim --scenario`` makes of it."""
    return subprocess.run(command(name), check=False, capture_output=True, text=True, timeout=110)


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, subprocess.Popen[str]]]:
    """All of them at once: each mostly waits, for a button that is held or a dock that has to have stood."""
    with ExitStack() as stack:
        programs = {}
        for name in NAMES:
            program = subprocess.Popen(command(name), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            programs[name] = stack.enter_context(program)
            stack.callback(program.kill)
        yield programs


@pytest.mark.parametrize("name", NAMES)
def test_scenario(running: dict[str, subprocess.Popen[str]], name: str) -> None:
    """It passes."""
    said, _ = running[name].communicate(timeout=115)
    assert running[name].returncode == 0, said[-3000:]
    assert said.endswith(": passed\n")


def test_what_does_not_come_fails(tmp_path: Path) -> None:
    """With the step, and what came instead; a file that is none, and a name that nobody has, are refused before anything starts."""
    (tmp_path / "lie.toml").write_bytes(LIE)
    done = played(str(tmp_path / "lie.toml"))
    assert (done.returncode, done.stdout.endswith("A lie: failed\n")) == (1, True)
    assert "not as expected: step 2: cam-1: wait cue stopped (within 1.5): in vain; instead: power on" in done.stderr
    (tmp_path / "lie.toml").write_bytes(LIE.replace(b"within = 1.5", b"within = -1"))
    done = played(str(tmp_path / "lie.toml"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "lie.toml: step 2: within: has to be a number from 0 to 600" in done.stderr
    assert "known: alarm-response, cell-door" in played("nothing").stderr
