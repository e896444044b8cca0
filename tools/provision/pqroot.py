"""The post-quantum root of an authority, which certifies second signatures: two files, there only where it is used."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from firmware.evidence.errors import KeyFileError
from firmware.evidence.second import Issuer, key_pem

CERTIFICATE = "pq-root.crt.pem"
KEY = "pq-root.key.pem"


def create(name: str, began: datetime) -> Issuer:
    """A new one for the authority of this name."""
    return Issuer.create(f"{name} pq-root", began)


def contents(issuer: Issuer) -> dict[str, bytes]:
    """Its files."""
    return {CERTIFICATE: issuer.pem, KEY: key_pem(issuer.key)}


def load(directory: Path) -> Issuer | None:
    """That of an authority's directory, None where there is none; ``EvidenceError`` where it cannot be used."""
    here = [name for name in (CERTIFICATE, KEY) if (directory / name).is_file()]
    if not here:
        return None
    if len(here) == 1:
        raise KeyFileError(f"{CERTIFICATE} and {KEY}: one of them is missing")
    return Issuer.load((directory / CERTIFICATE).read_bytes(), (directory / KEY).read_bytes(), CERTIFICATE)
