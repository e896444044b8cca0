"""Which frames two recordings share: the buffer runs on during a recording, so that a press soon after a stop brings the end of it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Reach:
    """The capture times of a take's first and last frame."""

    take: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class Shared:
    """The capture times of the first and the last frame that an earlier take, which begins at ``epoch_ns``, shares with the new one."""

    take: int
    epoch_ns: int
    first_ns: int
    last_ns: int


def shared(earlier: Iterable[Reach], epoch_ns: int) -> Iterator[Shared]:
    """What a take whose first frame was captured at ``epoch_ns`` shares with earlier ones.  Both got every frame that came while they ran."""
    for reach in earlier:
        first_ns = max(epoch_ns, reach.first_ns)
        if first_ns <= reach.last_ns:
            yield Shared(reach.take, reach.first_ns, first_ns, reach.last_ns)
