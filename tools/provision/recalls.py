"""Recalling a camera, and undoing that, which takes two: the authority's release, and the consent of a signer who can do nothing else.

Papers are put below a dock's directory, ``orders/CAMERA``, from where it hands them on; the authority keeps its own in ``recalls``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError
from firmware.evidence.jws import FILE_LIMIT, Signed, from_file
from firmware.evidence.keys import software_sign
from firmware.evidence.kinds import CONSENT, RECALL, RELEASE
from firmware.evidence.recall import FILES, verify_order
from firmware.evidence.roles import Role
from tools.provision.authority import Authority
from tools.provision.files import ProvisionError, make_directory, replace
from tools.provision.signer import Signer

_KEPT: Final = "recalls"
_ORDERS: Final = "orders"
_DOCK: Final = "dock.crt.pem"


class ReleaseSigner(Signer):
    """Who consents that a recalled camera records again: what ``lapel provision releaser`` made."""

    __slots__ = ()
    ROLE = Role.RELEASE
    HELP = "'lapel provision releaser' makes one"

    def consent(self, device: str, docks: Sequence[Path], now_ms: int) -> Signed:
        """Consent to the release of the recall that the first of these docks has, and put it into all of them."""
        recall = _read(docks[0] / _ORDERS / device / FILES[RECALL], self.trust, device)
        payload = {"device": device, "recall": recall.hash, "utc_ms": now_ms}
        line = documents.sign(CONSENT, payload, software_sign(self.key), self.chain.ders)
        return _put(line, self.trust, device, docks)


def recall(authority: Authority, device: str, docks: Sequence[Path], reason: str, now_ms: int) -> Signed:
    """Have a camera record nothing more from its next docking at one of these docks on; nothing is recalled that stands recalled."""
    if not authority.registered(Role.DEVICE, device).exists():
        raise ProvisionError(f"the camera {device} was never enrolled")
    kept = authority.directory / _KEPT / device
    if (kept / FILES[RECALL]).exists() and not (kept / FILES[RELEASE]).exists():
        line = _read(kept / FILES[RECALL], authority.trust, device).line  # the same one, for further docks
    else:
        line = authority.sign_order(RECALL, {"device": device, "reason": reason, "utc_ms": now_ms})
    signed = _put(line, authority.trust, device, docks)
    make_directory(kept)
    replace(kept / FILES[RECALL], line + b"\n")
    (kept / FILES[RELEASE]).unlink(missing_ok=True)
    return signed


def release(authority: Authority, device: str, docks: Sequence[Path], now_ms: int) -> Signed:
    """The first of the two words that undo the newest recall of a camera."""
    kept = authority.directory / _KEPT / device
    if not (kept / FILES[RECALL]).exists():
        raise ProvisionError(f"the camera {device} was never recalled by this authority")
    recalled = _read(kept / FILES[RECALL], authority.trust, device)
    line = authority.sign_order(RELEASE, {"device": device, "recall": recalled.hash, "utc_ms": now_ms})
    signed = _put(line, authority.trust, device, docks)
    replace(kept / FILES[RELEASE], line + b"\n")
    return signed


def _put(line: bytes, trust: Trust, device: str, docks: Sequence[Path]) -> Signed:
    """Put a paper where docks look for it, once it was read back as a camera will read it."""
    if strange := [dock for dock in docks if not (dock / _DOCK).is_file()]:
        raise ProvisionError(f"{strange[0]} has no {_DOCK}: name the directory of a dock")
    try:
        kind, signed = verify_order(line, trust, device=device)
    except EvidenceError as error:
        raise ProvisionError(f"this cannot be signed: {error}") from None
    for dock in docks:
        at = dock / _ORDERS / device
        make_directory(at)
        if kind is RECALL:
            _forget_others(at, signed)
        replace(at / FILES[kind], line + b"\n")
    return signed


def _forget_others(at: Path, recalled: Signed) -> None:
    """What undid an older recall says nothing about this one."""
    path = at / FILES[RECALL]
    if not path.exists() or path.read_bytes() != recalled.line + b"\n":
        for kind in (RELEASE, CONSENT):
            (at / FILES[kind]).unlink(missing_ok=True)


def _read(path: Path, trust: Trust, device: str) -> Signed:
    try:
        with path.open("rb") as file:
            return verify_order(from_file(file.read(FILE_LIMIT + 1), path.name), trust, device=device)[1]
    except FileNotFoundError:
        raise ProvisionError(f"{path} is missing: was {device} recalled there?") from None
    except EvidenceError as error:
        raise ProvisionError(f"{path}: {error}") from None
