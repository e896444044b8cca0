"""A whole camera of a real board's parts on a desktop: the service as it runs on a Raspberry Pi, in this process and in real time.

Real are picamera2 and its encoder, gpiozero's devices, ALSA, pyserial, smbus2, files, and all of ours.  In place of the board are the stand-ins of the
contract tests: a sensor, mock pins, a pipe for a sound card, chips on a bus, a pseudo-terminal.  Each can be taken away and given back.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import libcamera
import numpy as np
import smbus2.smbus2 as library
from gpiozero import InputDevice
from gpiozero.pins.mock import MockFactory, MockPWMPin
from picamera2.platform import Platform

from firmware import __main__ as program
from firmware import service
from firmware.runtime.log import Log
from hal.interface import VideoFormat
from hal.pi.board import Board, I2c, Key, SoundCard, Uart
from hal.pi.build import PiParts, Places
from hal.pi.clock import BootClock
from hal.pi.gpio import Pins, boottime_ns
from hal.pi.instep import RATE
from hal.pi.microphone import BLOCK
from hal.pi.rtc import RTC_SET_TIME, Rtc
from tests.contract import pi_chips, pi_lens, pi_panel, pi_sound
from tests.contract.pi_docks import Terminals
from tests.rig import VALUES, payload, pki, settings_line
from tests.specification.hardware import REVISIONS

BOARD = "pi5"
FORMAT = VideoFormat(width=160, height=128, fps=10, bitrate=250_000, gop=10)
SETTINGS: dict[str, object] = {**VALUES, "pre_event_s": 1, "segment_s": 2, "hold_s": 1, "alert_fall": True}
PATIENCE_S = 60.0
HEARD_S = 10.0
"""By then a camera has heard what a hand did."""
FILMING = ("starting", "recording", "stop-asked")
RAUC = """#!/bin/sh
[ "$1 $2" = "status --output-format=json" ] || exit 1
echo '{"booted": "A", "boot_primary": "rootfs.0", "slots": [{"rootfs.0": {"state": "booted"}}, {"rootfs.1": {"state": "inactive"}}]}'
"""
GREEN, RED, DARK, AMBER = (0, 1, 0), (1, 0, 0), (0, 0, 0), (1, 1, 0)


class Real(threading.Thread):
    """Does something again and again in real time, until it is closed."""

    def __init__(self, every_s: float, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._every_s, self._work, self._over = every_s, work, threading.Event()
        self.start()

    def run(self) -> None:
        """Until closed."""
        while not self._over.wait(self._every_s):
            self._work()

    def close(self) -> None:
        """No more."""
        self._over.set()
        self.join()


class Heart(pi_chips.Lis3dh):
    """An accelerometer on the kernel's clock."""

    def __init__(self) -> None:
        super().__init__(Boot())  # type: ignore[arg-type]  # it asks for the time alone


class Boot:
    """The kernel's clock."""

    def monotonic_ns(self) -> int:
        """Now."""
        return boottime_ns()


class Fragile(MockPWMPin):
    """A pin that can be cut off from its chip."""

    cut = False

    def _get_state(self) -> float:
        self._alive()
        return float(super()._get_state())  # type: ignore[no-untyped-call] # gpiozero's

    def _set_state(self, value: float) -> None:
        self._alive()
        super()._set_state(value)  # type: ignore[no-untyped-call] # gpiozero's

    def _alive(self) -> None:
        if Fragile.cut:
            raise DeadError("the chip is gone")


class DeadError(Exception):
    """What lgpio would raise."""


