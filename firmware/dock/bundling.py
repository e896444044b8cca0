"""What a dock and a camera say about a firmware bundle (``docs/dock-protocol.md``, section 4.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from firmware.dock.fields import member
from firmware.dock.messages import DATA_LIMIT, Message, Raw
from firmware.evidence.jws import LINE_LIMIT
from firmware.evidence.kinds import COUNT


class BundleLine(Raw):
    """Offer the firmware bundle with this paper."""

    __slots__ = ()
    TYPE: ClassVar[int] = 24
    LIMIT: ClassVar[int] = LINE_LIMIT


@dataclass(frozen=True, slots=True)
class Wanted(Message):
    """The camera wants the offered bundle's bytes from ``offset`` on: it has those before."""

    TYPE: ClassVar[int] = 25
    offset: int = member(COUNT)


class Piece(Raw):
    """The next bytes of the bundle that the camera wants."""

    __slots__ = ()
    TYPE: ClassVar[int] = 26
    LIMIT: ClassVar[int] = DATA_LIMIT
    LEAST: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Taken(Message):
    """A piece was taken, and the next one begins at ``offset``."""

    TYPE: ClassVar[int] = 27
    offset: int = member(COUNT)
