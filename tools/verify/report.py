"""What the verifier found, as values, and its machine form (``--json``, schema version 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from tools.verify import VERSION
from tools.verify.annex import CertificateEntry, FileEntry, RecordingAnnex, VolumeAnnex
from tools.verify.derived import Derived
from tools.verify.findings import Problem
from tools.verify.holdings import Completeness, LogEntry, Span, starts
from tools.verify.model import MEDIA_RATE
from tools.verify.signatures import Signatures
from tools.verify.times import utc

SCHEMA = 1
Annexed = RecordingAnnex | VolumeAnnex | FileEntry | CertificateEntry


class Verdict(StrEnum):
    """A verdict.  ``RECOVERED`` is never called whole; ``DERIVATIVE`` is a film whose sound a desk took out, and says so;
    ``OPEN`` is cut off and not yet recovered, or still being made; ``VALID`` is said of a film alone: its signatures
    hold, and whether it is all that was recorded was not asked.  ``REVOKED``: nothing is wrong, but a certificate that
    signed it was withdrawn, and no trusted time puts it before that.  ``UNPROVEN`` is one on volumes alone: nothing is
    wrong with what is here, and nobody outside the card vouches for it all."""

    VALID = "valid"
    WHOLE = "whole"
    RECOVERED = "recovered"
    DERIVATIVE = "derivative"
    OPEN = "open"
    REVOKED = "signed by a revoked device"
    NOT_WHOLE = "not whole"
    UNPROVEN = "not proven since the last docking"


class Place(StrEnum):
    """Where a volume lies: on the camera's card, or taken over by a dock."""

    CAMERA = "camera"
    DOCK = "dock"


