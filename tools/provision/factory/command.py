"""``lapel provision device NAME --port PORT``: enrol real cameras, one or many; and ``lapel provision labels``."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tools.dock import durable
from tools.dock.identity import SetupError
from tools.dock.rack.gadgets import is_usb
from tools.dock.rack.ports import is_tcp
from tools.provision import files
from tools.provision.authority import Authority, Changes
from tools.provision.factory import display, labels, samples
from tools.provision.factory.admission import Desk, Names
from tools.provision.factory.ledger import ENROLLED, Entry, Ledger
from tools.provision.factory.samples import Keys
from tools.provision.factory.tray import Tally, Tray
from tools.provision.files import ProvisionError
from tools.provision.trying import tried

LEDGER: Final = "cameras.csv"
LABELS: Final = "labels.html"
DONE, NOT_DONE = 0, 1

ABOUT: Final = """\
Enrol a camera: its key is made inside it, and certificate, recipients and settings go to it over its dock link.

  lapel provision device cam-0001 --authority authority/ --port /dev/ttyACM0
  lapel provision device 'cam-####' --authority authority/ --port usb --batch

or without a camera at hand (a key in a file, for a simulated one):

  lapel provision device cam-1 --authority authority/ --out cam-1/

Ports as for `lapel dock serve`: usb (every USB serial gadget that comes), a tty's path, tcp:[ADDRESS]:PORT to listen at.  With
--batch a run of # in NAME is a number, counted up; it ends after --count cameras, with Ctrl-C, or after --patience seconds in which
nothing happened.  What was interrupted is begun again with the same command.

Before the first camera each recipient's key has to open a sample: --recipient-key, or --sample-opened where keys never come here.

