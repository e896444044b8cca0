"""A whole certificate tree for tests, made by the code that provisions real ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pyrage

from firmware.evidence.certs import Certificate, Chain, Trust, verify_chain, write_pem
from firmware.evidence.issue import issue, issue_root
from firmware.evidence.keys import PrivateKey, Sign, key_pem, new_key, software_sign
from firmware.evidence.roles import FOREVER, SHAPES, Role, path
from firmware.evidence.session import Session

NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)

_NAMES = {Role.DEVICE: "cam-1", Role.DOCK: "dock-1"}


@dataclass(frozen=True)
class Holder:
    """Somebody with a verified chain and its private key."""

    chain: Chain
    key: PrivateKey

    @property
    def sign(self) -> Sign:
        """Signs a digest of 32 bytes."""
        return software_sign(self.key)

    @property
    def pem(self) -> bytes:
        """The chain as a PEM file."""
        return write_pem(self.chain.ders)

    @property
    def key_pem(self) -> bytes:
        """The private key as a PEM file."""
        return key_pem(self.key)


@dataclass(frozen=True)
class Pki:
    """An authority: its root, its intermediates, and one holder of each role below."""

    root: Certificate
    keys: dict[Role, PrivateKey]
    certificates: dict[Role, Certificate]
    authority_identity: pyrage.x25519.Identity
    escrow_identity: pyrage.x25519.Identity

    @classmethod
    def create(cls, name: str = "Test") -> Pki:
        """A new authority with fresh keys; two of the same name share nothing but names."""
        keys: dict[Role, PrivateKey] = {role: new_key() for role in Role if role not in (Role.SESSION, Role.LINK)}
        root_key = keys[Role.ROOT]
        root = issue_root(f"{name} root", root_key.public_key(), software_sign(root_key), NOT_BEFORE)
        certificates = {Role.ROOT: root}
        for role, key in keys.items():
            if parent := SHAPES[role].parent:
                title = _NAMES.get(role, f"{name} {role}")
                certificates[role] = issue(
                    role, title, key.public_key(), certificates[parent], software_sign(keys[parent])
                )
        identities = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
        return cls(root, keys, certificates, *identities)

    @property
    def trust(self) -> Trust:
        """What a verifier of this authority goes by: nothing withdrawn, dates not judged."""
        return Trust(self.root)

    @property
    def root_pem(self) -> bytes:
        """The root as a PEM file."""
        return write_pem([self.root.der])

    @property
    def device(self) -> Holder:
        """The camera ``cam-1``."""
        return self.holder(Role.DEVICE)

    @property
    def dock(self) -> Holder:
        """The dock ``dock-1``."""
        return self.holder(Role.DOCK)

    @property
    def release(self) -> Holder:
        """Who consents that a recalled camera records again."""
        return self.holder(Role.RELEASE)

    @property
    def settings(self) -> Holder:
        """Who signs settings."""
        return self.holder(Role.SETTINGS)

    @property
    def recipients(self) -> list[str]:
        """The age recipients of authority and escrow."""
        return [str(self.authority_identity.to_public()), str(self.escrow_identity.to_public())]

    def holder(self, role: Role) -> Holder:
        """The holder of a role that stands below the root."""
        ders = [self.certificates[step].der for step in path(role)]
        return Holder(verify_chain(ders, self.trust, role), self.keys[role])

    def enrol(self, role: Role, name: str, not_after: datetime = FOREVER) -> Holder:
        """One more device or dock, with a fresh key."""
        key, (_, parent) = new_key(), path(role)
        signs = software_sign(self.keys[parent])
        leaf = issue(role, name, key.public_key(), self.certificates[parent], signs, not_after)
        return Holder(verify_chain([leaf.der, self.certificates[parent].der], self.trust, role), key)

    def session(self) -> Session:
        """One boot of the camera ``cam-1``."""
        return Session.begin(self.device.chain, self.device.sign)
