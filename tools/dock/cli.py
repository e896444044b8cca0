"""``lapel dock``: serve cameras, keep the register of shifts, plan racks."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tools.dock.copying import copy_cli
from tools.dock.dock import Dock
from tools.dock.events import TROUBLE, DockEvent, Emit, Kind, timed
from tools.dock.face.front import add_front, front, remember
from tools.dock.identity import DockIdentity, SetupError
from tools.dock.orders import Orders
from tools.dock.planning.plan_cli import add_plan
from tools.dock.rack.slots import LONGEST_FILE, Rack, SlotsError, read_slots
from tools.dock.shifts import assign_cli, attribute_cli
from tools.dock.shifts.register import SHIFT
from tools.dock.store import Store, StoreError
from tools.dock.timing.stamping import Stamping, everything_wanting, stamp
from tools.dock.timing.timeword import CommandVoucher, StampVoucher, Voucher, beside
from tools.dock.timing.tsa import StampError, TimeStamper
from tools.dock.updating.bundles import BundleStock
from tools.dock.visit import Desk, system_utc_ms

WELL, NOT_WELL = 0, 1

SERVE = """\
Take over what cameras have recorded: fetch, check, store, sync, sign a receipt.  A camera erases nothing without one.

  lapel dock serve --identity authority/dock-1 --store evidence --port usb --port tcp:[]:7411 --slots rack.toml
  lapel dock serve --identity authority/dock-1 --store evidence --port /dev/ttyAMA0 --port /dev/ttyAMA1 --json

Ports, as many as there are:
  usb                 every USB serial gadget that comes, at whichever socket, under whichever name; those with
                      another vendor and product than the usual: usb:1d6b:0104
  /dev/ttyAMA0        a serial line by its path, whether it is there now or not
  tcp:[ADDRESS]:PORT  a socket to listen at, for cameras that are a network over USB; without an address on all
One that cannot be used is told, tried again, and keeps none of the others.  Up to 40 cameras are served at once.

