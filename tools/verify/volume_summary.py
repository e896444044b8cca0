"""From what was checked of a volume to words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from tools.verify.audit_state import Audit
from tools.verify.belonging import Volume
from tools.verify.completeness import judge_completeness, unproven, words
from tools.verify.gathering import volume_annex
from tools.verify.report import Place, Verdict, VolumeReport
from tools.verify.timeline import draw, since
from tools.verify.times import size, utc
from tools.verify.trusted import disbelieved

_ASIDE = {
    "quarantine": "was unknown to the audit log, and is kept aside",
    "erasing": "is no longer evidence, its erasure has begun",
}


def report(volume: Volume, name: str) -> VolumeReport:
    """Put the findings on one volume into words.  ``name``: what it is called in the report."""
    log, paper = volume.audit, volume.paper
    good = not volume.problems and volume.withdrawn is None
    good = good and not any(each.verdict in (Verdict.NOT_WHOLE, Verdict.REVOKED) for each in volume.reports.values())
    return VolumeReport(
        path=name,
        place=volume.place,
        device=paper.payload["device"] if paper else log.device,
        volume=paper.payload["volume"] if paper else log.volume,
        device_key=hashlib.sha256(paper.chain.named_key).hexdigest() if paper else None,
        recordings=tuple(volume.reports[number] for number in sorted(volume.reports)),
        erased=tuple(sorted(log.erasures)),
        voided=tuple(sorted(log.voids)),
        revoked=volume.withdrawn is not None,
        completeness=judge_completeness(volume),
        timeline=draw(log.history, log.latest),
        private=None if volume.private is None else tuple(volume.private),
        facts=(*_facts(volume), *volume.facts),
        proven=tuple(_proven(volume)) if good else (),
        not_proven=tuple(_not_proven(volume)),
        problems=tuple(volume.problems.found),
        annex=volume_annex(volume),
    )


def _facts(volume: Volume) -> Iterator[str]:
    log = volume.audit
    yield words(judge_completeness(volume))
    yield f"audit log: {len(log.hashes)} lines over {len(log.boots)} boots, newest recording {log.newest}"
    yield from since(draw(log.history, log.latest), log.latest)
    for first, last in log.gaps:
        yield f"lines {first} to {last} of the audit log are not here: {_taken(volume)}"
    for dock, reason in log.conflicts:
        yield f"dock {dock} holds another log of this volume: {reason}"
    for _, reason in log.recalls:
        yield f"the authority recalled this camera: {reason}"
    if log.recall is not None:
        yield "it is recalled as far as the log goes, and has to record nothing"
    for boot, (serial, newest) in log.older.items():
        other = f"those of serial {serial}" if serial != newest else "others under that serial"
        yield f"settings were turned back before boot {boot}: a dock had brought serial {newest}, and {other} were in force"
    if log.erasures:
        numbers = ", ".join(map(str, sorted(log.erasures)))
        yield f"erased from the camera, each against a dock's receipt: {numbers}"
    if log.torn:
        yield "the audit log ends in a torn line, as a power cut leaves it"
    still_open = [number for number, each in volume.reports.items() if each.verdict is Verdict.OPEN]
    if still_open and volume.place is Place.CAMERA:
        numbers = ", ".join(map(str, still_open))
        yield f"open: {numbers}: still being made, or cut off; the camera closes what was cut off at its next start"
    for each in sorted(volume.aside):
        yield f"{each} {_ASIDE[each.split('/')[0]]}"


def _proven(volume: Volume) -> Iterator[str]:
    log, anchor = volume.audit, volume.believed_anchor
    begun = f", from line {min(log.hashes)} on" if log.gaps else ""
    yield f"the audit log is one unbroken chain of {len(log.hashes)} signed lines{begun}"
    yield "every recording that it knows is accounted for"
    if anchor is not None:
        number, moment = anchor.payload["number"], utc(anchor.utc_ms)
        yield f"no recording up to number {number} is missing: dock {anchor.dock} countersigned the log at {moment}"


def _taken(volume: Volume) -> str:
    told = [
        f"dock {each.dock} signed at {utc(each.utc_ms)} that store {each.payload['store']} has the lines up to "
        f"{each.payload['audit']['line']}"
        for each in volume.log_receipts
    ]
    return ", ".join(told) or "nobody vouches for them"


def _not_proven(volume: Volume) -> Iterator[str]:
    log, anchor, gone = volume.audit, volume.believed_anchor, volume.withdrawn
    found = judge_completeness(volume)
    if gone is not None:
        seen = 0 if anchor is None else anchor.payload["audit"]["line"]
        yield (
            f"signed by a revoked device: the {gone.role} certificate of {gone.name} was withdrawn from {utc(gone.since_ms)} on, and "
            f"no trusted time says that what is behind line {seen} of the audit log was signed before"
        )
    if nothing := sorted(volume.announced | log.voids):
        numbers = ", ".join(map(str, nothing))
        yield f"whether anything was recorded as {numbers}: announced in the log, and not even its first line is here"
    if found.elsewhere:
        numbers = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in found.elsewhere)
        yield f"what became of recordings {numbers}: the lines of the log that told of them are in a dock's store"
    yield from _doubts(log)
    yield from volume.refused_attributions
    if volume.unsigned:
        yield f"{size(volume.unsigned)} of the log's private part, which a cut left behind what lines vouch for"
    if not volume.given.revoked.known:
        yield "whether a certificate was revoked was not judged: no --revoked was given"
    if volume.anchor is not None and anchor is None:
        yield str(disbelieved(volume.anchor, volume.given.revoked))
    if anchor is None:
        yield f"that nothing is missing at the end: {unproven(found)}"
    elif found.unproven:
        yield f"that nothing is missing since the last docking ({utc(anchor.utc_ms)}): {unproven(found)}"


def _doubts(log: Audit) -> Iterator[str]:
    """What the log itself tells against the camera."""
    if log.despite:
        numbers = ", ".join(map(str, log.despite))
        yield f"that a recall was obeyed: recordings {numbers} were begun while the log says that this camera was recalled"
    for boot, ahead in log.unexplained.items():
        yield (
            f"that nothing was turned back before boot {boot}: the hardware's counter ran {ahead} further than this log has "
            "openings, so that log or another card was in the camera"
        )