Exit status: 0 all that was asked for are enrolled; 1 some are not, and it was said which and why; 2 the command was wrong.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What enrolling over a line adds to ``provision device``."""
    group = parser.add_argument_group("over the camera's dock link")
    group.add_argument(
        "--port", action="append", default=[], metavar="PORT", help="where the camera is; may be repeated with --batch"
    )
    group.add_argument("--batch", action="store_true", help="enrol whoever comes, until --count are done")
    group.add_argument(
        "--count", type=_count, metavar="N", help=f"how many (default: {labels.SHEET}, or as many as ttys are named)"
    )
    group.add_argument("--patience", type=_count, metavar="SECONDS", help="end once nothing has happened for so long")
    group.add_argument(
        "--recipient-key", action="append", default=[], type=Path, metavar="FILE",
        help="an age key that opens footage, to open samples with; those in the authority's directory are found.  May be repeated",
    )  # fmt: skip
    group.add_argument(
        "--sample-opened", type=Path, metavar="DIR",
        help="for keys that never come here: samples go out as DIR/ROLE.age, and what was found in them comes back as DIR/ROLE.txt",
    )  # fmt: skip
    group.add_argument(
        "--expect-key",
        type=_hash,
        metavar="HASH",
        help="certify this key alone: its fingerprint from the camera's console",
    )
    group.add_argument(
        "--meet",
        action="store_true",
        help="a camera is done once it has come back as one, and was met as by a dock: it shows the certificate, and proves its key",
    )
    group.add_argument(
        "--again", action="store_true", help="also enrol boards that were enrolled before and were wiped"
    )
    group.add_argument(
        "--ledger",
        type=Path,
        metavar="FILE",
        help=f"the list of cameras (default: {LEDGER} in the authority's directory)",
    )
    group.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help=f"a page of labels for what was enrolled now (default: {LABELS} beside the ledger)",
    )
    group.add_argument("--json", action="store_true", help="tell everything in JSON lines")


def add_labels(commands: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """``provision labels``."""
    parser = commands.add_parser(
        "labels",
        help="print labels for enrolled cameras",
        description="Write a page of labels, forty on a sheet of A4: each has the camera's name and a QR code of its certificate's fingerprint.",
    )
    parser.add_argument("devices", nargs="*", metavar="NAME", help="which cameras (default: all in the ledger)")
    parser.add_argument("--ledger", type=Path, required=True, metavar="FILE", help="the list of cameras")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the page, in HTML; overwritten")
    parser.add_argument("--single", action="store_true", help="each on a page of its own, for a label printer")
    parser.set_defaults(run=run, make=make_labels)


def make_labels(arguments: argparse.Namespace) -> str:
    """Write the page."""
    enrolled = {each.device: each for each in Ledger(arguments.ledger).entries() if each.state == ENROLLED}
    if unknown := sorted(set(arguments.devices) - set(enrolled)):
        raise ProvisionError(f"{arguments.ledger} has no enrolled camera {', '.join(unknown)}")
    chosen = [enrolled[name] for name in arguments.devices or sorted(enrolled)]
    _print(arguments.out, chosen, single=arguments.single)
    return f"{len(chosen)} labels in {arguments.out}"


def runner(
    run: Callable[[argparse.Namespace], int], changes: Callable[[argparse.Namespace], Changes]
) -> Callable[[argparse.Namespace], int]:
    """What carries out ``provision device``: ``run`` where files are wanted instead of a line; ``changes`` reads what is to be set."""

    def carry_out(arguments: argparse.Namespace) -> int:
        problem = _problem(arguments)
        if problem:
            arguments.parser.error(problem)
        return tried(lambda: run_device(arguments, changes(arguments))) if arguments.port else run(arguments)

    return carry_out


def run_device(arguments: argparse.Namespace, changes: Changes) -> int:
    """Enrol over a line; the exit status.  ``ProvisionError`` where nothing can begin."""
    authority = Authority.open(arguments.authority)
    ledger_path = arguments.ledger or authority.directory / LEDGER
    with durable.alone(ledger_path):
        if changes:
            authority = authority.change_settings(changes)
        keys = Keys.load(authority, arguments.recipient_key)
        for role in samples.prove(authority, keys, arguments.sample_opened):
            print(f"a sample was opened with the key of {role}", file=sys.stderr)
        desk = Desk(
            authority, Ledger(ledger_path), Names(arguments.name), keys, arguments.expect_key, anew=arguments.again
        )
        return _enrol(arguments, desk, arguments.labels or ledger_path.with_name(LABELS))


def _enrol(arguments: argparse.Namespace, desk: Desk, page: Path) -> int:
    wanted = _wanted(arguments)
    with display.shown(sys.stdout, wanted, as_json=arguments.json) as show:
        tray = Tray(
            desk, show, count=wanted, once=not arguments.batch, meet=arguments.meet, patience_s=arguments.patience
        )
        with _stopped_by_signals(tray):
            try:
                tally = tray.run(arguments.port)
            except SetupError as error:
                raise ProvisionError(str(error)) from None
    if tally.enrolled:
        _print(page, tally.enrolled, single=False)
    _sum_up(arguments, tally, wanted, page)
    done = tally.done(meet=arguments.meet)
    here = (
        len(done) >= wanted
        if arguments.batch
        else bool(done & {arguments.name, *(each.device for each in tally.enrolled)})
    )
    return DONE if here and not tally.failed else NOT_DONE


def _sum_up(arguments: argparse.Namespace, tally: Tally, wanted: int, page: Path) -> None:
    if arguments.json:
        display.write(sys.stdout, display.summary_record(tally, wanted))
        return
    sys.stdout.write(display.summary(tally, wanted))
    if tally.enrolled:
        sys.stdout.write(f"labels in {page}; the ledger is {arguments.ledger or arguments.authority / LEDGER}\n")


def _print(path: Path, entries: list[Entry], *, single: bool) -> None:
    files.replace(path, labels.page(entries, single=single).encode())


def _wanted(arguments: argparse.Namespace) -> int:
    if not arguments.batch:
        return 1
    many = any(is_usb(each) or is_tcp(each) for each in arguments.port)
    wanted: int = arguments.count or (labels.SHEET if many else len(arguments.port))
    return wanted


def _problem(arguments: argparse.Namespace) -> str:
    """What is wrong with the command as a whole."""
    if bool(arguments.port) == bool(arguments.out):
        return "name --port, where the camera is, or --out, where its files go"
    if arguments.public_key and arguments.port:
        return "--public-key goes with --out: over a line the camera sends its own"
    if arguments.batch:
        if arguments.expect_key:
            return "--expect-key is for one camera"
        return "" if "#" in arguments.name else "--batch counts up: put a run of # into NAME, like cam-####"
    if len(arguments.port) > 1 or arguments.count:
        return "several --port, and --count, go with --batch"
    return "a # in NAME goes with --batch" if "#" in arguments.name else ""


@contextmanager
def _stopped_by_signals(tray: Tray) -> Iterator[None]:
    """Let Ctrl-C and a service manager end it between two messages, with what was done summed up."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        tray.stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def pattern(text: str) -> str:
    """A name, or what names are counted up by; argparse's complaint where it is neither."""
    if not re.fullmatch(r"[a-z0-9#-]{1,32}", text):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not 1 to 32 of a-z 0-9 -")
    return text


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a whole number from 1 to 999999")
    return int(text)


def _hash(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not 64 digits of 0-9 a-f")
    return text
