"""The manifest (section 8) held against the journal and the files that lie there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.verify import files
from tools.verify.certs import Chain, Role, Trust
from tools.verify.documents import MANIFEST
from tools.verify.findings import Problems, need
from tools.verify.journal import NAME as JOURNAL
from tools.verify.model import MEDIA_RATE, Clock, Extent, Journal
from tools.verify.signed import verify_chained

NAME = "manifest.jws"
_NO_GAPS = {"video": 0, "audio": 0, "overflow": 0}


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of the manifest: as it lies there now, and what of it the journal vouches for."""

    name: str
    now: Extent
    signed: Extent


@dataclass(frozen=True, slots=True)
class Manifest:
    """A verified manifest."""

    payload: Mapping[str, Any]
    hash: str
    device: str
    device_key: bytes
    files: tuple[Listed, ...]
    chain: Chain

    @property
    def recovered(self) -> bool:
        """Whether a later boot closed it."""
        return bool(self.payload["state"] == "recovered")

    @property
    def clock(self) -> Clock:
        """When it was signed."""
        return Clock.read(self.payload["clock"])


def read_manifest(directory: Path, trust: Trust) -> Manifest:
    """Verify ``manifest.jws``, alone."""
    signed = verify_chained(files.read_jws(directory / NAME), MANIFEST, Role.DEVICE, trust)
    payload = signed.payload
    need(
        payload["device"] == signed.chain.name,
        f"device is {payload['device']}, the certificate is {signed.chain.name}'s",
    )
    listed = tuple(
        Listed(each["name"], Extent(each["length"], each["hash"]), Extent.read(each["signed"]))
        for each in payload["files"]
    )
    return Manifest(payload, signed.hash, signed.chain.name, signed.chain.named_key, listed, signed.chain)


def compare_journal(manifest: Manifest, journal: Journal, problems: Problems) -> None:
    """Hold what the manifest says against what the journal says."""
    payload, opening = manifest.payload, journal.opening
    if payload["opening"] != opening.hash:
        problems.add(NAME, f"is of another recording than {JOURNAL}")
        problems.add(JOURNAL, f"is of another recording than {NAME}")
        return
    if (payload["journal"]["length"], payload["journal"]["hash"]) != (journal.length, journal.hash):
        problems.add(JOURNAL, "its bytes are not those that the manifest signs")
        return
    counted = {
        kind: sum(track.samples for flush in journal.flushes if (track := flush.track(kind)) is not None)
        for kind in ("video", "audio")
    }
    expected = {
        "device": opening.device,
        "volume": opening.volume,
        "boot": opening.boot,
        "number": opening.number,
        "journal": {"length": journal.length, "hash": journal.hash, "lines": journal.lines, "head": journal.head},
        "span": _span(journal),
        "samples": counted,
        "gaps": dict(journal.flushes[-1].gaps) if journal.flushes else _NO_GAPS,
        "signer": opening.signer,
    }
    for member, value in expected.items():
        if payload[member] != value:
            problems.add(NAME, f"{member} is not what the journal says")
    with problems.at(NAME):
        need(manifest.device_key == journal.device_key, "signed by another device key than the one behind the journal")
    with problems.at(NAME):
        need(manifest.recovered or journal.torn == 0, "the journal of a sealed recording has a torn tail")
    for listed in manifest.files:
        if listed.signed != journal.signed(listed.name):
            problems.add(listed.name, "the manifest and the journal disagree on what was signed at capture")
        flushes = journal.of(listed.name)
        if flushes and flushes[-1].last and listed.now != listed.signed:
            problems.add(listed.name, "was closed at capture, and is longer now")
    named = {listed.name for listed in manifest.files}
    for flush in journal.flushes:
        if flush.file not in named:
            problems.add(flush.file, "the journal knows it, the manifest does not")
    with problems.at(NAME):
        _check_segments(manifest, journal)


def _span(journal: Journal) -> dict[str, int] | None:
    """From the first sample, sound converted, to the end of the last."""
    rate = journal.opening.sound_rate or MEDIA_RATE
    starts = [flush.video.start for flush in journal.flushes if flush.video is not None]
    starts += [flush.audio.start * MEDIA_RATE // rate for flush in journal.flushes if flush.audio is not None]
    ends = [flush.until for flush in journal.flushes if flush.until is not None]
    return {"from": min(starts), "until": max(ends)} if starts else None


def _check_segments(manifest: Manifest, journal: Journal) -> None:
    """Segment numbers run on without a gap; what is not there in full is said to be missing."""
    live_from = journal.opening.live_from
    segments = journal.segments()
    closed = {number for number, flushes in segments.items() if flushes[-1].last}
    early = [number for number in segments if number < live_from]
    missing = [number for number in range(min(early, default=0), live_from) if number not in closed]
    if manifest.recovered:
        need(
            manifest.payload["missing"] == missing,
            f"missing is not {missing}, the pre-event segments that are not there in full",
        )
    else:
        need(not (early and missing), f"sealed, and yet pre-event segments {missing} are not there in full")
    live = sorted(number for number in segments if number >= live_from)
    need(live == list(range(live_from, live_from + len(live))), "the numbers of the live segments have a gap")
    need(set(live[:-1]) <= closed, "a live segment was not closed before the next")
    if not manifest.recovered:
        need(live or not early, "sealed, and yet it has nothing but what was before the press")
        need(not live or live[-1] in closed, "sealed, and yet its last segment was not closed")
        unequal = [listed.name for listed in manifest.files if listed.now != listed.signed]
        need(not unequal, f"sealed, and yet {', '.join(unequal)} are not what was signed at capture")
        left_open = [
            listed.name for listed in manifest.files if not (flushes := journal.of(listed.name)) or not flushes[-1].last
        ]
        need(not left_open, f"sealed, and yet {', '.join(left_open)} were not closed")
