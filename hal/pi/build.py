"""A real camera, put together from a board's description: each part that the board has, whether it is there at the moment or not."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hal.interface import Accelerometer, AudioSource, DockPort, Hal, PartName, Signer, VideoFormat
from hal.pi import serialport
from hal.pi.accelerometer import PiAccelerometer
from hal.pi.board import TPM, Board
from hal.pi.buttons import PiButtons, PiTriggers
from hal.pi.camera import PiCamera
from hal.pi.clock import PiClock
from hal.pi.gpio import Pins, boottime_ns
from hal.pi.i2c import I2c
from hal.pi.indicators import PiIndicators
from hal.pi.keeper import Held, Keeper, Watched
from hal.pi.kept import Contacts, KeptButtons, KeptIndicators, KeptPower, KeptSigner, KeptStorage, KeptTriggers
from hal.pi.keyfile import KeyFile
from hal.pi.microphone import PiMicrophone, absent
from hal.pi.power import PiPower
from hal.pi.processor import CPUINFO, has_aes
from hal.pi.rtc import Rtc
from hal.pi.sources import Closable, KeptAudio, KeptMotion, KeptVideo
from hal.pi.tpm import TpmSigner
from hal.pi.updater import RaucUpdater
from hal.pi.watchdog import SystemdWatchdog

KEY: Final = "device.key.pem"
NOTE: Final = "clock.json"
GADGET: Final = "/dev/ttyGS0"
NUMBER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
HOUR_NS: Final = 3600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Places:
    """Where a camera has what.

    ``config`` and ``evidence``: where its partitions are mounted; without ``partitions`` any directories will do.  ``run``: a directory of the
    service's own, gone with the power.  ``tree``, ``cpuinfo``: what the kernel knows of the board.  ``dock``: where the dock listens on the gadget's network, as
    ``tcp:HOST:PORT``, None for nowhere.
    """

    config: Path = Path("/var/lib/lapel/config")
    evidence: Path = Path("/var/lib/lapel/evidence")
    run: Path = Path("/run/lapel")
    partitions: bool = True
    dock: str | None = None
    tree: Path = Path("/proc/device-tree")
    cpuinfo: Path = CPUINFO


class PiParts:
    """The parts of one board.  Made before any other thread runs: opening the pins moves the process for a moment.

    ``clock``, ``config`` and ``signer`` are there at once, since whose camera it is decides how its lens is opened.
    """

    def __init__(self, board: Board, places: Places, *, paced: bool = True) -> None:
        """Open what is there.  ``OSError`` where the kernel does not say which boot this is."""
        self.board, self.places = board, places
        self.keeper = keeper = Keeper(boottime_ns, paced=paced)
        rtc = Rtc(Path(board.rtc.device)) if board.rtc else None
        self.clock = PiClock(places.config / NOTE, rtc)
        self.config = KeptStorage(places.config, partition=places.partitions)
        self.signer = KeptSigner(keeper, _signer(board, places))
        self._pins = Held(keeper, PartName.PINS, lambda: Pins.open(places.run, board.gpiochip), Pins.close)
        if rtc is not None:
            Watched(keeper, PartName.CLOCK, lambda: _standing(rtc))

    def hal(self, video: VideoFormat, version: str) -> Hal:
        """All of them; ``version`` is the running system's."""
        board, keeper, pins = self.board, self.keeper, self._pins
        contact = self._wire(PartName.CONTACT, "contact")
        updater, watchdog = RaucUpdater(board.name, version), SystemdWatchdog()
        hal = Hal(
            video=KeptVideo(keeper, video, lambda: self._lens(video)),
            audio=self._microphone(),
            buttons=KeptButtons(keeper, lambda: PiButtons(board, pins.get())),
            triggers=KeptTriggers(keeper, tuple(board.inputs), lambda: PiTriggers(board, pins.get())),
            indicators=KeptIndicators(keeper, lambda: PiIndicators(board, pins.get())),
            docks=self._docks(contact),
            evidence=KeptStorage(self.places.evidence, partition=self.places.partitions),
            config=self.config,
            signer=self.signer,
            clock=self.clock,
            power=self._power(contact),
            watchdog=watchdog,
            updater=updater,
            motion=KeptMotion(keeper, self._motion) if board.accelerometer else None,
            missing=keeper.missing,
            serial=serial(self.places.tree),
            aes=has_aes(self.places.cpuinfo),
        )
        Watched(keeper, PartName.WATCHDOG, lambda: _watched(os.environ))
        Watched(keeper, PartName.UPDATER, updater.trouble, HOUR_NS)
        keeper.start()
        return hal

    def close(self) -> None:
        """Give every part back, lights dark."""
        self.keeper.close()

    def _wire(self, name: PartName, key: str) -> Contacts:
        wire, pins = self.board.power.get(key), self._pins
        return Contacts(self.keeper, name, None if wire is None else lambda: pins.get().contact(wire))

    def _lens(self, video: VideoFormat) -> Closable:
        lens = self.board.camera
        if lens is None:
            raise OSError("this board has none")
        return PiCamera(video, self.clock, lens.number, turned=lens.turned, hardware=lens.hardware)

    def _microphone(self) -> AudioSource | None:
        card = self.board.microphone
        if card is None:
            return None
        try:
            return KeptAudio(self.keeper, PiMicrophone(self.clock, card.card), lambda: absent(card.card))
        except OSError as error:
            self.keeper.tell(PartName.MICROPHONE, str(error))
            return None

    def _power(self, contact: Contacts) -> KeptPower:
        gauge, bus = self.board.gauge, self.board.i2c
        charging = self._wire(PartName.CHARGER, "charging") if "charging" in self.board.power else None
        if gauge is None or bus is None:
            return KeptPower(self.keeper, None, contact)
        device, address = bus.device, gauge.address

        def found() -> PiPower:
            opened = I2c(device)
            try:
                return PiPower(opened, contact, charging, address=address)
            except OSError:
                opened.close()
                raise

        return KeptPower(self.keeper, found, contact)

    def _motion(self) -> tuple[Accelerometer, Callable[[], None]]:
        board = self.board
        if board.accelerometer is None or board.i2c is None:
            raise OSError("this board has none")
        bus = I2c(board.i2c.device)
        return PiAccelerometer(
            bus, self.clock, address=board.accelerometer.chip.address, axes=board.accelerometer.axes
        ), bus.close

    def _docks(self, contact: Callable[[], bool]) -> tuple[DockPort, ...]:
        """The fastest first."""
        docks: list[DockPort] = []
        board, keeper = self.board, self.keeper
        if board.gadget:
            Watched(keeper, PartName.GADGET, _no_controller)
            if self.places.dock is not None:
                docks.append(serialport.usb_network(self.places.dock))
            docks.append(serialport.usb(GADGET))
        if board.uart is not None:
            device = Path(board.uart.device)
            tells = "contact" in board.power
            Watched(keeper, PartName.UART, lambda: _no_line(device, tells=tells))
            docks.append(serialport.uart(board.uart.device, contact, board.uart.baud))
        return tuple(docks)


