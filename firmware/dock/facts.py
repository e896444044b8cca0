"""What a camera says about itself, in its greeting and whenever it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from firmware.dock.fields import member, part
from firmware.evidence.kinds import ANY_TIME, COUNT, HASH, IDENTIFIER, LABEL, NAME, WORDS
from firmware.evidence.schema import flag, integer, one_of


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Both clocks at once, as in the evidence format: ``quality`` is ``unset``, ``rtc`` or ``dock``."""

    mono_ms: int = member(COUNT)
    utc_ms: int = member(ANY_TIME)
    quality: str = member(one_of("unset", "rtc", "dock"))


@dataclass(frozen=True, slots=True)
class Charge:
    """The battery: percent, and whether it charges."""

    percent: int = member(integer(0, 100))
    charging: bool = member(flag)


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes on the evidence partition."""

    total: int = member(COUNT)
    free: int = member(COUNT)


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest line of the audit log: its index and hash; line 0 and 64 zeros for none."""

    line: int = member(COUNT)
    head: str = member(HASH)


@dataclass(frozen=True, slots=True)
class Update:
    """How it stands with the firmware: the board, the serial of the bundle that was installed last (0 for none), and ``state``.

    ``none``: nothing is under way.  ``waiting``: a whole bundle is here and goes to the updater.  ``installed``: it boots at the next
    start.  ``failed``: the updater refused the last one in this boot.
    """

    board: str = member(LABEL)
    serial: int = member(COUNT)
    state: str = member(one_of("none", "waiting", "installed", "failed"))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a camera says about itself: newest recording ``number`` (0 for none), versions, clock, battery, room, audit
    head, firmware that is to come."""

    device: str = member(NAME)
    volume: str = member(IDENTIFIER)
    boot: int = member(integer(1, 99_999_999))
    number: int = member(integer(0, 99_999_999))
    firmware: str = member(WORDS)
    clock: ClockReading = part(ClockReading)
    battery: Charge = part(Charge)
    space: Room = part(Room)
    audit: AuditHead = part(AuditHead)
    update: Update = part(Update)
