"""A recall: the authority has one camera record nothing more; and what undoes it, which takes two (``docs/evidence-format.md``, section 14).

``lapel.recall.1`` and ``lapel.release.1`` are signed by a settings certificate, ``lapel.consent.1`` by a release certificate, which can do
nothing else.  Release and consent name the recall by its hash, so that neither undoes another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.documents import Kind
from firmware.evidence.errors import FormatError, MismatchError
from firmware.evidence.jws import Signed, peek_typ
from firmware.evidence.kinds import CONSENT, RECALL, RELEASE

ORDERS: Final[Mapping[str, Kind]] = {kind.typ: kind for kind in (RECALL, RELEASE, CONSENT)}
UNDO: Final = (RELEASE, CONSENT)
"""Both are needed."""
FILES: Final[Mapping[Kind, str]] = {RECALL: "recall.jws", RELEASE: "release.jws", CONSENT: "consent.jws"}
"""What each is called on a camera, at a dock and with the authority, in the order in which a camera hears of them."""


def verify_order(line: bytes, trust: Trust, *, device: str) -> tuple[Kind, Signed]:
    """Verify a paper about the recall of this device: which kind it is, and what it says."""
    kind = ORDERS.get(peek_typ(line))
    if kind is None:
        raise FormatError(f"typ: is none of {', '.join(ORDERS)}")
    signed = documents.verify(kind, line, trust)
    documents.expect(kind, signed, {"device": device})
    return kind, signed


def expect_of(recall: Signed, kind: Kind, signed: Signed) -> None:
    """``MismatchError`` unless this word is about this recall."""
    if signed.payload["recall"] != recall.hash:
        raise MismatchError(f"{kind.typ}: recall: is about another one")
