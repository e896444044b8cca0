"""Immutable work for the writer, and what it answers.

A *take* is one recording as the controller counts them; its number on the card is the writer's to give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.core.cutter import cut_pre_event

if TYPE_CHECKING:
    from firmware.core.cutter import Flush
    from firmware.core.ring import Gop
    from firmware.media.signing import Origin

Stamp = Mapping[str, object]
"""A reading of both clocks, as section 6.3 of the evidence format has it."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """What a take missed so far: frames not delivered, sound units not delivered, units dropped because storage lagged."""

    video: int = 0
    audio: int = 0
    overflow: int = 0

    def as_json(self) -> dict[str, object]:
        """As the evidence format writes it."""
        return {"video": self.video, "audio": self.audio, "overflow": self.overflow}


@dataclass(frozen=True, slots=True)
class Overlap:
    """Frames that a take has out of the buffer and an earlier ``take`` has too: the media times in this one of the ``first`` and the
    ``last``, and where the first stands (``at``) in that one, in ticks of 1/90000 s."""

    take: int
    first: int
    last: int
    at: int


@dataclass(frozen=True, slots=True)
class Begin:
    """Open a take; ``continues`` is the take that this one takes over from without a gap, 0 for none.  Its live part begins in segment
    ``live_from``, None for the one that was prepared; the numbers below are for what was captured before the press, which others may have captured too."""

    take: int
    continues: int = 0
    live_from: int | None = None
    overlaps: tuple[Overlap, ...] = ()


@dataclass(frozen=True, slots=True)
class Live:
    """One live flush of a take that begins at ``origin``."""

    take: int
    origin: Origin
    flush: Flush
    gaps: Gaps


@dataclass(frozen=True, slots=True)
class Before:
    """The pre-event part, to be written beside the live part: what the buffer held, and how it is to be cut, which is not done while a press
    waits."""

    take: int
    origin: Origin
    gops: tuple[Gop, ...]
    fps: int
    segment_s: float

    @property
    def flushes(self) -> tuple[Flush, ...]:
        """A flush for each GOP."""
        return tuple(cut_pre_event(self.gops, self.origin.live_from, fps=self.fps, segment_s=self.segment_s))


@dataclass(frozen=True, slots=True)
class Note:
    """A record for ``private.age``; ``time_ns`` places it on the time line, None where it has no place there."""

    take: int
    kind: str
    facts: Mapping[str, object]
    time_ns: int | None = None


ORDERED: Final = frozenset({"shutdown", "battery", "heat"})
"""Reasons of an end that nobody meant for the recording: the next start goes on with it."""


@dataclass(frozen=True, slots=True)
class End:
    """Seal a take."""

    take: int
    reason: str
    priority: bool

    @property
    def resumes(self) -> bool:
        """Whether it has to go on with the next start."""
        return self.reason in ORDERED


@dataclass(frozen=True, slots=True)
class Stop:
    """The service ends: the audit log's last line.  ``resume`` when a take was ended only for that."""

    reason: str
    resume: bool


@dataclass(frozen=True, slots=True)
class Witness:
    """A line for the audit log: a ``fault``, the ``power``, the ``place``."""

    kind: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Probe:
    """The writer's part of a self-test; without ``storage`` no file is written."""

    storage: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """A record for the private part of the audit log, of something noticed at ``time_ns``."""

    kind: str
    facts: Mapping[str, object]
    time_ns: int


Job = Begin | Live | Before | Note | End | Witness | Probe | Remark | Stop


@dataclass(frozen=True, slots=True)
class Mounted:
    """The volume is open and can record.  ``resume`` when a recording was cut off and has to go on."""

    resume: bool


@dataclass(frozen=True, slots=True)
class Durable:
    """Opening and first live flush of a take are on the card, which is recording ``number`` there."""

    take: int
    number: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """The manifest of a take is on the card."""

    take: int
    number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A take was lost to the writer; what is durable of it is recovered later.  ``code`` names the trouble."""

    take: int
    code: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The audit log's last line of this boot is on the card."""


@dataclass(frozen=True, slots=True)
class Health:
    """How storage does: room in bytes, for how many seconds a recording can go on or would if it began now, whether it is full, by how
    many ms the last live flush lagged behind its capture, whether it failed in this boot."""

    free: int
    total: int
    left_s: int
    full: bool
    lag_ms: int
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Probed:
    """What a ``Probe`` found: bytes a second that were written and synced, 0 where that failed, None where it was not tried; whether this
    boot's key signs."""

    wrote: int | None
    signs: bool


Answer = Mounted | Durable | Sealed | Failed | Stopped | Health | Probed
