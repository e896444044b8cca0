"""Copies on the command line: ``--copy`` and ``--copies`` of ``lapel dock serve``, ``lapel dock copy``, ``lapel dock fetch``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tools.dock.copying.catching_up import catch_up
from tools.dock.copying.copies import Copies
from tools.dock.copying.fetching import fetch_all
from tools.dock.events import DockEvent, Emit
from tools.dock.face.display import in_words
from tools.dock.identity import SetupError
from tools.dock.places.address import open_place
from tools.dock.places.place import AddressError, PlaceError
from tools.dock.store import Store, StoreError

WELL, NOT_WELL = 0, 1

PLACES = """\
A PLACE is where a copy goes, beside the directory of the store:

  dir:/mnt/other                                     a directory on another disk
  s3://BUCKET/PREFIX                                 Amazon S3
  s3://BUCKET/PREFIX?endpoint=https://HOST:PORT      any other S3-compatible store
  swift://CONTAINER/PREFIX                           OpenStack Swift

Credentials never stand on the command line.  For S3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE and
~/.aws/credentials; AWS_CA_BUNDLE for a CA of your own.  For Swift: OS_AUTH_URL with OS_APPLICATION_CREDENTIAL_ID and
OS_APPLICATION_CREDENTIAL_SECRET, or with OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and the domains; or ST_AUTH, ST_USER,
ST_KEY; OS_CACERT.  docs/stores.md says what is durable where.
"""
COPY = """\
Bring everything that a store has into further places, or read it there again: whatever a place lacks is put there, and
everything is read back and hashed.  So it makes up for a place that was away, and checks one from time to time.

  lapel dock copy --store evidence --copy s3://evidence/dock-1 --new      only recordings that lack there
  lapel dock copy --store evidence --copy s3://evidence/dock-1            all of them, read back once more

"""
FETCH = """\
Bring home what a place holds, to verify it or to go on with it as a dock's store.  Run it again after a break: what is
there in full is not fetched again.

  lapel dock fetch s3://evidence/dock-1 --into copy --device cam-0042
  lapel verify copy/STORE-ID/cam-0042/VOLUME --root root.crt.pem

"""


def add_options(serve: argparse.ArgumentParser) -> None:
    """Add ``--copy`` and ``--copies``."""
    _add_copy(serve, required=False)
    serve.add_argument(
        "--copies", type=int, metavar="N", help="how many of these places must hold it before a receipt (default: all)"
    )


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``dock copy`` and ``dock fetch``."""
    raw = argparse.RawDescriptionHelpFormatter
    copy = commands.add_parser(
        "copy", help="bring a store into further places", description=COPY + PLACES, formatter_class=raw
    )
    copy.add_argument("--store", type=Path, required=True, metavar="DIR", help="the dock's store")
    _add_copy(copy, required=True)
    copy.add_argument("--new", action="store_true", help="only what the store's record does not name for a place yet")
    copy.set_defaults(run=run_copy)

    fetch = commands.add_parser("fetch", help="bring a copy home", description=FETCH + PLACES, formatter_class=raw)
    fetch.add_argument("place", metavar="PLACE", help="where the copy is")
    fetch.add_argument(
        "--into", type=Path, required=True, metavar="DIR", help="where it goes, as STORE-ID/DEVICE/VOLUME"
    )
    fetch.add_argument(
        "--id", default="", metavar="STORE-ID", help="only of the store with this id (store.id, receipts)"
    )
    fetch.add_argument("--device", default="", metavar="NAME", help="only of this camera")
    fetch.set_defaults(run=run_fetch)


@contextmanager
def keeping(store: Store, places: list[str], demanded: int | None, emit: Emit) -> Iterator[None]:
    """Let a store have copies in these places; ``SetupError`` where one cannot be used as it is named."""
    if demanded is not None and not 0 <= demanded <= len(places):
        raise SetupError(f"--copies {demanded}: {len(places)} places are named with --copy")
    if len(set(places)) != len(places):
        raise SetupError("--copy: a place is named twice")
    with ExitStack() as stack:
        try:
            opened = [stack.enter_context(closing(open_place(text, store.root))) for text in places]
        except AddressError as error:
            raise SetupError(f"--copy {error}") from None
        store.copies = Copies(store.root, store.id, opened, demanded, emit)
        stack.callback(store.copies.close)
        store.copies.later(*store.papers(), paper=True)  # tells at once of a place that cannot be used
        yield


def run_copy(options: argparse.Namespace) -> int:
    """Catch up; 0 if every place holds everything."""
    lacking = done = 0
    try:
        store = Store(options.store)
        with keeping(store, options.copy, None, _tell):
            for job in catch_up(store, only_new=options.new):
                done += 1
                lacking += not job.enough
    except (SetupError, StoreError) as error:
        print(f"lapel dock: {error}", file=sys.stderr)
        return NOT_WELL
    print(f"{done - lacking} of {done} items are in every place{' (others were before)' if options.new else ''}")
    return NOT_WELL if lacking else WELL


def run_fetch(options: argparse.Namespace) -> int:
    """Fetch; 0 if all that there is of a store is here now."""
    fetched = size = there = 0
    try:
        with closing(open_place(options.place)) as place:
            for each in fetch_all(place, options.into, options.id, options.device):
                if each.path is None:
                    print(f"{each.key}: no file of a store, left there")
                    continue
                fetched, there, size = fetched + bool(each.size), there + 1, size + each.size
    except (AddressError, PlaceError) as error:
        print(f"lapel dock: {options.place}: {error}", file=sys.stderr)
        return NOT_WELL
    except OSError as error:
        print(f"lapel dock: {error.filename or options.into}: {error.strerror or error}", file=sys.stderr)
        return NOT_WELL
    print(f"{there} files in {options.into}, {fetched} of them fetched now ({size} bytes)")
    return WELL if there else NOT_WELL


def _add_copy(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--copy",
        action="append",
        default=[],
        required=required,
        metavar="PLACE",
        help="a further place for everything that is stored, more than once if wanted: dir:PATH, "
        "s3://BUCKET/PREFIX?endpoint=URL, swift://CONTAINER/PREFIX (`lapel dock copy --help` tells more)",
    )


def _tell(event: DockEvent) -> None:
    """Say it, in a line."""
    line = in_words(event)
    if line is not None:
        print(line)
