"""What is wrong with an image, in words; and running programs of others for one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
TREE = ROOT / "buildroot"
_TAIL = 12  # lines of what a program said last


class ImageError(Exception):
    """An image cannot be configured, built or listed; the message says why."""


def run(arguments: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> tuple[str, str]:
    """What a program prints: output, and what it complains of.  ImageError with its last words where it fails or is not here."""
    command = [str(each) for each in arguments]
    told = {**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=told)
    except FileNotFoundError:
        raise ImageError(f"{command[0]} is not here") from None
    if done.returncode:
        said = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-_TAIL:])
        raise ImageError(f"{Path(command[0]).name} failed ({done.returncode}):\n  {said}")
    return done.stdout, done.stderr
