"""The callables: judge whatever lies under a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography import x509

from tools.verify import (
    age,
    attribution,
    audit,
    belonging,
    certs,
    files,
    journal,
    manifest,
    second,
    volume,
    volume_summary,
)
from tools.verify.anchors import load_anchors
from tools.verify.annex import CertificateEntry
from tools.verify.findings import Problem, Refused
from tools.verify.gathering import root_entry
from tools.verify.recording import Custody, Given
from tools.verify.report import Place, RecordingReport, Report, VolumeReport
from tools.verify.revocation import Revocations, load_revocations
from tools.verify.summary import judge_recording
from tools.verify.timestamp import load_tsa_roots

_DEVICE = re.compile(r"[a-z0-9-]{1,32}\Z")
_VOLUME = re.compile(r"[0-9a-f]{32}\Z")
_MAX_ROOT = 65536


@dataclass(slots=True)
class _Found:
    """What is under a device's folder or a store."""

    volumes: list[VolumeReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def report(self, path: Path, kind: str, root: CertificateEntry | None) -> Report:
        return Report(
            str(path), kind, root, volumes=tuple(self.volumes), problems=tuple(self.problems), facts=tuple(self.facts)
        )


def load_given(
    root: Path | None,
    keys: Sequence[Path] = (),
    progress: Callable[[int], None] | None = None,
    *,
    tsa_root: Path | None = None,
    revoked: Path | None = None,
    pq_root: Path | None = None,
    anchors: Sequence[Path] = (),
    decode: bool = True,
) -> Given:
    """Read the root certificates, the key files and what else was given; ``Refused`` names what is wrong with them."""
    certificate = _load(root, certs.load_root)
    return Given(
        certificate,
        age.load_keys(keys),
        tuple(each for path in anchors for each in load_anchors(path, certs.Trust(certificate))),
        progress,
        tsa_roots=() if tsa_root is None else load_tsa_roots(tsa_root),
        revoked=Revocations() if revoked is None else load_revocations(revoked, certificate),
        pq_root=_load(pq_root, second.load_root),
        decode=decode,
    )


def _load(path: Path | None, load: Callable[[bytes], x509.Certificate]) -> x509.Certificate | None:
    try:
        return None if path is None else load(files.read_small(path, _MAX_ROOT))
    except Refused as refused:
        raise Refused(f"{path}: {refused}") from None


def verify_path(
    path: Path,
    root: Path | None,
    keys: Sequence[Path] = (),
    *,
    place: Place | None = None,
    progress: Callable[[int], None] | None = None,
    tsa_root: Path | None = None,
    revoked: Path | None = None,
    pq_root: Path | None = None,
    anchors: Sequence[Path] = (),
    device: bool = False,
    decode: bool = True,
) -> Report:
    """Judge a recording directory, a volume (a card), a device's folder or a dock's store.

    ``root``: PEM file of the root certificate; None judges everything but who certified the camera.  ``keys``: files of
    age keys, with which also the contents are judged.  ``place``: where volumes lie; by default a folder of a volume's
    id inside one of a device's name is a dock's, anything else a camera's.  ``progress`` hears the number of bytes of
    each piece that was read.  ``tsa_root``: PEM file of certificates that are believed to certify time-stamping
    authorities.  ``revoked``: the authority's ``settings.jws``, which says what it has withdrawn.  ``pq_root``: PEM file of the
    root of second signatures; with it they are asked for.  ``anchors``: anchors that lie outside the card, each a file, or a
    folder of a volume, a device or a store.  ``device``: only a device's folder will do.  ``decode``: where there is a key, also decode every picture
    and all sound, which takes most of the time; without that it is not proven that they can be shown.  ``Refused`` where root, keys or path are of no use; whatever
    is wrong with the evidence is in the report.
    """
    given = load_given(
        root, keys, progress, tsa_root=tsa_root, revoked=revoked, pq_root=pq_root, anchors=anchors, decode=decode
    )
    return replace(_judge(path, given, place, device=device), pq_root=second.fingerprint(given.pq_root))


def _judge(path: Path, given: Given, place: Place | None, *, device: bool) -> Report:
    root_certificate = root_entry(given.root)
    if path.is_file():
        raise Refused(f"{path}: is a file: films are judged by tools.verify.film and tools.verify.exported")
    if not path.is_dir():
        raise Refused(f"{path}: is {'not a directory' if path.exists() else 'missing'}")
    names = set(files.listing(path))
    inside = _directories(path)
    if any(_is_volume(each) for each in inside) and not _is_volume(path):
        return _device(path, place, given, "").report(path, "device", root_certificate)
    if device:
        raise Refused(f"{path}: is not the folder of one device, with a folder for each of its volumes")
    if journal.NAME in names or manifest.NAME in names:
        found, custody = judge_recording(path, given, ".")
        found = _attributed(path, given, found, custody)
        return Report(str(path), "recording", root_certificate, recordings=(found,))
    if _is_volume(path):
        return Report(str(path), "volume", root_certificate, volumes=(_volume(path, place, given, "."),))
    if any(_is_volume(each) for folder in inside for each in _directories(folder)):
        return _store(path, place, given, root_certificate)
    raise Refused(f"{path}: holds neither a recording nor a volume, nor folders of such")


def _attributed(path: Path, given: Given, found: RecordingReport, custody: Custody) -> RecordingReport:
    """With what was said later about whose shift it was, where it lies in a volume that has such records."""
    folder = path.resolve().parent.parent / attribution.DIRECTORY
    if path.resolve().parent.name != volume.RECORDINGS or found.number is None or not folder.is_dir():
        return found
    here = {found.number: attribution.Attributable(found, custody.manifest.hash if custody.manifest else None)}
    try:
        return attribution.judge_attributions(folder, given, here)[0][found.number]
    except (Refused, OSError) as error:
        return replace(
            found, not_proven=(*found.not_proven, f"whose shift it was, by {attribution.DIRECTORY}: it {error}")
        )


def _is_volume(path: Path) -> bool:
    return any((path / name).exists() for name in (belonging.NAME, volume.RECORDINGS, audit.DIRECTORY))


def _volume(path: Path, place: Place | None, given: Given, name: str, *, stored: bool = False) -> VolumeReport:
    """Judge one volume; one that is ``stored`` in a device's folder, or seems to be, has to bear the right names."""
    found = path.resolve()
    stored = stored or bool(_VOLUME.match(found.name) and _DEVICE.match(found.parent.name))
    place = place or (Place.DOCK if stored else Place.CAMERA)
    judged = volume.judge_volume(path, place, given)
    log, paper = judged.audit, judged.paper
    told = (log.device, log.volume) if paper is None else (paper.payload["device"], paper.payload["volume"])
    if stored and told != (found.parent.name, found.name):
        reason = f"it is volume {told[1]} of {told[0]}, and does not belong into this folder"
        judged.problems.add(belonging.NAME, reason)
    return volume_summary.report(judged, name)


def _device(path: Path, place: Place | None, given: Given, prefix: str) -> _Found:
    """The volumes of one device, what is wrong in its folder, and what else is there."""
    found = _Found()
    for name, kind in files.listing(path).items():
        where = prefix + files.shown(name)
        if kind is files.Kind.DIRECTORY and _is_volume(path / name):
            found.volumes.append(_volume(path / name, place, given, where, stored=True))
        elif kind is files.Kind.OTHER:
            found.problems.append(Problem(where, "is not an ordinary file or directory"))
        else:
            found.facts.append(f"{where} is no volume: it was not looked at")
    for each, reason in _check_counters(found.volumes):
        found.problems.append(Problem(f"{each.path}/{audit.DIRECTORY}", reason))
    if len({volume.device_key for volume in found.volumes} - {None}) > 1:
        found.facts.append(
            f"{prefix or path.name}: more than one device key goes by this name: two cameras, or one with a new key"
        )
    return found


def _check_counters(volumes: Sequence[VolumeReport]) -> Iterator[tuple[VolumeReport, str]]:
    """A hardware counter counts the openings of a device on whatever card; what ran further than a log explains has to be in another."""
    for each in volumes:
        others = sum(other.completeness.openings for other in volumes if other is not each)
        ahead = each.completeness.counter_ahead
        if ahead > others:
            yield (
                each,
                f"the hardware's counter saw {ahead - others} openings that no log here has: one was turned back",
            )


def _store(path: Path, place: Place | None, given: Given, root: CertificateEntry | None) -> Report:
    found = _Found()
    for name, kind in files.listing(path).items():
        where = files.shown(name)
        if kind is files.Kind.DIRECTORY and any(_is_volume(each) for each in _directories(path / name)):
            inside = _device(path / name, place, given, f"{where}/")
            found.volumes += inside.volumes
            found.problems += inside.problems
            found.facts += inside.facts
        elif kind is files.Kind.OTHER:
            found.problems.append(Problem(where, "is not an ordinary file or directory"))
        else:
            found.facts.append(f"{where} is no device's folder: it was not looked at")
    return found.report(path, "store", root)


def _directories(path: Path) -> list[Path]:
    return [path / name for name, kind in files.listing(path).items() if kind is files.Kind.DIRECTORY]
