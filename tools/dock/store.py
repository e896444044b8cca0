"""The store of a reference dock: a directory with the same tree as a card, ``DEVICE/VOLUME/...``.

store.id                                     the id that receipts name
register.jsonl                               which shift is whose: nowhere else
conflicts.jsonl                              cameras that contradicted what is stored under their names
refusals.jsonl                               who was refused, in which slot, and why: the newest five hundred
undockings.jsonl                             which camera was taken out of which slot, when, and what was missing then
copies.jsonl                                 which copies were read back well from which place (tools/dock/copying/copies.py)
... .lock                                    is held while the file beside it is changed; nothing is in it
incoming/DEVICE/VOLUME/NUMBER-HASH16/        what has not arrived in full
DEVICE/VOLUME/volume.jws, anchor.jws         as on the card; the anchor is what was countersigned last
DEVICE/VOLUME/log-receipt.jws                what this dock receipted last of the log
DEVICE/VOLUME/log-receipts/NNNNNNNN.jws      what other docks receipted, by the newest boot that it covers
DEVICE/VOLUME/audit/NNNNNNNN.jwsl            and NNNNNNNN.private.age, all that there ever were
DEVICE/VOLUME/attributions/                  whose shift recordings were made in, said later
DEVICE/VOLUME/recordings/NUMBER/             with its receipt, and a time stamp where an authority is asked for them
... .conflict-HASH8                          the same place, claimed by other bytes: kept beside, never over
... .damaged-N                               was stored well and reads badly now
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from firmware.evidence import jws
from firmware.evidence.anchor import verify_anchor
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError
from tools.dock import durable
from tools.dock.copying.copies import Copies

INCOMING = "incoming"
MANIFEST = "manifest.jws"
SECOND = "manifest.pq.jws"
RECEIPT = "receipt.jws"
STAMP = "manifest.tsr"
ANCHOR = "anchor.jws"
ANCHORS = "anchors"
LOG_RECEIPT = "log-receipt.jws"
OTHERS = "log-receipts"
ATTRIBUTIONS = "attributions"
CONFLICTS = "conflicts.jsonl"
TRANSIENT = (".new", ".lock")
"""What ends so is no part of a store: a file that is being written, and what keeps others waiting meanwhile."""


class StoreError(Exception):
    """The store cannot be written or read; the message says what and why.  Nothing was receipted."""

    @classmethod
    def of(cls, error: OSError) -> StoreError:
        """The same in words."""
        return cls(f"the store cannot be used: {error.filename or 'write'}: {error.strerror or error}")


class Store:
    """A directory that may be written."""

    def __init__(self, root: Path) -> None:
        """Open the store, or make it; ``StoreError`` if it cannot be written."""
        self.root = root
        try:
            durable.make_directory(root)
            path = root / "store.id"
            with durable.alone(path):
                self.id = path.read_text("ascii").strip() if path.exists() else f"store-{secrets.token_hex(8)}"
                durable.write(path, f"{self.id}\n".encode())  # each time: it shows that the store can be written
        except OSError as error:
            raise StoreError.of(error) from None
        self.copies = Copies(root, self.id)
        """Further places, none unless somebody names them."""

    def papers(self) -> list[Path]:
        """What is in no volume and belongs into every copy: not the register, which is about people."""
        return [self.root / "store.id", self.root / CONFLICTS]

    def note_conflict(self, facts: Mapping[str, str | int]) -> None:
        """Keep in mind that a camera contradicted what is stored under its name."""
        path = self.root / CONFLICTS
        try:
            with durable.alone(path):
                before = path.read_bytes() if path.exists() else b""
                durable.write(path, before + json.dumps(facts, sort_keys=True).encode() + b"\n")
            self.copies.later(path, paper=True)
        except OSError as error:
            raise StoreError.of(error) from None

    def volume(self, device: str, volume: str) -> Volume:
        """The part of one card."""
        return Volume(self.root / device / volume, self.root / INCOMING / device / volume)


class Volume:
    """What is stored of one card.  Names come from messages that allow no others, so that no path leads outside."""

    def __init__(self, path: Path, incoming: Path) -> None:
        """Make its directories."""
        self.path = path
        self._incoming = incoming
        self.recordings = path / "recordings"
        self.audit = path / "audit"
        for directory in (self.recordings, self.audit, incoming):
            durable.make_directory(directory)

    def last_anchor(self, trust: Trust) -> dict[str, Any] | None:
        """What was countersigned last; ``StoreError`` if the store's copy was changed."""
        path = self.path / ANCHOR
        if not path.exists():
            return None
        try:
            return dict(verify_anchor(jws.from_file(path.read_bytes(), ANCHOR), trust, nonce=None).payload)
        except EvidenceError as error:
            raise StoreError(f"{path}: {error}") from None

    def keep_anchor(self, line: bytes) -> None:
        """Keep what was countersigned, and what was before: openings name the anchor that was the newest when they were made."""
        durable.make_directory(self.path / ANCHORS)
        durable.write(self.path / ANCHORS / f"{jws.line_hash(line)}.jws", line + b"\n")
        durable.write(self.path / ANCHOR, line + b"\n")

    def keep_log_receipt(self, line: bytes) -> None:
        """Keep what was receipted of the log."""
        durable.write(self.path / LOG_RECEIPT, line + b"\n")

    def keep_other_receipt(self, boot: int, line: bytes) -> None:
        """Keep what another dock receipted of the log."""
        durable.make_directory(self.path / OTHERS)
        durable.write(self.path / OTHERS / f"{boot:08d}.jws", line + b"\n")

    def incoming(self, number: int, manifest: str) -> Path:
        """Where a recording arrives, until it is whole."""
        path = self._incoming / f"{number:08d}-{manifest[:16]}"
        durable.make_directory(path)
        return path

    def incoming_file(self, name: str) -> Path:
        """Where a single file arrives."""
        return self._incoming / name

    def place(self, number: int, manifest: str, *, apart: bool) -> Path:
        """Where a recording belongs: in its own place, or beside it if that holds another, or is free and to be left so
        (``apart``)."""
        own = self.recordings / f"{number:08d}"
        if _manifest_hash(own) == manifest if own.exists() else not apart:
            return own
        return own.with_name(f"{own.name}.conflict-{manifest[:8]}")

    def few(self) -> list[Path]:
        """All but recordings, in files that stay or grow."""
        folders = (self.path, self.audit, *(self.path / name for name in (ANCHORS, OTHERS, ATTRIBUTIONS)))
        files = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path.is_file())
        return [path for path in files if path.suffix not in TRANSIENT and path not in self.newest()]

    def newest(self) -> list[Path]:
        """The papers of this dock of which a newer one replaces the one before."""
        return [self.path / ANCHOR, self.path / LOG_RECEIPT]

    def set_aside(self, path: Path) -> Path:
        """Move what reads badly out of the way."""
        damaged = next(each for each in _numbered(path) if not each.exists())
        durable.move(path, damaged)
        return damaged


def keep_beside(path: Path, data: bytes) -> Path:
    """Keep a file whose place holds other bytes."""
    beside = path.with_name(f"{path.name}.conflict-{hashlib.sha256(data).hexdigest()[:8]}")
    durable.write(beside, data)
    return beside


def _manifest_hash(recording: Path) -> str | None:
    """The hash of the manifest's line, None if there is no readable one."""
    try:
        return jws.line_hash(jws.from_file((recording / MANIFEST).read_bytes(), MANIFEST))
    except (FileNotFoundError, EvidenceError):
        return None


def _numbered(path: Path) -> Iterator[Path]:
    number = 1
    while True:
        yield path.with_name(f"{path.name}.damaged-{number}")
        number += 1
