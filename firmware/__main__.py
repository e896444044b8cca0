"""The composition root: settings, HAL, camera, run.  The only importer of ``hal.pi`` and ``hal.sim``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firmware import service
from firmware.evidence.jws import FILE_LIMIT
from firmware.runtime.choosing import effective
from firmware.runtime.controller import Quit
from firmware.runtime.enrolment import ROOT, SETTINGS
from firmware.runtime.log import Log
from firmware.service import NOT_STARTED
from firmware.version import VERSION

if TYPE_CHECKING:
    from hal.interface import Hal
    from hal.pi.build import PiParts


def main(arguments: Sequence[str] | None = None, hals: Mapping[str, tuple[Sequence[str], Begin]] | None = None) -> int:
    """Run one camera until it is told to end; 0 if it ended on purpose.  Or show its settings."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.show_settings:
        if options.config is None and options.state is None:
            parser.error("--show-settings: of which camera?  Name --state or --config")
        config = options.config or options.state / "config"
        if not config.is_dir():
            parser.error(f"--show-settings: {config} is no directory")
        return _show_settings(config, as_json=options.json)
    if options.hal is None:
        parser.error("the following arguments are required: --hal")
    needed, begin = (hals or HALS)[options.hal]
    for name in needed:
        if getattr(options, name) is None:
            parser.error(f"the following arguments are required: --{name}")
    return service.carried_on(begin(options))


def _simulated(options: argparse.Namespace) -> int:
    """A camera on a desktop, that lives in a directory and is driven through a socket."""
    from hal.sim.clock import SimClock

    state: Path = options.state
    log = Log(sys.stderr, SimClock(state / "board" / "clock.json"))
    return service.alone((state,), log, lambda: _on_a_desktop(options, log))


def _on_a_desktop(options: argparse.Namespace, log: Log) -> int:
    """The same, once no other service has it."""
    from hal.sim.build import build
    from hal.sim.signer import SoftwareSigner
    from hal.sim.storage import FileStorage

    state: Path = options.state
    signer = SoftwareSigner(state / "config" / "device.key.pem")
    enrolment = service.enrolled(FileStorage(state / "config"), signer, log)
    chosen = service.chosen_settings(enrolment, log)
    try:
        simulated = build(
            state,
            source=options.source,
            film=options.film,
            video=service.video(chosen),
            replay=options.replay,
            capacity=options.capacity,
            version=VERSION,
        )
        log = Log(sys.stderr, simulated.hal.clock)
        camera = service.put_together(simulated.hal, chosen, enrolment, log)
        control = simulated.serve(
            options.control, lambda: camera.inbox.put(Quit("control")), lambda: service.told(camera)
        )
    except OSError as error:
        log.error("not-started", trouble=f"{error.filename or state}: {error.strerror}")  # noqa: TRY400 - told in full
        return NOT_STARTED
    try:
        return service.run(camera, simulated.hal, log)
    finally:
        control.close()


def real(options: argparse.Namespace, fit: Callable[[Hal], Hal] = lambda hal: hal) -> int:
    """A camera on a board.  ``fit`` may put parts of its own in the place of some: a program that runs this one can, no option does."""
    from hal.pi import boardfile
    from hal.pi.build import PiParts, Places
    from hal.pi.clock import BootClock
    from hal.pi.strict import BoardError

    log = Log(sys.stderr, BootClock())
    try:
        board = boardfile.load(boardfile.shipped().get(options.board) or Path(options.board))
    except (BoardError, OSError) as error:
        log.error("not-started", trouble=f"board: {error}")  # noqa: TRY400 - told in full
        return NOT_STARTED
    chosen = {"config": options.config, "evidence": options.evidence, "run": options.run, "dock": options.dock}
    given = {name: value for name, value in chosen.items() if value is not None}
    places = Places(**given, partitions=not options.no_partitions)
    return service.alone((places.config, places.evidence), log, lambda: _on_a_board(PiParts(board, places), fit))


def _on_a_board(parts: PiParts, fit: Callable[[Hal], Hal]) -> int:
    """The same, once no other service has it."""
    log = Log(sys.stderr, parts.clock)
    log.event("board", board=parts.board.name)
    enrolment = service.enrolled(parts.config, parts.signer, log)
    chosen = service.chosen_settings(enrolment, log)
    hal = fit(parts.hal(service.video(chosen), VERSION))
    try:
        return service.run(service.put_together(hal, chosen, enrolment, log), hal, log)
    finally:
        parts.close()


Begin = Callable[[argparse.Namespace], int]
HALS: Mapping[str, tuple[Sequence[str], Begin]] = {
    "pi": (("board",), real),
    "sim": (("state", "control"), _simulated),
}
"""For each kind of parts: the options that it cannot do without, and how it begins."""


def _show_settings(config: Path, *, as_json: bool) -> int:
    """Print what a config partition makes of the settings, and why; 1 where that is not what an authority signed."""
    try:
        told = effective({name: _beginning(config / name) for name in (ROOT, SETTINGS) if (config / name).is_file()})
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return NOT_STARTED
    sys.stdout.write((json.dumps(told.as_json(), indent=2) if as_json else "\n".join(told.as_text())) + "\n")
    return NOT_STARTED if told.refused else 0


def _beginning(path: Path) -> bytes:
    """A file, as far as it may be of use: one that is longer is refused for that."""
    with path.open("rb") as file:
        return file.read(FILE_LIMIT + 2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m firmware", description="The service of a Lapel body-worn camera.")
    parser.add_argument("--hal", choices=sorted(HALS), help="which parts it runs on")
    parser.add_argument("--board", help="pi: zero2w, pi4, pi5, or a file that describes another board")
    parser.add_argument("--config", type=Path, help="pi: the config partition; with --show-settings: one as on a card")
    parser.add_argument("--evidence", type=Path, help="pi: the evidence partition")
    parser.add_argument("--run", type=Path, help="pi: a directory of the service's own, gone with the power")
    parser.add_argument("--dock", help="pi: tcp:HOST:PORT, where a dock listens on the gadget's network")
    parser.add_argument("--no-partitions", action="store_true", help="pi: config and evidence are mere directories")
    parser.add_argument("--state", type=Path, help="sim: the directory that is the camera's storage")
    parser.add_argument("--control", type=Path, help="sim: the socket that presses its buttons")
    parser.add_argument("--source", help="sim: a video file or device as the scene, instead of a drawn one")
    parser.add_argument(
        "--film", type=Path, help="sim: an H.264 stream to hand out as it is; beside it .aac is its sound"
    )
    parser.add_argument("--replay", action="store_true", help="sim: encode a few seconds once and repeat them")
    parser.add_argument("--capacity", type=int, help="sim: bytes on the evidence partition")
    parser.add_argument(
        "--show-settings", action="store_true", help="print the settings in force and where each came from"
    )
    parser.add_argument("--json", action="store_true", help="with --show-settings: for machines")
    parser.add_argument("--version", action="version", version=VERSION)
    return parser


if __name__ == "__main__":
    sys.exit(main())
