"""Second signatures: what proves, what does not, and what is refused."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from tests.evidence_maker import RECIPIENTS, Authority, Camera, Plan
from tests.evidence_maker.camera import DOCK_MS
from tests.evidence_maker.jose import digest
from tests.evidence_maker.second import PqIdentity, issue, sign_again
from tests.oracles import needs, node
from tools.verify.exported import verify_export
from tools.verify.findings import Refused
from tools.verify.page.document import render_page
from tools.verify.render import render
from tools.verify.report import Report, Verdict
from tools.verify.verifier import load_given, verify_path

NAME = "manifest.pq.jws"
ROOT = issue("Test pq-root", None, "pq-root")
DEVICE = issue("cam-0042", ROOT, "pq cam-0042")


@dataclass(frozen=True)
class Again:
    """A recording whose manifest is signed twice, receipted, with the roots beside it."""

    path: Path

    @property
    def recording(self) -> Path:
        """Its directory."""
        return self.path / "card/recordings/00000001"

    def judge(self, *, asked: bool = True) -> Report:
        """Verify it, and ask for second signatures or not."""
        root = self.path / "pq-root.crt.pem" if asked else None
        return verify_path(self.recording, self.path / "root.crt.pem", pq_root=root)

    def problems(self, *, asked: bool = True) -> list[tuple[str, str]]:
        """What is wrong."""
        return [(each.file, each.reason) for each in self.judge(asked=asked).every_recording[0].problems]


@pytest.fixture(scope="session")
def signed_again(tmp_path_factory: pytest.TempPathFactory) -> Again:
    """Made once."""
    made = Again(tmp_path_factory.mktemp("again"))
    (made.path / "root.crt.pem").write_bytes(Authority().root_pem)
    (made.path / "pq-root.crt.pem").write_bytes(ROOT.pem)
    (made.path / "authority.key").write_text(RECIPIENTS[0].key_file)
    camera = Camera(made.path / "card", second=DEVICE)
    camera.record(Plan(segments=2, before=0))
    camera.receipt(1)
    return made


@pytest.fixture
def again(signed_again: Again, tmp_path: Path) -> Again:
    """A copy, without the receipt, to be damaged."""
    shutil.copytree(signed_again.path, tmp_path / "again")
    copy = Again(tmp_path / "again")
    (copy.recording / "receipt.jws").unlink()
    return copy


def words(report: Report, which: str) -> str:
    """What a report says is (not) proven."""
    (recording,) = report.every_recording
    return " | ".join(getattr(recording, which))


def test_proven(signed_again: Again) -> None:
    """With the post-quantum root the second signature is proven, and told with the root's hash."""
    report = signed_again.judge()
    assert (report.verdict, report.exit_code, report.every_recording[0].second) == (Verdict.WHOLE, 0, True)
    assert "signed with ML-DSA-65, too, under a certificate that leads to the given post-quantum root" in words(
        report, "proven"
    )
    assert report.to_json()["pq_root"] == report.pq_root == digest(ROOT.der)
    assert f"post-quantum root with SHA-256 {report.pq_root}" in render(report)


@pytest.mark.parametrize("who", [DEVICE, ROOT], ids=["device", "root"])
def test_withdrawn(signed_again: Again, tmp_path: Path, who: PqIdentity) -> None:
    """A certificate of it that the authority withdrew proves nothing from then on, unless a trusted time puts the recording before; the
    first signature stands as it did."""
    camera = Camera(tmp_path / "card")
    for since, exit_code in ((0, 1), (DOCK_MS, 1), (DOCK_MS + 1, 0)):
        settings = camera.withdraw(tmp_path / "settings.jws", {digest(who.der): since})
        report = verify_path(
            signed_again.recording,
            signed_again.path / "root.crt.pem",
            pq_root=signed_again.path / "pq-root.crt.pem",
            revoked=settings,
        )
        (found,) = report.every_recording
        good = exit_code == 0
        assert (report.verdict, report.exit_code, found.second) == (Verdict.WHOLE, exit_code, good)
        assert ("ML-DSA-65" in words(report, "proven")) is good
        assert (
            "its second signature, ML-DSA-65: the certificate of cam-0042 was withdrawn from"
            in words(report, "not_proven")
        ) is not good


