"""The technical annex: every hash and certificate, and how to repeat the check."""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tools.verify import VERSION
from tools.verify.annex import CertificateEntry, FileEntry, StampEntry
from tools.verify.page.markup import Content, Markup, digits, join, pairs, table, tag
from tools.verify.page.words import ROLES
from tools.verify.report import ExportReport, RecordingReport, Report, VolumeReport
from tools.verify.times import utc

_LIBRARIES = ("cryptography", "pyrage", "av")
_FOREVER = "9999-12-31"


def annex(report: Report) -> Markup:
    """All of it."""
    parts: list[Content] = [
        tag("h3", "The root certificate"),
        _root(report.root_certificate),
        *([pairs([("For second signatures, SHA-256", digits(report.pq_root))])] if report.pq_root else []),
        tag("h3", "The verifier"),
        pairs(_verifier()),
        tag("h3", "To repeat this check"),
        *_repeat(report),
        tag("h3", "Certificates"),
        tag(
            "p",
            "Each was found valid in shape, role and signature, up to the root. Fingerprints are SHA-256.",
            kind="soft",
        ),
        _certificates(_all_certificates(report)),
        tag("h3", "Files and signed statements"),
        tag(
            "p",
            "Hashes are SHA-256, as sha256sum prints them; those of signed statements are over the line without its line end.",
            kind="soft",
        ),
    ]
    if report.film is not None:
        parts += [tag("h4", "The film"), _files([report.film.file] if report.film.file else [])]
    if report.export is not None:
        parts += _export(report.export)
    for volume in report.volumes:
        parts += _volume(volume)
    for recording in report.recordings:
        parts += _recording(recording)
    return join(parts)


def source_hash() -> str:
    """A hash over the verifier's own files, in order of name: two that say the same are the same verifier."""
    running = hashlib.sha256()
    here = Path(__file__).parents[1]
    for path in sorted(here.rglob("*.py")):
        running.update(f"{path.relative_to(here).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return running.hexdigest()


def _root(root: CertificateEntry | None) -> Markup:
    if root is None:
        return tag("p", "None was given: nobody vouches for the camera.")
    return pairs(
        [
            ("Subject", root.subject),
            ("Fingerprint, SHA-256", digits(root.fingerprint)),
            ("Public key, SHA-256", digits(root.key)),
            ("Valid", f"{_date(root.not_before)} to {_date(root.not_after)}"),
            ("To compare", tag("code", "openssl x509 -in root.crt.pem -noout -fingerprint -sha256")),
        ]
    )


def _verifier() -> Iterator[tuple[Content, Content]]:
    yield "Version", f"lapel verify {VERSION}"
    yield "Its source, SHA-256", digits(source_hash())
    python = ".".join(map(str, sys.version_info[:3]))
    yield "Ran with", ", ".join([f"Python {python}", *(f"{name} {_installed(name)}" for name in _LIBRARIES)])


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


def _repeat(report: Report) -> Iterator[Markup]:
    yield tag(
        "p",
        "With the same files and the authority's root certificate anybody gets the same result. No key is needed for what does not say so.",
    )
    name = shlex.quote(report.path)
    evidence = f" --evidence {shlex.quote(report.export.evidence.path)}" if report.export is not None else ""
    yield tag("pre", tag("code", f"lapel verify {name}{evidence} --root root.crt.pem"))
    yield tag("p", "Single files can be compared with the lists below without any tool of ours:")
    yield tag("pre", tag("code", "sha256sum FILE"))


def _all_certificates(report: Report) -> Iterator[CertificateEntry]:
    if report.film is not None:
        yield from report.film.certificates
    for volume in report.volumes:
        yield from volume.annex.certificates if volume.annex else ()
    for recording in report.every_recording:
        yield from recording.annex.certificates if recording.annex else ()


def _certificates(entries: Iterable[CertificateEntry]) -> Markup:
    once = {entry.fingerprint: entry for entry in entries}
    order = {role: place for place, role in enumerate(ROLES)}
    ordered = sorted(once.values(), key=lambda each: (order.get(each.role, len(order)), each.subject, each.not_before))
    rows = [
        (
            f"{entry.role}: {ROLES[entry.role]}" if entry.role in ROLES else entry.role,
            entry.subject,
            entry.issuer,
            f"{_date(entry.not_before)} to {_date(entry.not_after)}",
            digits(entry.fingerprint),
        )
        for entry in ordered
    ]
    return table(("Role", "Subject", "Certified by", "Valid", "Fingerprint"), rows) or tag("p", "None.")


def _export(export: ExportReport) -> list[Content]:
    rows = [] if export.file is None else [export.file]
    return [tag("h4", "The film"), _files(rows), *_recording(export.evidence)]


def _volume(volume: VolumeReport) -> list[Content]:
    parts: list[Content] = [tag("h4", f"Volume {volume.volume or '?'} of {volume.device or '?'}")]
    found = volume.annex
    if found is not None:
        rows: list[tuple[Content, Content]] = [
            ("Lines of the log", str(found.log_lines)),
            ("Its newest line", digits(found.log_head)),
        ]
        if volume.device_key is not None:
            rows.append(("The device's key", digits(volume.device_key)))
        if (anchor := found.anchor) is not None:
            rows.append((f"Countersigned by dock {anchor.dock} at {utc(anchor.utc_ms)}", digits(anchor.hash)))
        parts += [pairs(rows), _files(found.files)]
    for recording in volume.recordings:
        parts += _recording(recording)
    return parts


def _recording(recording: RecordingReport) -> list[Content]:
    name = "Recording" if recording.number is None else f"Recording {recording.number}"
    parts: list[Content] = [tag("h4", f"{name} ({recording.path})")]
    found = recording.annex
    if found is None:
        return [*parts, tag("p", "Nothing of it can be believed.")]
    rows: list[tuple[Content, Content]] = [("Opening", digits(found.opening))]
    if found.manifest is not None:
        rows.append(("Manifest", digits(found.manifest)))
    if found.receipt is not None:
        rows.append((f"Receipt of dock {found.receipt.dock}", digits(found.receipt.hash)))
    if found.stamp is not None:
        rows.append(("Time stamp", _stamp(found.stamp)))
    return [*parts, pairs(rows), _files(found.files)]


def _stamp(stamp: StampEntry) -> Markup:
    exact = "" if stamp.accuracy_ms is None else f", to {stamp.accuracy_ms / 1000:g} s"
    trust = "believed" if stamp.believed else "not believed: no authority that was named certifies it"
    told = f"{utc(stamp.utc_ms)}{exact}, number {stamp.serial}, by {stamp.authority} ({trust}), certificate "
    return join([told, digits(stamp.certificate)])


def _files(entries: Iterable[FileEntry]) -> Markup:
    rows = [(tag("code", each.name), f"{each.length:,}", _signed(each), digits(each.hash)) for each in entries]
    return table(("File", "Bytes", "Signed at capture", "SHA-256"), rows, "files")


def _signed(entry: FileEntry) -> str:
    if entry.signed is None:
        return ""
    return "all" if entry.signed == entry.length else f"the first {entry.signed:,}"


def _date(iso: str) -> str:
    day = iso.split("T", maxsplit=1)[0]
    return "no end" if day == _FOREVER else day
