"""A whole camera in one process on a virtual clock: the real service, the simulated parts, no threads and no waiting.

``Rig.run`` lets time pass in small steps: sources deliver what is due, the controller handles its mailbox, the writer works until it has
nothing left.  ``power_cut`` drops whatever was not synced and gives the camera that starts on what is left.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from firmware import settings
from firmware.camera import Camera
from firmware.core.machine import RUNNING, Recording
from firmware.evidence import documents, kinds, log_kinds
from firmware.evidence.keys import public_der
from firmware.evidence.receipt import receipt_facts
from firmware.evidence.second import Issuer, SecondKey, key_pem
from firmware.runtime import pending
from firmware.runtime.enrolment import Enrolment
from firmware.runtime.log import Log
from firmware.runtime.vault import Vault
from hal.interface import Button, Hal, VideoFormat
from hal.sim.clip import AudioClip, VideoClip
from hal.sim.clock import VirtualClock
from hal.sim.dock import SimDock
from hal.sim.memory import MemoryStorage
from hal.sim.motion import SimAccelerometer
from hal.sim.panel import SimButtons, SimIndicators, SimTriggers
from hal.sim.power import SimPower
from hal.sim.scene import SyntheticScene
from hal.sim.sources import SimAudio, SimVideo, Stepped, run_until
from hal.sim.updater import SimUpdater
from hal.sim.video import EncodedVideo
from hal.sim.watchdog import SimWatchdog
from tests.pki import NOT_BEFORE, Holder, Pki
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

    from hal.interface import Storage
    from tools.verify.report import Report

NS = 1_000_000_000
STEP_NS = 50_000_000
NONCE = "0" * 32
VIDEO = VideoFormat(width=160, height=128, fps=10, bitrate=250_000, gop=10)
VALUES: dict[str, object] = {
    "pre_event_s": 4,
    "segment_s": 3,
    "width": 160,
    "height": 128,
    "fps": 10,
    "bitrate": 250_000,
}


@functools.cache
def pki() -> Pki:
    """One authority for all rigs."""
    return Pki.create()


@functools.cache
def clips() -> tuple[VideoClip, AudioClip]:
    """A second of picture and some sound, encoded once."""
    return VideoClip(SyntheticScene(VIDEO), VIDEO), AudioClip()


@dataclass
class PkiSigner:
    """The device key of the test authority, with a counter."""

    count: int | None = 0
    kind: str = "software"
    holder: Holder | None = None

    def create(self) -> bytes:
        """It is there."""
        return self.public_key()

    def public_key(self) -> bytes:
        """The device's."""
        return public_der((self.holder or pki().device).key.public_key())

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign."""
        return (self.holder or pki().device).sign(digest)

    def counter(self) -> int | None:
        """The counter."""
        return self.count

    def advance(self) -> int | None:
        """Count."""
        self.count = None if self.count is None else self.count + 1
        return self.count


@functools.cache
def pq_root() -> Issuer:
    """Who certifies second signatures."""
    return Issuer.create("Test pq-root", NOT_BEFORE)


@functools.cache
def pq_key() -> SecondKey:
    """The camera's key for them."""
    return pq_root().enrol("cam-1")


def enrol(storage: Storage, values: dict[str, object], *, again: bool = False, **more: Any) -> None:
    """Put an enrolment into a config partition, if ``again`` with a key for second signatures; ``more`` is what else
    ``settings_line`` takes."""
    root = storage.root()
    files = {
        "root.crt.pem": pki().root_pem,
        "device.crt.pem": pki().device.pem,
        "settings.jws": settings_line(values, **more) + b"\n",
    }
    if again:
        files |= {"device-pq.crt.pem": pq_key().pem, "device-pq.key.pem": key_pem(pq_key().key)}
    for name, data in files.items():
        file = root.create(name)
        file.append(data)
        file.sync()
        file.close()
    root.sync()


def settings_line(
    values: dict[str, object],
    *,
    serial: int = 1,
    revoked: tuple[str, ...] = (),
    recipients: tuple[str, str] | None = None,
) -> bytes:
    """Settings signed by the test authority; ``recipients`` are authority's and escrow's."""
    authority, escrow = recipients or pki().recipients
    payload = {
        "authority": "Test",
        "serial": serial,
        "utc_ms": 1_790_000_000_000,
        "recipients": [{"role": "authority", "age": authority}, {"role": "escrow", "age": escrow}],
        "revoked": [{"hash": each, "since_ms": 0} for each in sorted(revoked)],
        "values": values,
    }
    return documents.sign(kinds.SETTINGS, payload, pki().settings.sign, pki().settings.chain.ders)


