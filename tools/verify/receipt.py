"""The receipt (section 9) and the anchor (section 10): what a dock signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.verify import files
from tools.verify.certs import Chain, Role, Trust
from tools.verify.documents import ANCHOR, LOG_RECEIPT, RECEIPT
from tools.verify.findings import need
from tools.verify.signed import verify_chained

NAME = "receipt.jws"
ANCHOR_NAME = "anchor.jws"
ANCHORS = "anchors"
LOG_NAME = "log-receipt.jws"
OTHER_LOGS = "log-receipts"


@dataclass(frozen=True, slots=True)
class DockSigned:
    """A verified receipt or anchor: its chain was good at its own time, which a dock vouches for."""

    payload: Mapping[str, Any]
    hash: str
    chain: Chain

    @property
    def utc_ms(self) -> int:
        """When the dock signed."""
        return int(self.payload["utc_ms"])

    @property
    def dock(self) -> str:
        """The dock's name."""
        return str(self.payload["dock"])


def read_receipt(directory: Path, trust: Trust) -> DockSigned:
    """Verify ``receipt.jws``, alone."""
    return _read(directory / NAME, RECEIPT, trust)


def read_anchor(volume: Path, trust: Trust) -> DockSigned:
    """Verify ``anchor.jws``, alone."""
    return read_anchor_file(volume / ANCHOR_NAME, trust)


def read_anchor_file(path: Path, trust: Trust) -> DockSigned:
    """Verify an anchor that lies anywhere."""
    return _read(path, ANCHOR, trust)


def read_log_receipt(path: Path, trust: Trust) -> DockSigned:
    """Verify a receipt for the log, alone."""
    return _read(path, LOG_RECEIPT, trust)


def _read(path: Path, typ: str, trust: Trust) -> DockSigned:
    line = files.read_jws(path)
    signed = verify_chained(line, typ, Role.DOCK, Trust(trust.root))
    verify_chained(line, typ, Role.DOCK, Trust(trust.root, signed.payload["utc_ms"]))
    need(
        signed.payload["dock"] == signed.chain.name,
        f"dock is {signed.payload['dock']}, the certificate is {signed.chain.name}'s",
    )
    return DockSigned(signed.payload, signed.hash, signed.chain)
