"""What a dock checks before it signs that it has something: pure, but for reading its own store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.dock.facts import Facts
from firmware.evidence.audit import Head, read_audit
from firmware.evidence.certs import Trust
from firmware.evidence.errors import MismatchError
from firmware.evidence.jws import Signed
from firmware.evidence.receipt import receipt_facts, receipt_files
from tools.dock import durable
from tools.dock.store import MANIFEST, SECOND

AUDIT_LIMIT = 256 << 20


def contradiction(last: Mapping[str, Any] | None, facts: Facts) -> str | None:
    """Why a camera cannot be the one whose log was countersigned last; None if it can."""
    if last is None:
        return None
    line, head = last["audit"]["line"], last["audit"]["head"]
    if facts.boot < last["boot"]:
        return f"boot {facts.boot}, but boot {last['boot']} was countersigned on this identity"
    if facts.audit.line < line:
        return f"audit line {facts.audit.line}, but line {line} was countersigned on this identity"
    if facts.audit.line == line and facts.audit.head != head:
        return f"audit line {line} is another one than was countersigned on this identity"
    return None


@dataclass(frozen=True, slots=True)
class Papers:
    """What signs a recording: its manifest, verified, and as they came the manifest's file and, where there is one, that
    which signs it again."""

    manifest: Signed
    file: bytes
    second: bytes | None

    @property
    def files(self) -> list[dict[str, Any]]:
        """What a receipt lists."""
        return receipt_files(self.manifest, self.second)

    @property
    def facts(self) -> dict[str, Any]:
        """What they settle of a receipt."""
        return receipt_facts(self.manifest, self.second)

    @property
    def small(self) -> dict[str, bytes]:
        """Those files by name."""
        return {MANIFEST: self.file} | ({} if self.second is None else {SECOND: self.second})


def wanted_files(papers: Papers, listed: Mapping[str, int]) -> list[dict[str, Any]]:
    """The files that the manifest names, itself and what signs it again included; ``MismatchError`` unless the camera has
    exactly these.

    A file of length 0 may be absent: the journal named it, and a cut took it before a byte was on the card.
    """
    if papers.second is not None and papers.manifest.payload["second"] is None:
        raise MismatchError(f"{SECOND}: the manifest names no second signature")
    wanted = [entry for entry in papers.files if entry["length"] or entry["name"] in listed]
    names = {entry["name"] for entry in wanted}
    if names != listed.keys():
        odd = ", ".join(sorted(names ^ listed.keys()))
        raise MismatchError(f"files: the manifest and the camera's list differ in {odd}")
    for entry in wanted:
        if listed[entry["name"]] != entry["length"]:
            raise MismatchError(f"{entry['name']}: {listed[entry['name']]} bytes, the manifest says {entry['length']}")
    return wanted


def reads_badly(recording: Path, entry: Mapping[str, Any]) -> str | None:
    """Read a stored file again; what is wrong with it, None for nothing."""
    path = recording / entry["name"]
    if not entry["length"] and not path.exists():
        return None
    sha256 = hashlib.sha256()
    try:
        for chunk in durable.read_chunks(path):
            sha256.update(chunk)
    except FileNotFoundError:
        return f"{entry['name']} is missing"
    return None if sha256.hexdigest() == entry["hash"] else f"{entry['name']} reads differently than it was stored"


@dataclass(frozen=True, slots=True)
class AuditState:
    """What the stored log says: its newest line, the boot of that line, and the newest recording it opened."""

    head: Head
    boot: int
    number: int


def read_log(
    files: Sequence[Path], trust: Trust, device: str, volume: str, last: Mapping[str, Any] | None
) -> AuditState:
    """Verify the stored log; ``EvidenceError`` if it is broken, or lacks the line that was countersigned last.

    Files that are missing in between, fetched by other docks, leave a gap that this dock cannot judge.
    """
    head: Head | None = None
    boot, number = 0, 0 if last is None else last["number"]
    known = None if last is None else (last["audit"]["line"], last["audit"]["head"])
    seen = known is None
    index = 0
    for path in files:
        adjacent = int(path.stem) == index + 1
        index = int(path.stem)
        data = b"".join(durable.read_chunks(path, AUDIT_LIMIT))
        found = read_audit(data, trust, head if adjacent else None, device=device, volume=volume)
        if found.damaged:
            raise MismatchError(f"{path.name}: {found.refusal}")
        for line in found.lines:
            boot = line.payload["boot"]
            if line.payload["kind"] == "opening":
                number = max(number, line.payload["data"]["number"])
            seen = seen or (line.payload["line"], line.hash) == known
        head = found.head if found.lines else head
    if head is None:
        raise MismatchError("the log has no line")
    if not seen:
        raise MismatchError("the log does not hold the line that was countersigned last")
    return AuditState(head, boot, number)
