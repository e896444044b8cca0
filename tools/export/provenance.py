"""A C2PA manifest in the film: what stock viewers show of where it comes from.

It is signed by the desk, names the recording and its hashes, and carries the camera's own signed manifest as the
parent.  It proves nothing that `lapel verify` does not prove without it; a viewer trusts it only where it was given the
authority's root.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import c2pa

from firmware.version import VERSION
from tools.export.cutting import Plan, Wish
from tools.export.derivation import origin
from tools.export.desk import Desk
from tools.export.source import Source
from tools.verify import manifest
from tools.verify.findings import Refused, need
from tools.verify.times import size

ASSERTION = "lapel.original"
"""The label of the assertion that names the recording: the members of ``derivation.origin``, and ``desk``."""

TRUSTED = "Trusted"
_MP4 = "video/mp4"
_JWS = "application/jose"
_PARENT = "recording"
_MEMORY = Path("/proc/meminfo")
_TIMES_LENGTH = 2.2
"""Bytes of memory that signing takes for each byte of the film (measured: twice the film)."""


def sign_film(film: Path, target: Path, source: Source, plan: Plan, wish: Wish, desk: Desk) -> None:
    """Write ``film`` with a C2PA manifest to ``target``, and read it back; ``Refused`` where that cannot be done."""
    need_memory(film.stat().st_size)
    context = c2pa.Context.from_dict(_settings(desk.root_pem.decode()))
    try:
        builder = c2pa.Builder(_definition(source, plan, wish, desk), context=context)
        if source.custody.manifest is not None:
            builder.add_resource(manifest.NAME, io.BytesIO((source.directory / manifest.NAME).read_bytes()))
        signer = c2pa.Signer.from_callback(desk.sign_raw, c2pa.C2paSigningAlg.ES256, desk.certificate_pem.decode())
        with film.open("rb") as read, target.open("w+b") as write:
            builder.sign(signer, _MP4, read, write)
    except c2pa.C2paError as error:
        raise Refused(f"the C2PA manifest cannot be made: {error}") from None
    state = read_state(target, desk.root_pem.decode())
    need(state == TRUSTED, f"the C2PA manifest does not verify against the desk's own root: {state}")


def read_state(film: Path, root_pem: str | None) -> str:
    """What a stock reader calls the film: ``Trusted``, ``Valid`` (its signer is not known) or ``Invalid``; with an
    authority's root, or with none."""
    try:
        with film.open("rb") as file:
            reader = c2pa.Reader(_MP4, file, context=c2pa.Context.from_dict(_settings(root_pem)))
            return str(reader.get_validation_state())
    except c2pa.C2paError as error:
        raise Refused(f"{film.name}: its C2PA manifest cannot be read: {error}") from None


def need_memory(length: int, available: int | None = None) -> None:
    """``Refused`` where a film of this length would not fit into memory; nothing is asked where nobody tells."""
    free = _available() if available is None else available
    wanted = int(length * _TIMES_LENGTH)
    need(
        free is None or wanted <= free,
        f"a C2PA manifest for a film of {size(length)} takes about {size(wanted)} of memory, "
        f"{size(free or 0)} are free: trim the film with --from and --until, use a larger machine, or leave it out with --no-c2pa",
    )


def _available() -> int | None:
    if not _MEMORY.is_file():
        return None
    rows = dict(row.split(":", 1) for row in _MEMORY.read_text().splitlines() if ":" in row)
    return int(rows["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in rows else None


def _settings(root_pem: str | None) -> Mapping[str, Any]:
    """Nobody is asked over a network; only the given root is trusted."""
    return {
        "verify": {"verify_after_sign": False, "ocsp_fetch": False, "remote_manifest_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
        "trust": {} if root_pem is None else {"trust_anchors": root_pem},
    }


def _definition(source: Source, plan: Plan, wish: Wish, desk: Desk) -> str:
    opening = source.journal.opening
    parent: dict[str, Any] = {
        "title": f"recording {opening.number} of {opening.device}",
        "format": _JWS,
        "relationship": "parentOf",
        "label": _PARENT,
        "instance_id": f"urn:lapel:{opening.volume}:{opening.number}",
        "description": f"the original: SHA-256 of its opening line {opening.hash}",
    }
    if source.custody.manifest is not None:
        parent["data"] = {"format": _JWS, "identifier": manifest.NAME}
    return json.dumps(
        {
            "claim_generator_info": [{"name": "lapel export", "version": VERSION}],
            "title": f"{opening.device}, recording {opening.number}",
            "format": _MP4,
            "ingredients": [parent],
            "assertions": [
                {"label": "c2pa.actions.v2", "data": {"actions": list(_actions(plan, wish))}},
                {"label": ASSERTION, "data": {**origin(source, plan), "desk": desk.name}},
            ],
        }
    )


def _actions(plan: Plan, wish: Wish) -> Iterator[dict[str, Any]]:
    yield {"action": "c2pa.opened", "parameters": {"ingredientIds": [_PARENT]}}
    yield {"action": "c2pa.repackaged", "description": "segments put into one film; nothing encoded again"}
    if wish.trims:
        yield {"action": "c2pa.trimmed", "description": f"media time {plan.covers.words}"}
    if wish.redacts:
        gone = ", ".join(each.words for each in plan.silenced) or "there was none"
        yield {"action": "c2pa.edited", "description": f"sound removed: {gone}; the picture is untouched"}
