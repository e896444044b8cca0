"""The evidence partition as a volume: its id, its directories, its reserve, its audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.evidence.jws import from_file
from firmware.evidence.volume import verify_volume, volume_line
from firmware.runtime import durable, names
from firmware.runtime.auditlog import AuditLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.runtime.enrolment import Enrolment
    from firmware.runtime.stamps import Stamps
    from hal.interface import Directory, Storage

BRIM: Final = 1 << 20
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
        cls, storage: Storage, enrolment: Enrolment, stamps: Stamps, *, reserve: int, random: Callable[[int], bytes]
    ) -> Volume:
        """Open the volume on ``storage``, or make one on an empty card, with ``reserve`` bytes set aside.

        ``EvidenceError`` if it is another camera's, ``OSError`` if the storage fails.
        """
        session, root = enrolment.session, storage.root()
        audit, recordings, erasing, quarantine = (root.enter(name, create=True) for name in DIRECTORIES)
        here = set(root.names())
        root.sync()  # where only the service had ended, nothing may build on names that never reached the card
        keep_room(storage, reserve)
        if names.VOLUME not in here:
            durable.replace(root, names.VOLUME, volume_line(session, random(16).hex(), stamps.now()) + b"\n")
        line = from_file(durable.read(root, names.VOLUME), names.VOLUME)
        number: str = verify_volume(line, enrolment.trust, device=session.device).payload["volume"]
        log = AuditLog(audit, session, number, stamps)
        log.read(enrolment.trust)
        return cls(number, storage, root, recordings, erasing, quarantine, log)


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
