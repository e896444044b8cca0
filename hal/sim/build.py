"""The simulated camera, put together: every part of the hardware abstraction layer on one directory of the host."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hal.interface import Hal, VideoFormat
from hal.sim.clock import SimClock
from hal.sim.control import Control
from hal.sim.dock import SimDock
from hal.sim.logtap import LogTap
from hal.sim.motion import SimAccelerometer
from hal.sim.optics import encoded, filmed
from hal.sim.panel import SimButtons, SimIndicators, SimTriggers
from hal.sim.power import SimPower
from hal.sim.signer import SoftwareSigner
from hal.sim.storage import FileStorage
from hal.sim.updater import SimUpdater
from hal.sim.verbs import Facts, Parts, streams, verbs
from hal.sim.watchdog import SimWatchdog

VIDEO = VideoFormat(width=1280, height=720, fps=30, bitrate=4_000_000, gop=30)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A camera for the firmware, and the parts of it that can be handled from outside."""

    hal: Hal
    parts: Parts

    def serve(self, path: Path, leave: Callable[[], None], service: Callable[[], Facts] = dict) -> Control:
        """Listen for orders at ``path``; ``leave`` is called when one of them is to quit, ``service`` asked what the service says of
        itself: it returns at once, and may be called on any thread."""
        return Control(path, verbs(self.parts, leave, service), streams(self.parts))


def build(
    state: Path,
    *,
    source: str | None = None,
    film: Path | None = None,
    video: VideoFormat = VIDEO,
    sound: bool = True,
    replay: bool = False,
    capacity: int | None = None,
    version: str = "sim",
) -> Simulated:
    """A camera that lives in the directory ``state``; building it again there is switching it on again.

    ``state/config`` and ``state/evidence`` are its two partitions, the latter of ``capacity`` bytes (None: what the
    host has); the device key is ``state/config/device.key.pem``; ``state/board`` is what a board remembers: the
    clock's battery, the counter.  ``source`` is a file or video device to be looked at instead of the drawn scene, ``film`` (``hal.sim.film``)
    one that is encoded already and handed out as it is.  With ``replay`` picture and sound are encoded once and repeated, which costs next to nothing.  ``sound=False`` is
    a camera without a microphone.

    ``OSError`` if the source cannot be opened or the directory cannot be used.
    """
    board = state / "board"
    board.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock = SimClock(board / "clock.json")
    log = LogTap(clock.monotonic_ns)
    optics = encoded(clock, source, video, replay=replay) if film is None else filmed(clock, film, video)
    lens, microphone = optics.lens, optics.microphone if sound else None
    evidence, config = FileStorage(state / "evidence", capacity, log), FileStorage(state / "config")
    buttons, triggers, indicators = SimButtons(clock), SimTriggers(clock), SimIndicators(clock)
    docks, power, watchdog = (SimDock(), SimDock()), SimPower(clock=clock, out=_out), SimWatchdog(clock)
    updater, motion = SimUpdater(FileStorage(board / "slots"), version), SimAccelerometer(clock, paced=True)
    hal = Hal(
        video=lens,
        audio=microphone,
        buttons=buttons,
        triggers=triggers,
        indicators=indicators,
        docks=docks,
        evidence=evidence,
        config=config,
        signer=SoftwareSigner(state / "config" / "device.key.pem", board / "counter"),
        clock=clock,
        power=power,
        watchdog=watchdog,
        updater=updater,
        motion=motion,
        serial=_serial(board / "serial"),
    )
    faults = {
        "video": lens.faults(),
        "audio": {} if microphone is None else microphone.faults(),
        "storage": evidence.trouble.faults(),
        "config": config.trouble.faults(),
        "clock": clock.faults(),
        "dock": docks[0].faults(),
        "dock-2": docks[1].faults(),
        "power": power.faults(),
        "updater": updater.faults(),
        "triggers": triggers.faults(),
        "motion": motion.faults(),
    }

    def facts() -> Facts:
        space, burnt = evidence.space(), lens.burnt
        overlay = {
            "device": burnt.device,
            "shift": burnt.shift,
            "recording": burnt.recording,
            "clock_set": burnt.clock_set,
            "fields": sorted(field.value for field in burnt.fields),
        }
        return {"space": {"total": space.total, "free": space.free}, "overlay": overlay}

    return Simulated(
        hal, Parts(clock, buttons, triggers, indicators, docks, power, watchdog, faults, facts, log, optics.preview)
    )


def _serial(path: Path) -> str:
    """The board's own number, which it got when it was made."""
    if not path.exists():
        path.write_text(f"sim-{secrets.token_hex(6)}\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def _out() -> None:
    """The battery is empty: nothing ends in good order."""
    os.kill(os.getpid(), signal.SIGKILL)