def test_its_certificate_and_file_are_reported(signed_again: Again) -> None:
    """Whoever repeats the check finds both by their hashes."""
    report = signed_again.judge()
    assert str(report.pq_root)[:8] in render_page(report, datetime(2026, 3, 1, tzinfo=UTC))
    annex = report.recordings[0].annex
    assert annex is not None
    assert [each.role for each in annex.certificates if each.fingerprint == digest(DEVICE.der)] == ["pq-device"]
    assert [each.signed for each in annex.files if each.name == NAME] == [None]


def test_not_asked_for(signed_again: Again) -> None:
    """Without that root it fits and proves nothing, which is said; the verdict is that of the rest."""
    report = signed_again.judge(asked=False)
    assert (report.verdict, report.exit_code, report.every_recording[0].second) == (Verdict.WHOLE, 0, False)
    assert "no post-quantum root was given" in words(report, "not_proven")
    assert "ML-DSA" not in words(report, "proven")
    assert report.to_json()["pq_root"] is None


def test_none_there(again: Again, tmp_path: Path) -> None:
    """A camera without such a key signs once: whole, and with that root asked for not proven, with exit status 1."""
    camera = Camera(tmp_path / "card")
    camera.record(Plan(segments=2, before=0))
    path, root = camera.directory(1), again.path / "root.crt.pem"
    assert verify_path(path, root).exit_code == 0
    assert "second" not in words(verify_path(path, root), "not_proven")
    report = verify_path(path, root, pq_root=again.path / "pq-root.crt.pem")
    assert (report.verdict, report.exit_code, report.every_recording[0].second) == (Verdict.WHOLE, 1, False)
    assert "its manifest has no second signature" in words(report, "not_proven")


def test_taken_away_and_added(again: Again, tmp_path: Path) -> None:
    """One that the manifest names and that is gone, and one that it does not name, are found without any post-quantum root."""
    (again.recording / NAME).rename(tmp_path / NAME)
    assert again.problems(asked=False) == [(NAME, "is missing, and the manifest names its certificate")]
    camera = Camera(tmp_path / "card")
    recording = camera.record(Plan(segments=2, before=0))
    (tmp_path / NAME).rename(recording / NAME)
    (found,) = verify_path(recording, again.path / "root.crt.pem").every_recording
    assert [(each.file, each.reason) for each in found.problems] == [
        (NAME, "the manifest names no second signature: it was added")
    ]


def test_left_by_a_cut(again: Again) -> None:
    """Before the manifest is there it means nothing: a cut between the two leaves it, and the next start makes both anew."""
    (again.recording / "manifest.jws").unlink()
    report = again.judge()
    assert (report.verdict, report.every_recording[0].second, again.problems()) == (Verdict.OPEN, None, [])


def test_receipts_cover_it(signed_again: Again, tmp_path: Path) -> None:
    """A receipt lists it like any other file: a receipt over another one, or over none, is refused."""
    shutil.copytree(signed_again.path, tmp_path / "again")
    again = Again(tmp_path / "again")
    who = json.loads(base64.urlsafe_b64decode((again.recording / NAME).read_bytes().split(b".")[1] + b"=="))
    sign_again(again.recording, who, DEVICE)  # another signature, as good as the first
    assert again.problems() == [("receipt.jws", f"it was given for other bytes than those here: {NAME}")]


def test_any_changed_byte(again: Again) -> None:
    """Each changed byte of the line is found, without the root, too: header, payload, signature, the dots and the LF."""
    path = again.recording / NAME
    data = path.read_bytes()
    dots = [index for index, byte in enumerate(data) if byte == ord(".")]
    places = [0, 7, dots[0] - 1, dots[0], dots[0] + 1, dots[1] - 1, dots[1], dots[1] + 1, len(data) - 2, len(data) - 1]
    for at in [*places, *range(100, len(data), 997)]:
        path.write_bytes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        assert [file for file, _ in again.problems(asked=False)] == [NAME], at
    for altered in (data[:-1], data + b"\n", data[:-1] + b"=\n", b" " + data, b"", data[: dots[1]] + b"\n"):
        path.write_bytes(altered)
        assert [file for file, _ in again.problems(asked=False)] == [NAME]


