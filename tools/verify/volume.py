"""One volume: its own papers, its audit log, its anchor, and every recording that must be there."""

from __future__ import annotations

import re
from pathlib import Path

from tools.verify import attribution, audit, files, journal, manifest, receipt
from tools.verify.anchors import check_anchor, kept_anchor
from tools.verify.attribution import Attributable, judge_attributions
from tools.verify.audit import check_receipt, read_audit
from tools.verify.audit_state import Audit
from tools.verify.belonging import NAME, Volume, check_belongs
from tools.verify.certs import Role, Trust
from tools.verify.completeness import missing, runs
from tools.verify.documents import MAX_OVERLAPS, VOLUME
from tools.verify.findings import Refused, need
from tools.verify.jws import MAX_LINE
from tools.verify.log_private import judge_private
from tools.verify.model import Opening
from tools.verify.overlap import reach_of
from tools.verify.receipt import DockSigned, read_anchor, read_log_receipt
from tools.verify.recording import Custody, Given
from tools.verify.report import Place
from tools.verify.signed import Signed, verify_chained
from tools.verify.summary import judge_recording
from tools.verify.trusted import by_dock, disbelieved

RECORDINGS = "recordings"
_KNOWN = {
    NAME,
    receipt.ANCHOR_NAME,
    receipt.ANCHORS,
    receipt.LOG_NAME,
    receipt.OTHER_LOGS,
    audit.DIRECTORY,
    RECORDINGS,
    attribution.DIRECTORY,
    "erasing",
    "quarantine",
    "reserve",
    "lost+found",
}
_OUTSIDE = "an anchor from outside"
_ASIDE = {"erasing", "quarantine"}
_NUMBER = re.compile(r"[0-9]{8}\Z")
_CONFLICT = re.compile(r"[0-9]{8}\.conflict-[0-9a-f]+\Z")
_DAMAGED = re.compile(r"[0-9]{8}\.damaged-[0-9]+\Z")


def judge_volume(path: Path, place: Place, given: Given) -> Volume:
    """Judge a volume and every recording in it."""
    volume = Volume(path, place, given)
    problems = volume.problems
    _read_papers(volume)
    trust = Trust(given.root, volume.believed_anchor.utc_ms if volume.believed_anchor else None)
    with problems.at(NAME):
        volume.paper = verify_chained(files.read_jws(path / NAME), VOLUME, Role.DEVICE, trust)
        need(volume.paper.payload["device"] == volume.paper.chain.name, "device is not the certificate's")
    volume.audit = read_audit(path, trust, problems, volume.log_receipts)
    if volume.paper is not None:
        with problems.at(audit.DIRECTORY):
            _check_audit(volume.paper, volume.audit)
    _judge_anchors(volume)
    receipted = {each["name"] for signed in volume.log_receipts for each in signed.payload["files"]}
    for signed in volume.log_receipts:
        with problems.at(receipt.LOG_NAME):
            check_receipt(path, signed, volume.audit)
    volume.private, volume.unsigned = judge_private(path, volume.audit, receipted, given.keys, problems)
    with problems.at(RECORDINGS):
        _judge_recordings(volume)
    if attribution.DIRECTORY in _names(path):
        _attribute(volume)
    for name in _ASIDE & _names(path):
        with problems.at(name):
            volume.aside += [f"{name}/{files.shown(each)}" for each in files.folder(path / name)]
    _note_missing(volume)
    return volume


def _read_papers(volume: Volume) -> None:
    """What docks signed and lies in the volume, each alone, and what is no part of one."""
    path, problems, given = volume.path, volume.problems, volume.given
    with problems.at("."):
        for name in files.listing(path):
            if name.startswith(f"{NAME}.conflict-"):
                problems.add(files.shown(name), "another volume.jws for this volume: two cameras with one identity?")
            elif name not in _KNOWN:
                volume.facts.append(f"{files.shown(name)} is no part of a volume: it was not looked at")
    if receipt.ANCHOR_NAME in _names(path):
        with problems.at(receipt.ANCHOR_NAME):
            volume.anchor = read_anchor(path, Trust(given.root))
    if receipt.LOG_NAME in _names(path):
        with problems.at(receipt.LOG_NAME):
            volume.log_receipts.append(read_log_receipt(path / receipt.LOG_NAME, Trust(given.root)))
    if receipt.OTHER_LOGS in _names(path):
        for name in _names(path / receipt.OTHER_LOGS):
            with problems.at(f"{receipt.OTHER_LOGS}/{files.shown(name)}"):
                volume.log_receipts.append(read_log_receipt(path / receipt.OTHER_LOGS / name, Trust(given.root)))


def _check_audit(paper: Signed, log: Audit) -> None:
    for member, told in (("device", log.device), ("volume", log.volume)):
        need(told in (None, paper.payload[member]), f"{member} is not that of {NAME}")
    need(log.device_keys <= {paper.chain.named_key}, f"was signed under another device key than {NAME}")


def _judge_anchors(volume: Volume) -> None:
    """Hold the card's own anchor and those from outside against the log; the newest that fits is what counts."""
    paper = volume.paper.payload if volume.paper is not None else {"device": volume.audit.device}
    told = [(receipt.ANCHOR_NAME, volume.anchor)] if volume.anchor is not None else []
    same = ("device", "volume")
    told += [
        (f"{_OUTSIDE}, of {each.dock}", each)
        for each in volume.given.anchors
        if all(each.payload[member] == paper.get(member) for member in same)
    ]
    if volume.given.anchors and not any(where.startswith(_OUTSIDE) for where, _ in told):
        volume.facts.append("none of the anchors that were given is of this volume")
    volume.anchor = None
    for where, anchor in told:
        with volume.problems.at(where):
            _need_same_volume(volume, anchor)
            check_anchor(anchor, volume.audit)
            if volume.anchor is None or _line(anchor) > _line(volume.anchor):
                volume.anchor = anchor


