"""Outside oracles: programs that others wrote and that our tests compare ours with.

PyPI brings some (pyrage, joserfc, PyAV); those are requirements and never missing.  The rest are Debian packages, which
``make deps`` installs.  A test that wants one says ``@needs("age")``: it is skipped where the program is missing, and the run
closes with a table of what that was (tests/reporting.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Oracle:
    """A command, the Debian package that brings it, and what it proves."""

    command: str
    package: str
    proves: str


ORACLES = {
    oracle.command: oracle
    for oracle in (
        Oracle("age", "age", "each closed segment opens with either key"),
        Oracle("age-keygen", "age", "our key files are age's key files"),
        Oracle("ffmpeg", "ffmpeg", "each segment and export decodes without a word"),
        Oracle("ffprobe", "ffmpeg", "lengths, tracks and times are what we say"),
        Oracle("jose", "jose", "each signature verifies with a second JOSE library"),
        Oracle("openssl", "openssl", "certificate chains and time stamps verify"),
        Oracle("shellcheck", "shellcheck", "shell scripts are sound"),
        Oracle("strace", "strace", "writes and syncs reach the kernel in the promised order"),
    )
}


def missing(commands: Iterable[str] = ORACLES) -> list[Oracle]:
    """Those of ``commands`` that are not on this machine.  ValueError for one that is not in the table."""
    wanted = list(commands)
    if unknown := set(wanted) - set(ORACLES):
        raise ValueError(
            f"not an oracle: {', '.join(sorted(unknown))}; add it to tests/oracles.py and requirements/debian.txt"
        )
    return [ORACLES[command] for command in wanted if shutil.which(command) is None]


def needs(*commands: str) -> pytest.MarkDecorator:
    """A mark that skips a test where one of ``commands`` is missing, and says which Debian package brings it."""
    absent = missing(commands)
    reason = "; ".join(f"{oracle.command} is missing (Debian package {oracle.package})" for oracle in absent)
    return pytest.mark.skipif(bool(absent), reason=reason)
