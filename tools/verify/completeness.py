"""Whether all recordings of a volume are there, and up to where somebody outside the card vouches for that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.verify.belonging import Volume
from tools.verify.holdings import Completeness
from tools.verify.report import Place
from tools.verify.times import utc


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as runs, first and last of each."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def listed(numbers: Iterable[int]) -> str:
    """Numbers in words: ``3, 5 to 9``."""
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in runs(numbers))


def missing(volume: Volume) -> tuple[list[int], list[tuple[int, int]]]:
    """The numbers that the audit log knows and of which nothing is here, and runs of numbers behind its newest that are missing before a
    later one.  A recording is here, or never was more than announced, or left the camera against a receipt."""
    log = volume.audit
    there = set(volume.reports) | log.voids
    if volume.place is Place.CAMERA:
        there |= set(log.erasures) | volume.announced
    known = [number for number in sorted(log.openings) if number not in there]
    unknown, reached = [], log.newest
    for number in sorted(number for number in there if number > log.newest):
        if number > reached + 1:
            unknown.append((reached + 1, number - 1))
        reached = number
    return known, unknown


def judge_completeness(volume: Volume) -> Completeness:
    """What is there, what is missing, and since when nobody outside vouches for it."""
    log, anchor = volume.audit, volume.believed_anchor
    known, unknown = missing(volume)
    gone = [*known, *(number for first, last in unknown for number in range(first, min(last, first + 10_000) + 1))]
    beyond = anchor is None or anchor.payload["audit"]["line"] < log.line or max(volume.reports, default=0) > log.newest
    return Completeness(
        present=tuple(runs(volume.reports)),
        missing=tuple(gone),
        erased=tuple(runs(log.erasures)),
        elsewhere=tuple(elsewhere(volume)),
        proven_to=None if anchor is None else int(anchor.payload["number"]),
        since_ms=None if anchor is None else anchor.utc_ms,
        unproven=beyond,
        openings=len(log.openings),
        counter_ahead=sum(log.unexplained.values()),
    )


def elsewhere(volume: Volume) -> Iterator[tuple[int, int]]:
    """Runs of numbers of which only lines told that are not here, and of which nothing else is here."""
    here = {number for number in (*volume.audit.openings, *volume.reports) if number <= volume.audit.floor}
    reached = 0
    for number in [*sorted(here), volume.audit.floor + 1]:
        if number > reached + 1:
            yield reached + 1, number - 1
        reached = number


def words(found: Completeness) -> str:
    """The one sentence that people want to hear."""
    there = [number for run in found.present for number in run]
    if not there and not found.missing:
        told = "no recordings"
    elif not there:
        told = "no recording is present"
    elif len(found.present) == 1 and not found.missing:
        first, last = found.present[0]
        told = f"recording {first} is present" if first == last else f"recordings {first} to {last} all present"
    else:
        told = "present: recordings " + _said(found.present)
    if found.missing:
        told += f"; missing: {listed(found.missing)}"
    if found.erased:
        told += f"; erased against a dock's receipt: {_said(found.erased)}"
    if found.elsewhere:
        told += f"; not told of here: {_said(found.elsewhere)}"
    return told


def unproven(found: Completeness) -> str:
    """Since when it is not proven that nothing is missing."""
    if found.since_ms is None:
        return "not proven: no dock has ever countersigned this log"
    return f"not proven since {utc(found.since_ms)}"


def _said(spans: Iterable[tuple[int, int]]) -> str:
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in spans)
