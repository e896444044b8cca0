"""A bundle for disclosure: a film, the recording decrypted, its signed papers, and how to check all of it without us."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tools.export.derivation import file_hash
from tools.export.exporter import Exported, Request, Steps, write_film
from tools.export.instructions import NAME as VERIFY
from tools.export.instructions import instructions
from tools.export.place import need_space, new_file, new_folder, sync
from tools.export.source import Source, open_source
from tools.verify import jws
from tools.verify.exported import verify_export
from tools.verify.findings import need
from tools.verify.model import PRIVATE
from tools.verify.page.document import render_page
from tools.verify.render import render
from tools.verify.report import Report
from tools.verify.verifier import load_given

FILM = "film.mp4"
SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
_ENCRYPTED = ".age"
_CHAINS = {
    "journal.jwsl": ("session", "device", "device-ca"),
    "manifest.jws": ("device", "device-ca"),
    "receipt.jws": ("dock", "dock-ca"),
}
"""Whose certificates the first line of a file carries."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """What was written: the directory or ZIP file, the names in it in order, and the film's description."""

    path: Path
    names: tuple[str, ...]
    film: Exported


def write_bundle(
    recording: Path,
    keys: Sequence[Path],
    out: Path,
    root: Path,
    *,
    force: bool = False,
    request: Request | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Bundled:
    """Write a bundle of ``recording`` to ``out``, a new directory, or a ZIP file where the name ends in ``.zip``.

    The same as for ``export_recording`` holds: whole or not at all, and the original is only read.  A bundle holds all of
    the recording: ``Refused`` where ``request`` wants a part, or ``root`` is not given.
    """
    request = request or Request()
    need(not request.derives, "a bundle holds the whole recording: export a trimmed or redacted film alone, with -o")
    given = load_given(root, keys)
    need(given.keys, "no key was given")
    steps = Steps(recording, progress, readings=6)
    zipped = out.suffix.lower() == ".zip"
    with ExitStack() as places:
        archive = places.enter_context(new_file(out, replace=force)) if zipped else None
        folder = places.enter_context(new_folder(out, keep=not zipped))
        source = open_source(recording, replace(given, progress=steps.advance))
        need_space(folder, _needed(source, request, zipped=zipped))
        film = write_film(source, folder / FILM, out / FILM, request)
        _write_parts(source, folder, request)
        _write_certificates(source, folder, root, request)
        _write_report(source, folder, keys, root, request, progress=steps.advance)
        names = _seal(source, folder, request)
        if archive is not None:
            _zip(folder, archive, out.stem, names)
    steps.finish()
    return Bundled(out, tuple(names), film)


def _needed(source: Source, request: Request, *, zipped: bool) -> int:
    """Room for the segments and the film, which is there twice while it is being signed; and for the archive of both."""
    plain = sum(flushes[-1].plain.length for flushes in source.segments)
    return plain * (2 + (request.desk is not None and request.c2pa) + 2 * zipped)


def _write_parts(source: Source, folder: Path, request: Request) -> None:
    """The recording's own files: papers as they are, the rest decrypted as far as the journal vouches for it."""
    for name in ("segments", "evidence", "certificates"):
        (folder / name).mkdir()
    for flushes in source.segments:
        with (folder / "segments" / flushes[0].file.removesuffix(_ENCRYPTED)).open("wb") as file:
            source.decrypt(flushes, file.write)
    if request.private and (told := source.journal.of(PRIVATE)):
        with (folder / "private.jsonl").open("wb") as file:
            source.decrypt(told, file.write)
    for path in sorted(source.directory.iterdir()):
        if path.suffix != _ENCRYPTED:
            shutil.copyfile(path, folder / "evidence" / path.name, follow_symlinks=False)


def _write_certificates(source: Source, folder: Path, root: Path, request: Request) -> None:
    """Whoever signed anything, in PEM; the chains were verified when the recording was opened."""
    found: dict[str, bytes] = {}
    for name, roles in _CHAINS.items():
        paper = source.directory / name
        if paper.is_file():
            line = paper.read_bytes().split(b"\n", 1)[0]
            found |= dict(zip(roles, jws.parse(line, jws.MAX_JWS).x5c, strict=True))
    pems = {
        role: x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)
        for role, der in found.items()
    }
    pems["root"] = root.read_bytes()
    if request.desk is not None:
        pems["desk"] = request.desk.certificate_pem
    for role, pem in pems.items():
        (folder / "certificates" / f"{role}.crt.pem").write_bytes(pem)


def _write_report(
    source: Source, folder: Path, keys: Sequence[Path], root: Path, request: Request, progress: Callable[[int], None]
) -> None:
    """The verifier's own report on film and recording: as text, for machines, and as a page for everybody."""
    report = _named(verify_export(folder / FILM, source.directory, root, keys, progress=progress), request)
    (folder / "report.txt").write_text(render(report), encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
    (folder / "report.html").write_text(render_page(report, datetime.now(UTC)), encoding="utf-8")


def _named(report: Report, request: Request) -> Report:
    """The report with the names that things have in the bundle, not those at the desk."""
    export = report.export
    assert export is not None  # noqa: S101 - it is a report on a film
    evidence = replace(export.evidence, path="evidence")
    if not request.private:
        evidence = replace(evidence, private=None)
    return replace(report, path=FILM, export=replace(export, path=FILM, evidence=evidence))


def _seal(source: Source, folder: Path, request: Request) -> list[str]:
    """``verify.txt``, the sums over everything, and the desk's signature over the sums; makes all of it durable."""
    names = [*_names(folder), VERIFY]
    (folder / VERIFY).write_text(instructions(source.journal.opening, names), encoding="utf-8")
    names.sort()
    sums = "".join(f"{file_hash(folder / name)}  {name}\n" for name in names).encode()
    (folder / SUMS).write_bytes(sums)
    if request.desk is not None:
        (folder / SIGNATURE).write_bytes(request.desk.sign_der(sums))
    names = list(_names(folder))
    for name in names:
        sync(folder / name)
    return names


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _zip(folder: Path, archive: Path, stem: str, names: Sequence[str]) -> None:
    """Not compressed: film does not get smaller."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for name in names:
            file.write(folder / name, f"{stem}/{name}")