@dataclass(frozen=True, slots=True)
class PrivateEntry:
    """One entry of the private part: media time in seconds (None: it has none) and what it says in plain words."""

    kind: str
    at_s: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Made:
    """Between when and when a recording was made, in milliseconds since 1970 (None: not known).

    ``after_ms``: what the opening names of the last docking before it, ``after_signed``: whether the dock's own line for that is here;
    ``before_ms``: the earliest trusted time, ``before``: what says so, by which clock.  ``uncertainty_ms``: how far the
    camera's clock may have been off at the opening (None: nobody knows).
    """

    after_ms: int | None
    after_signed: bool
    before_ms: int | None
    before: str | None
    uncertainty_ms: int | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a dock and a custodian signed later about whose shift it was.  It is no part of the recording, and changes no verdict."""

    file: str
    shift: str
    reason: str
    dock: str
    desk: str
    utc_ms: int

    @property
    def words(self) -> str:
        """For people."""
        return (
            f"to shift {self.shift}, by dock {self.dock} and custodian {self.desk} at {utc(self.utc_ms)}, later and apart from what "
            f"the camera signed; the reason that they give: {self.reason}"
        )


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """The verdict on one recording.  ``seconds`` is the media time that the journal vouches for; ``second`` whether its
    second signature is proven, None where there is no manifest that could have one."""

    path: str
    verdict: Verdict
    device: str | None = None
    volume: str | None = None
    number: int | None = None
    utc_ms: int | None = None
    seconds: float | None = None
    priority: bool = False
    second: bool | None = None
    made: Made | None = None
    facts: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()
    not_proven: tuple[str, ...] = ()
    private: tuple[PrivateEntry, ...] | None = None
    problems: tuple[Problem, ...] = ()
    annex: RecordingAnnex | None = None
    attributions: tuple[Attribution, ...] = ()


@dataclass(frozen=True, slots=True)
class VolumeReport:
    """The verdict on one volume: its own findings, and each recording's.  ``device_key``: hash of the key that
    signed ``volume.jws``."""

    path: str
    place: Place
    device: str | None = None
    volume: str | None = None
    device_key: str | None = None
    recordings: tuple[RecordingReport, ...] = ()
    erased: tuple[int, ...] = ()
    voided: tuple[int, ...] = ()
    completeness: Completeness = field(default_factory=Completeness)
    timeline: tuple[Span, ...] = ()
    private: tuple[LogEntry, ...] | None = None
    revoked: bool = False
    facts: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()
    not_proven: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    annex: VolumeAnnex | None = None


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The verdict on an exported film; ``covered`` is the span of media time, in seconds, that it was proven to
    hold; ``file``: its length and hash; ``signatures`` what those in its picture prove (None: they could not be read);
    ``derived``: what a desk says of it, where it is a derivative."""

    path: str
    evidence: RecordingReport
    covered: tuple[float, float] | None = None
    file: FileEntry | None = None
    derived: Derived | None = None
    signatures: Signatures | None = None
    facts: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()
    not_proven: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class FilmReport:
    """The verdict on a film by the signatures in its picture alone."""

    path: str
    signatures: Signatures
    file: FileEntry | None = None
    certificates: tuple[CertificateEntry, ...] = ()
    facts: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()
    not_proven: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found under one path.  ``kind``: recording, volume, device, store, export or film."""

    path: str
    kind: str
    root_certificate: CertificateEntry | None
    recordings: tuple[RecordingReport, ...] = ()
    volumes: tuple[VolumeReport, ...] = ()
    export: ExportReport | None = None
    problems: tuple[Problem, ...] = ()
    facts: tuple[str, ...] = field(default=())
    film: FilmReport | None = None
    pq_root: str | None = None

    @property
    def root(self) -> str | None:
        """The hash of the root certificate; None where nobody was named."""
        return None if self.root_certificate is None else self.root_certificate.fingerprint

    @property
    def every_recording(self) -> tuple[RecordingReport, ...]:
        """All recordings, in volumes or alone."""
        within = tuple(each for volume in self.volumes for each in volume.recordings)
        return within + self.recordings + ((self.export.evidence,) if self.export else ())

    @property
    def verdict(self) -> Verdict:
        """The worst of all; of volumes whose end nobody outside vouches for never whole, nor recovered."""
        worst = self.worst
        unproven = any(each.completeness.unproven for each in self.volumes)
        return Verdict.UNPROVEN if unproven and worst in (Verdict.WHOLE, Verdict.RECOVERED) else worst

    @property
    def worst(self) -> Verdict:
        """The worst of what is here."""
        found = [each.verdict for each in self.every_recording]
        if self.export is not None and self.export.derived is not None and self.export.derived.silenced:
            found.append(Verdict.DERIVATIVE)
        if any(problems for _, problems in self.every_problem):
            return Verdict.NOT_WHOLE
        found += [Verdict.REVOKED for each in self.volumes if each.revoked]
        return max(found, key=list(Verdict).index, default=Verdict.WHOLE if self.film is None else Verdict.VALID)

    @property
    def every_problem(self) -> list[tuple[str, Sequence[Problem]]]:
        """All problems with the path, relative to what was judged, of where they are."""
        found: list[tuple[str, Sequence[Problem]]] = [("", self.problems)]
        found += [(each.path, each.problems) for each in self.volumes]
        found += [(each.path, each.problems) for each in self.every_recording]
        if self.export:
            found.append(("", self.export.problems))
        if self.film:
            found.append(("", self.film.problems))
        return found

    @property
    def exit_code(self) -> int:
        """0 only if everything here is whole, recovered or a derivative, with every check passed, or a film with valid
        signatures; who gave a root of second signatures asks that each manifest has one, too."""
        again = self.pq_root is None or all(each.second is not False for each in self.every_recording)
        good = (Verdict.VALID, Verdict.WHOLE, Verdict.RECOVERED, Verdict.DERIVATIVE)
        return 0 if again and self.worst in good else 1

    def to_json(self) -> dict[str, Any]:
        """The machine form."""
        return {
            "schema": SCHEMA,
            "path": self.path,
            "kind": self.kind,
            "root": self.root,
            "root_certificate": _values(self.root_certificate),
            "pq_root": self.pq_root,
            "verifier": VERSION,
            "verdict": self.verdict.value,
            "exit": self.exit_code,
            "facts": list(self.facts),
            "problems": [
                {"file": str(PurePosixPath(path, problem.file)), "reason": problem.reason}
                for path, problems in self.every_problem
                for problem in problems
            ],
            "volumes": [_volume(each) for each in self.volumes],
            "recordings": [_recording(each) for each in self.recordings],
            "export": None if self.export is None else _export(self.export),
            "film": None if self.film is None else _film(self.film),
        }


def _words(report: RecordingReport | VolumeReport | ExportReport | FilmReport) -> dict[str, Any]:
    return {
        "facts": list(report.facts),
        "proven": list(report.proven),
        "not_proven": list(report.not_proven),
        "problems": [{"file": each.file, "reason": each.reason} for each in report.problems],
    }


def _values(value: Annexed | None) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


def _recording(report: RecordingReport) -> dict[str, Any]:
    private = report.private
    return {
        "path": report.path,
        "verdict": report.verdict.value,
        "device": report.device,
        "volume": report.volume,
        "number": report.number,
        "utc_ms": report.utc_ms,
        "seconds": report.seconds,
        "priority": report.priority,
        "second": report.second,
        "made": None if report.made is None else asdict(report.made),
        **_words(report),
        "private": None
        if private is None
        else [{"kind": each.kind, "at_s": each.at_s, "text": each.text} for each in private],
        "attributions": [asdict(each) for each in report.attributions],
        "annex": _values(report.annex),
    }


def _volume(report: VolumeReport) -> dict[str, Any]:
    return {
        "path": report.path,
        "place": report.place.value,
        "device": report.device,
        "volume": report.volume,
        "device_key": report.device_key,
        "erased": list(report.erased),
        "voided": list(report.voided),
        "revoked": report.revoked,
        "completeness": asdict(report.completeness),
        "timeline": [asdict(each) for each in report.timeline],
        **_words(report),
        "private": None if report.private is None else [each.to_json() for each in report.private],
        "starts": None if report.private is None else [asdict(each) for each in starts(report.private)],
        "recordings": [_recording(each) for each in report.recordings],
        "annex": _values(report.annex),
    }


def _export(report: ExportReport) -> dict[str, Any]:
    return {
        "path": report.path,
        "covered": None if report.covered is None else list(report.covered),
        "file": _values(report.file),
        "signatures": None if report.signatures is None else report.signatures.to_json(),
        "derived": None if report.derived is None else _derived(report.derived),
        **_words(report),
        "evidence": _recording(report.evidence),
    }


def _film(report: FilmReport) -> dict[str, Any]:
    return {
        "path": report.path,
        "file": _values(report.file),
        "certificates": [_values(each) for each in report.certificates],
        "signatures": report.signatures.to_json(),
        **_words(report),
    }


def _derived(derived: Derived) -> dict[str, Any]:
    return {
        "desk": derived.desk,
        "certificate": derived.certificate,
        "utc_ms": derived.utc_ms,
        "silenced": [[begin / MEDIA_RATE, until / MEDIA_RATE] for begin, until in derived.silenced],
        "reason": derived.reason,
    }