@dataclass
class Rig:
    """A running camera."""

    camera: Camera
    hal: Hal
    clock: VirtualClock
    evidence: MemoryStorage
    config: MemoryStorage
    buttons: SimButtons
    triggers: SimTriggers
    indicators: SimIndicators
    video: Stepped
    audio: Stepped
    signer: PkiSigner
    log: io.StringIO
    values: dict[str, object]
    answers: list[object] = field(default_factory=list)
    stopped: bool = False

    @classmethod
    def new(
        cls,
        *,
        microphone: bool = True,
        capacity: int | None = None,
        recipients: tuple[str, str] | None = None,
        again: bool = False,
        clock: VirtualClock | None = None,
        seeing: bool = False,
        tested: bool = False,
        **values: Any,
    ) -> Rig:
        """A camera fresh from enrolment, started.  ``seeing``: it encodes what it sees, with what is burnt into that, instead of a film of before.
        ``tested``: it tries itself, as every camera does; the others here do not, so that their logs and storages hold what is asked of them."""
        config = MemoryStorage()
        chosen = {**VALUES, **values}
        enrol(config, chosen, recipients=recipients, again=again)
        storage = MemoryStorage(capacity=capacity)
        clock = clock or VirtualClock()
        return cls.start(
            storage, config, clock, PkiSigner(), chosen, microphone=microphone, seeing=seeing, tested=tested
        )

    @classmethod
    def start(
        cls,
        evidence: Storage,
        config: Storage,
        clock: VirtualClock,
        signer: PkiSigner,
        values: dict[str, object],
        *,
        microphone: bool = True,
        enrolment: Enrolment | None = None,
        seeing: bool = False,
        tested: bool = False,
    ) -> Rig:
        """Switch a camera on.  Any storage will do, but only a ``MemoryStorage`` has a log, and can have its power cut.

        ``enrolment``: one that was loaded before, with the keys of a boot; by default it is loaded from ``config``, with fresh ones.  The others are
        those of ``new``.
        """
        lens, sound = clips()
        video, audio = Stepped(clock), Stepped(clock)
        buttons, triggers, indicators = SimButtons(clock), SimTriggers(clock), SimIndicators(clock)
        hal = Hal(
            video=SimVideo(EncodedVideo(SyntheticScene(VIDEO), VIDEO, clock) if seeing else lens, video),
            audio=SimAudio(sound, audio) if microphone else None,
            buttons=buttons,
            triggers=triggers,
            indicators=indicators,
            docks=(SimDock(), SimDock()),
            evidence=evidence,
            config=config,
            signer=signer,
            clock=clock,
            power=SimPower(clock=clock),
            watchdog=SimWatchdog(clock),
            updater=SimUpdater(MemoryStorage()),
            motion=SimAccelerometer(clock, paced=False),
        )
        stream = io.StringIO()
        log = Log(stream, clock)
        chosen = settings.load(("authority", values))
        enrolment = enrolment or Enrolment.load(config.root(), signer)
        draw = random.Random(clock.utc().utc_ms)  # another one at each start
        vault = Vault(hal, chosen, enrolment, random=draw.randbytes)
        camera = Camera(hal, chosen, vault, log, random=draw.randbytes)
        memories = cast("tuple[MemoryStorage, MemoryStorage]", (evidence, config))
        rig = cls(camera, hal, clock, *memories, buttons, triggers, indicators, video, audio, signer, stream, values)
        camera.stopped = lambda: setattr(rig, "stopped", True)
        buttons.listen(camera.inbox.put)
        camera.controller.selftest.wanted = tested
        camera.controller.sensors.listen(camera.inbox.put)
        camera.writer.mount()
        hal.video.start(camera.arrive)
        rig.settle()
        return rig

    def settle(self) -> None:
        """Let controller and writer work until nothing waits."""
        while True:
            while (item := self.camera.inbox.take()) is not None:
                self.answers.append(item)
                self.camera.controller.handle(item)
            self.camera.device.step()
            if not self.camera.writer.step():
                break
        self.camera.lens.look()
        self.camera.controller.tick(self.clock.monotonic_ns())

    def run(self, seconds: float) -> Rig:
        """Let time pass."""
        until = self.clock.monotonic_ns() + round(seconds * NS)
        while (now := self.clock.monotonic_ns()) < until:
            run_until(self.clock, (self.video, self.audio), min(now + STEP_NS, until))
            self.motion.poll()
            self.settle()
        return self

    def tap(self) -> Rig:
        """A short press of the record button."""
        self.buttons.press(Button.RECORD)
        self.run(0.2)
        self.buttons.release(Button.RECORD)
        return self.run(0.1)

    def stop(self) -> Rig:
        """The whole stopping gesture: hold, let go, press."""
        self.buttons.press(Button.RECORD)
        self.run(3.3)
        self.buttons.release(Button.RECORD)
        self.run(0.3)
        return self.tap().run(0.2)

    @property
    def power(self) -> SimPower:
        """The battery."""
        return cast("SimPower", self.hal.power)

    @property
    def motion(self) -> SimAccelerometer:
        """The accelerometer."""
        return cast("SimAccelerometer", self.hal.motion)

    @property
    def state(self) -> Recording:
        """What the camera is doing."""
        return self.camera.controller.recording

    @property
    def cues(self) -> list[str]:
        """What was felt so far."""
        return [cue.name for _, cue in self.indicators.cues]

    def audit(self, *, only: int | None = None) -> list[dict[str, Any]]:
        """The payloads of the audit log's lines, of all its files or of one."""
        directory = self.evidence.root().enter("audit")
        files = [name for name in directory.names() if name.endswith(".jwsl")] if only is None else [f"{only:08d}.jwsl"]
        lines = b"".join(read(directory.open(name)) for name in files).splitlines()
        return [payload(line) for line in lines]

    def power_cut(self) -> Rig:
        """Cut the power and start again on what was durable."""
        survivors = self.evidence.crash(), self.config.crash()
        return Rig.start(*survivors, self.clock.power_cycle(), self.signer, self.values)

    def restart(self) -> Rig:
        """Start the service again on the storage as it is, as after the loss of a vital part."""
        self.forsake()
        return Rig.start(self.evidence, self.config, self.clock, self.signer, self.values)

    def forsake(self) -> None:
        """What is left to do when a vital part was lost."""
        if self.state in RUNNING:
            pending.keep(self.config.root())

    def copy_to(self, target: Path) -> Path:
        """Write the evidence partition out as real files, for judges that read those."""
        copy(self.evidence.root(), target)
        return target


