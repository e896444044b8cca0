"""One camera from its start to its end, whatever parts it runs on: put together, run, and left in good order."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from firmware.camera import Camera
from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.core.machine import RUNNING, Recording
from firmware.runtime import pending
from firmware.runtime.alone import TakenError, take
from firmware.runtime.choosing import choose
from firmware.runtime.controller import PartLost, Quit
from firmware.runtime.enrolment import Enrolment, NotEnrolledError
from firmware.runtime.entropy import draw
from firmware.runtime.insight import of_camera, of_officer
from firmware.runtime.supervise import Supervisor
from firmware.runtime.switchoff import switched_off
from firmware.runtime.unclaimed import Unclaimed
from firmware.runtime.vault import Vault
from firmware.version import VERSION
from hal.interface import VideoFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from firmware.runtime.log import Log
    from firmware.settings import Settings
    from hal.interface import Edge, Hal, Signer, Storage

NOT_STARTED: Final = 1
"""Exit status when the service could not start; the log's last line says what is in the way."""
LOST: Final = 70
"""Exit status when a vital part was lost: whoever supervises the service starts it again, and it resumes."""

REST_S: Final = 30
"""How long a service whose storage was of no use from the beginning on shows that, before it begins anew."""
ENDINGS: Final = (signal.SIGTERM, signal.SIGINT)
CLAIMED: Final = -1
"""No exit status: the camera was nobody's, and was enrolled."""
TAKEN: Final = 75
"""Exit status of a service that found another one on its camera; the log says where."""


def alone(places: Sequence[Path], log: Log, begin: Callable[[], int]) -> int:
    """Begin with these directories taken for this service alone, or refuse."""
    try:
        held = take(places)
    except TakenError as error:
        log.error("taken", trouble=str(error))  # noqa: TRY400 - told in full
        return TAKEN
    with held:
        return begin()


def told(camera: Camera | Unclaimed) -> Mapping[str, object]:
    """What it says of itself to whoever holds it."""
    return of_officer(camera.controller) if isinstance(camera, Unclaimed) else of_camera(camera)


def put_together(hal: Hal, chosen: Settings, enrolment: Enrolment | None, log: Log) -> Camera | Unclaimed:
    """The camera; one that belongs to nobody, or has no storage, says so and does nothing else until that has changed."""
    if enrolment is None:
        return Unclaimed(hal, chosen, log, found=lambda: _is_enrolled(hal), random=draw)
    if (trouble := _unusable(hal.evidence)) is not None:
        log.error("no-storage", trouble=trouble)
        return Unclaimed(hal, chosen, log, Trouble.FAULT, lambda: _unusable(hal.evidence) is None, random=draw)
    return Camera(hal, chosen, Vault(hal, chosen, enrolment, random=draw), log, random=draw)


def run(camera: Camera | Unclaimed, hal: Hal, log: Log) -> int:
    """Run all parts until a signal asks for the end and the audit log is closed, or a vital part is lost."""
    supervisor = Supervisor(log, on_loss=lambda part: camera.inbox.put(PartLost(part)))
    camera.stopped = supervisor.stop
    for number in ENDINGS:
        signal.signal(number, lambda *_: camera.inbox.put(Quit("shutdown")))
    log.event("start", firmware=VERSION)
    if isinstance(camera, Unclaimed):
        hal.watchdog.ready()  # it buffers nothing: this is all that it does
    if not supervisor.run(camera.parts()):
        with suppress(OSError):  # the parts are gone: whatever the lights said is no longer true
            hal.indicators.show(LIGHTS[Look.UNABLE])
        if camera.controller.recording in RUNNING:
            _keep_pending(hal)
        _silence(hal)
        if not camera.controller.mounted:
            _rest(hal, log)
        return LOST
    if camera.controller.recording is not Recording.IDLE:  # pressed once the log was closed: the next start records
        _keep_pending(hal)
    _silence(hal)
    if isinstance(camera, Unclaimed) and camera.found and not camera.claimed:
        log.event("found")
        return LOST
    if camera.controller.off and not switched_off(hal, log):
        return LOST
    if isinstance(camera, Unclaimed) and camera.claimed:
        log.event("again")
        return CLAIMED
    hal.watchdog.stopping()
    log.event("end")
    return 0


def _rest(hal: Hal, log: Log) -> None:
    """Storage was of no use from the beginning on: do not begin anew at once, and again and again, but show it for a while.

    A press, or an order to end, ends this; the press is kept for the next start.
    """
    log.warning("resting", seconds=REST_S)
    over, wanted = threading.Event(), threading.Event()

    def pressed(edge: Edge) -> None:
        if edge.down:
            wanted.set()
            over.set()

    for number in ENDINGS:
        signal.signal(number, lambda *_: over.set())
    hal.buttons.listen(pressed)
    hal.watchdog.ready()
    for _ in range(REST_S):
        hal.watchdog.feed()
        if over.wait(1.0):
            break
    if wanted.is_set():
        _keep_pending(hal)


def _keep_pending(hal: Hal) -> None:
    with suppress(OSError):  # a small partition that is gone keeps no note either
        pending.keep(hal.config.root())


def _is_enrolled(hal: Hal) -> bool:
    try:
        Enrolment.load(hal.config.root(), hal.signer)
    except (NotEnrolledError, OSError):
        return False
    return True


def _unusable(storage: Storage) -> str | None:
    """Why nothing can be written there; None where it seems that it can."""
    try:
        storage.root().names()
        storage.space()
    except OSError as error:
        return str(error)
    return None


def carried_on(status: int) -> int:
    """The exit status; but of a camera that was just enrolled the process becomes this program anew, in which it is one."""
    if status == CLAIMED:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - with the arguments that it was started with
    return status


def _silence(hal: Hal) -> None:
    """Nothing listens any more, however the service ended."""
    for source in (hal.audio, hal.motion):
        with suppress(OSError):
            if source is not None:
                source.stop()


def enrolled(config: Storage, signer: Signer, log: Log) -> Enrolment | None:
    """Whose camera it is; None where it is nobody's, and the log says why."""
    try:
        return Enrolment.load(config.root(), signer)
    except (NotEnrolledError, OSError) as error:
        log.error("not-enrolled", trouble=str(error))  # noqa: TRY400 - expected, and told in full
        return None


def chosen_settings(enrolment: Enrolment | None, log: Log) -> Settings:
    """The authority's settings over the defaults.  Wrong ones are named, all at once, and the defaults stand: it records."""
    chosen = choose(enrolment.settings.payload["values"] if enrolment else {})
    if chosen.problems:
        log.error("settings-refused", problems=[str(problem) for problem in chosen.problems])
    return chosen.settings


def video(chosen: Settings) -> VideoFormat:
    """A keyframe a second."""
    return VideoFormat(chosen.width, chosen.height, chosen.fps, chosen.bitrate, gop=chosen.fps)
