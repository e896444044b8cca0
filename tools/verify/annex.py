"""What a reader may want to look up beside a verdict: hashes, certificates, and how it was recorded; as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file as it lies there: length in bytes, SHA-256, and how many of its bytes were signed at capture (None
    where it is signed as a whole)."""

    name: str
    length: int
    hash: str
    signed: int | None = None


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """One certificate that was believed: names are common names, hashes are SHA-256 of the certificate and of its
    public key as SubjectPublicKeyInfo, dates are ISO 8601 in UTC."""

    role: str
    subject: str
    issuer: str
    fingerprint: str
    key: str
    not_before: str
    not_after: str


@dataclass(frozen=True, slots=True)
class Docking:
    """What a dock signed: its name, when by its clock (milliseconds since 1970), and the hash of the line.  ``number``:
    the newest recording that it saw."""

    dock: str
    utc_ms: int
    hash: str
    number: int


@dataclass(frozen=True, slots=True)
class StampEntry:
    """A time stamp over the manifest (RFC 3161): who gave it, when by its clock and how exact (None: not stated), its
    number, the hash of the certificate that signed it, and whether whoever judged believes that authority."""

    authority: str
    utc_ms: int
    accuracy_ms: int | None
    serial: str
    certificate: str
    believed: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """``count`` units of ``kind`` (video, audio, overflow) that were lost before ``at_s``, in seconds of media time."""

    kind: str
    count: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the audit log that a picture of time shows.  ``number``: the recording that it is about."""

    kind: str
    utc_ms: int
    quality: str
    number: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class RecordingAnnex:
    """How a recording was made, and what it consists of.

    ``origin_ms``: when media time 0 was, by the camera's clock of that ``quality``; ``media``: the span of media time, in
    seconds, that the journal vouches for; ``live_s``: the media time of the press; ``resumes``: the recording that it goes on with.  ``opening`` and ``manifest`` are hashes of signed lines;
    ``trusted_ms``: by when it existed, on the word of somebody other than the camera.
    """

    boot: int
    firmware: str
    signer: str
    quality: str
    origin_ms: float | None
    media: tuple[float, float] | None
    live_s: float
    resumes: int | None
    size: tuple[int, int]
    fps: int
    sound_rate: int | None
    gaps: tuple[Gap, ...]
    opening: str
    manifest: str | None
    receipt: Docking | None
    stamp: StampEntry | None
    trusted_ms: int | None
    files: tuple[FileEntry, ...]
    certificates: tuple[CertificateEntry, ...]


@dataclass(frozen=True, slots=True)
class VolumeAnnex:
    """A volume's own papers.  ``missing``: first and last of each run of recordings that have to be here, and are not."""

    log_lines: int
    log_head: str
    anchor: Docking | None
    missing: tuple[tuple[int, int], ...]
    moments: tuple[Moment, ...]
    files: tuple[FileEntry, ...]
    certificates: tuple[CertificateEntry, ...]
