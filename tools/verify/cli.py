"""``lapel verify``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tools.verify.exported import verify_export
from tools.verify.film import verify_film
from tools.verify.findings import Refused
from tools.verify.page.document import render_page
from tools.verify.render import render
from tools.verify.report import Place, Report
from tools.verify.verifier import verify_path

USAGE = 2
_ABOUT = """\
Judge evidence, and say in plain words what is proven and what is not.

PATH is a recording's directory, a volume (a camera's card), a device's folder or a dock's store; or a film (MP4 or
Matroska): alone it is judged by the camera's signatures in its picture (ONVIF Media Signing), with --evidence it is held
against the recording it was made from.  Without a key custody is judged: signatures, certificates, chains, hashes, what
is missing and what was added.  With a key also what the files hold.

Of volumes it says which recordings are present and which are missing.  What no dock has countersigned is "not proven
since" the last docking, and never whole: --anchor holds a card against what a dock has of it.

Exit status: 0 everything here is whole, or recovered with every check passed, or a film whose signatures hold; 1
something is not whole, or open (cut off and not yet recovered, or still being made), or was signed by a revoked device,
or lacks the second signature that --pq-root asks for; 2 wrong usage."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``verify`` to the ``lapel`` command; the parsed arguments carry ``run``, which returns the exit status."""
    parser = subparsers.add_parser(
        "verify",
        help="judge recordings, volumes, stores and exports",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_arguments(parser)
    parser.set_defaults(run=run)


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m tools.verify``: the verifier alone, without the rest of the command."""
    parser = argparse.ArgumentParser(
        prog="verify", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_arguments(parser)
    return run(parser.parse_args(arguments))


def run(arguments: argparse.Namespace) -> int:
    """Judge, print, and return the exit status."""
    try:
        with _progress() as progress:
            report = _judge(arguments, progress)
        if arguments.html is not None:
            page = render_page(report, datetime.now(UTC))
            arguments.html.write_text(page, encoding="utf-8")
    except Refused as refused:
        sys.stderr.write(f"lapel verify: {refused}\n")
        return USAGE
    except OSError as error:
        sys.stderr.write(f"lapel verify: {error}\n")
        return USAGE
    if arguments.json:
        json.dump(report.to_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(render(report, colour=sys.stdout.isatty()))
    return report.exit_code


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """How much was read, on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("judged"), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("judged", total=None)
        yield lambda length: bar.update(task, advance=length)


def _judge(arguments: argparse.Namespace, progress: Callable[[int], None]) -> Report:
    path, root, keys, trusted = arguments.path, arguments.root, arguments.key, arguments.tsa_root
    if arguments.evidence is not None:
        return verify_export(
            path,
            arguments.evidence,
            root,
            keys,
            tsa_root=trusted,
            revoked=arguments.revoked,
            pq_root=arguments.pq_root,
            progress=progress,
            decode=arguments.decode,
        )
    if path.is_file():
        return verify_film(path, root)
    place = None if arguments.place is None else Place(arguments.place)
    return verify_path(
        path,
        root,
        keys,
        place=place,
        progress=progress,
        tsa_root=trusted,
        revoked=arguments.revoked,
        pq_root=arguments.pq_root,
        anchors=arguments.anchor,
        device=arguments.device,
        decode=arguments.decode,
    )


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add: Any = parser.add_argument
    add("path", type=Path, metavar="PATH", help="what to judge")
    add(
        "--root",
        type=Path,
        required=True,
        metavar="root.crt.pem",
        help="the root certificate, the only thing that is believed",
    )
    add(
        "--pq-root",
        type=Path,
        metavar="pq-root.crt.pem",
        help="the root of second signatures (ML-DSA-65): asks of each manifest that it has one",
    )
    add(
        "--key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="age key file (authority or escrow); may be repeated",
    )
    add(
        "--tsa-root",
        type=Path,
        metavar="FILE",
        help="certificates (PEM) that are believed to certify time-stamping authorities",
    )
    add(
        "--revoked",
        type=Path,
        metavar="settings.jws",
        help="the authority's settings, which say whom it believes no more, and since when",
    )
    add("--evidence", type=Path, metavar="DIR", help="the recording that PATH, an exported film, was made from")
    add(
        "--place",
        choices=[each.value for each in Place],
        help="where the volumes lie, if their folders' names do not tell",
    )
    add(
        "--anchor",
        type=Path,
        action="append",
        default=[],
        metavar="FILE|STORE",
        help="what a dock countersigned, from outside the card: an anchor.jws, or a dock's store; may be repeated",
    )
    add(
        "--device", action="store_true", help="PATH has to be one device's folder in a store: all that a dock has of it"
    )
    add(
        "--no-decode",
        dest="decode",
        action="store_false",
        help="with a key: do not decode what is recorded, which takes nine tenths of the time; that it can be shown is not proven then",
    )
    add(
        "--html",
        type=Path,
        metavar="FILE",
        help="also write the verdict as one page for people: it needs no other file and no network",
    )
    add("--json", action="store_true", help="print the report as JSON (schema 1)")
