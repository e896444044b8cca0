"""Late attribution: a dock and a custodian sign together whose shift a recording was made in (``docs/evidence-format.md``, section 14.2).

The recording is not touched: the record lies beside it, and none is ever written over or taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.evidence import jws
from firmware.evidence.certs import verify_chain
from firmware.evidence.documents import Kind
from firmware.evidence.errors import EvidenceError
from firmware.evidence.kinds import HASH, IDENTIFIER, LABEL, NAME, NUMBER, TIME
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.roles import Role
from firmware.evidence.schema import PLAIN, record, text
from tools.dock import durable
from tools.dock.identity import DockIdentity
from tools.dock.store import ATTRIBUTIONS, MANIFEST, StoreError
from tools.export.desk import Desk

TYP = "lapel.attribution.1"

_TABLE = record(
    {
        "device": NAME,
        "volume": IDENTIFIER,
        "number": NUMBER,
        "manifest": HASH,
        "shift": LABEL,
        "reason": text(f"{PLAIN}{{1,256}}", "a reason of 1 to 256 characters without control characters"),
        "dock": NAME,
        "desk": text(f"{PLAIN}{{1,64}}", "a name of 1 to 64 characters"),
        "utc_ms": TIME,
    }
)
BY_DOCK = Kind(TYP, Role.DOCK, "dock", _TABLE)
BY_DESK = Kind(TYP, Role.EXPORT, "desk", _TABLE)


class AttributionError(Exception):
    """Nothing was attributed; the message says why."""


def attribute(
    recording: Path,
    dock: DockIdentity,
    desk: Desk,
    shift: str,
    reason: str,
    utc_ms: int,
    enter: Callable[[], None] = lambda: None,
) -> Path:
    """Sign, and store beside the recording; the new file.  ``enter`` is called once both have signed, and before anything is stored.

    ``AttributionError`` unless the recording lies in a store, under its own number, with a manifest of a camera of this authority;
    ``StoreError`` where the store cannot be written.
    """
    payload: dict[str, Any] = {"shift": shift, "reason": reason, "dock": dock.name, "desk": desk.name, "utc_ms": utc_ms}
    try:
        payload |= _recording(recording, dock)
        now = dock.trust(utc_ms)
        verify_chain(dock.chain.ders, now, Role.DOCK, "the dock's certificate")
        verify_chain(desk.chain, now, Role.EXPORT, "the custodian's certificate")
        lines = (dock.sign(BY_DOCK, payload), desk.sign_line(BY_DESK, payload))
    except EvidenceError as error:
        raise AttributionError(f"{recording}: {error}") from None
    except OSError as error:
        raise AttributionError(f"{error.filename or recording}: {error.strerror}") from None
    enter()
    folder = recording.parent.parent / ATTRIBUTIONS
    path = folder / f"{payload['number']:08d}-{jws.line_hash(lines[0])[:16]}.jwsl"
    try:
        durable.make_directory(folder)
        durable.write(path, b"".join(line + b"\n" for line in lines))
    except OSError as error:
        raise StoreError.of(error) from None
    return path


def _recording(path: Path, dock: DockIdentity) -> dict[str, Any]:
    """Which one it is, by its manifest."""
    line = jws.from_file((path / MANIFEST).read_bytes(), MANIFEST)
    manifest = verify_manifest(line, dock.trusted)  # a camera that was withdrawn since has recorded something, too
    said = {member: manifest.payload[member] for member in ("device", "volume", "number")}
    place = path.resolve()
    lies = (place.parents[2].name, place.parents[1].name, place.parent.name, place.name)
    if lies != (said["device"], said["volume"], "recordings", f"{said['number']:08d}"):
        raise AttributionError(f"{path}: does not lie in a store as DEVICE/VOLUME/recordings/NUMBER of its manifest")
    return {**said, "manifest": manifest.hash}
