"""A bundle proves itself with sha256sum, jose and openssl alone, and any changed byte makes that fail."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence_maker import RECIPIENTS, Authority, Camera, Plan
from tests.oracles import needs
from tests.unit.tools.conftest import Desk
from tests.unit.tools.test_export import left
from tools.export import bundle
from tools.export.bundle import write_bundle
from tools.export.cutting import Wish
from tools.export.desk import Desk as Signer
from tools.export.exporter import Request
from tools.export.instructions import commands, instructions
from tools.export.source import open_source
from tools.verify.findings import Refused
from tools.verify.verifier import load_given

TOOLS = ("bash", "cat", "head", "jose", "mktemp", "openssl", "rm", "sed", "sha256sum", "tail")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Camera:
    """A short recording that a dock took over.  Not to be changed."""
    camera = Camera(tmp_path_factory.mktemp("short") / "card")
    camera.record(Plan(segments=2))
    camera.receipt(1)
    (camera.path.parent / "key").write_text(RECIPIENTS[0].key_file)
    return camera


@pytest.fixture(scope="module")
def bundles(made: Desk, short: Camera, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the short recording and two others, with a desk's signature; made once.  Not to be changed."""
    folder = tmp_path_factory.mktemp("bundles")
    request = Request(desk=Signer.open(made.signer))
    for number, recording in {1: short.directory(1), 3: made.recording(3), 4: made.recording(4)}.items():
        write_bundle(recording, [made.key], folder / f"{number}", made.root, request=request)
    return folder


@pytest.fixture
def given_out(bundles: Path, tmp_path: Path) -> Path:
    """A copy of the first bundle, to be damaged."""
    shutil.copytree(bundles / "1", tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the tools that ``verify.txt`` names, and no other."""
    folder = tmp_path_factory.mktemp("tools")
    for name in TOOLS:
        if (found := shutil.which(name)) is not None:
            (folder / name).symlink_to(found)
    return folder


def check(folder: Path, tools: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the commands of ``verify.txt`` as it says, with the tools alone."""
    command = "sed -n 's/^    //p' verify.txt | bash -eu && echo PROVEN"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={"PATH": str(tools), "TMPDIR": str(folder.parent), **more},
        capture_output=True,
        text=True,
        check=False,
    )


def proven(folder: Path, tools: Path, **more: str) -> bool:
    """Whether all of them end well."""
    done = check(folder, tools, **more)
    return done.returncode == 0 and done.stdout.endswith("PROVEN\n")


def flip(path: Path, at: int) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def sum_anew(folder: Path) -> None:
    """What a forger does, who has no desk's key: new sums, and no signature."""
    names = [line.partition("  ")[2] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    kept = [name for name in names if (folder / name).exists()]
    rows = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in kept)
    (folder / "SHA256SUMS").write_text("".join(rows))


@needs("jose", "openssl")
@pytest.mark.parametrize("number", [1, 3, 4])
def test_proves_itself(bundles: Path, tools: Path, number: int) -> None:
    """Sealed with a receipt, recovered, without sound: the commands of verify.txt end well, with nothing but the tools
    that it names."""
    done = check(bundles / f"{number}", tools)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("PROVEN\n")


def test_what_is_in_it(made: Desk, short: Camera, bundles: Path) -> None:
    """Everything that disclosure asks for, the papers byte for byte, and nothing that names the desk's machine."""
    folder = bundles / "1"
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == [
        "SHA256SUMS",
        "SHA256SUMS.sig",
        *(
            f"certificates/{name}.crt.pem"
            for name in ("desk", "device-ca", "device", "dock-ca", "dock", "root", "session")
        ),
        *(f"evidence/{name}" for name in ("journal.jwsl", "manifest.jws", "receipt.jws")),
        "film.mp4",
        "private.jsonl",
        "report.html",
        "report.json",
        "report.txt",
        *(f"segments/00000{index}.mp4" for index in range(2)),
        "verify.txt",
    ]
    for path in (folder / "evidence").iterdir():
        assert path.read_bytes() == (short.directory(1) / path.name).read_bytes()
    report = json.loads((folder / "report.json").read_text())
    assert (report["verdict"], report["path"], report["export"]["evidence"]["path"]) == (
        "whole",
        "film.mp4",
        "evidence",
    )
    assert "film: WHOLE (film.mp4)" in (folder / "report.txt").read_text()
    for name in ("report.html", "report.json", "report.txt", "verify.txt", "SHA256SUMS"):
        assert str(short.path) not in (folder / name).read_text()
        assert str(bundles) not in (folder / name).read_text()


