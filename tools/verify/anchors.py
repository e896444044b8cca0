"""Anchors from outside the card: what a dock countersigned, held against a log that somebody may have turned back or copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.verify import files
from tools.verify.audit_state import Audit
from tools.verify.certs import Trust
from tools.verify.findings import Refused, need
from tools.verify.receipt import ANCHOR_NAME, ANCHORS, DockSigned, read_anchor_file


def load_anchors(path: Path, trust: Trust) -> Iterator[DockSigned]:
    """The anchors under a path: a file, or a folder of a volume, a device or a store; ``Refused`` where there is none that verifies."""
    found = list(_anchor_files(path))
    need(found, f"{path}: holds no {ANCHOR_NAME}")
    for each in found:
        try:
            yield read_anchor_file(each, trust)
        except Refused as refused:
            raise Refused(f"{each}: {refused}") from None


def _anchor_files(path: Path, depth: int = 2) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    names = files.listing(path)
    if ANCHOR_NAME in names:
        yield path / ANCHOR_NAME
    elif depth:
        for name, kind in names.items():
            if kind is files.Kind.DIRECTORY:
                yield from _anchor_files(path / name, depth - 1)


def kept_anchor(volume: Path, line_hash: str, trust: Trust) -> DockSigned | None:
    """The anchor with this hash that a store keeps of earlier dockings; None where it has none, ``Refused`` where it is another."""
    name = f"{line_hash}.jws"
    if ANCHORS not in files.listing(volume) or name not in files.listing(volume / ANCHORS):
        return None
    anchor = read_anchor_file(volume / ANCHORS / name, trust)
    need(anchor.hash == line_hash, "is not the anchor that it is named after")
    return anchor


def check_anchor(anchor: DockSigned, log: Audit) -> None:
    """``Refused`` unless what a dock saw is part of the log here."""
    payload = anchor.payload
    line, head = payload["audit"]["line"], payload["audit"]["head"]
    need(
        line <= log.line,
        f"a dock saw {line} lines of the audit log, {log.line} can be believed here: it was turned back, or its end is gone",
    )
    known = log.hashes.get(line, head)
    need(
        known == head,
        f"a dock saw another line {line} of this audit log: two continuations of one log, of two cameras with one identity "
        "or of one that was turned back",
    )
    need(
        payload["number"] <= log.newest,
        f"a dock saw recording {payload['number']}, the audit log ends with {log.newest}",
    )
