"""Signing firmware bundles: the paper without which no dock offers a file, and no camera takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firmware.evidence import documents
from firmware.evidence.bundle import Bundle, verify_bundle
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import software_sign
from firmware.evidence.kinds import BUNDLE
from firmware.evidence.roles import Role
from tools.provision.files import ProvisionError, replace
from tools.provision.signer import Signer

PAPER = ".jws"
"""A file's paper stands beside it under its name and this."""

_PIECE = 1 << 20


class UpdateSigner(Signer):
    """Who lets firmware onto cameras: an authority's directory has the files of one, and so has what ``lapel provision update`` makes."""

    __slots__ = ()
    ROLE = Role.UPDATE
    HELP = "name an authority or one of its signers"

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
