"""The paper of a derivative: what it was made from, what was done to it, by which desk and when
(``docs/evidence-format.md``, section 17)."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from firmware.evidence.documents import Kind
from firmware.evidence.kinds import ANY_TIME, COUNT, EXTENT, HASH, IDENTIFIER, NAME, NUMBER, WORDS
from firmware.evidence.roles import Role
from firmware.evidence.schema import PLAIN, items, null_or, record, text
from firmware.version import VERSION
from tools.export.cutting import Plan, Span, Wish
from tools.export.desk import Desk
from tools.export.source import Source

MOST_SPANS = 200
_TITLE = text(f"{PLAIN}{{1,64}}", "a name of 1 to 64 characters")
_SPAN = record({"from": COUNT, "until": COUNT})

DERIVED = Kind(
    "lapel.derived.1",
    Role.EXPORT,
    "desk",
    record(
        {
            "device": NAME,
            "volume": IDENTIFIER,
            "number": NUMBER,
            "opening": HASH,
            "manifest": null_or(HASH),
            "span": _SPAN,
            "asked": record({"from": null_or(COUNT), "until": null_or(COUNT)}),
            "silenced": items(_SPAN, most=MOST_SPANS),
            "film": EXTENT,
            "reason": null_or(WORDS),
            "desk": _TITLE,
            "tool": WORDS,
            "utc_ms": ANY_TIME,
        }
    ),
)


def paper_of(film: Path) -> Path:
    """Where the paper of a film lies: beside it, ``film.mp4`` has ``film.derived.jws``."""
    return film.with_name(f"{film.stem}.derived.jws")


def origin(source: Source, plan: Plan) -> dict[str, Any]:
    """What a film says of where it comes from, in its C2PA manifest and in its paper."""
    opening, manifest = source.journal.opening, source.custody.manifest
    return {
        "device": opening.device,
        "volume": opening.volume,
        "number": opening.number,
        "opening": opening.hash,
        "manifest": None if manifest is None else manifest.hash,
        "span": _json(plan.covers),
        "silenced": [_json(each) for each in plan.silenced],
    }


def write_paper(source: Source, plan: Plan, wish: Wish, film: Path, desk: Desk, reason: str | None, path: Path) -> None:
    """Sign the paper of the finished ``film`` and write it to ``path``."""
    payload = {
        **origin(source, plan),
        "asked": {"from": wish.begin, "until": wish.until},
        "film": {"length": film.stat().st_size, "hash": file_hash(film)},
        "reason": reason,
        "desk": desk.name,
        "tool": f"lapel export {VERSION}",
        "utc_ms": time.time_ns() // 1_000_000,
    }
    path.write_bytes(desk.sign_line(DERIVED, payload) + b"\n")


def file_hash(path: Path) -> str:
    """The hash of a whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(found: Span) -> dict[str, int]:
    return {"from": found.begin, "until": found.until}