@needs("jose", "openssl")
def test_any_changed_byte(given_out: Path, bundles: Path, tools: Path) -> None:
    """One bit flipped at a drawn place of each file: a command fails."""
    drawn = random.Random(7)
    for path in sorted(path for path in given_out.rglob("*") if path.is_file()):
        at = drawn.randrange(path.stat().st_size)
        flip(path, at)
        assert not proven(given_out, tools), f"{path.name}, byte {at}"
        flip(path, at)
    assert proven(given_out, tools)


def lines(folder: Path) -> list[bytes]:
    """The journal's lines."""
    return (folder / "evidence/journal.jwsl").read_bytes().splitlines(keepends=True)


def without_line(folder: Path) -> None:
    """Leave one line of the journal out."""
    (folder / "evidence/journal.jwsl").write_bytes(b"".join(lines(folder)[:4] + lines(folder)[5:]))


def without_end(folder: Path) -> None:
    """Leave the journal's last line out."""
    (folder / "evidence/journal.jwsl").write_bytes(b"".join(lines(folder)[:-1]))


def other_key(folder: Path) -> None:
    """Put another certificate in the place of the session's."""
    shutil.copyfile(folder / "certificates/device.crt.pem", folder / "certificates/session.crt.pem")


def extra_segment(folder: Path) -> None:
    """Add a segment, and list it."""
    shutil.copyfile(folder / "segments/000001.mp4", folder / "segments/000002.mp4")


FORGERIES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a segment": (
        lambda folder: flip(folder / "segments/000001.mp4", 5000),
        "000001.mp4 is not what the camera signed",
    ),
    "the private part": (lambda folder: flip(folder / "private.jsonl", 40), "private.jsonl is not what"),
    "a journal line": (lambda folder: flip(folder / "evidence/journal.jwsl", 6000), "the journal is not the one"),
    "a line left out": (without_line, "the journal is not the one"),
    "the last line left out": (without_end, "the journal is not the one"),
    "the manifest": (lambda folder: flip(folder / "evidence/manifest.jws", 3000), "the manifest's signature"),
    "the receipt": (lambda folder: flip(folder / "evidence/receipt.jws", 2500), "the receipt's signature"),
    "another session": (other_key, "session.crt.pem may not sign this"),
    "a segment too many": (extra_segment, "000002.mp4 is no part of the recording"),
}


@needs("jose", "openssl")
@pytest.mark.parametrize("name", FORGERIES)
def test_forger_who_sums_anew(given_out: Path, tools: Path, name: str) -> None:
    """Whoever changes a file and the sums over it is found by the camera's own signatures."""
    forge, reason = FORGERIES[name]
    forge(given_out)
    sum_anew(given_out)
    done = check(given_out, tools)
    assert done.returncode != 0
    assert reason in done.stdout


@needs("jose", "openssl")
def test_forger_with_the_film(given_out: Path, tools: Path) -> None:
    """Whoever changes the film, which no camera signed, and the sums, is found by the desk's signature."""
    flip(given_out / "film.mp4", 20_000)
    sum_anew(given_out)
    done = check(given_out, tools)
    assert done.returncode != 0
    assert "Verification failure" in done.stdout + done.stderr


@needs("jose", "openssl")
def test_own_root(given_out: Path, tools: Path, tmp_path: Path) -> None:
    """Whoever has the root certificate from the authority uses that; another one proves nothing."""
    for name, seed in (("ours.pem", "authority"), ("other.pem", "other")):
        (tmp_path / name).write_bytes(Authority(seed).root_pem)
    assert proven(given_out, tools, ROOT=str(tmp_path / "ours.pem"))
    assert not proven(given_out, tools, ROOT=str(tmp_path / "other.pem"))


@needs("ffmpeg")
def test_film_is_the_segments(bundles: Path) -> None:
    """The optional commands with ffmpeg find the same hash for each track of film and segments."""
    text = (bundles / "1" / "verify.txt").read_text()
    found = [line[2:] for line in text.splitlines() if line.startswith("# ") and "streamhash" in line]
    told = [
        subprocess.run(["bash", "-c", line], cwd=bundles / "1", capture_output=True, check=True).stdout
        for line in found
    ]
    assert len(told) == 2
    assert told[0] == told[1]
    assert told[0].count(b"SHA256=") == 2


