"""``lapel provision recall``, ``release`` and ``consent``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tools.provision.authority import Authority
from tools.provision.recalls import ReleaseSigner, recall, release

_RECALL = """\
Have a camera that is lost or suspect record nothing more.  It hears of that when it is docked, hands over what it holds as ever, and shows
that it is unable; a dock that has the paper says that it is not to be taken.  Two people undo it:

  lapel provision recall  cam-1 --authority authority/ --into dock-1/ --reason "found in the yard"
  lapel provision release cam-1 --authority authority/ --into dock-1/
  lapel provision consent cam-1 --signer releaser-1/   --into dock-1/      by somebody else: lapel provision releaser

Docks look for papers at each docking, and need not be started anew."""


def add_recalls(commands: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """Add them to the commands of ``lapel provision``; ``run`` carries out what was parsed."""
    for name, text, make, whose in (
        ("recall", "have a camera record nothing more", _make_recall, "authority"),
        ("release", "undo a recall: the authority's word", _make_release, "authority"),
        ("consent", "undo a recall: the second word, of a release signer", _make_consent, "signer"),
    ):
        raw = argparse.RawDescriptionHelpFormatter
        parser = commands.add_parser(name, help=text, description=_RECALL, formatter_class=raw)
        parser.add_argument("device", metavar="NAME", help="the camera")
        parser.add_argument(f"--{whose}", type=Path, required=True, metavar="DIR", help=f"the {whose}'s directory")
        parser.add_argument(
            "--into",
            action="append",
            required=True,
            type=Path,
            metavar="DOCK",
            help="the directory of a dock that hands it on.  May be repeated",
        )
        if name == "recall":
            parser.add_argument("--reason", required=True, help="why, in words, for its log and for people")
        parser.set_defaults(run=run, make=make)


def _make_recall(arguments: argparse.Namespace) -> str:
    authority = Authority.open(arguments.authority)
    recall(authority, arguments.device, arguments.into, arguments.reason, _now_ms())
    return f"recalled {arguments.device}: it records nothing more once it was docked at {_places(arguments.into)}"


def _make_release(arguments: argparse.Namespace) -> str:
    release(Authority.open(arguments.authority), arguments.device, arguments.into, _now_ms())
    return f"released {arguments.device}; it records again once a release signer consents: 'lapel provision consent'"


def _make_consent(arguments: argparse.Namespace) -> str:
    ReleaseSigner.open(arguments.signer).consent(arguments.device, arguments.into, _now_ms())
    return f"consented that {arguments.device} records again, once the authority has released it too"


def _places(docks: list[Path]) -> str:
    return ", ".join(str(dock) for dock in docks)


def _now_ms() -> int:
    return (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
