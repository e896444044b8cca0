"""A whole camera in one process on a clock that a benchmark moves: hours pass in seconds, and nothing but its own work costs anything.

The service is the real one, all of it but its threads.  Its evidence lies on a real file system, but what it only ever appends and never reads
again, the encrypted picture, is counted and not kept, and nothing is synced: what a card costs is measured elsewhere.
"""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from firmware import service
from firmware.camera import Camera
from firmware.core.machine import Recording
from firmware.evidence.journal import Journal
from firmware.evidence.manifest import sealed_manifest
from firmware.runtime import names
from firmware.runtime.log import Log
from firmware.runtime.vault import Vault
from firmware.version import VERSION
from hal.files import FolderOf, GrowingFile
from hal.interface import Button, Directory, Hal, Space, VideoFormat
from hal.sim.clock import VirtualClock
from hal.sim.dock import SimDock
from hal.sim.motion import SimAccelerometer
from hal.sim.panel import SimButtons, SimIndicators, SimTriggers
from hal.sim.power import SimPower
from hal.sim.signer import SoftwareSigner
from hal.sim.sources import AudioFeed, SimAudio, SimVideo, Stepped, VideoFeed, run_until
from hal.sim.storage import FileStorage
from hal.sim.updater import SimUpdater
from hal.sim.watchdog import SimWatchdog
from tools.bench.service import home
from tools.sim.home import Home

NS: Final = 1_000_000_000
STEP_NS: Final = 50_000_000
SEED: Final = 9
SMALL: Final[Mapping[str, object]] = MappingProxyType(
    {"width": 160, "height": 128, "fps": 5, "bitrate": 250_000, "pre_event_s": 10, "confirm_stop": False}
)
"""As little picture as a camera can be set to: its bytes are not what these benchmarks are about."""
ROOM: Final = Space(total=1 << 40, free=1 << 39)
_COUNTED: Final = ".mp4.age"
_VIDEO: Final = {name: SMALL[name] for name in ("width", "height", "fps")}
_EXTENT: Final = {"length": 1, "hash": hashlib.sha256(b"x").hexdigest()}


class CountedFile:
    """A file of which the length alone is kept."""

    def __init__(self) -> None:
        self._size = 0

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Count them."""
        self._size += memoryview(data).nbytes

    def read(self, offset: int, size: int) -> bytes:
        """Zeros."""
        return bytes(max(0, min(size, self._size - offset)))

    def size(self) -> int:
        """Bytes counted."""
        return self._size

    def reserve(self, size: int) -> None:
        """Nothing is set aside."""

    def sync(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is open."""


class UnsyncedFile(GrowingFile):
    """A real file that nobody waits for."""

    def reserve(self, size: int) -> None:
        """Nothing is set aside."""

    def _flush(self, descriptor: int) -> None:
        pass


class ThinDirectory(FolderOf):
    """A real directory in which the encrypted picture is an empty file."""

    def create(self, name: str) -> UnsyncedFile | CountedFile:
        """A new, empty file."""
        file = UnsyncedFile(self.make(name), name)
        if not name.endswith(_COUNTED):
            return file
        file.close()
        return CountedFile()

    def open(self, name: str) -> UnsyncedFile:
        """An existing file."""
        return UnsyncedFile(self.find(name), name)

    def enter(self, name: str, *, create: bool = False) -> ThinDirectory:
        """A directory in it."""
        return ThinDirectory(self.folder(name, create=create))

    def sync(self) -> None:
        """Nobody waits for it."""


class ThinStorage:
    """A partition with more room than anybody needs."""

    def __init__(self, path: Path) -> None:
        """The partition at ``path``, made if it is missing."""
        path.mkdir(parents=True, exist_ok=True)
        self._path = path

    def root(self) -> ThinDirectory:
        """Its top directory."""
        return ThinDirectory(self._path)

    def space(self) -> Space:
        """More than anybody needs."""
        return ROOM


