"""Whether a recording belongs where it lies: to this volume, its audit log, and the recordings beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tools.verify import journal
from tools.verify.audit_state import Audit
from tools.verify.findings import Problems, need
from tools.verify.holdings import LogEntry
from tools.verify.overlap import Pictures, Reach, check_overlaps, check_pictures
from tools.verify.receipt import DockSigned
from tools.verify.recording import Custody, Given
from tools.verify.report import Place, RecordingReport
from tools.verify.revocation import Withdrawn
from tools.verify.signed import Signed
from tools.verify.trusted import disbelieved

NAME = "volume.jws"


@dataclass(slots=True)
class Volume:
    """A volume while it is judged.  ``announced``: recordings of which there is no more than the audit log's
    opening; ``missing``: first and last of each run of those that have to be
    here, and are not."""

    path: Path
    place: Place
    given: Given
    problems: Problems = field(default_factory=Problems)
    paper: Signed | None = None
    audit: Audit = field(default_factory=Audit)
    anchor: DockSigned | None = None
    log_receipts: list[DockSigned] = field(default_factory=list)
    private: list[LogEntry] | None = None
    unsigned: int = 0
    reports: dict[int, RecordingReport] = field(default_factory=dict)
    reaches: dict[int, Reach] = field(default_factory=dict)
    pictures: dict[int, Pictures] = field(default_factory=dict)
    opening_hashes: dict[int, str] = field(default_factory=dict)
    manifest_hashes: dict[int, str] = field(default_factory=dict)
    refused_attributions: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    announced: set[int] = field(default_factory=set)
    missing: list[tuple[int, int]] = field(default_factory=list)

    @property
    def believed_anchor(self) -> DockSigned | None:
        """The anchor, unless its dock is believed no more."""
        anchor = self.anchor
        return anchor if anchor is not None and disbelieved(anchor, self.given.revoked) is None else None

    @property
    def withdrawn(self) -> Withdrawn | None:
        """The certificate under which something here was signed that no dock countersigned before it was withdrawn."""
        anchor, log = self.believed_anchor, self.audit
        papers = [] if self.paper is None else [(self.paper.chain, 1)]
        for chain, end in [*papers, *zip(log.chains, log.ends, strict=True)]:
            gone = self.given.revoked.among(chain)
            covered = anchor is not None and anchor.payload["audit"]["line"] >= end
            if gone is not None and not (covered and anchor is not None and anchor.utc_ms < gone.since_ms):
                return gone
        return None


def check_belongs(volume: Volume, number: int, custody: Custody) -> None:
    """Add to the problems of a recording, which lies under ``number``, whatever does not fit its surroundings."""
    for check in (_against_paper, _against_audit, _against_neighbours, _against_overlaps):
        with custody.problems.at(journal.NAME):
            check(volume, number, custody)


def _against_paper(volume: Volume, number: int, custody: Custody) -> None:
    if custody.journal is None or volume.paper is None:
        return
    opening = custody.journal.opening
    need(opening.number == number, f"it is recording {opening.number}, and lies where {number} belongs")
    need(opening.device == volume.paper.payload["device"], f"it is {opening.device}'s, this volume is another's")
    need(opening.volume == volume.paper.payload["volume"], "it was recorded on another volume")
    need(
        custody.journal.device_key == volume.paper.chain.named_key,
        f"it was signed under another device key than {NAME}",
    )


def _against_audit(volume: Volume, number: int, custody: Custody) -> None:
    log = volume.audit
    known = log.openings.get(number)
    if known is None and log.unknown(number):
        return  # told of by lines that are not here
    if known is None:
        need(volume.place is Place.DOCK and number > log.newest, "the audit log knows no such recording")
        volume.facts.append(f"recording {number} is newer than the audit log here")
        return
    need(number not in log.voids, "the audit log says that this recording never began")
    if custody.journal is not None:
        need(custody.journal.opening.hash == known.hash, "the audit log knows another opening for this number")
        need(custody.journal.opening.boot == known.boot, "the audit log knows another boot for this opening")
    closing = log.closings.get(number)
    if closing is not None:
        need(custody.sealed, f"the audit log says that it was {closing[1]}, and the manifest is missing")
        if custody.manifest is not None:
            signed = (custody.manifest.hash, custody.manifest.payload["state"])
            need(signed == closing, "the audit log knows another manifest")
    elif custody.sealed:
        volume.facts.append(f"recording {number} has a manifest of which the audit log here does not know yet")
    receipted = log.receipts.get(number)
    if receipted is not None:
        need(custody.receipt is not None, "the audit log knows of a receipt, and there is none here")
        # A dock that was cut off while it handed a receipt over signs another one.
        same = custody.receipt is not None and custody.receipt.hash == receipted
        need(same or volume.place is Place.DOCK, "the audit log knows of another receipt")


def _against_neighbours(volume: Volume, number: int, custody: Custody) -> None:
    """The chain of openings: each holds the hash of the one before."""
    if custody.journal is None or number == 1:
        return
    opening, log = custody.journal.opening, volume.audit
    if number == log.floor + 1:
        need(
            opening.previous == log.floor_hash,
            f"recording {number - 1}, of which the log here speaks, is not the one before it",
        )
    before = log.openings[number - 1].hash if number - 1 in log.openings else volume.opening_hashes.get(number - 1)
    need(before in (None, opening.previous), f"the recording {number - 1} that is known here is not the one before it")
    if opening.continues is not None and opening.continues[0] in log.openings:
        resumed = log.openings[opening.continues[0]]
        need(resumed.hash == opening.continues[1], "it resumes another recording than the one that is known here")


def _against_overlaps(volume: Volume, _number: int, custody: Custody) -> None:
    """What it says of frames that earlier recordings have too, and what it does not say; with a key, picture by picture."""
    custody.compare = partial(_compare_pictures, volume, custody)
    if custody.journal is not None:
        openings = {number: each.hash for number, each in volume.audit.openings.items()} | volume.opening_hashes
        check_overlaps(custody.journal, volume.reaches, openings)


def _compare_pictures(volume: Volume, custody: Custody) -> None:
    with custody.problems.at(journal.NAME):
        if custody.journal is not None:
            check_pictures(custody.journal, custody.pictures, volume.pictures, volume.reaches)
