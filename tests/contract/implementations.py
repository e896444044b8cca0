"""The implementations that the contract suites run on: one table an interface.  A new one joins by a line in each."""

from __future__ import annotations

import os
import pty
import select
import socket
import time
import tty
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from picamera2.platform import Platform

from hal.interface import Cue, VideoFormat
from hal.pi import boardfile
from hal.pi.keyfile import KeyFile
from hal.pi.storage import PiStorage
from hal.pi.tpm import TpmSigner
from hal.pi.watchdog import SystemdWatchdog
from hal.sim.audio import Tone
from hal.sim.clip import AudioClip, VideoClip
from hal.sim.clock import NS, SimClock, VirtualClock
from hal.sim.dock import SimDock
from hal.sim.faulty import FaultyStorage
from hal.sim.memory import MemoryStorage
from hal.sim.motion import SimAccelerometer
from hal.sim.panel import SimButtons, SimIndicators, SimTriggers
from hal.sim.power import SimPower
from hal.sim.scene import SyntheticScene
from hal.sim.signer import SoftwareSigner
from hal.sim.sources import AudioFeed, Paced, SimAudio, SimVideo, Stepped, VideoFeed, run_until
from hal.sim.storage import FileStorage
from hal.sim.updater import SimUpdater
from hal.sim.video import EncodedVideo
from hal.sim.watchdog import SimWatchdog
from tests.contract import pi_chips, pi_clock, pi_docks, pi_lens, pi_panel, pi_sound, rigs
from tests.contract.pi_tpm import Chip
from tests.oracles import needs

VIDEO = VideoFormat(width=320, height=180, fps=30, bitrate=500_000, gop=10)
RECEIVE_S = 60.0


# Lens and microphone


def _paced_video(feed: Callable[[SimClock], VideoFeed]) -> rigs.VideoRig:
    clock = SimClock()
    return rigs.VideoRig(SimVideo(feed(clock), Paced(clock, "video")), clock, time.sleep)


def _stepped_video(feed: Callable[[VirtualClock], VideoFeed]) -> rigs.VideoRig:
    clock = VirtualClock()
    drive = Stepped(clock)
    return rigs.VideoRig(SimVideo(feed(clock), drive), clock, _stepping(clock, drive))


def _paced_audio(feed: Callable[[SimClock], AudioFeed]) -> rigs.AudioRig:
    clock = SimClock()
    return rigs.AudioRig(SimAudio(feed(clock), Paced(clock, "audio")), clock, time.sleep)


def _stepped_audio(feed: Callable[[VirtualClock], AudioFeed]) -> rigs.AudioRig:
    clock = VirtualClock()
    drive = Stepped(clock)
    return rigs.AudioRig(SimAudio(feed(clock), drive), clock, _stepping(clock, drive))


def _stepping(clock: VirtualClock, drive: Stepped) -> Callable[[float], None]:
    return lambda seconds: run_until(clock, [drive], clock.monotonic_ns() + int(seconds * NS))


VIDEO_SOURCES: dict[str, Callable[[], rigs.VideoRig]] = {
    "sim encoder": lambda: _paced_video(lambda clock: EncodedVideo(SyntheticScene(VIDEO), VIDEO, clock)),
    "sim encoder, stepped": lambda: _stepped_video(lambda clock: EncodedVideo(SyntheticScene(VIDEO), VIDEO, clock)),
    "sim clip": lambda: _paced_video(lambda _: VideoClip(SyntheticScene(VIDEO), VIDEO, gops=2)),
    "sim clip, stepped": lambda: _stepped_video(lambda _: VideoClip(SyntheticScene(VIDEO), VIDEO, gops=2)),
    "pi, encoder chip": lambda: pi_lens.lens(VIDEO, Platform.VC4),
    "pi, libx264": lambda: pi_lens.lens(VIDEO, Platform.PISP),
}

DRIFT_PPM = 50_000
"""A crystal far worse than any, so that half a second of it is told from none."""


def _drifting(clock: VirtualClock) -> Tone:
    tone = Tone(clock)
    tone.drift(DRIFT_PPM)
    return tone


AUDIO_SOURCES: dict[str, Callable[[], rigs.AudioRig]] = {
    "sim tone": lambda: _paced_audio(Tone),
    "sim tone, stepped": lambda: _stepped_audio(Tone),
    "sim tone, drifting": lambda: _stepped_audio(_drifting),
    "sim clip": lambda: _paced_audio(lambda _: AudioClip()),
    "sim clip, stepped": lambda: _stepped_audio(lambda _: AudioClip()),
    "pi": pi_sound.microphone,
    "pi, drifting": lambda: pi_sound.microphone(900),
}


