"""``lapel export``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tools.export.exporter import Exported, export_recording
from tools.verify.findings import Refused
from tools.verify.times import span

_ABOUT = """\
Decrypt a recording and write it as one ordinary MP4 file that any player opens.  Nothing is encoded again: picture
and sound stay the samples that were signed, each at its recorded time; `lapel verify OUT --evidence RECORDING` proves
it.

The recording is checked first, the film before it gets its name: on any failure no file is left behind.

Exit status: 0 written, 1 not written, 2 wrong usage."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``export`` to the ``lapel`` command; the parsed arguments carry ``run``, which returns the exit status."""
    parser = subparsers.add_parser(
        "export",
        help="decrypt a recording into one ordinary MP4 file",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_arguments(parser)
    parser.set_defaults(run=run)


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m tools.export``: the export alone, without the rest of the command."""
    parser = argparse.ArgumentParser(
        prog="export", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_arguments(parser)
    return run(parser.parse_args(arguments))


def run(arguments: argparse.Namespace) -> int:
    """Export, tell what was written, and return the exit status."""
    try:
        with _stopped_by_term(), _progress() as progress:
            done = export_recording(
                arguments.recording,
                arguments.key,
                arguments.out,
                root=arguments.root,
                force=arguments.force,
                times=_times(arguments),
                progress=progress,
            )
    except (Refused, OSError) as error:
        sys.stderr.write(f"lapel export: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("lapel export: stopped, nothing was written\n")
        return 130
    if (table := _times(arguments)) is not None:
        sys.stdout.write(f"{table}: when each frame was captured, and how well that is known\n")
    for line in _told(done, rooted=arguments.root is not None):
        sys.stdout.write(f"{line}\n")
    return 0


def _times(arguments: argparse.Namespace) -> Path | None:
    """Where the table of capture times goes: beside the film."""
    out: Path = arguments.out
    return None if arguments.times is None else out.with_suffix(f".{arguments.times}")


def _told(done: Exported, *, rooted: bool) -> Iterator[str]:
    sound = f"{done.sound_units} units of sound" if done.sound_units else "no sound"
    yield f"{done.path}: recording {done.number} of {done.device}, {span(done.seconds)}, {done.frames} frames, {sound}"
    if done.recovered:
        yield "the recording was cut off and recovered: the film holds what was signed at capture"
    elif not done.sealed:
        yield "the recording is not closed yet: the film holds what was signed so far"
    if not rooted:
        yield "no root certificate was given: who certified the camera was not judged"


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("export"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("export")
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _stopped_by_term() -> Iterator[None]:
    """A polite request to end is met like ctrl-C: what was begun is cleared away."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add: Any = parser.add_argument
    add("recording", type=Path, metavar="RECORDING", help="directory of the recording")
    add(
        "--key",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="age key file (authority or escrow); may be repeated",
    )
    add("-o", "--out", type=Path, required=True, metavar="out.mp4", help="the film")
    add(
        "--root",
        type=Path,
        metavar="root.crt.pem",
        help="the root certificate; without it nobody says who certified the camera",
    )
    add(
        "--times",
        choices=["csv"],
        help="also write, beside the film, when each frame was captured: UTC, its uncertainty, the clock's quality",
    )
    add("--force", action="store_true", help="replace an existing file")
