"""Which cameras a store knows, when they were here last, and which recordings of theirs it knows of and does not hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from firmware.evidence import jws
from firmware.evidence.anchor import verify_anchor
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError
from firmware.evidence.log_kinds import AUDIT_DATA
from tools.dock import durable
from tools.dock.custody import AUDIT_LIMIT
from tools.dock.store import ANCHOR, INCOMING, RECEIPT, Store

FILE = "undockings.jsonl"
LONGEST_READ = 16 << 20
"""So much of the end of the store's list of undockings is read when a dock begins."""
_OVER = frozenset({"receipt", "void", "missing"})
"""Lines of a log by which a recording is no longer on the camera, or never was."""


@dataclass(frozen=True, slots=True)
class Known:
    """A camera: here last at ``seen_ms``, and how many recordings the store knows of and does not hold."""

    device: str
    seen_ms: int
    missing: int


@dataclass(frozen=True, slots=True)
class Undocking:
    """A camera was taken out of a slot: when, whether before it was ready, what was missing in words, and how many of its
    recordings were not taken over."""

    device: str
    slot: str
    utc_ms: int
    early: bool
    text: str
    missing: int


def keep_undocking(store: Store, undocking: Undocking) -> None:
    """Write it down durably, behind the earlier ones; ``OSError`` if that fails."""
    durable.append(store.root / FILE, json.dumps(asdict(undocking), sort_keys=True).encode() + b"\n")


def roster(store: Store, trust: Trust) -> list[Known]:
    """Every camera that was ever taken in here; ``OSError`` where the store cannot be read.

    What a camera made since it was last here, nobody knows; a card's recordings count for the camera that it was in.
    """
    seen: dict[str, int] = {}
    missing: dict[str, int] = {}
    for volume in sorted(store.root.glob("*/*")):
        logs = sorted((volume / "audit").glob("[0-9]*.jwsl"))
        if not logs or volume.parent.name == INCOMING:
            continue
        device = volume.parent.name
        newest, seen_ms = _countersigned(volume, trust, device) or (0, logs[-1].stat().st_mtime_ns // 1_000_000)
        seen[device] = max(seen.get(device, 0), seen_ms)
        newest = max([newest, *_opened(_lines(logs[-1]))])
        missing[device] = missing.get(device, 0) + len(_not_held(volume, newest, logs))
    for device, utc_ms in _undockings(store.root / FILE):
        if device in seen:
            seen[device] = max(seen[device], utc_ms)
    return [Known(device, at_ms, missing[device]) for device, at_ms in sorted(seen.items())]


def _countersigned(volume: Path, trust: Trust, device: str) -> tuple[int, int] | None:
    """The newest recording that was countersigned, and when; None if nothing was, or nothing that can be believed: the visit that meets
    this camera will say so."""
    try:
        anchor = verify_anchor(jws.from_file((volume / ANCHOR).read_bytes(), ANCHOR), trust, nonce=None, device=device)
    except (FileNotFoundError, EvidenceError):
        return None
    return anchor.payload["number"], anchor.payload["utc_ms"]


def _not_held(volume: Path, newest: int, logs: Sequence[Path]) -> set[int]:
    """Numbers up to the newest, without those that are stored and receipted here or, by the log, elsewhere."""
    receipts = volume.glob(f"recordings/[0-9]*/{RECEIPT}")
    held = {int(path.parent.name) for path in receipts if path.parent.name.isdecimal()}
    wanting = set(range(1, newest + 1)) - held
    for path in reversed(logs):
        if wanting:
            wanting -= {line["data"]["number"] for line in _lines(path) if line["kind"] in _OVER}
    return wanting


def _opened(lines: Iterable[Mapping[str, Any]]) -> Iterator[int]:
    """The numbers that a log gave out."""
    for line in lines:
        if line["kind"] == "opening":
            yield line["data"]["number"]
        elif line["kind"] == "boot":
            yield line["data"]["next"] - 1


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """What the lines of a stored log say; each was verified when the log was taken over, and one that cannot be read now says nothing."""
    for line in b"".join(durable.read_chunks(path, AUDIT_LIMIT)).split(b"\n"):
        try:
            payload = jws.parse(line, jws.LINE_LIMIT).payload
            if payload.get("kind") in AUDIT_DATA:
                AUDIT_DATA[payload["kind"]](payload.get("data"), "data")
                yield payload
        except EvidenceError:
            continue


def _undockings(path: Path) -> Iterator[tuple[str, int]]:
    """Who was taken out when, from the end of the list."""
    if path.exists():
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LONGEST_READ))
            yield from taken_out(file.read())


def taken_out(data: bytes) -> Iterator[tuple[str, int]]:
    """The same of a part of the list: what is no line of it, such as half of one that a cut left, says nothing."""
    for line in data.split(b"\n"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and isinstance(entry.get("device"), str) and type(entry.get("utc_ms")) is int:
            yield entry["device"], entry["utc_ms"]
