"""Gathers what goes into the annex of a report from what was checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tools.verify import audit, files, receipt, timestamp
from tools.verify.annex import CertificateEntry, Docking, FileEntry, Gap, RecordingAnnex, StampEntry, VolumeAnnex
from tools.verify.belonging import NAME as VOLUME
from tools.verify.belonging import Volume
from tools.verify.certs import Chain, Role, common_name
from tools.verify.findings import Refused
from tools.verify.model import MEDIA_RATE, Journal
from tools.verify.receipt import DockSigned
from tools.verify.recording import Custody
from tools.verify.second import Second
from tools.verify.timestamp import Stamp
from tools.verify.trusted import Times, by_stamp

SECOND_ROLE = "pq-device"
"""What the certificate of a second signature is called: it has no role of section 3."""


def recording_annex(custody: Custody) -> RecordingAnnex | None:
    """The annex of one recording; None where not even its opening can be believed."""
    if custody.journal is None:
        return None
    opening = custody.journal.opening
    chains = [each.chain for each in (custody.journal, custody.manifest, custody.receipt) if each is not None]
    return RecordingAnnex(
        boot=opening.boot,
        firmware=opening.firmware,
        signer=opening.signer,
        quality=opening.clock.quality,
        origin_ms=_origin_ms(custody.journal),
        media=_media(custody.journal),
        live_s=_live_s(custody.journal),
        resumes=None if opening.continues is None else opening.continues[0],
        size=opening.size,
        fps=opening.fps,
        sound_rate=opening.sound_rate,
        gaps=tuple(_gaps(custody.journal)),
        opening=opening.hash,
        manifest=None if custody.manifest is None else custody.manifest.hash,
        receipt=_docking(custody.receipt),
        stamp=None if custody.stamp is None else _stamp(custody.stamp, custody.times),
        trusted_ms=custody.trusted_ms,
        files=tuple(_recording_files(custody, custody.journal)),
        certificates=(*certificate_entries(chains), *_second(custody.second)),
    )


def volume_annex(volume: Volume) -> VolumeAnnex:
    """The annex of a volume, without those of its recordings."""
    log = volume.audit
    papers = [each.chain for each in (volume.paper, volume.anchor) if each is not None]
    names = [VOLUME, receipt.ANCHOR_NAME]
    with suppress(Refused, OSError):
        names += [f"{audit.DIRECTORY}/{name}" for name in files.folder(volume.path / audit.DIRECTORY)]
    return VolumeAnnex(
        log_lines=len(log.hashes),
        log_head=log.head,
        anchor=_docking(volume.anchor),
        missing=tuple(volume.missing),
        moments=tuple(log.moments),
        files=tuple(_hashed(volume.path, names)),
        certificates=certificate_entries([*papers, *log.chains]),
    )


def root_entry(root: x509.Certificate | None) -> CertificateEntry | None:
    """The root certificate, where one was given."""
    return None if root is None else _certificate(root, Role.ROOT.label, common_name(root))


def file_entry(path: Path) -> FileEntry | None:
    """An exported film's length and hash; None where it cannot be read."""
    return next(_hashed(path.parent, [path.name]), None)


def certificate_entries(chains: Iterable[Chain]) -> tuple[CertificateEntry, ...]:
    """Every certificate of some chains once, in order of role."""
    found: dict[str, tuple[int, CertificateEntry]] = {}
    for chain in chains:
        for index, (certificate, role) in enumerate(zip(chain.certificates, chain.roles, strict=True)):
            above = chain.certificates[index + 1] if index + 1 < len(chain.certificates) else None
            entry = _certificate(certificate, role.label, "root" if above is None else common_name(above))
            found[entry.fingerprint] = (role, entry)
    return tuple(entry for _, entry in sorted(found.values(), key=lambda each: (each[0], each[1].not_before)))


@lru_cache(maxsize=256)  # thousands of recordings stand under the same few
def _certificate(certificate: x509.Certificate, role: str, issuer: str) -> CertificateEntry:
    return CertificateEntry(
        role=role,
        subject=common_name(certificate),
        issuer=issuer,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        key=hashlib.sha256(
            certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ).hexdigest(),
        not_before=f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        not_after=f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    )


def _docking(signed: DockSigned | None) -> Docking | None:
    return None if signed is None else Docking(signed.dock, signed.utc_ms, signed.hash, signed.payload["number"])


def _second(found: Second | None) -> Iterator[CertificateEntry]:
    """The certificate of a second signature, whose key is of another kind."""
    if found is not None:
        yield _certificate(found.certificate, SECOND_ROLE, str(next(iter(found.certificate.issuer)).value))


def _stamp(stamp: Stamp, times: Times) -> StampEntry:
    return StampEntry(
        authority=stamp.authority,
        utc_ms=stamp.utc_ms,
        accuracy_ms=stamp.accuracy_ms,
        serial=f"{stamp.serial:x}",
        certificate=stamp.signed.signer.fingerprint(hashes.SHA256()).hex(),
        believed=by_stamp(stamp) in times.before,
    )


def _recording_files(custody: Custody, read: Journal) -> Iterator[FileEntry]:
    for name, digest in sorted(custody.digests.items()):
        signed = read.signed(name).length if name.endswith(".age") else None
        yield FileEntry(name, digest.length, digest.hash, signed)
    yield from _hashed(custody.directory, [receipt.NAME, timestamp.NAME])


def _hashed(directory: Path, names: Iterable[str]) -> Iterator[FileEntry]:
    """The files of these names that are there; what is wrong with one was told before."""
    for name in names:
        with suppress(Refused, OSError):
            digest = files.digest(directory / name)
            yield FileEntry(files.shown(name), digest.length, digest.hash)


def _origin_ms(read: Journal) -> float | None:
    """When media time 0 was, to a few milliseconds: the line that was written soonest after its last frame tells best."""
    frame_ms = 1000 / read.opening.fps
    moments = [
        flush.clock.utc_ms - flush.lag_ms - (flush.until * 1000 / MEDIA_RATE - frame_ms)
        for flush in read.flushes
        if flush.video is not None and flush.until is not None
    ]
    return min(moments, default=None)


def _media(read: Journal) -> tuple[float, float] | None:
    starts = [flush.video.start for flush in read.flushes if flush.video is not None]
    ends = [flush.until for flush in read.flushes if flush.until is not None]
    return (min(starts) / MEDIA_RATE, max(ends) / MEDIA_RATE) if starts and ends else None


def _live_s(read: Journal) -> float:
    live = read.segments().get(read.opening.live_from, [])
    starts = [flush.video.start for flush in live if flush.video is not None]
    return min(starts, default=0) / MEDIA_RATE


def _gaps(read: Journal) -> Iterator[Gap]:
    """Where the counters of what was lost rise."""
    before = {"video": 0, "audio": 0, "overflow": 0}
    for flush in read.flushes:
        for kind, count in flush.gaps.items():
            if count > before[kind]:
                yield Gap(kind, count - before[kind], (flush.until or 0) / MEDIA_RATE)
        before = dict(flush.gaps)