A slot is called by where it is (the USB location 1-1.2, the tty's path, the address), or by its label in a file:
  [slots]
  A1 = "1-1.2"
  A2 = ["1-1.3", "/dev/ttyAMA0"]

With --copy a receipt waits until further places hold the recording as well, read back and hashed; where one fails,
cameras are fetched all the same, and keep what they have.  `lapel dock copy --help` says what a place can be.

  lapel dock serve --identity authority/dock-1 --store evidence --port usb --copy s3://evidence/dock-1
"""
STAMP = """\
Ask a time-stamping authority about every recording in a store that was receipted and has no time stamp.  `lapel dock
serve --tsa URL --tsa-root FILE` does the same by itself after each receipt and at each docking.

  lapel dock stamp --store evidence --tsa http://timestamp.example/ --tsa-root tsa-root.crt.pem
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``dock serve`` and its companions."""
    dock = subparsers.add_parser("dock", help="serve docked cameras; assign them to shifts; plan racks")
    commands = dock.add_subparsers(title="commands", metavar="COMMAND", required=True)
    raw = argparse.RawDescriptionHelpFormatter

    serve = commands.add_parser("serve", help="take over what cameras recorded", description=SERVE, formatter_class=raw)
    serve.add_argument("--identity", type=Path, required=True, metavar="DIR", help="made by `lapel provision dock`")
    serve.add_argument("--store", type=Path, required=True, metavar="DIR", help="where evidence goes; made if missing")
    serve.add_argument(
        "--port",
        required=True,
        action="append",
        metavar="PORT",
        help="where cameras come to: usb, a tty's path, tcp:...",
    )
    serve.add_argument("--slots", type=Path, metavar="FILE", help="what the slots are called on the rack (TOML)")
    serve.add_argument("--once", action="store_true", help="end after one camera was taken over")
    serve.add_argument(
        "--assign", type=_shift, metavar="SHIFT", help="the shift of every camera that the register does not know"
    )
    copy_cli.add_options(serve)
    serve.add_argument(
        "--bundles", type=Path, metavar="DIR", help="offer the firmware in it that `lapel provision bundle` signed"
    )
    _add_authority(serve, required=False)
    serve.add_argument(
        "--time-signer",
        metavar="COMMAND",
        help="the authority's word for the time, where a camera's clock is more than a day off: COMMAND gets the nonce as its "
        "last argument and prints what 'lapel provision time' prints.  Without it the authority of --tsa is asked",
    )
    add_front(serve)
    serve.set_defaults(run=run_serve)

    assign_cli.add_parsers(commands)
    attribute_cli.add_parser(commands)
    copy_cli.add_parsers(commands)
    add_plan(commands)

    stamps = commands.add_parser("stamp", help="get the time stamps that lack", description=STAMP, formatter_class=raw)
    stamps.add_argument("--store", type=Path, required=True, metavar="DIR", help="the dock's store")
    _add_authority(stamps, required=True)
    stamps.set_defaults(run=run_stamp)


def run_serve(options: argparse.Namespace) -> int:
    """Serve until interrupted, or once; 0 if all was well, 1 if something was refused, rejected, in conflict, or
    failed."""
    troubles: list[Kind] = []

    def heard(event: DockEvent) -> None:
        troubles.extend({event.kind} & TROUBLE)

    with front(options, sys.stdout, heard, system_utc_ms) as gatekeeper:
        tell = timed(gatekeeper, system_utc_ms)
        try:
            identity, store = DockIdentity.load(options.identity), Store(options.store)
            rack = _rack(options.slots)
            remember(gatekeeper, store, identity.trusted)
            with (
                copy_cli.keeping(store, options.copy, options.copies, tell),
                _stamping(options, store, tell) as stamping,
            ):
                desk = Desk(
                    identity,
                    store,
                    tell,
                    shift=options.assign,
                    stay=not options.once,
                    stamping=stamping,
                    voucher=_voucher(options, identity),
                    orders=Orders(options.identity / "orders"),
                    bundles=_bundles(options, identity, tell),
                    ready=lambda device, _: gatekeeper.lacks_nobody_else(device),
                )
                dock = Dock(desk, rack=rack)
                with _stopped_by_signals(dock):
                    dock.serve(options.port, once=options.once)
        except (SetupError, StoreError) as error:
            print(f"lapel dock: {error}", file=sys.stderr)
            return NOT_WELL
    return NOT_WELL if troubles else WELL


def run_stamp(options: argparse.Namespace) -> int:
    """Ask for every time stamp that lacks; 0 if none does any more."""
    try:
        store = Store(options.store)
        stamper = TimeStamper.load(options.tsa, options.tsa_root, options.tsa_policy)
        lacking = everything_wanting(store)
        for recording in lacking:
            stamp(stamper, store, recording)
            print(f"{recording.relative_to(store.root)}: time stamp stored")
    except (SetupError, StoreError, StampError) as error:
        print(f"lapel dock: {error}", file=sys.stderr)
        return NOT_WELL
    except OSError as error:
        print(f"lapel dock: {StoreError.of(error)}", file=sys.stderr)
        return NOT_WELL
    print(f"{len(lacking)} time stamps stored; none lacks" if lacking else "no time stamp lacks")
    return WELL


def _add_authority(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--tsa", metavar="URL", required=required, help="ask this time-stamping authority (RFC 3161) after each receipt"
    )
    parser.add_argument(
        "--tsa-root", type=Path, required=required, metavar="FILE", help="certificates (PEM) to believe for it"
    )
    parser.add_argument("--tsa-policy", metavar="OID", help="take no time stamp under another policy")


def _bundles(options: argparse.Namespace, identity: DockIdentity, emit: Emit) -> BundleStock | None:
    """The firmware to offer, if there is any; what is wrong with it is told at once."""
    if options.bundles is None:
        return None
    tell = lambda name, reason: emit(DockEvent(Kind.REJECTED, "", {"item": f"bundle {name}", "text": reason}))  # noqa: E731
    stock = BundleStock(options.bundles, tell)
    stock.offers(identity.trust(system_utc_ms()))
    return stock


@contextmanager
def _stamping(options: argparse.Namespace, store: Store, emit: Emit) -> Iterator[Stamping | None]:
    """Time stamps while the dock serves, if they are wanted."""
    if options.tsa is None and options.tsa_root is None:
        yield None
        return
    if options.tsa is None or options.tsa_root is None:
        raise SetupError("--tsa and --tsa-root belong together")
    stamping = Stamping(TimeStamper.load(options.tsa, options.tsa_root, options.tsa_policy), store, emit)
    try:
        yield stamping
    finally:
        stamping.close()


def _rack(path: Path | None) -> Rack:
    """The labels of the slots; ``SetupError`` if they cannot be read."""
    if path is None:
        return Rack()
    try:
        with path.open("rb") as file:
            return read_slots(file.read(LONGEST_FILE + 1))
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}") from None
    except SlotsError as error:
        raise SetupError(f"{path}: {error}") from None


def _voucher(options: argparse.Namespace, identity: DockIdentity) -> Voucher | None:
    """Who vouches for the time, if anybody does."""
    if options.time_signer is not None:
        return beside(CommandVoucher.load(options.time_signer, identity.trust(system_utc_ms())))
    if options.tsa is not None:
        return beside(StampVoucher(TimeStamper.load(options.tsa, options.tsa_root, options.tsa_policy)))
    return None


def _shift(text: str) -> str:
    """A shift id, or argparse's complaint."""
    if not SHIFT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no shift id (1 to 64 of A-Z a-z 0-9 -)")
    return text


@contextmanager
def _stopped_by_signals(dock: Dock) -> Iterator[None]:
    """Let Ctrl-C and a service manager end the dock between two messages, with a goodbye."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        dock.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