def read(file: Any) -> bytes:
    """All of a file, which is closed."""
    data: bytes = file.read(0, file.size())
    file.close()
    return data


def payload(line: bytes) -> dict[str, Any]:
    """What a JWS says, unverified."""
    middle = line.split(b".")[1]
    parsed: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + b"=" * (-len(middle) % 4)))
    return parsed


def copy(directory: Any, target: Path) -> None:
    """A directory of a storage as real files."""
    target.mkdir(parents=True, exist_ok=True)
    for name in directory.names():
        try:
            inner = directory.enter(name)
        except NotADirectoryError:
            (target / name).write_bytes(read(directory.open(name)))
        else:
            copy(inner, target / name)


def judge(rig: Rig, folder: Path, *, key: bool = True) -> Report:
    """What the independent verifier says about the camera's card."""
    card, root, identity = folder / "card", folder / "root.pem", folder / "authority.agekey"
    rig.copy_to(card)
    root.write_bytes(pki().root_pem)
    identity.write_text(f"{pki().authority_identity}\n")
    return verify_path(card, root, [identity] if key else [])


def receipt_for(rig: Rig, which: int, **changes: object) -> bytes:
    """A dock's receipt for a recording, by default an honest one."""
    directory = rig.evidence.root().enter("recordings").enter(f"{which:08d}")
    manifest = rig.camera.vault.custody.manifest(which, directory)
    again = read(directory.open("manifest.pq.jws")) if "manifest.pq.jws" in directory.names() else None
    facts = receipt_facts(manifest, again) | {"dock": "dock-1", "store": "store-1", "utc_ms": rig.clock.utc().utc_ms}
    dock = pki().dock
    return documents.sign(kinds.RECEIPT, facts | {"nonce": NONCE} | changes, dock.sign, dock.chain.ders)


def anchor_for(rig: Rig, **changes: object) -> bytes:
    """A dock's countersignature under the newest line of the audit log."""
    ledger, dock = rig.camera.vault.volume.audit.ledger, pki().dock
    facts = {
        "device": "cam-1",
        "volume": rig.camera.vault.volume.id,
        "boot": ledger.boot,
        "number": ledger.upcoming - 1,
        "audit": {"line": ledger.line, "head": ledger.head},
        "dock": "dock-1",
        "utc_ms": rig.clock.utc().utc_ms,
        "nonce": NONCE,
    }
    return documents.sign(kinds.ANCHOR, facts | changes, dock.sign, dock.chain.ders)


def log_receipt_for(rig: Rig, **changes: Any) -> bytes:
    """A dock's receipt for all finished files of the log."""
    volume, dock = rig.camera.vault.volume, pki().dock
    growing, audit = volume.audit.newest.boot, rig.evidence.root().enter("audit")
    boot = changes.get("boot", growing - 1)
    files: list[dict[str, Any]] = []
    head: dict[str, Any] = {}
    for name, length in volume.audit.offered().items():
        data = read(audit.open(name))[:length]
        if int(name[:8]) < growing:
            files.append({"name": name, "length": length, "hash": hashlib.sha256(data).hexdigest()})
        elif not head and name.endswith(".jwsl"):
            first = payload(data.split(b"\n")[0])
            head = {"line": first["line"] - 1, "head": first["prev"]}
    facts = {
        "device": "cam-1",
        "volume": volume.id,
        "boot": boot,
        "files": files,
        "audit": head,
        "dock": "dock-1",
        "store": "store-1",
        "utc_ms": rig.clock.utc().utc_ms,
        "nonce": NONCE,
    }
    return documents.sign(log_kinds.LOG_RECEIPT, facts | changes, dock.sign, dock.chain.ders)
