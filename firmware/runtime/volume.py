"""The evidence partition as a volume: its id, its directories, its reserve, its audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.evidence.errors import EvidenceError
from firmware.evidence.jws import from_file
from firmware.evidence.volume import verify_volume, volume_line
from firmware.runtime import durable, names
from firmware.runtime.auditlog import AuditLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.evidence.age import AgeWriter
    from firmware.evidence.recipients import Random
    from firmware.evidence.session import Session
    from firmware.runtime.enrolment import Enrolment
    from firmware.runtime.stamps import Stamps
    from hal.interface import Directory, Storage

FOREIGN: Final = (names.RECORDINGS, names.AUDIT, names.ERASING, names.ANCHOR, names.LOG_RECEIPT)
BRIM: Final = 8 << 20
"""With less than this free, what is set aside is given back: the largest manifest, written beside its place, has to fit too."""
DIRECTORIES: Final = (names.AUDIT, names.RECORDINGS, names.ERASING, names.QUARANTINE)


@dataclass(frozen=True, slots=True)
class Volume:
    """A mounted volume.  ``id`` is 32 hexadecimal digits."""

    id: str
    storage: Storage
    root: Directory
    recordings: Directory
    erasing: Directory
    quarantine: Directory
    audit: AuditLog

    @classmethod
    def mount(
        cls,
        storage: Storage,
        enrolment: Enrolment,
        stamps: Stamps,
        *,
        reserve: int,
        random: Random,
        age: Callable[[], AgeWriter],
    ) -> Volume:
        """Open the volume on ``storage``, or make one on an empty card, with ``reserve`` bytes set aside; ``age`` begins an encrypted file.

        A card that is another camera's, or that nobody can tell whose it is, never keeps this one from recording: what is on it is
        put into quarantine as it is, and a new volume begins.  So it is where the audit log is gone and evidence is not: nobody knows
        which numbers were given out, and none may be given out twice.  ``OSError`` if the storage fails.
        """
        session, root = enrolment.session, storage.root()
        here = set(root.names())
        keep_room(storage, reserve)
        number = _whose(root, enrolment) if names.VOLUME in here else None
        if number is not None and not _forgotten(root, here):
            volume = cls._open(storage, number, session, stamps, age)
            volume.audit.read(enrolment.trust)
            # Where a dock has taken over the beginning of the log, nothing that is left may be unreadable: numbers were given out.
            if volume.audit.ledger.line or names.LOG_RECEIPT not in here:
                return volume
        number = random(16).hex()
        put_away(root, number)
        durable.replace(root, names.VOLUME, volume_line(session, number, stamps.now()) + b"\n")
        volume = cls._open(storage, number, session, stamps, age)
        volume.audit.read(enrolment.trust)
        return volume

    @classmethod
    def _open(
        cls, storage: Storage, number: str, session: Session, stamps: Stamps, age: Callable[[], AgeWriter]
    ) -> Volume:
        """The volume with its directories; its log is not read yet."""
        root = storage.root()
        audit, recordings, erasing, quarantine = (root.enter(name, create=True) for name in DIRECTORIES)
        root.sync()  # where only the service had ended, nothing may build on names that never reached the card
        log = AuditLog(audit, session, number, stamps, age)
        return cls(number, storage, root, recordings, erasing, quarantine, log)


def _whose(root: Directory, enrolment: Enrolment) -> str | None:
    """The id of this camera's volume; None if it is not this camera's."""
    try:
        line = from_file(durable.read(root, names.VOLUME), names.VOLUME)
        number: str = verify_volume(line, enrolment.trust, device=enrolment.session.device).payload["volume"]
    except EvidenceError:
        return None
    return number


def _forgotten(root: Directory, here: set[str]) -> bool:
    """Whether evidence is there, or was, and not one file of the audit log."""
    if names.AUDIT in here and root.enter(names.AUDIT).names():
        return False
    inside = any(root.enter(name).names() for name in (names.RECORDINGS, names.QUARANTINE) if name in here)
    return inside or names.ANCHOR in here


def put_away(root: Directory, number: str) -> None:
    """Make room for a new volume with this id: what another one left goes into quarantine, its ``volume.jws`` last, so that a cut
    in the middle is taken up by the next start."""
    left = [name for name in (*FOREIGN, names.VOLUME) if name in root.names()]
    if not left:
        return
    quarantine = root.enter(names.QUARANTINE, create=True)
    shelf = quarantine.enter(f"before-{number}", create=True)
    quarantine.sync()
    root.sync()
    for name in left:
        root.rename(name, name, shelf)
        shelf.sync()
        root.sync()


def keep_room(storage: Storage, size: int) -> None:
    """Set room aside that no recording may take, or give it back on a card that is full to the brim.

    From every full state one docking has to be possible: its receipts and its lines of the log go where the reserve was.
    """
    root, free = storage.root(), storage.space().free
    held = names.RESERVE in root.names()
    if held and free < BRIM:
        root.remove(names.RESERVE)
        root.sync()
    elif not held and free >= size + BRIM:
        file = root.create(names.RESERVE)
        file.reserve(size)
        file.sync()
        file.close()
        root.sync()
