"""``lapel export``."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from firmware.evidence.schema import PLAIN
from tools.export.bundle import Bundled, write_bundle
from tools.export.cutting import Span, Wish
from tools.export.desk import Desk
from tools.export.exporter import Exported, Request, export_recording
from tools.verify.findings import Refused
from tools.verify.model import MEDIA_RATE
from tools.verify.times import span

USAGE = 2
_ABOUT = """\
Decrypt a recording and write it as one ordinary MP4 file that any player opens.  Nothing is encoded again: picture
and sound stay the samples that were signed, each at its recorded time; `lapel verify OUT --evidence RECORDING` proves
it.  The original is only read.

  lapel export RECORDING --key authority.agekey --root root.crt.pem -o film.mp4
  lapel export RECORDING --key authority.agekey --desk desk-1/ -o film.mp4                     with a C2PA manifest
  lapel export RECORDING --key authority.agekey --desk desk-1/ -o part.mp4 --from 1:05 --until 2:30
  lapel export RECORDING --key authority.agekey --desk desk-1/ -o mute.mp4 --redact-audio=0:12-0:20
  lapel export RECORDING --key authority.agekey --desk desk-1/ --bundle disclosure.zip

Subtitles show UTC and how well it is known, the camera, the shift and what is from before the press; chapters begin at
the press and at bookmarks.  Less than the whole, in time or in sound, is a derivative: a paper beside it, signed by the
desk, says what it was made from.  The recording is checked first, the film before it gets its name: on any failure
nothing is left behind.

