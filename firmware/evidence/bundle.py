"""The paper of a firmware bundle: which bytes an authority's update signer lets onto which board
(``docs/evidence-format.md``, section 13.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.kinds import BUNDLE


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a verified paper says.  Only ``verify_bundle`` makes one.

    ``serial`` counts up over all bundles of a board and never goes back on a camera; ``needs`` is the serial that a camera has to have
    at least, 0 for any; ``length`` is in bytes, ``hash`` the file's SHA-256; ``paper`` is the hash of the line, by which others name it.
    """

    board: str
    version: str
    serial: int
    needs: int
    length: int
    hash: str
    line: bytes = field(repr=False)
    paper: str


def verify_bundle(line: bytes, trust: Trust) -> Bundle:
    """Verify the paper of a bundle.  Says nothing of the file: hold its length and hash against this."""
    signed = documents.verify(BUNDLE, line, trust)
    says = {name: value for name, value in signed.payload.items() if name != "utc_ms"}
    return Bundle(**says, line=signed.line, paper=signed.hash)
