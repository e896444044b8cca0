"""The composition root: settings, HAL, camera, run.  The only importer of ``hal.pi`` and ``hal.sim``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from firmware.camera import Camera
from firmware.core.indications import LIGHTS, Look
from firmware.core.machine import RUNNING, Recording
from firmware.evidence.jws import FILE_LIMIT
from firmware.runtime import pending
from firmware.runtime.choosing import choose, effective
from firmware.runtime.controller import PartLost, Quit
from firmware.runtime.enrolment import ROOT, SETTINGS, Enrolment, NotEnrolledError
from firmware.runtime.entropy import draw
from firmware.runtime.insight import of_camera, of_officer
from firmware.runtime.log import Log
from firmware.runtime.supervise import Supervisor
from firmware.runtime.switchoff import switched_off
from firmware.runtime.unclaimed import Unclaimed
from firmware.runtime.vault import Vault
from firmware.version import VERSION
from hal.interface import VideoFormat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from firmware.settings import Settings
    from hal.interface import Directory, Hal, Signer

NOT_STARTED = 1
"""Exit status when the service could not start; the log's last line says what is in the way."""
LOST = 70
"""Exit status when a vital part was lost: whoever supervises the service starts it again, and it resumes."""


def main(arguments: Sequence[str] | None = None) -> int:
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
    for name in ("hal", "state", "control"):
        if getattr(options, name) is None:
            parser.error(f"the following arguments are required: --{name}")
    return HALS[options.hal](options)


def _simulated(options: argparse.Namespace) -> int:
    """A camera on a desktop, that lives in a directory and is driven through a socket."""
    from hal.sim.build import build
    from hal.sim.clock import SimClock
    from hal.sim.signer import SoftwareSigner
    from hal.sim.storage import FileStorage

    state: Path = options.state
    log = Log(sys.stderr, SimClock(state / "board" / "clock.json"))
    signer = SoftwareSigner(state / "config" / "device.key.pem")
    enrolment = _enrolment(FileStorage(state / "config").root(), signer, log)
    chosen = chosen_settings(enrolment, log)
    try:
        simulated = build(
            state,
            source=options.source,
            video=_video(chosen),
            replay=options.replay,
            capacity=options.capacity,
            version=VERSION,
        )
        log = Log(sys.stderr, simulated.hal.clock)
        camera = _camera(simulated.hal, chosen, enrolment, log)
        control = simulated.serve(options.control, lambda: camera.inbox.put(Quit("control")), lambda: _insight(camera))
    except OSError as error:
        log.error("not-started", trouble=f"{error.filename or state}: {error.strerror}")  # noqa: TRY400 - told in full
        return NOT_STARTED
    try:
        return _run(camera, simulated.hal, log)
    finally:
        control.close()


HALS = {"sim": _simulated}


def _insight(camera: Camera | Unclaimed) -> Mapping[str, object]:
    """What it says of itself to whoever holds it."""
    return of_officer(camera.controller) if isinstance(camera, Unclaimed) else of_camera(camera)


def _camera(hal: Hal, chosen: Settings, enrolment: Enrolment | None, log: Log) -> Camera | Unclaimed:
    """The camera, put together; one that belongs to nobody says so and does nothing else."""
    if enrolment is None:
        return Unclaimed(hal, chosen, log)
    return Camera(hal, chosen, Vault(hal, chosen, enrolment, random=draw), log, random=draw)


def _run(camera: Camera | Unclaimed, hal: Hal, log: Log) -> int:
    """Run all parts until a signal asks for the end and the audit log is closed, or a vital part is lost."""
    supervisor = Supervisor(log, on_loss=lambda part: camera.inbox.put(PartLost(part)))
    camera.stopped = supervisor.stop
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: camera.inbox.put(Quit("shutdown")))
    log.event("start", firmware=VERSION)
    if isinstance(camera, Unclaimed):
        hal.watchdog.ready()  # it buffers nothing: this is all that it does
    if not supervisor.run(camera.parts()):
        hal.indicators.show(LIGHTS[Look.UNABLE])  # the parts are gone: whatever the lights said is no longer true
        if camera.controller.recording in RUNNING:
            pending.keep(hal.config.root())
        _silence(hal)
        return LOST
    if camera.controller.recording is not Recording.IDLE:  # pressed once the log was closed: the next start records
        pending.keep(hal.config.root())
    _silence(hal)
    if camera.controller.off and not switched_off(hal, log):
        return LOST
    hal.watchdog.stopping()
    log.event("end")
    return 0


def _silence(hal: Hal) -> None:
    """Nothing listens any more, however the service ended."""
    for source in (hal.audio, hal.motion):
        with suppress(OSError):
            if source is not None:
                source.stop()


def _enrolment(config: Directory, signer: Signer, log: Log) -> Enrolment | None:
    try:
        return Enrolment.load(config, signer)
    except NotEnrolledError as error:
        log.error("not-enrolled", trouble=str(error))  # noqa: TRY400 - expected, and told in full
        return None


def chosen_settings(enrolment: Enrolment | None, log: Log) -> Settings:
    """The authority's settings over the defaults.  Wrong ones are named, all at once, and the defaults stand: it records."""
    chosen = choose(enrolment.settings.payload["values"] if enrolment else {})
    if chosen.problems:
        log.error("settings-refused", problems=[str(problem) for problem in chosen.problems])
    return chosen.settings


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


def _video(chosen: Settings) -> VideoFormat:
    """A keyframe a second."""
    return VideoFormat(chosen.width, chosen.height, chosen.fps, chosen.bitrate, gop=chosen.fps)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m firmware", description="The service of a Lapel body-worn camera.")
    parser.add_argument("--hal", choices=sorted(HALS), help="which parts it runs on")
    parser.add_argument("--state", type=Path, help="sim: the directory that is the camera's storage")
    parser.add_argument("--control", type=Path, help="sim: the socket that presses its buttons")
    parser.add_argument("--source", help="sim: a video file or device as the scene, instead of a drawn one")
    parser.add_argument("--replay", action="store_true", help="sim: encode a few seconds once and repeat them")
    parser.add_argument("--capacity", type=int, help="sim: bytes on the evidence partition")
    parser.add_argument(
        "--show-settings", action="store_true", help="print the settings in force and where each came from"
    )
    parser.add_argument("--config", type=Path, help="with --show-settings: a config partition, as on a card")
    parser.add_argument("--json", action="store_true", help="with --show-settings: for machines")
    parser.add_argument("--version", action="version", version=VERSION)
    return parser


if __name__ == "__main__":
    sys.exit(main())
