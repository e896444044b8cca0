"""``lapel demo``: set the stage, play the story, and end with a table of what held."""

from __future__ import annotations

import argparse
import fcntl
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import av.error
from rich.console import Console

from tools.demo.checks import table
from tools.demo.report import NAME
from tools.demo.stage import BUFFER_S, Stage
from tools.demo.story import StepFailedError, play
from tools.dock.identity import SetupError
from tools.dock.shifts.register import RegisterError
from tools.dock.store import StoreError
from tools.provision import ProvisionError
from tools.sim.heard import HeardNothingError
from tools.sim.home import CAMERA, Home
from tools.sim.process import CameraError
from tools.sim.screen import LiveScreen, PlainScreen, Screen
from tools.sim.signals import stopped_by_signals
from tools.verify.findings import Refused

OUT: Final = Path("build/demo")
HELD, NOT_HELD = 0, 1
PLAIN_WIDTH: Final = 120

_ABOUT = """\
Show the camera's whole job on real video, in about a minute: press, mark, stop; a power cut in the middle of a recording, and
what the camera makes of it; a docking over a serial line that is pulled out half-way; receipts and erasure; verification by
a program that shares no code with the camera; export to ordinary films.  What the officer sees and feels is shown live.

It needs no hardware and no network.  Everything that it makes is in build/demo/, which it replaces:

  report.html   what happened, with pictures and a time line: open it in a browser
  authority/    certificates, keys, and the two keys that open the footage
  camera/       the simulated camera: its card, its log
  dock/         what the dock took over, with time stamps
  tsa/          a small time-stamping authority that stands for one on the internet (where openssl is there)
  export/       one film of each recording

Exit status: 0 only if everything held that the final table names."""


FAILURES: Final = (
    CameraError,
    HeardNothingError,
    ProvisionError,
    SetupError,
    StoreError,
    RegisterError,
    Refused,
    LookupError,
    OSError,
    av.error.FFmpegError,
)
"""What can keep a step from going on, other than a mistake in the demo itself."""


class InUseError(Exception):
    """Another demo is being played in the same place."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo`` to the ``lapel`` command; the parsed arguments carry ``run``, which returns the exit status."""
    parser = subparsers.add_parser(
        "demo",
        help="see the whole life of a recording in about a minute",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--source", metavar="X", help="a video file, or a device like /dev/video0, to look at instead of a drawn scene"
    )
    parser.add_argument(
        "--post-quantum",
        action="store_true",
        help="with keys that a quantum computer does not open either; the age command reads them from 1.3 on",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play, print the table, and return the exit status."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # the process's own stdout is a text file
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    try:
        with _alone(OUT), stopped_by_signals():
            stage = Stage(Home(OUT), _screen(console), arguments.source, post_quantum=arguments.post_quantum)
            try:
                return _play(stage, console)
            finally:
                stage.close()
    except (InUseError, OSError) as error:
        print(f"lapel demo: {error}", file=sys.stderr)
        return NOT_HELD


def _play(stage: Stage, console: Console) -> int:

    failed: StepFailedError | None = None
    try:
        play(stage, FAILURES)
    except StepFailedError as error:
        failed = error
    stage.close()
    if any(stage.checks):
        console.print(table(stage.checks, stage.checks.missing))
    if failed is not None:
        _tell(failed, stage, console)
        return NOT_HELD
    console.print(
        f"[bold]{'Everything held.' if stage.checks.all_held else 'Something did not hold.'}[/]  {OUT / NAME}"
    )
    return HELD if stage.checks.all_held else NOT_HELD


def _tell(failed: StepFailedError, stage: Stage, console: Console) -> None:
    """What did not go on, what was expected, and where to look."""
    console.print(f"[bold red]Step {failed.number} could not be played:[/] {failed.step.title}", soft_wrap=True)
    for label, text in (
        ("expected", failed.step.expects),
        ("instead", str(failed)),
        ("the camera's log", str(stage.camera.log)),
    ):
        console.print(f"  {label:<16} {text}", markup=False, soft_wrap=True)


def _screen(console: Console) -> Screen:

    return LiveScreen(console, CAMERA, BUFFER_S) if console.is_terminal else PlainScreen(console)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """An empty place to play in, and nobody else in it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.with_name(f"{out.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(f"another demo is being played in {out}") from None
        if out.is_symlink():
            raise InUseError(f"{out} is a link, and what it leads to is not replaced")
        if out.exists():
            shutil.rmtree(out)
        out.mkdir()
        yield