def serial(tree: Path) -> str:
    """The board's own number, as the kernel has it from the firmware; nothing where it has none, or none of that form."""
    try:
        told = (tree / "serial-number").read_bytes().rstrip(b"\0").decode("ascii")
    except (OSError, UnicodeDecodeError):
        return ""
    return told if NUMBER.fullmatch(told) else ""


def _signer(board: Board, places: Places) -> Signer:
    """Where the board's file says that the key is, and nowhere else."""
    if board.signer.kind == TPM:
        return TpmSigner(f"device:{board.signer.device}")
    return KeyFile(places.config / KEY)


def _standing(rtc: Rtc) -> str | None:
    """What is wrong with the clock that runs on without power.  One that stood still is there, and only does not know the time."""
    try:
        rtc.read()
    except (ValueError, OverflowError):
        return "it answers a date that is none"
    except OSError as error:
        return None if error.errno == errno.EINVAL else error.strerror or str(error)
    return None


def _watched(environment: Mapping[str, str]) -> str | None:
    return None if environment.get("NOTIFY_SOCKET") else "nobody watches the service: NOTIFY_SOCKET is not set"


def _no_controller() -> str | None:
    try:
        serialport.controller()
    except OSError as error:
        return error.strerror
    return None if Path(GADGET).exists() else f"{GADGET} is not there: the gadget is not set up"


def _no_line(device: Path, *, tells: bool) -> str | None:
    if not tells:
        return "no wire tells of the charging contacts"
    return None if device.exists() else f"{device} is not there"
