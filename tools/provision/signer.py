"""Who signs something apart from the authority: a directory with a certificate, its key, and the root."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from firmware.evidence.certs import Chain, Trust, read_pem, verify_chain
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import PrivateKey, load_key
from firmware.evidence.roles import Role
from tools.provision.files import ProvisionError

_ROOT = "root.crt.pem"


@dataclass(frozen=True, slots=True)
class Signer:
    """One signer.  ``ROLE`` is what the certificate has to be for, ``HELP`` who has or makes such a directory."""

    ROLE: ClassVar[Role]
    HELP: ClassVar[str]
    chain: Chain
    key: PrivateKey = field(repr=False)
    trust: Trust

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Read ``ROLE.crt.pem``, ``ROLE.key.pem`` and ``root.crt.pem``; ``ProvisionError`` says what is wrong with them."""
        certificate, own = f"{cls.ROLE}.crt.pem", f"{cls.ROLE}.key.pem"
        missing = [name for name in (certificate, own, _ROOT) if not (directory / name).is_file()]
        if missing:
            raise ProvisionError(f"{directory} is no {cls.ROLE} signer, {missing[0]} is missing: {cls.HELP}")
        try:
            trust = Trust.load((directory / _ROOT).read_bytes())
            chain = verify_chain(
                read_pem((directory / certificate).read_bytes(), certificate), trust, cls.ROLE, certificate
            )
            key = load_key((directory / own).read_bytes())
        except EvidenceError as error:
            raise ProvisionError(f"{directory} cannot be used: {error}") from None
        if key.public_key() != chain.leaf.key:
            raise ProvisionError(f"{directory} cannot be used: {own} is not the key of {certificate}")
        return cls(chain, key, trust)
