"""A dock's receipt: these bytes are in durable storage.  Nothing is erased without one (``docs/evidence-format.md``,
section 9)."""

from __future__ import annotations

from typing import Any

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.jws import Signed
from firmware.evidence.keys import hash_of
from firmware.evidence.kinds import RECEIPT


def receipt_files(manifest: Signed, second: bytes | None = None) -> list[dict[str, Any]]:
    """What a receipt for this recording has to list: every file of the directory but the receipt, sorted by name.

    ``second``: what ``manifest.pq.jws`` holds, None where there is none.  The manifest cannot say: it is what that signs.
    """
    payload, file = manifest.payload, manifest.line + b"\n"
    journal = payload["journal"]
    files = [
        {"name": "journal.jwsl", "length": journal["length"], "hash": journal["hash"]},
        {"name": "manifest.jws", "length": len(file), "hash": hash_of(file)},
        *([] if second is None else [{"name": "manifest.pq.jws", "length": len(second), "hash": hash_of(second)}]),
        *({name: entry[name] for name in ("name", "length", "hash")} for entry in payload["files"]),
    ]
    return sorted(files, key=lambda entry: entry["name"])


def receipt_facts(manifest: Signed, second: bytes | None = None) -> dict[str, Any]:
    """What this manifest, and what signs it again, settle of a receipt: ``device``, ``volume``, ``number``, ``manifest``,
    ``files``."""
    same = {name: manifest.payload[name] for name in ("device", "volume", "number")}
    return {**same, "manifest": manifest.hash, "files": receipt_files(manifest, second)}


def verify_receipt(
    line: bytes, trust: Trust, manifest: Signed, *, nonce: str | None, second: bytes | None = None
) -> Signed:
    """Verify a receipt for the recording of this verified manifest, file by file.

    ``nonce`` is the session's; None for a receipt that was accepted before and is read back.
    """
    signed = documents.verify(RECEIPT, line, trust)
    documents.expect(RECEIPT, signed, {**receipt_facts(manifest, second), "nonce": nonce})
    return signed
