"""Signing firmware bundles: the paper without which no dock offers a file, and no camera takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware.evidence import documents
from firmware.evidence.bundle import Bundle, verify_bundle
from firmware.evidence.certs import Chain, Trust, read_pem, verify_chain
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import PrivateKey, load_key, software_sign
from firmware.evidence.kinds import BUNDLE
from firmware.evidence.roles import Role
from tools.provision.files import ProvisionError, replace

PAPER = ".jws"
"""A file's paper stands beside it under its name and this."""

_CERTIFICATE, _KEY, _ROOT = "update.crt.pem", "update.key.pem", "root.crt.pem"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class UpdateSigner:
    """Who lets firmware onto cameras: an authority's directory has the files of one, and so has what ``lapel provision update`` makes."""

    chain: Chain
    key: PrivateKey = field(repr=False)
    trust: Trust

    @classmethod
    def open(cls, directory: Path) -> UpdateSigner:
        """Read ``update.crt.pem``, ``update.key.pem`` and ``root.crt.pem``; ``ProvisionError`` says what is wrong with them."""
        missing = [name for name in (_CERTIFICATE, _KEY, _ROOT) if not (directory / name).is_file()]
        if missing:
            raise ProvisionError(
                f"{directory} is no update signer, {missing[0]} is missing: name an authority or one of its signers"
            )
        try:
            trust = Trust.load((directory / _ROOT).read_bytes())
            ders = read_pem((directory / _CERTIFICATE).read_bytes(), _CERTIFICATE)
            chain = verify_chain(ders, trust, Role.UPDATE, _CERTIFICATE)
            key = load_key((directory / _KEY).read_bytes())
        except EvidenceError as error:
            raise ProvisionError(f"{directory} cannot be used: {error}") from None
        if key.public_key() != chain.leaf.key:
            raise ProvisionError(f"{directory} cannot be used: {_KEY} is not the key of {_CERTIFICATE}")
        return cls(chain, key, trust)

    def sign(self, file: Path, says: Mapping[str, Any]) -> Bundle:
        """Sign a file's paper, put it beside the file, and read it back as a dock will.

        ``says`` are ``board``, ``version``, ``serial``, ``needs`` and ``utc_ms``.  A paper that is there is replaced only by one with a
        higher serial.
        """
        paper = file.with_name(file.name + PAPER)
        length, digest = _measured(file)
        try:
            line = documents.sign(
                BUNDLE, {**says, "length": length, "hash": digest}, software_sign(self.key), self.chain.ders
            )
            bundle = verify_bundle(line, self.trust)
        except EvidenceError as error:
            raise ProvisionError(f"{file} cannot be signed: {error}") from None
        if paper.exists() and not self._older(paper, bundle):
            raise ProvisionError(
                f"{paper} is there, and its serial is not below {bundle.serial}: serials never go back"
            )
        replace(paper, line + b"\n")
        return bundle

    def _older(self, paper: Path, bundle: Bundle) -> bool:
        try:
            return verify_bundle(paper.read_bytes().removesuffix(b"\n"), self.trust).serial < bundle.serial
        except EvidenceError:
            return False


def _measured(file: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of a file."""
    sha256, length = hashlib.sha256(), 0
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            sha256.update(piece)
            length += len(piece)
    return length, sha256.hexdigest()