@dataclass
class Bench:
    """One camera on the desk."""

    path: Path
    factory: MockFactory
    sensor: pi_lens.Sensor
    wires: pi_chips.Wires
    pipe: pi_sound.Pipe
    line: Terminals
    lens_there: bool = True
    frames: bool = True
    nonsense: bool = False
    pins_there: bool = True
    sound_there: bool = True
    clock_there: bool = True
    others: list[InputDevice] = field(default_factory=list)
    words: list[bytes] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    """What the service's log told of recordings."""
    board: Board = field(init=False)

    def __post_init__(self) -> None:
        described = pi_panel.board(BOARD)
        self.board = replace(
            described,
            i2c=I2c("/dev/null", ()),
            microphone=SoundCard(pi_sound.NAME, ()),
            signer=Key("software"),
            uart=Uart(str(self.line.link), "GPIO14", "GPIO15", 115_200),
            gadget=False,
        )

    @property
    def places(self) -> Places:
        """Where it keeps what."""
        return Places(self.path / "config", self.path / "evidence", self.path / "run", partitions=False)

    def enrol(self, **values: object) -> None:
        """Make it somebody's."""
        config = self.path / "config"
        for name in ("config", "evidence", "run"):
            (self.path / name).mkdir(exist_ok=True)
        (config / "root.crt.pem").write_bytes(pki().root_pem)
        (config / "device.crt.pem").write_bytes(pki().device.pem)
        (config / "device.key.pem").write_bytes(pki().device.key_pem)
        (config / "device.key.pem").chmod(0o600)
        (config / "settings.jws").write_bytes(settings_line({**SETTINGS, **values}) + b"\n")

    def serve(self, story: Callable[[Bench], None], *, end: bool = True) -> int:
        """Run the service, on this thread, while an officer does their part; then end it, unless it is to end by itself."""
        trouble: list[BaseException] = []

        for pin in (pin for light in self.board.lights.values() for pin in light.channels.values()):
            self.factory.pin(pin)._state = 0  # whatever a service before left there

        def act() -> None:
            try:
                self.wait(lambda: signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN, "the service")
                story(self)
            except BaseException as error:  # noqa: BLE001 - raised again below
                trouble.append(error)
            finally:
                if end or trouble:
                    os.kill(os.getpid(), signal.SIGTERM)

        kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.words.clear()
        self.states.clear()
        officer = threading.Thread(target=act, daemon=True)
        try:
            officer.start()
            return service.alone(
                (self.places.config, self.places.evidence),
                Log(sys.stderr, BootClock()),
                lambda: program._on_a_board(PiParts(self.board, self.places), lambda hal: hal),
            )
        finally:
            officer.join(PATIENCE_S)
            for number, handler in kept.items():
                signal.signal(number, handler)
            for error in trouble:
                raise error

    def see(self) -> None:
        """A frame, if anybody looks."""
        camera = self.sensor.camera
        if self.frames and camera.started is not None and camera.await_queued(2, 0):
            camera.frame(
                self.sensor._draw, {} if self.nonsense else {libcamera.controls.SensorTimestamp: boottime_ns()}
            )
            self.sensor.index += 1

    def speak(self) -> None:
        """Some sound, if there is room for it."""
        with suppress(BlockingIOError, AssertionError):
            self.pipe.write(pi_sound.hum(np.arange(BLOCK * 2) / RATE))

    def pins(self, *_: object) -> Pins:
        """The chip, where there is one."""
        if not self.pins_there:
            raise OSError(errno.ENOENT, "GPIO: no such chip")
        return Pins(self.factory, DeadError)

    def ticks(self, request: int, given: bytes) -> bytes:
        """The clock that runs without power, as its driver answers: UTC, or that there is none."""
        if not self.clock_there:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        at = time.gmtime()
        fields = at.tm_sec, at.tm_min, at.tm_hour, at.tm_mday, at.tm_mon - 1, at.tm_year - 1900, 0, 0, 0
        return given if request == RTC_SET_TIME else struct.pack("9i", *fields)

    def glance(self, light: str) -> tuple[int, ...]:
        """Which channels of a light are lit now."""
        pins = self.board.lights[light]
        lit = [self._level(pins.channels[each]) if each in pins.channels else 0.0 for each in ("red", "green", "blue")]
        return tuple(int(each > 0) for each in lit)

    def _level(self, pin: str) -> float:
        return float(MockPWMPin._get_state(self.factory.pin(pin)))

    def wait(self, ready: Callable[[], bool], what: str) -> None:
        """Until that is so."""
        until = time.monotonic() + PATIENCE_S
        while not ready():
            assert time.monotonic() < until, f"waited in vain for {what}"
            time.sleep(0.01)

    def wait_light(self, light: str, lit: tuple[int, ...]) -> None:
        """Until a light is lit so."""
        self.wait(lambda: self.glance(light) == lit, f"{light} {lit}")

    def wait_ready(self) -> None:
        """Until it buffers, and says so; on a busy machine the sensor of the tests loses frames, and the light says that, too."""
        if "NOTIFY_SOCKET" in os.environ:
            self.wait_word(b"READY=1")
        self.wait(lambda: self.glance("top") in {GREEN, AMBER}, "green or amber")

    def wait_word(self, word: bytes) -> None:
        """Until the service manager was told so."""
        self.wait(lambda: word in self.words, word.decode())

    def wait_fault(self, code: str) -> None:
        """Until that was signed."""
        self.wait(lambda: code in self.faults(), code)

    def press(self, seconds: float = 0.08) -> None:
        """The record button."""
        contact = self.board.buttons[next(iter(self.board.buttons))]
        pi_panel.drive(self.factory, contact, active=True)
        time.sleep(seconds)
        pi_panel.drive(self.factory, contact, active=False)

    def record(self) -> None:
        """Press, and see that it records."""
        self.press()
        self.wait_light("front", RED)

    def stop(self) -> None:
        """Hold, let go, press; a moment after any press before, of which this would be a part.  Where others work on the machine too, a short press
        may come to last as long as one that is held, and asks for nothing: once more then, if the camera films on as it says itself; a press
        that comes as a recording ends would begin another."""
        until = time.monotonic() + PATIENCE_S
        while self._films():
            assert time.monotonic() < until, "it films on"
            time.sleep(0.3)
            self.press(1.2)
            time.sleep(0.1)
            self.press()
            heard = time.monotonic() + HEARD_S
            while self._films() and time.monotonic() < heard:
                time.sleep(0.01)
        self.wait_light("front", DARK)
        self.wait(lambda: any(self.evidence("manifest.jws")), "a manifest")

    def _films(self) -> bool:
        return not self.states or self.states[-1] in FILMING

    def evidence(self, name: str) -> list[Path]:
        """Files of recordings that were begun, by name."""
        begun = (self.path / "evidence" / "recordings").glob("*/journal.jwsl")
        return sorted(file for each in begun if each.stat().st_size for file in each.parent.glob(name))

    def audit(self) -> list[dict[str, Any]]:
        """The audit log's lines."""
        files = sorted((self.path / "evidence" / "audit").glob("*.jwsl"))
        return [payload(line) for file in files for line in whole(file.read_bytes()).splitlines()]

    def faults(self) -> list[str]:
        """The faults that it signed."""
        return [line["data"]["code"] for line in self.audit() if line["kind"] == "fault"]


