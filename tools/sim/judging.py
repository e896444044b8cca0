"""What the independent verifier says of a dock's store: a program of its own, run as anybody would run it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final

from tools.sim.home import Home

PATIENCE_S: Final = 300.0
_LAST: Final = 300


class JudgingError(Exception):
    """It said nothing that can be read; the message says what it said instead."""


def anything(home: Home) -> bool:
    """Whether the store holds anything of a camera yet."""
    return any(path.is_dir() for path in home.dock.glob("cam-*/*/audit"))


def judge(home: Home, begun: Callable[[subprocess.Popen[bytes] | None], None] = lambda _: None) -> dict[str, Any]:
    """Its report on the dock's store, with the authority's key, as ``lapel verify --json`` has it.  ``begun`` is given the program, to
    end it early, and None once it has ended.  ``JudgingError``."""
    command = [sys.executable, "-m", "tools.verify", str(home.dock), "--json"]
    command += ["--root", str(home.certificate), "--key", str(home.key), "--revoked", str(home.revoked)]
    try:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as program:
            begun(program)
            try:
                told, complaint = program.communicate(timeout=PATIENCE_S)
            finally:
                program.kill()
        report = json.loads(told) if told else None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise JudgingError(f"the verifier failed: {error}") from None
    finally:
        begun(None)
    if not isinstance(report, dict):
        raise JudgingError(complaint.decode(errors="replace").strip()[-_LAST:] or "the verifier said nothing")
    return report
