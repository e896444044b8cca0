"""What a dock checks before it signs that it has something: pure, but for reading its own store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.dock.facts import Facts
from firmware.evidence import jws
from firmware.evidence.audit import Head, read_audit
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError, MismatchError, SequenceError
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


def check_room(directory: Path, wanted: Sequence[Mapping[str, Any]]) -> None:
    """``MismatchError`` where the store has no room for these files: a camera that says it has more must not fill it for all the others."""
    size, room = sum(entry["length"] for entry in wanted), durable.free(directory)
    if size > room:
        raise MismatchError(f"files: {size} bytes, the store has room for {room}")


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


class BrokenChainError(EvidenceError):
    """The stored log does not go on from what was countersigned: another camera's, or one that was turned back."""


def read_log(
    files: Sequence[Path], trust: Trust, last: Mapping[str, Any] | None, elsewhere: Signed | None, **whose: str
) -> AuditState:
    """Verify the stored log from the file on that holds the line which was countersigned last; what is before it was verified then.

    ``elsewhere``: a dock's receipt for lines that may be in another store.  ``BrokenChainError`` if the chain breaks, or lacks the line
    that was countersigned last; ``MismatchError`` if a line is damaged.
    """
    head = Head()
    boot, number = (0, 0) if last is None else (last["boot"], last["number"])
    known = None if last is None else (last["audit"]["line"], last["audit"]["head"])
    seen = known is None
    for path in _from_line(files, 1 if known is None else known[0]):
        data = b"".join(durable.read_chunks(path, AUDIT_LIMIT))
        before = _before(data)
        if before is not None and (_vouched(path, before, elsewhere) or (known is not None and head == Head())):
            head = before
        found = read_audit(data, trust, head, **whose)
        if isinstance(found.refusal, SequenceError):
            raise BrokenChainError(f"{path.name}: {found.refusal}")
        if found.damaged:
            raise MismatchError(f"{path.name}: {found.refusal}")
        for line in found.lines:
            boot = line.payload["boot"]
            if line.payload["kind"] == "opening":
                number = max(number, line.payload["data"]["number"])
            seen = seen or (line.payload["line"], line.hash) == known
        head = found.head
    if not head.line:
        raise MismatchError("the log has no line")
    if not seen:
        raise BrokenChainError("the log does not hold the line that was countersigned last")
    return AuditState(head, boot, number)


def file_entry(path: Path, length: int) -> dict[str, Any]:
    """A stored file as a receipt lists it; ``MismatchError`` where it is not the one that the camera listed."""
    sha256 = hashlib.sha256()
    for chunk in durable.read_chunks(path):
        sha256.update(chunk)
    if path.stat().st_size != length:
        raise MismatchError(f"{path.name}: {path.stat().st_size} bytes are stored, the camera has {length}")
    return {"name": path.name, "length": length, "hash": sha256.hexdigest()}


def head_behind(directory: Path, boot: int) -> dict[str, Any]:
    """What the first line behind the files of ``boot`` goes on from; ``MismatchError`` where there is no such line."""
    for path in sorted(directory.glob("[0-9]*.jwsl")):
        before = _before(_first_line(path)) if int(path.stem) > boot else None
        if before is not None:
            return {"line": before.line, "head": before.hash}
    raise MismatchError(f"no line of the log follows boot {boot}")


def _from_line(files: Sequence[Path], line: int) -> Sequence[Path]:
    """The files from the one on that holds this line."""
    for index in range(len(files) - 1, -1, -1):
        before = _before(_first_line(files[index]))
        if before is not None and before.line < line:
            return files[index:]
    return files


def _first_line(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.readline(jws.LINE_LIMIT + 1)


def _before(data: bytes) -> Head | None:
    """What the first line of a file goes on from, None where there is none; it is not verified here."""
    line, ended, _ = data.partition(b"\n")
    if not ended or b"\0" in line:
        return None
    said = jws.parse(line, jws.LINE_LIMIT).payload
    index, head = said.get("line"), said.get("prev")
    return Head(index - 1, head) if type(index) is int and isinstance(head, str) else None


def _vouched(path: Path, before: Head, elsewhere: Signed | None) -> bool:
    """Whether a dock's receipt vouches for the lines before this file."""
    if elsewhere is None:
        return False
    told = elsewhere.payload["audit"]
    listed = [each for each in elsewhere.payload["files"] if each["name"] == path.name]
    if (before.line, before.hash) == (told["line"], told["head"]):
        return True
    return any(file_entry(path, path.stat().st_size)["hash"] == each["hash"] for each in listed)
