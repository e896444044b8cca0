"""Whom the authority believes no more (section 13), and what that does to what they signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from tools.verify import files
from tools.verify.certs import Chain, Role, Trust
from tools.verify.documents import SETTINGS
from tools.verify.findings import Refused, need
from tools.verify.second import Second
from tools.verify.signed import verify_chained


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A certificate that was withdrawn: its role and common name, and from when on what it signs counts for nothing, in
    milliseconds since 1970."""

    role: str
    name: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Revocations:
    """What an authority's settings withdraw: from when on, by the hash of a certificate.  ``serial`` and ``utc_ms`` say
    which settings these are."""

    since: Mapping[str, int] = field(default_factory=dict)
    serial: int = 0
    utc_ms: int = 0

    @property
    def known(self) -> bool:
        """Whether somebody said what is withdrawn: settings count from 1."""
        return self.serial > 0

    def among(self, *chains: Chain | None) -> Withdrawn | None:
        """The certificate in these chains that was withdrawn earliest; None if none was."""
        if not self.since:
            return None
        found = [
            Withdrawn(role.label, chain.name, self.since[each])
            for chain in chains
            if chain is not None
            for each, role in zip(chain.fingerprints, chain.roles, strict=True)
            if each in self.since
        ]
        return min(found, key=lambda each: each.since_ms, default=None)

    def second(self, signature: Second | None) -> Withdrawn | None:
        """The same for a second signature, whose certificates are in a chain of their own."""
        if signature is None:
            return None
        since = [self.since[each] for each in signature.fingerprints if each in self.since]
        return Withdrawn("pq-device", signature.device, min(since)) if since else None


def load_revocations(path: Path, root: x509.Certificate | None) -> Revocations:
    """Read an authority's ``settings.jws``; ``Refused`` unless a settings certificate under ``root`` signed it, which
    it does not withdraw itself."""
    try:
        need(root is not None, "cannot be judged without a root certificate")
        signed = verify_chained(files.read_jws(path), SETTINGS, Role.SETTINGS, Trust(root))
        hashes = {each["hash"] for each in signed.payload["revoked"]}
        need(not hashes & set(signed.chain.fingerprints), "it withdraws the certificate that signed it")
    except Refused as refused:
        raise Refused(f"{path}: {refused}") from None
    since = {each["hash"]: each["since_ms"] for each in signed.payload["revoked"]}
    return Revocations(since, signed.payload["serial"], signed.payload["utc_ms"])