# Panel


def _buttons() -> rigs.ButtonsRig:
    clock = SimClock()
    buttons = SimButtons(clock)
    return rigs.ButtonsRig(buttons, clock, buttons.press, buttons.release)


def _triggers() -> rigs.TriggersRig:
    clock = SimClock()
    triggers = SimTriggers(clock)
    return rigs.TriggersRig(triggers, clock, lambda name, active: triggers.set(name, active=active))


@contextmanager
def _paced_motion() -> Iterator[rigs.MotionRig]:
    clock = SimClock()
    yield rigs.MotionRig(SimAccelerometer(clock, paced=True), clock, time.sleep)


@contextmanager
def _stepped_motion() -> Iterator[rigs.MotionRig]:
    clock = VirtualClock()
    motion = SimAccelerometer(clock, paced=False)

    def run(seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            clock.advance(NS // 10)
            motion.poll()

    yield rigs.MotionRig(motion, clock, run)


def _indicators() -> rigs.IndicatorsRig:
    indicators = SimIndicators(SimClock())

    def played() -> list[Cue]:
        return [cue for _, cue in indicators.cues]

    return rigs.IndicatorsRig(indicators, lambda: indicators.lights, played)


BUTTONS: dict[str, Callable[[], rigs.ButtonsRig]] = {
    "sim": _buttons,
    **{f"pi, {name}": partial(pi_panel.buttons, name) for name in boardfile.shipped()},
}
TRIGGERS: dict[str, Callable[[], rigs.TriggersRig]] = {
    "sim": _triggers,
    **{f"pi, {name}": partial(pi_panel.triggers, name) for name in boardfile.shipped()},
}
MOTIONS: dict[str, Callable[[], AbstractContextManager[rigs.MotionRig]]] = {
    "sim": _paced_motion,
    "sim, stepped": _stepped_motion,
    "pi": pi_chips.motion,
}
INDICATORS: dict[str, Callable[[], rigs.IndicatorsRig]] = {
    "sim": _indicators,
    "pi, zero2w": partial(pi_panel.indicators, "zero2w"),
}


# Storage, key and clock


STORAGES: dict[str, Callable[[Path], rigs.StorageRig]] = {
    "sim files": lambda path: rigs.StorageRig(FileStorage(path / "volume")),
    "sim memory": lambda _: rigs.StorageRig(MemoryStorage()),
    "pi": lambda path: rigs.StorageRig(PiStorage(path, partition=False)),
    "sim memory, counted": lambda _: rigs.StorageRig(FaultyStorage(MemoryStorage())),
}
SMALL_STORAGES: dict[str, Callable[[Path], rigs.StorageRig]] = {
    "sim files": lambda path: rigs.StorageRig(FileStorage(path / "volume", capacity=rigs.SMALL)),
    "sim memory": lambda _: rigs.StorageRig(MemoryStorage(capacity=rigs.SMALL)),
    "sim memory, counted": lambda _: rigs.StorageRig(FaultyStorage(MemoryStorage(capacity=rigs.SMALL))),
}


def _software_signer(path: Path, *, counting: bool) -> rigs.SignerRig:
    key, counter = path / "key.pem", path / "counter" if counting else None
    secret = ec.generate_private_key(ec.SECP256R1())
    key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return rigs.SignerRig(SoftwareSigner(key, counter), lambda: SoftwareSigner(key, counter))


def _key_file(path: Path) -> rigs.SignerRig:
    signer = KeyFile(path / "key.pem")
    signer.create()
    return rigs.SignerRig(signer, lambda: KeyFile(path / "key.pem"))


def _tpm(path: Path) -> rigs.SignerRig:
    chip = Chip(path / "tpm")
    signer = TpmSigner(chip.tcti)
    signer.create()

    def again() -> TpmSigner:
        chip.power_cycle()
        return TpmSigner(chip.tcti)

    return rigs.SignerRig(signer, again, chip.off)


def _sim_clock(path: Path) -> rigs.ClockRig:
    return rigs.ClockRig(SimClock(path / "clock"), time.sleep, lambda: SimClock(path / "clock"))


def _virtual_clock(_: Path) -> rigs.ClockRig:
    clock = VirtualClock()
    return rigs.ClockRig(clock, lambda seconds: clock.advance(int(seconds * NS)), clock.power_cycle)


SIGNERS: dict[str, Callable[[Path], rigs.SignerRig]] = {
    "sim": lambda path: _software_signer(path, counting=True),
    "sim, no counter": lambda path: _software_signer(path, counting=False),
    "pi key file": _key_file,
    "pi tpm": _tpm,
}
SIGNERS_NEED = {"pi tpm": needs("tpm2_pytss", "swtpm")}
CLOCKS: dict[str, Callable[[Path], rigs.ClockRig]] = {
    "sim": _sim_clock,
    "sim, virtual": _virtual_clock,
    "pi": lambda path: pi_clock.clock(path, None),
    "pi, with an RTC": lambda path: pi_clock.clock(path, pi_clock.Battery()),
}


# Dock, power, watchdog, updater


@contextmanager
def _pty_dock(tmp_path: Path) -> Iterator[rigs.DockRig]:
    """The path that is plugged in is a link to the newest pseudo-terminal, as a dock makes it."""
    port, link, ends = SimDock(), tmp_path / "port", list[int]()

    def offer() -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(slave))
        os.close(slave)
        ends.append(master)

    def plug() -> None:
        offer()
        port.plug(str(link))

    def hang_up() -> None:
        os.close(ends.pop())
        offer()

    yield rigs.DockRig(
        port,
        plug,
        port.unplug,
        hang_up,
        send=lambda data: _all(lambda rest: os.write(ends[-1], rest), data),
        receive=lambda size: _exactly(lambda rest: _within(ends[-1], lambda: os.read(ends[-1], rest)), size),
    )
    port.unplug()
    for end in ends:
        os.close(end)


@contextmanager
def _tcp_dock(_: Path) -> Iterator[rigs.DockRig]:
    port, peers = SimDock(), list[socket.socket]()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)

    def peer() -> socket.socket:
        with suppress(BlockingIOError):
            while True:
                peers.append(listener.accept()[0])
                peers[-1].settimeout(RECEIVE_S)
        return peers[-1]

    yield rigs.DockRig(
        port,
        lambda: port.plug(f"tcp:127.0.0.1:{listener.getsockname()[1]}"),
        port.unplug,
        hang_up=lambda: peer().close(),
        send=lambda data: peer().sendall(data),
        receive=lambda size: _exactly(lambda rest: peer().recv(rest), size),
    )
    port.unplug()
    for each in [*peers, listener]:
        each.close()


