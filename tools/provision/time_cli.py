"""``lapel provision time``."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.provision.authority import Authority


def add_time(commands: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """Add it to the commands of ``lapel provision``; ``run`` carries out what was parsed."""
    parser = commands.add_parser(
        "time",
        help="sign the time for one camera's nonce",
        description="Print the authority's word for the time, by this machine's clock, over the nonce that a camera drew for one "
        "docking: only with it does a camera move a set clock by more than a day.  A dock asks for it with "
        "'lapel dock serve --time-signer COMMAND'.",
    )
    parser.add_argument("--authority", type=Path, required=True, metavar="DIR", help="the authority's directory")
    parser.add_argument("nonce", type=_nonce, metavar="NONCE", help="32 hexadecimal digits")
    parser.set_defaults(run=run, make=_make_time)


def _make_time(arguments: argparse.Namespace) -> str:
    return Authority.open(arguments.authority).sign_time(arguments.nonce).decode()


def _nonce(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not 32 digits of 0-9 a-f")
    return text
