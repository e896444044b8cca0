"""Meeting a camera that is enrolled, as a dock of its authority would: who it is then stands by its certificates and its device key."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from firmware.dock.channel import Channel, Secured
from firmware.dock.errors import PeerRefusedError
from firmware.dock.link import Link
from firmware.dock.messages import ClockSet, Hello, Welcome
from firmware.dock.protocol import VERSIONS, Side
from firmware.dock.tls import Identity, Tls
from firmware.evidence.certs import Trust, verify_chain
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import new_key
from firmware.evidence.roles import Role
from firmware.evidence.session import check_proof
from firmware.evidence.settings_doc import trust_under
from tools.dock.conversation import Talk, ask, expect
from tools.dock.session import Session
from tools.provision.authority import Authority

LIFE: Final = timedelta(days=1)


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Bench:
    """A dock for one run of the desk.  Its key is in memory alone, its certificate in the register, and believed for a day."""

    name: str
    identity: Identity = field(repr=False)
    trust: Trust = field(repr=False)

    @classmethod
    def of(cls, authority: Authority) -> Bench:
        """Have this authority certify one."""
        key, name = new_key(), f"bench-{secrets.token_hex(4)}"
        until = datetime.now(UTC).replace(microsecond=0) + LIFE
        ders = authority.certify(Role.DOCK, name, key.public_key(), until)
        authority.remember(Role.DOCK, name, ders)
        trust = trust_under(authority.settings, Trust(authority.certificates[Role.ROOT]))
        return cls(name, Identity(verify_chain(ders, trust, Role.DOCK), key), trust)


@dataclass(frozen=True, slots=True)
class Met:
    """A camera that has shown who it is: its name, and the fingerprint of its certificate."""

    device: str
    certificate: str


class Meeting:
    """One such docking, sans-I/O: greeting and clock, and no goodbye, behind which a camera rests for a minute.  ``met`` is there once the camera is believed, and has proven its device key.

    ``session.turn`` raises a ``DockError`` where it ends otherwise.
    """

    def __init__(self, bench: Bench, *, serial: bool, now_ns: int, utc_ms: Callable[[], int] = _utc_ms) -> None:
        """Wait for it on a serial line, or on a stream."""
        tls = Tls(Side.DOCK, bench.identity, bench.trust)
        self.session = Session(Channel(Side.DOCK, tls, Link(None) if serial else None, now_ns), self._talk)
        self.met: Met | None = None
        self._bench, self._utc_ms = bench, utc_ms

    def _talk(self, secured: Secured) -> Talk[None]:
        hello = expect((yield None), Hello)
        if hello.facts.device != secured.peer.name:
            raise PeerRefusedError(f"it calls itself {hello.facts.device}, its certificate says {secured.peer.name}")
        try:
            check_proof(secured.peer, secured.exporter, bytes.fromhex(hello.proof))
        except (EvidenceError, ValueError) as error:
            raise PeerRefusedError(f"it does not have the device key: {error}") from None
        self.met = Met(secured.peer.name, secured.peer.issuer(Role.DEVICE).fingerprint)
        yield from ask(Welcome(VERSIONS[0], self._bench.name, self._utc_ms(), None), ClockSet)
