"""Make the virtual environment: ``python3 tools/bootstrap.py VENV LOCK [BARE]``.

Runs before anything is installed, so it needs the standard library alone.  Everything comes from the lock, by hash and as a
wheel; from ``BARE`` likewise, but without what its packages require: some of that builds from source, and the tests have it
stood in for.  The checkout itself is put on the path, not installed, so that an edit is what runs.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import venv
from pathlib import Path

BAR_WIDTH = 24
INSTALL = ("install", "--require-hashes", "--only-binary", ":all:", "--progress-bar", "off")
COLLECTED = re.compile(r"^(?:Collecting|Processing) (?:\S*/)?([A-Za-z0-9._]+)")
REQUIREMENT = re.compile(r"^[A-Za-z0-9._-]+(?:\[[^\]]+\])?==", re.MULTILINE)

COMMAND = """#!/bin/sh
# The `lapel` command, straight from the checkout.
exec "$(dirname "$(readlink -f "$0")")/python" -m tools "$@"
"""


def main(argv: list[str]) -> int:
    """Make the environment; 0 when it is complete, 1 with pip's own words when it is not."""
    directory, lock, *bare = map(Path, argv)
    began = time.monotonic()
    _show(0.0, "virtual environment")
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(directory)
    if not _install(directory, lock) or not all(_install(directory, each, "--no-deps") for each in bare):
        return 1
    _put_on_path(directory)
    _show(1.0, f"ready after {time.monotonic() - began:.0f} s\n")
    return 0


def _install(directory: Path, lock: Path, *options: str) -> bool:
    """Run pip over the lock and show how far it is; on failure print all that it said."""
    total = len(REQUIREMENT.findall(lock.read_text(encoding="utf-8")))
    pip = [str(directory / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    said: list[str] = []
    with subprocess.Popen(
        [*pip, *INSTALL, *options, "-r", str(lock)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    ) as process:
        collected = 0
        for line in process.stdout or ():
            said.append(line)
            if match := COLLECTED.match(line):
                collected += 1
                _show(0.9 * collected / max(total, collected), match[1])
            elif line.startswith("Installing"):
                _show(0.9, f"installing {collected} packages")
    if process.returncode:
        sys.stderr.write(
            "\n" + "".join(said) + f"\nSet-up failed: pip could not install {lock}; the reason is above.\n"
        )
    return process.returncode == 0


def _put_on_path(directory: Path) -> None:
    """Make the checkout importable (a path relative to site-packages survives a move) and `lapel` a command."""
    (packages,) = directory.glob("lib/python3*/site-packages")
    (packages / "lapel.pth").write_text("../../../..\n", encoding="utf-8")
    command = directory / "bin" / "lapel"
    command.write_text(COMMAND, encoding="utf-8")
    command.chmod(0o755)


def _show(done: float, what: str) -> None:
    """One progress line: redrawn on a terminal, only its first and last state in a log."""
    if sys.stdout.isatty():
        filled = round(done * BAR_WIDTH)
        sys.stdout.write(f"\r\033[Kset-up [{'#' * filled:<{BAR_WIDTH}}] {done:4.0%} {what}")
    elif done in {0.0, 1.0}:
        sys.stdout.write(f"set-up: {what.rstrip()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