def test_who_breaks_p256_still_needs_the_other_root(again: Again, tmp_path: Path) -> None:
    """A forger with the root's, the device's and every other P-256 key, and an ML-DSA key of his own, is found by who holds
    the post-quantum root; by who does not, he is not: that is what it is for."""
    forger = issue("cam-0042", issue("Test pq-root", None, "forger"), "forger cam-0042")
    recording = Camera(tmp_path / "card", second=forger).record(Plan(segments=2, before=0))
    root, pq_root = again.path / "root.crt.pem", again.path / "pq-root.crt.pem"
    assert verify_path(recording, root).verdict is Verdict.WHOLE
    assert verify_path(recording, root, pq_root=pq_root).verdict is Verdict.NOT_WHOLE


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (b"", "no certificate in PEM form"),
        (ROOT.pem * 2, "2 certificates"),
        (DEVICE.pem, "exact shape of a post-quantum root"),
        (Authority().root_pem, "ML-DSA-65 key"),
        (issue("r", None, "x", ca=False).pem, "exact shape of a post-quantum root"),
        (issue("r", None, "x", signer=ROOT.key).pem, "not issued by the given"),
    ],
    ids=["nothing", "two", "a device's", "the other root", "no authority", "signed by another"],
)
def test_unusable_roots(tmp_path: Path, pem: bytes, reason: str) -> None:
    """A file that is no post-quantum root is named."""
    path = tmp_path / "pq-root.crt.pem"
    path.write_bytes(pem)
    with pytest.raises(Refused, match=rf"pq-root\.crt\.pem: .*{reason}"):
        load_given(None, pq_root=path)


def test_the_command(signed_again: Again, capsys: pytest.CaptureFixture[str]) -> None:
    """``--pq-root`` is how one asks."""
    from tools.__main__ import main  # noqa: PLC0415 - imports what the verifier needs

    options = ["--root", signed_again.path / "root.crt.pem", "--pq-root", signed_again.path / "pq-root.crt.pem"]
    assert main([str(each) for each in ("verify", signed_again.recording, *options)]) == 0
    assert "ML-DSA-65" in capsys.readouterr().out


def test_an_export_s_evidence(signed_again: Again, tmp_path: Path) -> None:
    """An exported film is held against evidence whose second signature is judged as well."""
    from tools.export.exporter import export_recording  # noqa: PLC0415 - imports PyAV

    film = tmp_path / "film.mp4"
    export_recording(signed_again.recording, [signed_again.path / "authority.key"], film)
    for pq_root in (signed_again.path / "pq-root.crt.pem", None):
        report = verify_export(film, signed_again.recording, signed_again.path / "root.crt.pem", pq_root=pq_root)
        assert (report.verdict, report.every_recording[0].second) == (Verdict.WHOLE, pq_root is not None)


@needs("node", "age-encryption")
def test_other_hands_verify_it(signed_again: Again, tmp_path: Path) -> None:
    """Noble's ML-DSA-65, which we did not write, verifies the signature over header and payload with the certificate's key, and
    refuses it over anything else."""
    text, _, signature = (signed_again.recording / NAME).read_bytes()[:-1].rpartition(b".")
    header = json.loads(base64.urlsafe_b64decode(text.split(b".")[0] + b"=="))
    certificate = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
    key, message, raw = (tmp_path / name for name in ("key", "message", "signature"))
    key.write_bytes(certificate.public_key().public_bytes_raw())  # type: ignore[union-attr]  # a certificate of an ML-DSA key
    raw.write_bytes(base64.urlsafe_b64decode(signature + b"=" * (-len(signature) % 4)))
    message.write_bytes(text)
    assert node("ml-dsa-65", key, message, raw).returncode == 0
    message.write_bytes(text + b"x")
    assert node("ml-dsa-65", key, message, raw).returncode == 1
    key.write_bytes(ROOT.certificate.public_key().public_bytes_raw())  # type: ignore[union-attr]  # a certificate of an ML-DSA key
    message.write_bytes(certificate.tbs_certificate_bytes)
    raw.write_bytes(certificate.signature)
    assert node("ml-dsa-65", key, message, raw).returncode == 0