Exit status: 0 written, 1 not written, 2 wrong usage."""
_TIME = re.compile(r"(?:(?:([0-9]{1,2}):)?([0-9]{1,3}):)?([0-9]{1,5}(?:\.[0-9]{1,6})?)")
_TIME_WORDS = "media time like 75.5, 1:15.5 or 0:01:15.5, as the subtitles' player and `lapel verify` show it"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``export`` to the ``lapel`` command; the parsed arguments carry ``run``, which returns the exit status."""
    parser = subparsers.add_parser(
        "export",
        help="decrypt a recording into one ordinary MP4 file, or a bundle for disclosure",
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
    if wrong := _misuse(arguments):
        sys.stderr.write(f"lapel export: {wrong}\n")
        return USAGE
    try:
        with _stopped_by_term(), _progress() as progress:
            done = _carry_out(arguments, progress)
    except (Refused, OSError) as error:
        sys.stderr.write(f"lapel export: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("lapel export: stopped, nothing was written\n")
        return 130
    if arguments.json:
        sys.stdout.write(json.dumps(_to_json(done, arguments), indent=2) + "\n")
        return 0
    for line in _told(done, arguments):
        sys.stdout.write(f"{line}\n")
    return 0


def _misuse(arguments: argparse.Namespace) -> str | None:
    """What is wrong with the command as such."""
    derives = arguments.begin is not None or arguments.until is not None or arguments.redact_audio is not None
    rules = {
        "name the film with -o, or a bundle with --bundle": (arguments.out is None) == (arguments.bundle is None),
        "a bundle needs --root or --desk: whoever checks it starts from the root certificate": (
            arguments.bundle is not None and arguments.root is None and arguments.desk is None
        ),
        "--times goes with -o: a bundle has the times in its subtitles": bool(arguments.bundle and arguments.times),
        "--reason is for a derivative: with --from, --until or --redact-audio": bool(arguments.reason) and not derives,
    }
    return next((words for words, broken in rules.items() if broken), None)


def _carry_out(arguments: argparse.Namespace, progress: Callable[[int, int], None]) -> Exported | Bundled:
    desk = None if arguments.desk is None else Desk.open(arguments.desk)
    root: Path | None = arguments.root
    if desk is not None:
        if root is not None and root.read_bytes().split() != desk.root_pem.split():
            raise Refused(f"{arguments.desk}: this desk belongs to another authority than {root}")
        root = root or arguments.desk / "root.crt.pem"
    silence = arguments.redact_audio or ()
    request = Request(
        wish=Wish(arguments.begin, arguments.until, tuple(each for each in silence if each), mute=None in silence),
        people=not arguments.no_subtitles,
        private=not arguments.without_private,
        desk=desk,
        c2pa=not arguments.no_c2pa,
        reason=arguments.reason,
    )
    if arguments.bundle is not None:
        assert root is not None  # noqa: S101 - refused as misuse
        return write_bundle(
            arguments.recording,
            arguments.key,
            arguments.bundle,
            root,
            force=arguments.force,
            request=request,
            progress=progress,
        )
    return export_recording(
        arguments.recording,
        arguments.key,
        arguments.out,
        root=root,
        force=arguments.force,
        times=_times(arguments),
        request=request,
        progress=progress,
    )


def _times(arguments: argparse.Namespace) -> Path | None:
    """Where the table of capture times goes: beside the film."""
    out: Path = arguments.out
    return None if arguments.times is None else out.with_suffix(f".{arguments.times}")


def _told(done: Exported | Bundled, arguments: argparse.Namespace) -> Iterator[str]:
    film = done.film if isinstance(done, Bundled) else done
    if isinstance(done, Bundled):
        yield f"{done.path}: a bundle of {len(done.names)} files; verify.txt in it says how to check them without this program"
    elif (table := _times(arguments)) is not None:
        yield f"{table}: when each frame was captured, and how well that is known"
    sound = f"{film.sound_units} units of sound" if film.sound_units else "no sound"
    yield f"{film.path}: recording {film.number} of {film.device}, {span(film.seconds)}, {film.frames} frames, {sound}"
    yield from film.moved
    if film.paper is not None:
        yield f"{film.paper}: what this derivative was made from, signed by the desk; keep it beside the film"
    if film.signed is not None:
        yield (
            f"it has a C2PA manifest signed by desk {film.signed}: viewers show it, and trust it only where they were "
            "given the authority's root certificate"
        )
    if film.recovered:
        yield "the recording was cut off and recovered: the film holds what was signed at capture"
    elif not film.sealed:
        yield "the recording is not closed yet: the film holds what was signed so far"
    if arguments.root is None and arguments.desk is None:
        yield "no root certificate was given: who certified the camera was not judged"


def _to_json(done: Exported | Bundled, arguments: argparse.Namespace) -> dict[str, Any]:
    """The machine form, schema 1."""
    film = done.film if isinstance(done, Bundled) else done
    table = None if arguments.bundle is not None else _times(arguments)
    return {
        "schema": 1,
        "film": str(film.path),
        "device": film.device,
        "number": film.number,
        "seconds": film.seconds,
        "frames": film.frames,
        "sound_units": film.sound_units,
        "recovered": film.recovered,
        "sealed": film.sealed,
        "derived": None if film.paper is None else str(film.paper),
        "moved": list(film.moved),
        "c2pa": film.signed,
        "times": None if table is None else str(table),
        "bundle": {"path": str(done.path), "files": list(done.names)} if isinstance(done, Bundled) else None,
    }


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
    add("-o", "--out", type=Path, metavar="out.mp4", help="the film")
    add(
        "--bundle",
        type=Path,
        metavar="OUT",
        help="write instead everything for disclosure: a new directory, or a file OUT.zip",
    )
    add(
        "--root",
        type=Path,
        metavar="root.crt.pem",
        help="the root certificate (default: the desk's); without it nobody says who certified the camera",
    )
    add(
        "--desk",
        type=Path,
        metavar="DIR",
        help="who signs what the camera did not: a directory made by 'lapel provision desk'",
    )
    add("--from", dest="begin", type=_ticks, metavar="T", help=f"leave out what is before T, {_TIME_WORDS}")
    add("--until", type=_ticks, metavar="T", help="leave out what is behind T; both move outwards to a keyframe")
    add(
        "--redact-audio",
        type=_span,
        nargs="?",
        const=None,
        action="append",
        metavar="T-T",
        help="leave out all sound, or that of a span, like --redact-audio=0:12-0:20; may be repeated",
    )
    add("--reason", type=_words, metavar="TEXT", help="why: goes into the derivative's paper")
    add(
        "--times",
        choices=["csv"],
        help="also write, beside the film, when each frame was captured: UTC, its uncertainty, the clock's quality",
    )
    add("--no-subtitles", action="store_true", help="no subtitles and no chapters")
    add("--without-private", action="store_true", help="tell nothing of the private part: shift, bookmarks, mute")
    add("--no-c2pa", action="store_true", help="no C2PA manifest, although a desk is named")
    add("--json", action="store_true", help="tell what was written as JSON")
    add("--force", action="store_true", help="replace an existing file")


def _ticks(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is no {_TIME_WORDS}")
    hours, minutes, seconds = found.groups()
    return round((int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)) * MEDIA_RATE)


def _span(text: str) -> Span:
    begin, dash, until = text.partition("-")
    if not (dash and _TIME.fullmatch(begin) and _TIME.fullmatch(until) and _ticks(begin) < _ticks(until)):
        raise argparse.ArgumentTypeError(
            f"{text[:80]!r} is no span like 0:12-0:20; for all sound write --redact-audio behind RECORDING, without a value"
        )
    return Span(_ticks(begin), _ticks(until))


def _words(text: str) -> str:
    if not re.fullmatch(f"{PLAIN}{{1,256}}", text):
        raise argparse.ArgumentTypeError("a reason is 1 to 256 characters without control characters")
    return text
