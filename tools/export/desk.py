"""The export desk: who vouches for a film's C2PA manifest, for a derivative and for a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust, read_pem, verify_chain, write_pem
from firmware.evidence.documents import Kind
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import PrivateKey, der_signature, digest, load_key, raw_signature, software_sign
from firmware.evidence.roles import Role
from tools.verify.findings import Refused

_FILES = ("desk.key.pem", "desk.crt.pem", "root.crt.pem")


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk's directory, opened: its name, its certificate below the root's, and the root."""

    directory: Path
    name: str
    chain: tuple[bytes, ...] = field(repr=False)
    root_pem: bytes = field(repr=False)
    key: PrivateKey = field(repr=False)

    @classmethod
    def open(cls, directory: Path) -> Desk:
        """Read what ``lapel provision desk`` made; ``Refused`` says what is wrong with it."""
        missing = [name for name in _FILES if not (directory / name).is_file()]
        if missing:
            raise Refused(
                f"{directory} is no desk, {missing[0]} is missing: make one with 'lapel provision desk NAME --out {directory}'"
            )
        try:
            root_pem = (directory / "root.crt.pem").read_bytes()
            chain = verify_chain(
                read_pem((directory / "desk.crt.pem").read_bytes(), "desk.crt.pem"),
                Trust.load(root_pem),
                Role.EXPORT,
                "desk.crt.pem",
            )
            key = load_key((directory / "desk.key.pem").read_bytes())
        except EvidenceError as error:
            raise Refused(f"{directory} cannot be used: {error}") from None
        if key.public_key() != chain.leaf.key:
            raise Refused(f"{directory} cannot be used: desk.key.pem is not the key of desk.crt.pem")
        return cls(directory, chain.name, chain.ders, root_pem, key)

    @property
    def certificate_pem(self) -> bytes:
        """The desk's certificate and those above it, without the root."""
        return write_pem(self.chain)

    def sign_raw(self, data: bytes) -> bytes:
        """R || s over the hash of ``data``."""
        return raw_signature(software_sign(self.key)(digest(data)))

    def sign_der(self, data: bytes) -> bytes:
        """The same in the form that ``openssl dgst -verify`` takes."""
        return der_signature(self.sign_raw(data))

    def sign_line(self, kind: Kind, payload: Mapping[str, Any]) -> bytes:
        """A strict JWS that carries the desk's certificate, without LF."""
        try:
            return documents.sign(kind, payload, software_sign(self.key), list(self.chain))
        except EvidenceError as error:
            raise Refused(str(error)) from None
