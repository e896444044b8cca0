"""``lapel sim``: a simulated camera to hold in one's hands."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from tools.panel.serve import STATE, add_arguments, serve
from tools.provision import ProvisionError
from tools.sim.desk import KEYS, OTHER_NAMES, QUIT, Desk
from tools.sim.home import CAMERA, Home, provision
from tools.sim.keys import read_keys, single_keys
from tools.sim.mirror import Mirror
from tools.sim.screen import LiveScreen, PlainScreen, Screen
from tools.sim.signals import stopped_by_signals

BUFFER_S: Final = 30
SETTINGS: Final = {"pre_event_s": BUFFER_S, "keep_after_receipt_h": 0}
LOOK_S: Final = 0.2

_ABOUT = """\
Start a simulated camera and hold it in your hands: its lights, buzzes and tones are shown as they come, and keys press its button,
put it into a dock and cut its power.  It encodes real video and runs the same code as a camera.

With --panel it is held in a browser: a page on this machine alone draws the camera, several of them if you like, with their picture,
batteries, sensors and faults, the dock's rack, the audit log, and what the dock's desk makes of the recordings.  --scenario plays a story
by itself, for training and for tests.

In a new directory an authority, cameras and a dock are made first; in one that was used before the cameras start as they were left.
Without a terminal it prints what happens, one line each, and is driven through its control socket.

When it is docked, receipts let it erase at once, so that the whole life of a recording can be seen; then try

  lapel verify build/sim/dock --root build/sim/authority/root.crt.pem --key build/sim/authority/authority.agekey"""

_SOCKET = """\
No terminal, so no keys.  The control socket takes JSON lines:

  printf '%s\\n' '{{"do": "tap", "button": "record"}}' '{{"do": "state"}}' | nc -NU {socket}

press, release, tap, trigger, plug, unplug, fault, state, watch, quit: see hal/sim/control.py.  Ctrl-C or SIGTERM ends it."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``sim`` to the ``lapel`` command; the parsed arguments carry ``run``, which returns the exit status."""
    parser = subparsers.add_parser(
        "sim",
        help="hold a simulated camera in your hands",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--state", type=Path, metavar="DIR", help=f"where it lives (default: {STATE})")
    parser.add_argument(
        "--source", metavar="X", help="a video file, or a device like /dev/video0, instead of a drawn scene"
    )
    add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until q, ctrl-C, or the camera's end; 0 unless it could not begin."""
    if arguments.panel or arguments.scenario is not None:
        return serve(arguments, SETTINGS)
    home = Home(arguments.state or STATE)
    console = Console(highlight=False)
    try:
        if not home.authority.exists():
            provision(home, SETTINGS)
            console.print(f"made a throw-away authority, camera and dock in {home.root}")
    except (ProvisionError, OSError) as error:
        print(f"lapel sim: {error}", file=sys.stderr)
        return 1
    with stopped_by_signals():
        keys = sys.stdin.isatty() and console.is_terminal
        screen: Screen = LiveScreen(console, CAMERA, BUFFER_S) if keys else PlainScreen(console)
        try:
            with Desk(home, Mirror(screen.seen), screen.say, arguments.source) as desk:
                if keys:
                    _obey_keys(desk, screen)
                    return 0
                return _stand_by(desk, screen)
        finally:
            screen.close()


def _stand_by(desk: Desk, screen: Screen) -> int:
    """Let others drive the camera through its socket, as long as it runs; 1 if it never did."""
    began = threading.Event()
    desk.do(began.set)
    began.wait()
    started = desk.camera.running
    if started:
        screen.say(_SOCKET.format(socket=desk.camera.socket))
    while desk.camera.running:
        time.sleep(LOOK_S)
    return 0 if started else 1


def _obey_keys(desk: Desk, screen: Screen) -> None:
    """Do what keys say, until one says to quit."""
    for name, key in KEYS.items():
        screen.say(f"{name}  {key.help}", style="dim")
    screen.say(f"{QUIT}  quit", style="dim")
    screen.note("  ".join([*(f"{name} {key.word}" for name, key in KEYS.items()), f"{QUIT} quit"]))
    with single_keys(sys.stdin):
        while (keys := read_keys(sys.stdin, LOOK_S)) is not None:
            for pressed in keys:
                name = OTHER_NAMES.get(pressed, pressed)
                if name == QUIT:
                    return
                if name in KEYS:
                    desk.do(partial(KEYS[name].action, desk))
