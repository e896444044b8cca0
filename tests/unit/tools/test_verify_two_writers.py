"""Two writers and two readers, each made from the document alone, understand each other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from firmware.core.machine import Recording
from firmware.evidence import documents, kinds
from firmware.evidence.audit import read_audit
from firmware.evidence.certs import Trust, read_certificate
from firmware.evidence.journal import read_journal
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.receipt import verify_receipt
from firmware.evidence.roles import Role
from tests.evidence_maker import Authority
from tests.oracles import needs
from tests.rig import Rig, judge
from tests.unit.tools.conftest import Desk
from tools.export.exporter import export_recording
from tools.verify.exported import verify_export
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path


@pytest.fixture(scope="module")
def trust() -> Trust:
    """The maker's authority, as the firmware holds one."""
    der = Authority().root.certificates[0].public_bytes(Encoding.DER)
    return Trust(read_certificate(der, Role.ROOT, None, "root"))


def line(path: Path) -> bytes:
    """The one line of a file."""
    return path.read_bytes()[:-1]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_firmware_reads_the_maker(made: Desk, trust: Trust, number: int) -> None:
    """The firmware takes the maker's journals and manifests to the last line."""
    directory = made.recording(number)
    data = (directory / "journal.jwsl").read_bytes()
    found = read_journal(data, trust, number=number)
    whole = data.rfind(b"\n") + 1
    assert (found.refusal, found.valid_length) == (None, whole)
    assert len(found.flushes) == data.count(b"\n") - 1
    manifest = verify_manifest(line(directory / "manifest.jws"), trust, number=number)
    assert manifest.payload["journal"]["lines"] == data.count(b"\n")
    assert found.transcript is not None
    recovered = manifest.payload["state"] == "recovered"
    assert manifest.payload["missing"] == (found.transcript.missing() if recovered else [])


def test_firmware_reads_the_maker_s_papers(made: Desk, trust: Trust) -> None:
    """So it takes the audit log over both boots, the volume's papers, the anchor and a receipt."""
    head = None
    for path in sorted((made.card / "audit").iterdir()):
        found = read_audit(path.read_bytes(), trust, head)
        assert (found.refusal, found.valid_length) == (None, path.stat().st_size)
        head = found.head
    for kind, name in ((kinds.VOLUME, "volume.jws"), (kinds.ANCHOR, "anchor.jws")):
        documents.verify(kind, line(made.card / name), trust)
    manifest = verify_manifest(line(made.recording(1) / "manifest.jws"), trust)
    verify_receipt(line(made.recording(1) / "receipt.jws"), trust, manifest, nonce=None)


@pytest.fixture(scope="module")
def rigs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card that the firmware wrote: recording 1 sealed, 2 cut off and recovered, 3 resumes it."""
    folder = tmp_path_factory.mktemp("rig")
    rig = Rig.new().run(6)
    rig.tap().run(5)
    rig.stop()
    rig.tap().run(4.4)
    assert rig.state is Recording.RECORDING
    rig = rig.power_cut().run(5)
    rig.stop().run(2)
    report = judge(rig, folder)
    assert [each.verdict for each in report.volumes[0].recordings] == [Verdict.WHOLE, Verdict.RECOVERED, Verdict.WHOLE]
    return folder


@needs("ffmpeg")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_export_of_the_firmware_s_recordings(rigs: Path, tmp_path: Path, number: int) -> None:
    """What the firmware recorded is exported and proven, with sound that joins in at the press."""
    directory = rigs / "card" / "recordings" / f"{number:08d}"
    root, key = rigs / "root.pem", rigs / "authority.agekey"
    done = export_recording(directory, [key], tmp_path / "film.mp4", root=root)
    assert done.frames > 20
    report = verify_export(done.path, directory, root, [key])
    assert report.exit_code == 0, report.every_problem
    command = ["ffmpeg", "-v", "error", "-i", str(done.path), "-f", "null", "-"]
    played = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (played.stdout, played.stderr) == ("", "")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_damage_to_the_firmware_s_recordings(rigs: Path, number: int) -> None:
    """And any change to what it wrote is found, file by file."""
    directory = rigs / "card" / "recordings" / f"{number:08d}"
    for path in sorted(directory.iterdir()):
        data = path.read_bytes()
        for at in (0, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
            report = verify_path(directory, rigs / "root.pem")
            assert report.exit_code == 1
            assert path.name in {each.file for each in report.recordings[0].problems}
        path.write_bytes(data)
