"""Frames that two recordings share (section 6.1): a press soon after a stop brings the end of the earlier one again, and the opening says so.

Judged without any key by where flushes begin, since each group of pictures begins one in either recording, and by when they were captured; with
one by the pictures themselves, less the signatures that stand between them.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tools.verify import nal
from tools.verify.findings import need
from tools.verify.model import MEDIA_RATE, Journal, Overlap
from tools.verify.times import span

TOLERANCE_MS = 1000
"""Capture times follow from when lines were written; storage that is slow all the while makes them this late at most."""
_ROUNDING = 1
_KEPT = 600 * MEDIA_RATE
"""No buffer reaches back further than this: what is before it need not be remembered."""


_SHAREABLE = 180 * MEDIA_RATE
"""So much of the end of a recording may come again in another one: the longest buffer, and more."""

Pictures = dict[int, bytes]
"""The hash of a picture's slices, by its media time."""


class Shareable:
    """Which pictures of a recording another one may have too: those that it says so of, and its end."""

    def __init__(self, journal: Journal) -> None:
        """By its journal."""
        ends = [each.until for each in journal.flushes if each.video and each.until is not None]
        self._from = max(ends, default=0) - _SHAREABLE
        self._spans = [(each.first, min(each.last, each.first + _SHAREABLE)) for each in journal.opening.overlaps]

    def wants(self, time: int) -> bool:
        """Whether the picture at ``time`` is one."""
        return time >= self._from or any(first <= time <= last for first, last in self._spans)


def picture_hash(units: Iterable[memoryview]) -> bytes:
    """The hash of a picture: its slices alone, each behind its length, since signatures are put between them."""
    digest = hashlib.sha256()
    for unit in units:
        if unit[0] & 0x1F not in nal.HARMLESS:
            digest.update(len(unit).to_bytes(4, "big"))
            digest.update(unit)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class Reach:
    """A recording's frames.  ``first``: where the first stands; ``starts``: media times at which its last flushes begin, rising; ``until``: where its last frame ends, in ticks;
    ``session``: the certificate that it was signed under, one for each start of the service; ``zero_ms``: media time 0 on that start's monotonic clock; ``complete``: closed, and no frame was dropped after it had come."""

    number: int
    session: str
    opening: str
    first: int
    starts: tuple[int, ...]
    until: int
    frame: int
    zero_ms: float
    complete: bool

    def at_ms(self, ticks: float) -> float:
        """When a frame was captured."""
        return self.zero_ms + ticks * 1000 / MEDIA_RATE

    def begins(self, ticks: int) -> bool:
        """Whether a flush begins there."""
        place = bisect_left(self.starts, ticks - _ROUNDING)
        return place < len(self.starts) and self.starts[place] <= ticks + _ROUNDING


def reach_of(journal: Journal, *, sealed: bool) -> Reach | None:
    """What a journal tells; None without a frame."""
    opening = journal.opening
    frames = [(each, each.video.start, each.until) for each in journal.flushes if each.video and each.until is not None]
    if not frames:
        return None
    frame_ms, ends = 1000 / opening.fps, max(until for _, _, until in frames)
    return Reach(
        opening.number,
        journal.session,
        opening.hash,
        min(start for _, start, _ in frames),
        tuple(sorted(start for _, start, _ in frames if start >= ends - _KEPT)),
        ends,
        round(MEDIA_RATE / opening.fps),
        min(each.clock.mono_ms - each.lag_ms - (until * 1000 / MEDIA_RATE - frame_ms) for each, _, until in frames),
        sealed and not journal.flushes[-1].gaps["overflow"],
    )


def check_overlaps(journal: Journal, earlier: Mapping[int, Reach], openings: Mapping[int, str]) -> None:
    """``Refused`` where a recording claims frames that an earlier one does not have, or does not name one that has some of its frames.

    ``earlier``: those of this volume that are here; ``openings``: hashes of all opening lines that are known.
    """
    mine, opening = reach_of(journal, sealed=False), journal.opening
    for claim in opening.overlaps:
        known = openings.get(claim.number, claim.opening)
        need(known == claim.opening, f"it shares frames with another recording {claim.number} than is known here")
        if claim.number in earlier:
            need(
                earlier[claim.number].session == journal.session, "it shares frames with a recording of another session"
            )
            if mine is not None:
                _check_claim(journal, mine, claim, earlier[claim.number])
    named = {claim.number for claim in opening.overlaps}
    for other in earlier.values():
        if mine is not None and other.session == journal.session and other.number not in named:
            twice_ms = other.at_ms(other.until) - mine.at_ms(mine.first)
            need(
                twice_ms <= TOLERANCE_MS or other.number > opening.number,
                f"it has {span(twice_ms / 1000)} that recording {other.number} has too, and does not name it",
            )


def _check_claim(journal: Journal, mine: Reach, claim: Overlap, other: Reach) -> None:
    what, shift = f"the frames that it says it shares with recording {claim.number}", claim.at - claim.first
    apart_ms = mine.at_ms(claim.first) - other.at_ms(claim.at)
    need(abs(apart_ms) <= TOLERANCE_MS, f"{what} were captured at another time there")
    if not other.complete:
        return
    for start in _groups(journal):
        if claim.first <= start <= claim.last:
            need(other.begins(start + shift), f"{what} are not there: no group of pictures begins where one must")
    rest = other.until - (claim.last + shift)
    need(0 < rest <= 2 * other.frame, f"{what} do not end where that one ends")


def check_pictures(
    journal: Journal, mine: Pictures, earlier: Mapping[int, Pictures], reaches: Mapping[int, Reach]
) -> None:
    """``Refused`` where a picture that an earlier recording is said to have too is another one there, or is not there although nothing is missing."""
    for claim in journal.opening.overlaps:
        other, reach = earlier.get(claim.number), reaches.get(claim.number)
        if not other or reach is None or reach.opening != claim.opening:
            continue
        for time, picture in mine.items():
            if claim.first <= time <= claim.last:
                there = time - claim.first + claim.at
                found = [other[near] for near in (there, there - _ROUNDING, there + _ROUNDING) if near in other]
                what = (
                    f"the picture at {span(time / MEDIA_RATE)}, which it says it shares with recording {claim.number},"
                )
                need(found or not reach.complete, f"{what} is not there")
                need(not found or picture in found, f"{what} is another one there")


def _groups(journal: Journal) -> list[int]:
    """Where groups of pictures begin for certain: each flush of what was buffered, and the first behind the press."""
    live = [each for each in journal.flushes if journal.is_live(each) and each.video]
    early = [each for each in journal.flushes if each.video and not journal.is_live(each)]
    return [each.video.start for each in (*early, *live[:1]) if each.video]
