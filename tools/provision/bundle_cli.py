"""``lapel provision bundle``."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tools.provision.bundles import UpdateSigner


def add_bundle(commands: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """Add it to the commands of ``lapel provision``; ``run`` carries out what was parsed."""
    parser = commands.add_parser(
        "bundle",
        help="sign a firmware bundle",
        description="Sign the paper of a firmware bundle and put it beside the file, as FILE.jws.  'lapel dock serve --bundles' offers "
        "the files of a directory whose papers hold, and a camera takes none without.  It says nothing of what is in the file, which "
        "has a signature of its own for the camera's updater.",
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="what the cameras' updater installs, like a RAUC bundle"
    )
    parser.add_argument(
        "--signer", type=Path, required=True, metavar="DIR", help="an update signer's directory, or the authority's"
    )
    parser.add_argument("--board", required=True, help="which boards it is for, as their updater calls itself")
    parser.add_argument("--version", required=True, help="its version, for people")
    parser.add_argument(
        "--serial",
        type=_serial,
        required=True,
        metavar="N",
        help="counts up over all bundles of a board; a camera never goes back.  Sign older firmware anew to have it back",
    )
    parser.add_argument(
        "--needs",
        type=_serial,
        default=0,
        metavar="N",
        help="the serial that a camera has to have at least before it may have this one (default: any)",
    )
    parser.set_defaults(run=run, make=_make_bundle)


def _make_bundle(arguments: argparse.Namespace) -> str:
    says = {name: getattr(arguments, name) for name in ("board", "version", "serial", "needs")}
    now_ms = (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    bundle = UpdateSigner.open(arguments.signer).sign(arguments.file, {**says, "utc_ms": now_ms})
    return f"signed {arguments.file} for {bundle.board}: version {bundle.version}, serial {bundle.serial}, {bundle.length} bytes"


def _serial(text: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,14}", text):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a whole number")
    return int(text)
