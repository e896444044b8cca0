"""Who a dock is: the directory that ``lapel provision dock`` makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firmware.dock.tls import Identity
from firmware.evidence import documents, jws
from firmware.evidence.certs import Chain, Trust, read_pem, verify_chain
from firmware.evidence.documents import Kind
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import PrivateKey, load_key, software_sign
from firmware.evidence.roles import Role
from firmware.evidence.settings_doc import trust_under, verify_settings
from tools.dock.renewal import Renewal

CHAIN = "dock.crt.pem"
KEY = "dock.key.pem"
ROOT = "root.crt.pem"
SETTINGS = "settings.jws"


class SetupError(Exception):
    """The dock cannot begin: its identity, its store or its port is not as it should be; the message says what."""


@dataclass(frozen=True, slots=True)
class DockIdentity:
    """A dock's certificates (dock, dock CA), its key, its authority's root, and the settings to hand on, if it has
    any."""

    chain: Chain
    key: PrivateKey = field(repr=False)
    trusted: Trust
    settings: jws.Signed | None = None
    renewal: Renewal | None = field(default=None, compare=False, repr=False)

    @classmethod
    def load(cls, directory: Path) -> DockIdentity:
        """Read ``dock.crt.pem``, ``dock.key.pem``, ``root.crt.pem`` and, if it is there, ``settings.jws``."""
        try:
            trust = Trust.load((directory / ROOT).read_bytes())
            chain = verify_chain(read_pem((directory / CHAIN).read_bytes(), CHAIN), trust, Role.DOCK, CHAIN)
            key = load_key((directory / KEY).read_bytes())
            settings = None
            if (directory / SETTINGS).exists():
                line = jws.from_file((directory / SETTINGS).read_bytes(), SETTINGS)
                settings = verify_settings(line, trust)
        except OSError as error:
            raise SetupError(f"{error.filename or directory}: {error.strerror}") from None
        except EvidenceError as error:
            raise SetupError(f"{directory}: {error}") from None
        if key.public_key() != chain.leaf.key:
            raise SetupError(f"{directory}: {KEY} is not the key of {CHAIN}")
        return cls(chain, key, trust, settings, Renewal(directory / SETTINGS, trust, settings))

    def now(self) -> DockIdentity:
        """The same dock under the newest settings that its directory ever had."""
        return self if self.renewal is None else replace(self, settings=self.renewal.newest())

    @property
    def name(self) -> str:
        """The dock's name."""
        return self.chain.name

    @property
    def tls(self) -> Identity:
        """What it shows to cameras."""
        return Identity(self.chain, self.key)

    def trust(self, utc_ms: int) -> Trust:
        """What it goes by at a time: root, revocation by its settings, dates by its own clock."""
        trust = trust_under(self.settings, self.trusted) if self.settings else self.trusted
        return replace(trust, at=datetime.fromtimestamp(utc_ms / 1000, UTC))

    def sign(self, kind: Kind, payload: Mapping[str, Any]) -> bytes:
        """A line, without LF, that this dock signs."""
        return documents.sign(kind, payload, software_sign(self.key), self.chain.ders)
