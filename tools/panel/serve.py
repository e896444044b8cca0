"""``lapel sim --panel`` and ``lapel sim --scenario``: the cameras in a browser, and stories that play by themselves."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tools.dock.identity import SetupError
from tools.dock.store import StoreError
from tools.panel.orders import OrderError
from tools.panel.panel import Panel
from tools.provision import ProvisionError
from tools.scenario.player import UnplayableError
from tools.scenario.read import ScenarioError, find
from tools.scenario.run import run as run_scenario
from tools.scenario.steps import Scenario
from tools.sim.signals import stopped_by_signals

STATE: Final = Path("build/sim")
PORT: Final = 8047
_ENDED: Final = 130
_TROUBLE: Final = (ProvisionError, SetupError, StoreError, ScenarioError, UnplayableError, OrderError, OSError)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What concerns the panel and scenarios."""
    page = parser.add_argument_group("in a browser")
    page.add_argument("--panel", action="store_true", help="print the address of a page on this machine, and serve it")
    page.add_argument("--cameras", type=int, default=1, metavar="N", help="how many cameras (default: %(default)s)")
    page.add_argument(
        "--port", type=int, default=PORT, help="where the page is; 0: any free one (default: %(default)s)"
    )
    story = parser.add_argument_group("by themselves")
    story.add_argument(
        "--scenario",
        metavar="NAME",
        help="play one of scenarios/, or of a file NAME.toml: with --panel in the browser, otherwise line by line, in a directory that is made"
        " for it unless --state names one; then the exit status says whether everything came as expected",
    )
    story.add_argument("--fast", action="store_true", help="without the pauses that people need")
    parser.add_argument(
        "--replay", action="store_true", help="with any of these: encode a second of picture once, and repeat it"
    )


def serve(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> int:
    """Do what the arguments ask for; ``settings`` are those of an authority that has to be made.  The exit status."""
    try:
        with stopped_by_signals():
            scenario = None if arguments.scenario is None else find(arguments.scenario)
            if not arguments.panel and scenario is not None:
                return _play(arguments, settings, scenario)
            _serve_page(arguments, settings, scenario)
    except KeyboardInterrupt:
        return 0 if arguments.panel else _ENDED
    except _TROUBLE as error:
        print(f"lapel sim: {error}", file=sys.stderr)
        return 1
    return 0


def _serve_page(arguments: argparse.Namespace, settings: Mapping[str, Any], scenario: Scenario | None) -> None:
    """Serve the page until ctrl-C."""
    own = {} if scenario is None else scenario.settings
    state = arguments.state or (STATE.with_name(f"{STATE.name}-{scenario.name}") if scenario and own else STATE)
    cameras = max(arguments.cameras, 1 if scenario is None else scenario.cameras)
    with Panel(
        state,
        cameras=cameras,
        replay=arguments.replay,
        source=arguments.source,
        settings={**settings, **own},
        port=arguments.port,
        scenarios=[] if scenario is None else [scenario],
    ) as panel:
        if scenario is not None:
            panel.play(scenario.name, fast=arguments.fast)
        print(panel.url, flush=True)
        print("open this page in a browser on this machine; ctrl-C ends it", file=sys.stderr, flush=True)
        threading.Event().wait()


def _play(arguments: argparse.Namespace, settings: Mapping[str, Any], scenario: Scenario) -> int:
    with ExitStack() as stack:
        state = arguments.state
        if state is None:
            state = Path(stack.enter_context(TemporaryDirectory(prefix="lapel-scenario-"))) / "sim"
        return run_scenario(
            scenario, state, settings, fast=arguments.fast, replay=arguments.replay, source=arguments.source
        )