class Virtual:
    """A running camera."""

    def __init__(self, lives: Home, picture: VideoFeed, sound: AudioFeed | None) -> None:
        """Start the camera of ``lives`` on the card that is there, with these sources."""
        self.clock = VirtualClock()
        self._drives = [Stepped(self.clock)] + ([Stepped(self.clock)] if sound is not None else [])
        self._buttons = SimButtons(self.clock)
        log, config = Log(io.StringIO(), self.clock), FileStorage(lives.camera / "config")
        signer = SoftwareSigner(lives.camera / "config" / "device.key.pem", lives.camera / "counter")
        enrolment = service.enrolled(config, signer, log)
        if enrolment is None:
            raise ValueError(f"nobody's camera: {lives.camera}")
        settings = service.chosen_settings(enrolment, log)
        hal = Hal(
            video=SimVideo(picture, self._drives[0]),
            audio=SimAudio(sound, self._drives[1]) if sound is not None else None,
            buttons=self._buttons,
            triggers=SimTriggers(self.clock),
            indicators=SimIndicators(self.clock),
            docks=(SimDock(), SimDock()),
            evidence=ThinStorage(lives.camera / "evidence"),
            config=config,
            signer=signer,
            clock=self.clock,
            power=SimPower(clock=self.clock),
            watchdog=SimWatchdog(self.clock),
            updater=SimUpdater(FileStorage(lives.camera / "slots")),
            motion=SimAccelerometer(self.clock, paced=False),
        )
        draw = random.Random(SEED).randbytes  # noqa: S311 - nobody has to be kept from guessing these
        self.vault = Vault(hal, settings, enrolment, random=draw)
        self.camera = Camera(hal, settings, self.vault, log, random=draw)
        hal.buttons.listen(self.camera.inbox.put)
        self.camera.controller.selftest.wanted = False  # it is no part of what grows
        self.camera.controller.sensors.listen(self.camera.inbox.put)
        self.camera.writer.mount()
        hal.video.start(self.camera.arrive)

    @property
    def recording(self) -> Recording:
        """What it is doing."""
        return self.camera.controller.recording

    def run(self, seconds: float, step_ns: int = STEP_NS) -> None:
        """Let time pass: what is due arrives, the controller handles it, and the writer works until nothing waits."""
        until = self.clock.monotonic_ns() + round(seconds * NS)
        while (now := self.clock.monotonic_ns()) < until:
            run_until(self.clock, self._drives, min(now + step_ns, until))
            self.settle()

    def settle(self) -> None:
        """Have done what is to be done now."""
        camera = self.camera
        busy = True
        while busy:
            while (item := camera.inbox.take()) is not None:
                camera.controller.handle(item)
            busy = camera.writer.step()
        camera.lens.look()
        camera.controller.tick(self.clock.monotonic_ns())

    def press(self) -> None:
        """Press and let go, and have done what follows."""
        self._buttons.press(Button.RECORD)
        self.settle()
        self._buttons.release(Button.RECORD)
        self.run(0.1)

    def stop(self) -> None:
        """Hold until it stops, and have it sealed."""
        self._buttons.press(Button.RECORD)
        self.run(4)
        self._buttons.release(Button.RECORD)
        self.run(1)

    def close(self) -> None:
        """End the sources."""
        for drive in self._drives:
            drive.stop()


def small(root: Path, **settings: object) -> Home:
    """An authority and a camera with as little picture as can be."""
    return home(root, **{**SMALL, **settings})


def small_format() -> VideoFormat:
    """Of that camera's pictures."""
    return VideoFormat(160, 128, 5, 250_000, 5)


def fill(virtual: Virtual, count: int) -> None:
    """Put so many sealed recordings of one segment on the card, each with its genuine papers, and tell the audit log of each."""
    vault = virtual.vault
    audit = vault.volume.audit
    for _ in range(count):
        number = audit.ledger.upcoming
        begun = journal(vault, number, _VIDEO)
        opening = hashlib.sha256(begun.opening).hexdigest()
        audit.write("opening", {"number": number, "opening": opening})
        directory = vault.volume.recordings.enter(names.recording(number), create=True)
        for prepared in directory.names():
            directory.remove(prepared)
        _put(directory, names.segment(0), b"x")
        lines = [begun.opening, begun.flush(**_FLUSH, clock=vault.stamps.now())]
        _put(directory, names.JOURNAL, b"\n".join(lines) + b"\n")
        manifest = sealed_manifest(vault.session, begun.transcript, begun.extent, **vault.signing(priority=False))
        _put(directory, names.MANIFEST, manifest + b"\n")
        closing = {"number": number, "manifest": hashlib.sha256(manifest).hexdigest(), "state": "sealed"}
        audit.write("closing", closing)
        vault.renew_log()


_FLUSH: Final[Mapping[str, Any]] = {
    "file": names.segment(0),
    "last": True,
    "cipher": _EXTENT,
    "plain": _EXTENT,
    "tracks": {"video": {"samples": 1, "from": 0, "hash": _EXTENT["hash"]}, "audio": None},
    "until": 90_000,
    "gaps": {"video": 0, "audio": 0, "overflow": 0},
    "lag_ms": 0,
}


def journal(vault: Vault, number: int, video: Mapping[str, object]) -> Journal:
    """The journal of a recording that this boot begins, without sound."""
    audit = vault.volume.audit
    return Journal(
        vault.session,
        volume=vault.volume.id,
        boot=audit.ledger.boot,
        number=number,
        previous=audit.ledger.opening,
        anchor=None,
        settings=vault.enrolment.settings.hash,
        firmware=VERSION,
        signer="software",
        clock=vault.stamps.now(),
        live_from=0,
        continues=None,
        overlaps=[],
        video=video,
        audio=None,
    )


def _put(directory: Directory, name: str, data: bytes) -> None:
    file = directory.create(name)
    file.append(data)
    file.close()
