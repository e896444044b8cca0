"""What a serving dock shows, put together from options: the display, the gate, the lights of the rack, and the time that
passes."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TextIO

from firmware.evidence.certs import Trust
from tools.dock.events import DockEvent, Emit, Kind
from tools.dock.face.board import Board
from tools.dock.face.display import choose
from tools.dock.face.gate import Need, Wanted
from tools.dock.face.gatekeeper import Gatekeeper
from tools.dock.face.lights import LampLines, sink_of
from tools.dock.face.roster import keep_undocking, roster
from tools.dock.store import Store, StoreError

TICK_S = 0.5


def add_front(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line for each event")
    gate = parser.add_argument_group("when a slot's light says ready")
    gate.add_argument(
        "--require",
        type=_needs,
        default=frozenset(Need),
        metavar="WHAT",
        help="what a camera needs for it, with commas: empty, updated, assigned, charged [all]",
    )
    gate.add_argument("--charged", type=_percent, default=90, metavar="PERCENT", help="that is charged [%(default)s]")
    gate.add_argument("--firmware", metavar="VERSION", help="that is updated [any]")
    gate.add_argument(
        "--lights",
        type=_sink,
        metavar="FILE or '|COMMAND'",
        help="a real rack's lights: a line SLOT tab LIGHT tab WORDS for each change, to a file (a tty, a FIFO), or to the"
        " input of a program; LIGHT is ready, wait, wrong or free",
    )


@contextmanager
def front(options: argparse.Namespace, stream: TextIO, heard: Emit, utc_ms: Callable[[], int]) -> Iterator[Gatekeeper]:
    """The gatekeeper that every event goes to, with its time; ``heard`` gets each event before it is shown."""
    board = Board(Wanted(options.require, options.charged, options.firmware))
    with ExitStack() as stack:
        display = stack.enter_context(choose(stream, as_json=options.json))

        def show(event: DockEvent) -> None:
            heard(event)
            display(event)

        gatekeeper = Gatekeeper(board, show, utc_ms=utc_ms, look=display.look)
        if options.lights:

            def dark(why: str) -> None:
                gatekeeper(DockEvent(Kind.UNUSABLE, facts={"port": "lights", "text": why}, utc_ms=utc_ms()))

            gatekeeper.lights = LampLines(options.lights, dark)
            stack.callback(gatekeeper.lights.close)
        stopping = threading.Event()
        ticker = threading.Thread(target=_tick, args=(gatekeeper, stopping), name="dock-front", daemon=True)
        stack.callback(ticker.join)
        stack.callback(stopping.set)
        ticker.start()
        yield gatekeeper
        stopping.set()
        ticker.join()
        gatekeeper.tick()  # what stands on the terminal in the end is the end


def remember(gatekeeper: Gatekeeper, store: Store, trust: Trust) -> None:
    """Tell what the store knows of cameras that are not here, and have it keep who is taken out; ``StoreError`` where it
    cannot be read."""
    gatekeeper.keep = partial(keep_undocking, store)
    try:
        known = roster(store, trust)
    except OSError as error:
        raise StoreError.of(error) from None
    for each in known:
        gatekeeper(DockEvent(Kind.KNOWN, each.device, {"seen_ms": each.seen_ms, "missing": each.missing}))


def _tick(gatekeeper: Gatekeeper, stopping: threading.Event) -> None:
    while not stopping.wait(TICK_S):
        gatekeeper.tick()


def _needs(text: str) -> frozenset[Need]:
    try:
        return frozenset(Need(each) for each in text.split(",") if each)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not some of {', '.join(Need)}, with commas between") from None


def _percent(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 100):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return int(text)


def _sink(text: str) -> object:
    try:
        return sink_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