def _line(anchor: DockSigned) -> int:
    return int(anchor.payload["audit"]["line"])


def _judge_recordings(volume: Volume) -> None:
    root = volume.path / RECORDINGS
    for name, kind in files.folder(root).items():
        where = f"{RECORDINGS}/{files.shown(name)}"
        if volume.place is Place.DOCK and _DAMAGED.match(name):
            volume.facts.append(f"{where} is what the dock found damaged in its store, and has fetched again")
            continue
        with volume.problems.at(where):
            need(not _CONFLICT.match(name), "other evidence claims the same number: two cameras with one identity?")
            well_named = kind is files.Kind.DIRECTORY and _NUMBER.match(name)
            need(well_named, "is no recording: something was added or renamed")
            if not _ahead_of_time(volume, root / name, int(name)):
                _judge_one(volume, root / name, int(name), where)


def _ahead_of_time(volume: Volume, path: Path, number: int) -> bool:
    """Whether nothing was recorded here yet: the next recording made ready, or one that got no further than the
    audit log."""
    if volume.place is not Place.CAMERA or manifest.NAME in _names(path) or _has_opening(path):
        return False
    if number in volume.audit.unclosed or number in volume.audit.voids:
        volume.announced.add(number)
        return True
    return number > volume.audit.newest and not any(_sizes(path))


def _judge_one(volume: Volume, path: Path, number: int, where: str) -> None:
    anchor, closed = volume.believed_anchor, volume.audit.closed_at.get(number)
    # A dock countersigned the closing, which holds the manifest's hash: by then all of it was there.
    anchored = anchor is not None and closed is not None and closed <= anchor.payload["audit"]["line"]
    trusted = [by_dock("the countersigned log", anchor)] if anchor and anchored else []

    def further(custody: Custody) -> None:
        check_belongs(volume, number, custody)
        docked = _docking_before(volume, custody.journal.opening) if custody.journal else None
        if docked is not None:
            custody.times.after = by_dock("the docking", docked)

    volume.reports[number], custody = judge_recording(path, volume.given, where, trusted, further)
    if custody.journal is not None:
        volume.opening_hashes[number] = custody.journal.opening.hash
        reach = reach_of(custody.journal, sealed=custody.manifest is not None and not custody.manifest.recovered)
        if reach is not None:
            volume.reaches[number] = reach
    volume.pictures[number] = custody.pictures
    volume.pictures.pop(min(volume.pictures) if len(volume.pictures) > MAX_OVERLAPS else -1, None)
    if custody.manifest is not None:
        volume.manifest_hashes[number] = custody.manifest.hash


def _docking_before(volume: Volume, opening: Opening) -> DockSigned | None:
    """The anchor that an opening names, where it is at hand and its dock is believed."""
    newest = volume.anchor
    if opening.anchor is None:
        return None
    named, utc_ms = opening.anchor
    if newest is not None and newest.hash == named:
        found: DockSigned | None = newest
    else:
        found = None
        with volume.problems.at(f"{receipt.ANCHORS}/{named}.jws"):
            found = kept_anchor(volume.path, named, Trust(volume.given.root))
            if found is not None:
                _need_same_volume(volume, found)
                check_anchor(found, volume.audit)
    believed = found is not None and found.utc_ms == utc_ms and disbelieved(found, volume.given.revoked) is None
    return found if believed else None


def _need_same_volume(volume: Volume, anchor: DockSigned) -> None:
    if volume.paper is not None:
        for member in ("device", "volume"):
            need(anchor.payload[member] == volume.paper.payload[member], f"{member} is not that of {NAME}")


def _attribute(volume: Volume) -> None:
    """Add what was said later about whose shift it was.  Nothing of that is a problem of the evidence."""
    here = {
        number: Attributable(report, volume.manifest_hashes.get(number)) for number, report in volume.reports.items()
    }
    try:
        volume.reports, volume.refused_attributions = judge_attributions(
            volume.path / attribution.DIRECTORY, volume.given, here
        )
    except (Refused, OSError) as error:
        volume.refused_attributions = [f"whose shift anything was, by {attribution.DIRECTORY}: it {error}"]


def _note_missing(volume: Volume) -> None:
    log = volume.audit
    known, unknown = missing(volume)
    volume.missing += [*runs(known), *unknown]
    for number in known:
        volume.problems.add(
            f"{RECORDINGS}/{number:08d}",
            f"recording {number} is missing: the audit log says that {_last_seen(log, number)}",
        )
    for first, last in unknown:
        volume.problems.add(RECORDINGS, f"{_run(first, last)} missing: a later one is here, the audit log never saw it")


def _run(first: int, last: int) -> str:
    return f"recording {first} is" if first == last else f"recordings {first} to {last} are"


def _last_seen(log: Audit, number: int) -> str:
    if number in log.closings:
        return f"it was {log.closings[number][1]}"
    return "the camera itself missed it" if number in log.gone else "it was opened, and never closed"


def _names(path: Path) -> set[str]:
    return set(files.listing(path))


def _sizes(path: Path) -> list[int]:
    return [each.lstat().st_size for each in path.iterdir()]


def _has_opening(path: Path) -> bool:
    """Whether the journal holds one whole line."""
    if journal.NAME not in _names(path):
        return False
    return any(whole for _, whole in files.lines(path / journal.NAME, MAX_LINE))
