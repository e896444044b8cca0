"""A dock's receipt for the audit log itself: nothing of the log is removed without one (``docs/evidence-format.md``, section 11.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.jws import Signed
from firmware.evidence.log_kinds import LOG_RECEIPT


def verify_log_receipt(
    line: bytes,
    trust: Trust,
    *,
    nonce: str | None,
    device: str | None = None,
    volume: str | None = None,
    files: Callable[[int], Sequence[Mapping[str, Any]]] | None = None,
    head: Callable[[int], Mapping[str, Any] | None] | None = None,
) -> Signed:
    """Verify a receipt for the log of this device and volume (None: any).

    ``nonce`` is the session's; None for a receipt that was accepted before and is read back.  ``files`` gives our own files of the boots
    up to a number, as the receipt has to list them; ``head`` what the first line behind these goes on from, None where there is no such
    line.
    """
    signed = documents.verify(LOG_RECEIPT, line, trust)
    documents.expect(LOG_RECEIPT, signed, {"device": device, "volume": volume, "nonce": nonce})
    boot = signed.payload["boot"]
    if files is not None:
        documents.expect(LOG_RECEIPT, signed, {"files": list(files(boot))})
    if head is not None:
        documents.expect(LOG_RECEIPT, signed, {"audit": head(boot) or {}})
    return signed
