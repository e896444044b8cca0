"""A card with a year's work on it, made in a second: thousands of segments, genuine papers, next to nothing in the files.

And the means to count what is asked of such a card.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from firmware.evidence.journal import Journal
from firmware.evidence.kinds import MANIFEST
from firmware.evidence.manifest import sealed_manifest
from firmware.runtime import names
from hal.sim.memory import MemoryDirectory, MemoryFile, MemoryStorage
from tests.rig import payload, pki
from tools.bench.virtual import journal as begin

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.rig import Rig

CONTENT = b"x"
VOUCHED = 2
"""Segments that a journal names; the others are merely there."""
EXTENT = {"length": len(CONTENT), "hash": hashlib.sha256(CONTENT).hexdigest()}
VIDEO = {"width": 160, "height": 128, "fps": 10}
GAPS = {"video": 0, "audio": 0, "overflow": 0}
CALLS = {
    MemoryDirectory: ("names", "create", "open", "enter", "rename", "remove", "sync"),
    MemoryFile: ("append", "read", "size", "reserve", "sync"),
    MemoryStorage: ("space",),
}


def load(rig: Rig, *, sealed: int, cut: int, segments: int) -> None:
    """Put so many sealed and so many cut off recordings on the card of a running camera, of so many segments each."""
    vault, template = rig.camera.vault, b""
    rig.signer.holder = pki().device
    for index in range(cut + sealed):
        number = vault.volume.audit.ledger.upcoming
        journal = begin(vault, number, VIDEO)
        vault.volume.audit.write("opening", {"number": number, "opening": _hash(journal.opening)})
        directory = vault._empty_directory(names.recording(number))
        for segment in range(segments):
            _put(directory, names.segment(segment), CONTENT)
        if index < cut or not template:
            lines = [journal.opening, *(_flush(rig, journal, segment) for segment in range(VOUCHED))]
            _put(directory, names.JOURNAL, b"\n".join(lines) + b"\n")
        if index >= cut:
            made = template and _renumbered(rig, template, number, journal)
            signing = vault.signing(priority=False)
            template = made or sealed_manifest(vault.session, journal.transcript, journal.extent, **signing)
            _put(directory, names.MANIFEST, template + b"\n")
            closing = {"number": number, "manifest": _hash(template), "state": "sealed"}
            vault.volume.audit.write("closing", closing)
        directory.sync()
        vault.renew_log()
    vault.volume.recordings.sync()


def _flush(rig: Rig, journal: Journal, segment: int) -> bytes:
    track = {"samples": 1, "from": segment * 90_000, "hash": EXTENT["hash"]}
    return journal.flush(
        file=names.segment(segment),
        last=True,
        cipher=EXTENT,
        plain=EXTENT,
        tracks={"video": track, "audio": None},
        until=(segment + 1) * 90_000,
        clock=rig.camera.vault.stamps.now(),
        gaps=GAPS,
        lag_ms=0,
    )


def _renumbered(rig: Rig, manifest: bytes, number: int, journal: Journal) -> bytes:
    """The same manifest for another recording."""
    changed: dict[str, Any] = payload(manifest) | {"number": number, "opening": _hash(journal.opening)}
    changed |= {"boot": journal.transcript.opening["boot"], "signed_boot": journal.transcript.opening["boot"]}
    return rig.camera.vault.session.sign_as_device(changed, MANIFEST.typ)


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _put(directory: Any, name: str, data: bytes) -> None:
    file = directory.create(name)
    file.append(data)
    file.sync()
    file.close()


@dataclass
class Asked:
    """What was asked of a storage: calls, bytes read, names listed."""

    calls: int = 0
    read: int = 0
    listed: int = 0

    def __sub__(self, other: Asked) -> Asked:
        """What was asked since."""
        return Asked(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def copy(self) -> Asked:
        """As it stands now."""
        return Asked(*astuple(self))


def count(monkeypatch: pytest.MonkeyPatch, evidence: Callable[[], MemoryStorage]) -> Asked:
    """Count from now on what is asked of the storage that ``evidence`` gives."""
    asked = Asked()

    def counted(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def wrapper(self: Any, *arguments: Any, **more: Any) -> Any:
            storage = self if isinstance(self, MemoryStorage) else getattr(self, "storage", None) or self._storage
            answer = call(self, *arguments, **more)
            if storage is evidence():
                asked.calls += 1
                asked.read += len(answer) if name == "read" else 0
                asked.listed += len(answer) if name == "names" else 0
            return answer

        return wrapper

    for owner, calls in CALLS.items():
        for name in calls:
            monkeypatch.setattr(owner, name, counted(getattr(owner, name), name))
    return asked