@needs("jose", "openssl")
def test_zip_without_a_desk_and_without_what_is_private(made: Desk, short: Camera, tmp_path: Path, tools: Path) -> None:
    """A ZIP file holds the same in one folder; without a desk nobody signs the sums; nothing private is in it."""
    request = Request(private=False)
    done = write_bundle(short.directory(1), [made.key], tmp_path / "out.zip", made.root, request=request)
    assert left(tmp_path) == ["out.zip"]
    with zipfile.ZipFile(tmp_path / "out.zip") as file:
        assert file.namelist() == [f"out/{name}" for name in done.names]
        file.extractall(tmp_path)
    folder = tmp_path / "out"
    assert proven(folder, tools)
    assert not (folder / "SHA256SUMS.sig").exists()
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"SHIFT-7F3A" not in everything
    assert b"Hof" not in everything


def test_open_recording(desk: Desk, tmp_path: Path) -> None:
    """Of a recording without a manifest the journal speaks for itself, and the text says so."""
    (desk.recording(3) / "manifest.jws").unlink()
    write_bundle(desk.recording(3), [desk.key], tmp_path / "out", desk.root)
    text = (tmp_path / "out" / "verify.txt").read_text()
    assert "not closed yet" in text
    assert "manifest.jws" not in commands(text)


def test_original_is_only_read(desk: Desk, tmp_path: Path) -> None:
    """No file of the recording is changed, nor its time; nothing is added."""
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in desk.recording(1).iterdir()}
    for path in desk.recording(1).iterdir():
        path.chmod(0o444)
    desk.recording(1).chmod(0o555)
    write_bundle(desk.recording(1), [desk.key], tmp_path / "out", desk.root)
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in desk.recording(1).iterdir()}
    desk.recording(1).chmod(0o755)
    assert after == before


def test_whole_or_not_at_all(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure at any step, or ctrl-C, leaves nothing; a name that is taken is refused before anything is read."""
    folder = tmp_path / "out"
    folder.mkdir()

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for step in ("_write_parts", "_write_certificates", "_write_report", "_seal", "_zip"):
        with monkeypatch.context() as patch:
            patch.setattr(bundle, step, fail)
            with pytest.raises(KeyboardInterrupt):
                write_bundle(desk.recording(1), [desk.key], folder / "b.zip", desk.root)
        assert left(folder) == []
    (folder / "b").mkdir()
    with pytest.raises(Refused, match="b: is there already: choose another name"):
        write_bundle(desk.recording(1), [desk.key], folder / "b", desk.root, force=True)
    (folder / "b.zip").write_bytes(b"precious")
    with pytest.raises(Refused, match=r"b\.zip: is there already; --force replaces it"):
        write_bundle(desk.recording(1), [desk.key], folder / "b.zip", desk.root)
    assert left(folder) == ["b", "b.zip"]
    assert (folder / "b.zip").read_bytes() == b"precious"


def test_no_room(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room it is said before anything is written, with what is needed and what is there."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(Refused, match="are needed, 1.0 kB are free: make room, or write elsewhere"):
        write_bundle(desk.recording(1), [desk.key], tmp_path / "out", desk.root)
    assert not (tmp_path / "out").exists()


def test_a_part_is_no_bundle(made: Desk, tmp_path: Path) -> None:
    """A bundle holds the decrypted segments: with less than all of them wanted it is refused."""
    request = Request(Wish(mute=True), desk=Signer.open(made.signer))
    with pytest.raises(Refused, match="a bundle holds the whole recording"):
        write_bundle(made.recording(1), [made.key], tmp_path / "out", made.root, request=request)


def test_time_stamp_has_its_command(short: Camera) -> None:
    """Where a time stamp lies beside the manifest, the text checks it for whoever has that authority's root."""
    journal = open_source(short.directory(1), load_given(None, [short.path.parent / "key"])).journal
    names = {"evidence/manifest.jws", "evidence/manifest.tsr"}
    assert "openssl ts -verify -data evidence/manifest.jws" in commands(instructions(journal.opening, names))
    assert "openssl ts" not in commands(instructions(journal.opening, names - {"evidence/manifest.tsr"}))
