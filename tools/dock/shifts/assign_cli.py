"""``lapel dock assign`` and ``lapel dock badge``: who takes which camera, by hand or by a reader of tags."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from pathlib import Path

from tools.dock.shifts.badges import BadgeError, Badges
from tools.dock.shifts.keyboard import lines_of
from tools.dock.shifts.reader import Counter, Taking
from tools.dock.shifts.register import Register, RegisterError
from tools.dock.store import INCOMING, Store, StoreError
from tools.dock.visit import system_utc_ms

WELL, NOT_WELL = 0, 1

ASSIGN = """\
Enter into the store's register that an officer takes a camera for a shift.  The camera is told the shift's id when it
docks, or at once if it stands in the dock; the officer's name stays in the register, at the dock and nowhere else.

  lapel dock assign cam-0042 B-2026-17 --officer 4711 --store evidence    by hand
  lapel dock assign --reader /dev/input/by-id/... --store evidence        a badge, then the camera's tag or name
  lapel dock assign --reader - --next --store evidence                    a badge, and the dock picks a camera that is ready

A reader of tags presents itself as a keyboard: each tag is a line.  Shift ids are drawn at random then.  What the tags
stand for is entered with `lapel dock badge`.
"""
BADGE = """\
Enter what a tag stands for, or that it stands for nothing any more.  The register of tags lies in the store beside that
of shifts; only its owner may read it.

  lapel dock badge 04A1B2C3 --officer 4711 --store evidence
  lapel dock badge 04D4E5F6 --camera cam-0042 --store evidence
  lapel dock badge 04A1B2C3 --withdraw --store evidence
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both."""
    raw = argparse.RawDescriptionHelpFormatter
    assign = commands.add_parser("assign", help="enter whose shift it is", description=ASSIGN, formatter_class=raw)
    assign.add_argument("device", metavar="DEVICE", nargs="?", help="the camera's name")
    assign.add_argument("shift", metavar="SHIFT", nargs="?", help="an id that means nothing without the register")
    assign.add_argument("--officer", metavar="NAME", help="name or number of the officer")
    assign.add_argument(
        "--reader",
        metavar="PATH",
        help="take badges from here until it ends: - for standard input, a tty, /dev/input/...",
    )
    assign.add_argument(
        "--next",
        action="store_true",
        help="with --reader: a badge is enough, the dock gives the next camera that is ready",
    )
    assign.add_argument("--store", type=Path, required=True, metavar="DIR", help="the dock's store")
    assign.set_defaults(run=run_assign, parser=assign)

    badge = commands.add_parser("badge", help="enter what a tag stands for", description=BADGE, formatter_class=raw)
    badge.add_argument("tag", metavar="TAG", help="what the reader says: 4 to 32 digits and letters")
    meaning = badge.add_mutually_exclusive_group(required=True)
    meaning.add_argument("--officer", metavar="NAME", help="name or number of the officer whose badge it is")
    meaning.add_argument("--camera", metavar="DEVICE", help="the camera that it is on")
    meaning.add_argument("--withdraw", action="store_true", help="it was lost, or is nobody's any more")
    badge.add_argument("--store", type=Path, required=True, metavar="DIR", help="the dock's store")
    badge.set_defaults(run=run_badge)


def run_assign(options: argparse.Namespace) -> int:
    """Enter one assignment, or those of a reader."""
    by_hand = (options.device, options.shift, options.officer)
    if options.reader is None and (None in by_hand or options.next):
        options.parser.error("name DEVICE, SHIFT and --officer, or a --reader")
    if options.reader is not None and by_hand != (None, None, None):
        options.parser.error("a --reader says who takes what: name neither DEVICE, SHIFT nor --officer")
    try:
        store = Store(options.store)
        if options.reader is not None:
            return _attend(options.reader, store, pick=options.next)
        Register(store.root).assign(options.device, options.shift, options.officer, system_utc_ms())
    except (RegisterError, BadgeError, StoreError) as error:
        print(f"lapel dock: {error}", file=sys.stderr)
        return NOT_WELL
    print(f"{options.device}: shift {options.shift} at its next docking")
    return WELL


def run_badge(options: argparse.Namespace) -> int:
    """Enter a tag."""
    try:
        Badges(Store(options.store).root).enter(options.tag, officer=options.officer, camera=options.camera)
    except (BadgeError, StoreError) as error:
        print(f"lapel dock: {error}", file=sys.stderr)
        return NOT_WELL
    print(
        "the tag stands for nothing any more" if options.withdraw else f"the tag is {options.officer or options.camera}"
    )
    return WELL


def _attend(source: str, store: Store, *, pick: bool) -> int:
    """Hear a reader until it ends; nothing that it says ends this."""
    register, badges = Register(store.root), Badges(store.root)
    badges.all()  # one that cannot be read is told before anybody waits

    def known(device: str) -> bool:
        return device != INCOMING and (store.root / device).is_dir()

    counter = Counter(badges.all, known, pick=pick)
    try:
        for line in lines_of(source):
            try:
                heard = counter.hear(line, time.monotonic_ns() // 1_000_000)
                if heard.taking is not None:
                    _enter(register, heard.taking)
            except (RegisterError, BadgeError) as error:
                print(f"not entered: {error}", file=sys.stderr, flush=True)
            else:
                print(heard.text, file=sys.stderr if heard.refused else sys.stdout, flush=True)
    except OSError as error:
        print(f"lapel dock: {source}: {error.strerror}", file=sys.stderr)
        return NOT_WELL
    except KeyboardInterrupt:
        pass
    return WELL


def _enter(register: Register, taking: Taking) -> None:
    """Under a shift id that says nothing."""
    shift = f"S-{secrets.token_hex(8)}"
    if taking.device is None:
        register.queue(shift, taking.officer, system_utc_ms())
    else:
        register.assign(taking.device, shift, taking.officer, system_utc_ms())
