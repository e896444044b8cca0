"""When a recording was made, in words: what is proven, what is the camera's word, and whose clocks say so."""

from __future__ import annotations

from collections.abc import Iterator

from tools.verify.clocks import uncertainty_ms
from tools.verify.model import Opening
from tools.verify.recording import Custody, Given
from tools.verify.report import Made
from tools.verify.times import utc

_QUALITIES = {
    "unset": "its clock had never been set: the time of day is not known",
    "rtc": "the time of day is its own clock's, kept through a power-off",
    "dock": "the time of day is its own clock's, set by a dock in the same boot",
}


def made(custody: Custody, opening: Opening) -> Made:
    """The same for machines."""
    times, earliest = custody.times, custody.times.earliest
    return Made(
        after_ms=times.after_ms,
        after_signed=times.after is not None,
        before_ms=None if earliest is None else earliest.utc_ms,
        before=None if earliest is None else earliest.words,
        uncertainty_ms=uncertainty_ms(opening.clock, opening),
    )


def facts(custody: Custody, opening: Opening) -> Iterator[str]:
    """What the camera's clock says, and what that is worth."""
    off = uncertainty_ms(opening.clock, opening)
    worth = "" if opening.clock.quality == "unset" else "; how far it was off is not known"
    if off is not None:
        worth = f"; it was at most {off / 1000:.1f} s off the dock's, by the rule of the format"
    yield f"by the camera, {_QUALITIES[opening.clock.quality]}{worth}"
    times = custody.times
    if times.after is None and times.after_ms is not None and not times.contrary:
        until = "" if times.earliest is None else f", so between that and {utc(times.earliest.utc_ms)}"
        yield f"by its opening, made after a docking at {utc(times.after_ms)}{until}"


def proven(custody: Custody, given: Given) -> Iterator[str]:
    """Between which statements of others it was made."""
    times, gone = custody.times, custody.withdrawn
    if times.earliest is None:
        return
    before = f"{utc(times.earliest.utc_ms)} ({times.earliest.words})"
    if times.after is not None and not times.contrary:
        yield f"made between {utc(times.after.utc_ms)} ({times.after.words}) and {before}"
    else:
        yield f"made before {before}"
    for each in times.before:
        if each is not times.earliest:
            yield f"it was there at {utc(each.utc_ms)} too ({each.words})"
    if gone is not None:
        yield f"made before the {gone.role} certificate of {gone.name} was withdrawn ({utc(gone.since_ms)})"
    elif given.revoked.known:
        yield f"no certificate that signed it is withdrawn by the authority's settings {given.revoked.serial}"


def not_proven(custody: Custody, given: Given, opening: Opening) -> Iterator[str]:
    """What is not known of that, and why."""
    times, gone = custody.times, custody.withdrawn
    if custody.revoked and gone is not None:
        yield (
            f"signed by a revoked device: the {gone.role} certificate of {gone.name} was withdrawn from "
            f"{utc(gone.since_ms)} on, and no trusted time says that this was made before"
        )
    if not given.revoked.known:
        yield "whether a certificate was revoked was not judged: no --revoked was given"
    yield from times.doubts
    if times.earliest is None:
        yield "by when it was made, and the dates of certificates: no trusted time"
    if times.contrary and times.after_ms is not None:
        yield f"that it was made after {utc(times.after_ms)}, as its opening says: by a trusted time it was there before"
    elif times.after is None and times.after_ms is not None:
        yield f"that it was made after {utc(times.after_ms)}: the dock's line that its opening names is not here"
    if opening.clock.quality != "dock":
        yield "the time of day is the camera's own claim"