def _all(write: Callable[[bytes], int], data: bytes) -> None:
    while data:
        data = data[write(data) :]


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = read(size - len(data))
        assert piece, "the camera hung up"
        data += piece
    return data


def _within(descriptor: int, read: Callable[[], bytes]) -> bytes:
    assert select.select([descriptor], [], [], RECEIVE_S)[0], "nothing came"
    return read()


DOCKS: dict[str, Callable[[Path], AbstractContextManager[rigs.DockRig]]] = {
    "sim pty": _pty_dock,
    "sim tcp": _tcp_dock,
    "pi UART": pi_docks.uart,
    "pi gadget": pi_docks.gadget,
    "pi network": pi_docks.network,
}


@contextmanager
def _power(_: Path) -> Iterator[rigs.PowerRig]:
    power = SimPower()
    yield rigs.PowerRig(power, power.touch, lambda: power.is_off)


POWERS: dict[str, Callable[[Path], AbstractContextManager[rigs.PowerRig]]] = {"sim": _power, "pi": pi_chips.power}


@contextmanager
def _sim_watchdog() -> Iterator[rigs.WatchdogRig]:
    watchdog = SimWatchdog(SimClock())
    yield rigs.WatchdogRig(watchdog, lambda: (watchdog.state, watchdog.feeds))


@contextmanager
def _systemd_watchdog() -> Iterator[rigs.WatchdogRig]:
    """A service manager that listens at an abstract name and counts what it hears."""
    name, heard, state = f"lapel-contract-{os.getpid()}", Counter[bytes](), ["starting"]
    words = {b"READY=1": "ready", b"STOPPING=1": "stopping"}

    def told() -> tuple[str, int]:
        with suppress(BlockingIOError):
            while word := manager.recv(100):
                heard[word] += 1
                state[0] = words.get(word, state[0])
        return state[0], heard[b"WATCHDOG=1"]

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        manager.setblocking(False)
        yield rigs.WatchdogRig(SystemdWatchdog({"NOTIFY_SOCKET": f"@{name}"}), told)


WATCHDOGS: dict[str, Callable[[], AbstractContextManager[rigs.WatchdogRig]]] = {
    "sim": _sim_watchdog,
    "systemd": _systemd_watchdog,
}


def _sim_updater(path: Path) -> rigs.UpdaterRig:
    updater = SimUpdater(FileStorage(path), "1.2.3")
    return rigs.UpdaterRig(updater, lambda: updater.refuse(1))


UPDATERS: dict[str, Callable[[Path], rigs.UpdaterRig]] = {
    "sim": _sim_updater,
}