@contextmanager
def bench(path: Path) -> Iterator[Bench]:
    """A camera on the desk, with all its parts."""
    sensor = pi_lens.plugged(FORMAT, Platform.PISP)
    factory = MockFactory(REVISIONS[BOARD], Fragile)
    wires = pi_chips.Wires({pi_chips.GAUGE: pi_chips.Max17048(), pi_chips.FEELER: Heart()})
    pipe, line = pi_sound.Pipe(), Terminals(path / "ttyAMA0")
    os.set_blocking(pipe._descriptor, False)
    line.offer()
    made = Bench(path, factory, sensor, wires, pipe, line)
    threads = [Real(1 / FORMAT.fps, made.see), Real(0.02, made.speak)]
    with surroundings(made):
        try:
            yield made
        finally:
            for thread in threads:
                thread.close()
            libcamera.CameraManager.singleton().cameras[:] = []
            pipe.close()
            line.close()


@contextmanager
def surroundings(made: Bench) -> Iterator[None]:
    """What the parts of a camera that have neither lens, microphone nor dock in them find on a board: nobody touches anything."""
    for contact in made.board.buttons.values():
        pi_panel.drive(made.factory, contact, active=False)
    for contact in (*made.board.inputs.values(), *made.board.power.values()):
        pi_panel.drive(made.factory, contact, active=False)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(made.path / "notify"))
    manager.setblocking(False)

    def listen() -> None:
        with suppress(BlockingIOError):
            made.words.append(manager.recv(100))

    def overhear(log: Log, name: str, **facts: Any) -> None:
        if name == "state":
            made.states.append(facts["state"])
        told(log, name, **facts)

    told = Log.event
    listener = Real(0.01, listen)
    environment = {"NOTIFY_SOCKET": str(made.path / "notify")}
    updates = made.path / "bin" / "rauc"
    updates.parent.mkdir()
    updates.write_text(RAUC)
    updates.chmod(0o700)
    environment["PATH"] = f"{updates.parent}:{os.environ['PATH']}"
    with (
        mock.patch.object(Rtc, "_ioctl", lambda _, request, given: made.ticks(request, given)),
        mock.patch.object(library, "ioctl", made.wires.ioctl),
        mock.patch.object(Pins, "open", made.pins),
        mock.patch.object(Log, "event", overhear),
        mock.patch.dict(os.environ, environment),
    ):
        try:
            yield
        finally:
            listener.close()
            Fragile.cut = False
            manager.close()


def whole(data: bytes) -> bytes:
    """The lines that are all there."""
    return data[: data.rfind(b"\n") + 1]


def lines(text: str) -> list[dict[str, Any]]:
    """A log, line by line, as far as its lines are whole: it may be looked at while somebody writes."""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
