"""The desk: decides which camera gets which name and certificate, and keeps the ledger.  Used from a thread for each camera."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from firmware.dock.enrolling import Certificates, Introduction, certificates, sample_text
from firmware.evidence.certs import read_pem
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import PublicKey, hash_of, public_der
from firmware.evidence.request import read_request
from firmware.evidence.roles import Role
from tools.provision.authority import Authority
from tools.provision.factory.ledger import ENROLLED, ISSUED, Entry, Ledger
from tools.provision.factory.meeting import Bench
from tools.provision.factory.samples import Keys
from tools.provision.files import ProvisionError

_PLACE: Final = re.compile(r"#{1,9}")
NONCE_BYTES: Final = 16


class DeclinedError(Exception):
    """This camera is not enrolled; the message says why and, where that helps, what to do."""


@dataclass(frozen=True, slots=True)
class Names:
    """Which names are given: one, or, with a run of ``#`` in it, a number of so many digits, counted up from 1."""

    pattern: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9-]{1,32}", _PLACE.sub(lambda run: "0" * len(run[0]), self.pattern, count=1)):
            raise ProvisionError(
                f"{self.pattern[:80]!r} is not 1 to 32 of a-z 0-9 -, with at most one run of # for a number"
            )

    @property
    def many(self) -> bool:
        """Whether it gives more than one."""
        return "#" in self.pattern

    def free(self, taken: Callable[[str], bool]) -> str:
        """The first that nobody has; ``DeclinedError`` where all are given."""
        run = _PLACE.search(self.pattern)
        if run is None:
            if taken(self.pattern):
                raise DeclinedError(
                    f"the name {self.pattern} was given before, and a name is given once: choose another"
                )
            return self.pattern
        for number in range(1, 10 ** len(run[0])):
            name = f"{self.pattern[: run.start()]}{number:0{len(run[0])}}{self.pattern[run.end() :]}"
            if not taken(name):
                return name
        raise DeclinedError(f"all names like {self.pattern} are given: put one more # into it")


@dataclass(slots=True)
class Order:
    """What one camera is to become.  ``again``: its entry from before, where it has the key of a certificate that went out already."""

    device: str
    facts: Introduction
    port: str
    again: Entry | None = None
    nonce: str = field(default_factory=lambda: secrets.token_hex(NONCE_BYTES))
    key: str = ""
    certificate: str = ""


@dataclass
class Desk:
    """An authority that enrols cameras.

    ``expect``: the fingerprint of the one key that is certified, as it was read from the camera's console; None for any.
    ``anew``: whether a board that was enrolled before is enrolled again.
    """

    authority: Authority
    ledger: Ledger
    names: Names
    keys: Keys
    expect: str | None = None
    anew: bool = False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._promised: set[str] = set()
        self._bench: Bench | None = None

    def admit(self, facts: Introduction, port: str) -> Order:
        """The order for a camera that has introduced itself; ``DeclinedError`` for one that is enrolled already."""
        with self._lock:
            before = self.ledger.by_key(facts.key)
            same = before or self.ledger.by_serial(facts.serial)
            if same is not None and same.state == ENROLLED and not self.anew:
                raise DeclinedError(
                    f"this board was enrolled before, as {same.device} on {same.utc}, and has lost that: if it was wiped on purpose, "
                    "--again enrols it once more"
                )
            if before is not None:
                return Order(before.device, facts, port, before)
            device = self.names.free(self._taken)
            self._promised.add(device)
            return Order(device, facts, port)

    def certify(self, order: Order, request: bytes) -> Certificates:
        """The papers for the key that a camera has made.  The certificate stands in the authority's register and in the ledger before it
        goes out; one that went out before, for the same key, goes out again."""
        try:
            asked = read_request(request)
        except EvidenceError as error:
            raise DeclinedError(f"its request is refused: {error}") from None
        order.key = hash_of(public_der(asked.key))
        if asked.name != order.device:
            raise DeclinedError(f"it asks for the name {asked.name} instead of {order.device}")
        if order.facts.key not in (None, order.key):
            raise DeclinedError(
                "the key in its request is not the one that it had a moment ago: something else answers on this line"
            )
        if self.expect not in (None, order.key):
            raise DeclinedError(
                f"its key is {order.key}, and not the one that was expected: is this that camera, and nothing between?"
            )
        with self._lock:
            ders = self._issued(order) or self._issue(order, asked.key)
            self.ledger.add(self._entry(order, ISSUED))
        return certificates((*ders, self.authority.certificates[Role.ROOT].der), order.nonce)

    def opened(self, order: Order, sample: bytes) -> None:
        """Open what the camera sealed, with each key that is at hand."""
        try:
            self.keys.open(sample, sample_text(order.device, order.certificate, order.nonce))
        except ProvisionError as error:
            raise DeclinedError(f"what it seals is not what it should be: {error}") from None

    def enrolled(self, order: Order) -> Entry:
        """Note that the camera has it all."""
        with self._lock:
            entry = self._entry(order, ENROLLED)
            self.ledger.add(entry)
            return entry

    def recognised(self, device: str, certificate: str) -> bool:
        """Whether a camera that has shown this certificate is the one of this name in the ledger, which then has that it is enrolled."""
        with self._lock:
            entry = next((each for each in self.ledger.entries() if each.device == device), None)
            if entry is None or entry.certificate != certificate:
                return False
            if entry.state != ENROLLED:
                self.ledger.add(replace(entry, state=ENROLLED, utc=self._time()))
            return True

    @property
    def bench(self) -> Bench:
        """A dock of this authority, made when it is first needed."""
        with self._lock:
            self._bench = self._bench or Bench.of(self.authority)
            return self._bench

    def given_up(self, order: Order) -> None:
        """Give a name back for which no certificate went out."""
        with self._lock:
            self._promised.discard(order.device)

    def _taken(self, name: str) -> bool:
        return name in self._promised or self._path(name).exists()

    def _path(self, device: str) -> Path:
        return self.authority.registered(Role.DEVICE, device)

    def _issued(self, order: Order) -> tuple[bytes, ...] | None:
        """The chain of a certificate that went out before for this key."""
        if order.again is None or not self._path(order.device).exists():
            return None
        (leaf,) = read_pem(self._path(order.device).read_bytes(), order.device)
        order.certificate = hash_of(leaf)
        return leaf, self.authority.certificates[Role.DEVICE_CA].der

    def _issue(self, order: Order, key: PublicKey) -> tuple[bytes, ...]:
        try:
            ders = self.authority.certify(Role.DEVICE, order.device, key)
            self.authority.remember(Role.DEVICE, order.device, ders)
        except ProvisionError as error:
            raise DeclinedError(str(error)) from None
        order.certificate = hash_of(ders[0])
        return ders

    def _entry(self, order: Order, state: str) -> Entry:
        told = order.facts
        return Entry(
            utc=self._time(),
            state=state,
            device=order.device,
            serial=told.serial,
            board=told.board,
            firmware=told.firmware,
            signer=told.signer,
            key=order.key,
            certificate=order.certificate,
            port=order.port,
        )

    def _time(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
