"""Which receipted recordings may go, and when: a dock that signs and then loses its store must not be the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Receipted:
    """A recording with a durable receipt: its number, bytes, and the receipt's time."""

    number: int
    size: int
    utc_ms: int


def erasable(receipted: Iterable[Receipted], *, now_ms: int | None, keep_h: int, missing_bytes: int) -> list[int]:
    """The numbers to erase now, oldest first.

    What has been kept for ``keep_h`` hours goes; beyond that only as much as ``missing_bytes`` asks for, which may be less than nothing.
    ``now_ms`` is None while the clock cannot be believed: then age erases nothing, unless nothing is to be kept at all.
    """
    chosen = []
    for each in sorted(receipted, key=lambda each: each.number):
        aged = keep_h == 0 or (now_ms is not None and now_ms - each.utc_ms >= keep_h * HOUR_MS)
        if aged or missing_bytes > 0:
            chosen.append(each.number)
            missing_bytes -= each.size
    return chosen
