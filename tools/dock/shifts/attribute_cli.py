"""``lapel dock attribute``: say afterwards whose shift a recording was made in."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from tools.dock.identity import DockIdentity, SetupError
from tools.dock.shifts.attribution import AttributionError, attribute
from tools.dock.shifts.register import Register, RegisterError
from tools.dock.store import StoreError
from tools.dock.visit import system_utc_ms
from tools.export.desk import Desk
from tools.verify.findings import Refused

WELL, NOT_WELL = 0, 1

ATTRIBUTE = """\
Say afterwards whose shift a recording was made in: a record of its own beside it, signed by the dock and by a custodian,
who is whoever has an export desk's key.  The recording stays as it is, whatever the camera said of a shift; so does every
earlier record.  The record has the shift's id and the reason; the officer's name stays in the store's register.

  lapel dock attribute store/cam-0042/VOLUME/recordings/00000017 --identity authority/dock-1 --desk desk-1 \\
      --officer 4711 --reason "took the spare camera; rack log of 4 March"
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add it."""
    parser = commands.add_parser(
        "attribute",
        help="say afterwards whose shift a recording was made in",
        description=ATTRIBUTE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="its directory in the store")
    parser.add_argument("--identity", type=Path, required=True, metavar="DIR", help="made by `lapel provision dock`")
    parser.add_argument("--desk", type=Path, required=True, metavar="DIR", help="made by `lapel provision desk`")
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--shift", metavar="SHIFT", help="a shift that the register knows")
    whose.add_argument("--officer", metavar="NAME", help="name or number of the officer: gets a shift of its own")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why it is said only now; stands in the clear")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Sign and store it."""
    try:
        identity, desk = DockIdentity.load(options.identity), Desk.open(options.desk)
        register = Register(options.recording.resolve().parents[3])
        now_ms = system_utc_ms()
        shift: str = options.shift or f"S-{secrets.token_hex(8)}"
        if options.shift is not None and register.officer(shift) is None:
            raise RegisterError(f"{shift!r} is no shift that the register knows")

        def enter() -> None:
            if options.officer is not None:
                register.late(shift, options.officer, now_ms)

        path = attribute(options.recording, identity, desk, shift, options.reason, now_ms, enter)
    except (SetupError, Refused, RegisterError, AttributionError, StoreError) as error:
        print(f"lapel dock: {error}", file=sys.stderr)
        return NOT_WELL
    except IndexError:
        print(f"lapel dock: {options.recording}: does not lie in a store", file=sys.stderr)
        return NOT_WELL
    print(f"{path}: attributed to shift {shift}")
    return WELL
