"""A camera that is nobody's on a virtual clock, and a desk at the other end of its wire."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware.dock.errors import DockError
from firmware.dock.link import Link
from firmware.dock.messages import Message
from firmware.dock.plain import Plain
from firmware.dock.protocol import Side
from firmware.evidence.keys import PrivateKey, new_key, public_der, software_sign
from firmware.runtime.claim import Facts, Unowned
from firmware.runtime.claimlink import ClaimLink
from firmware.runtime.log import Log
from hal.interface import DockPort, PortKind, Signer, Storage
from hal.sim.memory import MemoryStorage
from tests.docking import Peer, Stop, VirtualClock, Wire
from tools.provision.factory.admission import DeclinedError, Desk
from tools.provision.factory.station import Station


@dataclass
class MemorySigner:
    """A key that is made when it is told to, and counts how often it was."""

    kind: str = "software"
    key: PrivateKey | None = None
    made: int = 0
    trouble: OSError | None = None

    def create(self) -> bytes:
        """Make it where there is none."""
        if self.trouble is not None:
            raise self.trouble
        if self.key is None:
            self.key, self.made = new_key(), self.made + 1
        return self.public_key()

    def public_key(self) -> bytes:
        """Its public half."""
        if self.key is None:
            raise FileNotFoundError("no key")
        return public_der(self.key.public_key())

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign."""
        assert self.key is not None
        return software_sign(self.key)(digest)

    def counter(self) -> int | None:
        """None."""
        return None

    def advance(self) -> int | None:
        """None."""
        return None


@dataclass
class Nobodys:
    """One such camera: its small partition, its key, and what its log says."""

    signer: Signer = field(default_factory=MemorySigner)
    config: Storage = field(default_factory=MemoryStorage)
    clock: VirtualClock = field(default_factory=VirtualClock)
    facts: Facts = field(default_factory=lambda: Facts("sim", f"sim-{secrets.token_hex(4)}"))
    log: io.StringIO = field(default_factory=io.StringIO)
    claims: int = 0

    def __post_init__(self) -> None:
        self.unowned = Unowned(self.config.root(), self.signer, self.facts, os.urandom)

    def link(self, port: DockPort) -> ClaimLink:
        """What runs at one of its ports."""
        return ClaimLink(port, self.clock, self.unowned, Log(self.log, self.clock), self._claimed)

    def meet(
        self, connect: Callable[[], Peer], kind: PortKind = PortKind.STREAM, *, waits: int = 1, cut: int | None = None
    ) -> Wire:
        """Let it run at a wire until it has waited so often."""
        wire = Eager(self.clock, connect, kind, cut)
        self.link(wire).run(Stop(self.clock, waits))
        return wire

    @property
    def memory(self) -> MemoryStorage:
        """Its small partition, where that is in memory."""
        assert isinstance(self.config, MemoryStorage)
        return self.config

    def _claimed(self) -> None:
        self.claims += 1


class Eager(Wire):
    """A wire at whose other end somebody is as soon as it is written to."""

    def write(self, data: bytes) -> None:
        """Keep it, for somebody."""
        super().write(data)
        self._peer = self._peer or self._connect()


class DeskEnd:
    """The real desk at the other end of a wire."""

    def __init__(self, desk: Desk, kind: PortKind, port: str = "wire") -> None:
        self.desk, self.kind, self.port = desk, kind, port
        self.station: Station | None = None
        self.error: Exception | None = None

    def pump(self, data: bytes, now_ns: int) -> bytes:
        """Hear and speak; what ends it is kept in ``error``."""
        if self.station is None:
            self.station = Station(self.desk, self.port, serial=self.kind is PortKind.SERIAL, now_ns=now_ns)
        if self.error is None and not self.station.finished:
            try:
                self.station.turn(data, now_ns)
            except (DeclinedError, DockError) as error:
                self.error = error
                self.station.close(error)
                return self.station.channel.data_to_send()
            if self.station.entry is not None:
                self.station.close()
        else:
            self.station.channel.receive_data(data, now_ns)
        return self.station.channel.data_to_send()

    def hang_up(self) -> None:
        """The cable is out."""
        if self.station is not None and not self.station.finished and self.error is None:
            self.station.close()


class ScriptEnd:
    """A desk that says what a test wants: ``answer`` is given each message of the camera, and says what follows, in order."""

    def __init__(self, answer: Callable[[Message], list[Message] | bytes], kind: PortKind = PortKind.STREAM) -> None:
        self.channel: Plain | None = None
        self.heard: list[Message] = []
        self.error: DockError | None = None
        self._answer, self._kind = answer, kind

    def pump(self, data: bytes, now_ns: int) -> bytes:
        """Hear and speak."""
        if self.channel is None:
            self.channel = Plain(Side.DOCK, Link(None) if self._kind is PortKind.SERIAL else None, now_ns)
        channel, raw = self.channel, b""
        channel.receive_data(data, now_ns)
        channel.tick(now_ns)
        try:
            while self.error is None and (message := channel.next_event()) is not None:
                self.heard.append(message)
                said = self._answer(message)
                if isinstance(said, bytes):
                    raw += said
                else:
                    for each in said:
                        channel.send(each)
        except DockError as error:
            self.error = error
        return channel.data_to_send() + raw

    def hang_up(self) -> None:
        """Nothing is held."""


def files(config: Storage) -> dict[str, bytes]:
    """What is on a small partition."""
    root = config.root()
    found = {}
    for name in root.names():
        file = root.open(name)
        found[name] = file.read(0, 1 << 20)
        file.close()
    return found
