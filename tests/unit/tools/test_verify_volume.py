"""A volume tells what is missing, what was swapped, and since when nothing is proven."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evidence_maker import Authority, Camera, Identity, Plan, issue
from tests.evidence_maker.recording import Line
from tests.unit.tools.conftest import Desk
from tools.verify.findings import Refused
from tools.verify.report import Place, Report, Verdict, VolumeReport
from tools.verify.verifier import verify_path

SMALL = Plan(segments=1, before=0, sound=False, private=())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root certificate."""
    path = tmp_path / "root.pem"
    path.write_bytes(Authority().root_pem)
    return path


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    """A camera with three small recordings, the first two receipted."""
    made = Camera(tmp_path / "card")
    for number in (1, 2, 3):
        made.record(SMALL)
        if number < 3:
            made.receipt(number)
    return made


def judged(path: Path, root: Path, place: Place | None = None) -> VolumeReport:
    """The verdict on one volume."""
    return verify_path(path, root, place=place).volumes[0]


def reasons(report: VolumeReport | Report) -> str:
    """All that is wrong, as text."""
    whole = report if isinstance(report, Report) else Report("", "volume", None, volumes=(report,))
    return "\n".join(f"{path}/{each.file}: {each.reason}" for path, found in whole.every_problem for each in found)


def rewrite(path: Path, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the lines of a file."""
    path.write_bytes(b"".join(line + b"\n" for line in edit(path.read_bytes().split(b"\n")[:-1])))


def test_card(made: Desk) -> None:
    """A card with sealed and recovered recordings is in order; what follows the last docking is not proven."""
    report = made.judge(made.card)
    assert (report.kind, report.exit_code, report.verdict) == ("volume", 0, Verdict.UNPROVEN)
    assert report.worst is Verdict.RECOVERED
    volume = report.volumes[0]
    assert (volume.place, volume.device, len(volume.recordings)) == (Place.CAMERA, "cam-0042", 4)
    assert any("up to number 2 is missing" in row for row in volume.proven)
    assert any("since the last docking (2026-06-05 17:46:40 UTC)" in row for row in volume.not_proven)


def test_anchor_is_a_trusted_time(made: Desk) -> None:
    """Dates of a recording that a dock's countersignature covers are judged."""
    recordings = made.judge(made.card).volumes[0].recordings
    assert ["dates" in " ".join(each.not_proven) for each in recordings] == [False, False, True, True]


def test_never_docked(camera: Camera, root: Path) -> None:
    """Without an anchor the end is not proven, and the words say so."""
    volume = judged(camera.path, root)
    assert not volume.problems
    assert any("no dock has ever countersigned" in row for row in volume.not_proven)


def test_store_and_device_folder(camera: Camera, root: Path, tmp_path: Path) -> None:
    """A dock's store and a device's folder in it are judged as such."""
    camera.countersign()
    target = camera.offload(tmp_path / "store")
    kinds = {path: verify_path(path, root) for path in (tmp_path / "store", tmp_path / "store" / "cam-0042", target)}
    assert [each.kind for each in kinds.values()] == ["store", "device", "volume"]
    assert all(each.exit_code == 0 and each.volumes[0].place is Place.DOCK for each in kinds.values())


@pytest.mark.parametrize("number", [1, 2, 3])
def test_missing_recording(camera: Camera, root: Path, tmp_path: Path, number: int) -> None:
    """A recording that is gone, from the middle or the end, is missing: on the card and at the dock."""
    target = camera.offload(tmp_path / "store")
    for path in (camera.path, target):
        shutil.rmtree(path / "recordings" / f"{number:08d}")
        report = verify_path(path, root)
        assert report.exit_code == 1
        assert (
            f"recordings/{number:08d}: recording {number} is missing: the audit log says that it was sealed"
            in reasons(report)
        )


def test_erased_recording(camera: Camera, root: Path, tmp_path: Path) -> None:
    """A recording that was erased against a receipt is not missing on the card; at the dock it has to be."""
    camera.erase(1)
    volume = judged(camera.path, root)
    assert (volume.problems, volume.erased) == ((), (1,))
    assert "recording 1 is missing" in reasons(judged(camera.offload(tmp_path / "store"), root))


def test_erased_without_receipt(camera: Camera, root: Path) -> None:
    """An erasure without the receipt that it names is refused."""
    camera.receipts[3] = "1" * 64
    camera.erase(3)
    text = reasons(judged(camera.path, root))
    assert "recording 3 was erased without that receipt" in text
    assert "recording 3 is missing" in text


def test_erasure_that_was_interrupted(camera: Camera, root: Path) -> None:
    """What stands in ``erasing`` is named, and no evidence."""
    (camera.path / "erasing").mkdir()
    camera.directory(1).rename(camera.path / "erasing" / "00000001")
    camera.directory(1).mkdir()
    camera.erase(1)
    volume = judged(camera.path, root)
    assert not volume.problems
    assert any("erasing/00000001" in row for row in volume.facts)


def test_open_recording(camera: Camera, root: Path, tmp_path: Path) -> None:
    """An open recording is told in words on a card, and is no success anywhere."""
    camera.cut(plan=SMALL, after=2)
    card, store = judged(camera.path, root), judged(camera.offload(tmp_path / "store"), root)
    assert [each.recordings[-1].verdict for each in (card, store)] == [Verdict.OPEN] * 2
    assert any("closes what was cut off at its next start" in row for row in card.facts)
    assert verify_path(camera.path, root).exit_code == 1
    assert not card.problems


def test_opened_and_never_offloaded(camera: Camera, root: Path, tmp_path: Path) -> None:
    """A recording of which a dock knows the opening alone is missing there."""
    camera.cut(plan=SMALL, after=2)
    target = camera.offload(tmp_path / "store")
    shutil.rmtree(target / "recordings" / "00000004")
    assert "recording 4 is missing: the audit log says that it was opened, and never closed" in reasons(
        judged(target, root)
    )


def test_newer_than_the_audit_log(camera: Camera, root: Path, tmp_path: Path) -> None:
    """At a dock a recording may be newer than the copy of the audit log; a hole below it is still seen."""
    target = camera.offload(tmp_path / "store")
    camera.record(SMALL)
    camera.record(SMALL)
    shutil.copytree(camera.directory(4), target / "recordings" / "00000004")
    assert not judged(target, root).problems
    shutil.copytree(camera.directory(5), target / "recordings" / "00000005")
    shutil.rmtree(target / "recordings" / "00000004")
    assert "recording 4 is missing: a later one" in reasons(judged(target, root))


def test_unknown_to_the_card(camera: Camera, root: Path) -> None:
    """On the card itself a recording that the audit log does not know is refused; a huge number costs nothing."""
    shutil.copytree(camera.directory(3), camera.path / "recordings" / "99999999")
    text = reasons(judged(camera.path, root))
    assert "99999999/journal.jwsl: it is recording 3" in text
    assert "recordings 4 to 99999998 are missing" in text


def test_prepared_directory(camera: Camera, root: Path) -> None:
    """The directory that was made ready for the next recording is no recording."""
    (camera.path / "recordings" / "00000004").mkdir()
    for name in ("journal.jwsl", "000000.mp4.age"):
        (camera.path / "recordings" / "00000004" / name).touch()
    volume = judged(camera.path, root)
    assert (volume.problems, len(volume.recordings)) == ((), 3)
    (camera.path / "recordings" / "00000004" / "000000.mp4.age").write_bytes(b"used")
    assert "00000004" in reasons(judged(camera.path, root))


@pytest.mark.parametrize("directory", [True, False])
def test_void(camera: Camera, root: Path, directory: bool) -> None:  # noqa: FBT001
    """An opening that never became durable is voided by the next boot, and the chain goes on over it."""
    recorder = camera.open(SMALL)
    (recorder.directory / "journal.jwsl").write_bytes(b"eyJhbG")
    announced = judged(camera.path, root)
    assert not announced.problems
    assert any("anything was recorded as 4" in row for row in announced.not_proven)
    camera.boot()
    camera.log("void", {"number": 4})
    del camera.unclosed[4]
    if not directory:
        shutil.rmtree(recorder.directory)
    camera.record(SMALL)
    volume = judged(camera.path, root)
    assert (reasons(volume), volume.voided) == ("", (4,))
    assert any("anything was recorded as 4" in row for row in volume.not_proven)
    assert volume.recordings[-1].number == 5


def test_void_that_was_a_recording(camera: Camera, root: Path) -> None:
    """A log that voids what was recorded is refused."""
    camera.cut(plan=SMALL, after=2)
    camera.boot()
    camera.log("void", {"number": 4})
    assert "this recording never began" in reasons(judged(camera.path, root))


def test_missed_by_the_camera_itself(camera: Camera, root: Path) -> None:
    """A recording that the camera found missing is missing."""
    shutil.rmtree(camera.cut(plan=SMALL))
    camera.boot()
    camera.log("missing", {"number": 4})
    del camera.unclosed[4]
    camera.boot()
    assert "the camera itself missed it" in reasons(judged(camera.path, root))


def test_strangers(camera: Camera, root: Path) -> None:
    """What is no part of a volume is named; among the recordings it is refused."""
    (camera.path / "lost+found").mkdir()
    (camera.path / "DCIM").mkdir()
    (camera.path / "quarantine").mkdir()
    (camera.path / "quarantine" / "00000009").mkdir()
    volume = judged(camera.path, root)
    assert not volume.problems
    assert any("DCIM is no part" in row for row in volume.facts)
    assert any("quarantine/00000009" in row for row in volume.facts)
    for name in ("3", "00000003.bak", "notes"):
        (camera.path / "recordings" / name).mkdir()
    (camera.path / "recordings" / "00000008").symlink_to(camera.directory(1))
    named = {f"recordings/{name}" for name in ("3", "00000003.bak", "notes", "00000008")}
    assert {each.file for each in judged(camera.path, root).problems} == named


def test_swapped_recordings(camera: Camera, root: Path) -> None:
    """Two recordings that changed places are both refused."""
    camera.directory(1).rename(camera.path / "x")
    camera.directory(2).rename(camera.directory(1))
    (camera.path / "x").rename(camera.directory(2))
    text = reasons(judged(camera.path, root))
    assert "it is recording 2, and lies where 1 belongs" in text
    assert "it is recording 1, and lies where 2 belongs" in text


def test_recording_of_another_volume(camera: Camera, root: Path, tmp_path: Path) -> None:
    """A recording of the same camera from another card is refused."""
    other = Camera(tmp_path / "other", volume="8" * 32)
    other.record(SMALL)
    shutil.rmtree(camera.directory(1))
    shutil.copytree(other.directory(1), camera.directory(1))
    assert "it was recorded on another volume" in reasons(judged(camera.path, root))


def test_recording_of_another_camera(camera: Camera, root: Path, tmp_path: Path) -> None:
    """A recording of another camera is refused."""
    other = Camera(tmp_path / "other", name="cam-0043", volume=camera.volume)
    other.record(SMALL)
    shutil.rmtree(camera.directory(1))
    shutil.copytree(other.directory(1), camera.directory(1))
    assert "it is cam-0043's" in reasons(judged(camera.path, root))


def forging(typ: str, at: int, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., Line]:
    """Change the ``at``-th line of a type before it is signed."""
    count = itertools.count()

    def forge(found: str, payload: dict[str, Any], signer: Identity, chained: bool) -> Line:  # noqa: FBT001
        return (edit(payload) if found == typ and next(count) == at else payload), signer, chained

    return forge


AUDIT_LINES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "removed": lambda lines: lines[:2] + lines[3:],
    "removed in front": lambda lines: lines[1:],
    "reordered": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "doubled": lambda lines: [*lines[:2], *lines[1:]],
    "flipped": lambda lines: [*lines[:2], lines[2][:50] + bytes([lines[2][50] ^ 1]) + lines[2][51:], *lines[3:]],
}


@pytest.mark.parametrize("case", AUDIT_LINES)
def test_altered_audit_log(camera: Camera, root: Path, case: str) -> None:
    """Lines of the audit log that were taken out, doubled or moved are found."""
    camera.boot()
    rewrite(camera.path / "audit" / "00000001.jwsl", AUDIT_LINES[case])
    report = judged(camera.path, root)
    assert "audit/00000001.jwsl" in {each.file for each in report.problems}


def test_audit_log_cut_at_the_end(camera: Camera, root: Path) -> None:
    """Without an anchor the cut end of a log shows only in the recordings; with one it cannot be hidden at all."""
    camera.countersign()
    rewrite(camera.path / "audit" / "00000001.jwsl", lambda lines: lines[:-2])
    shutil.rmtree(camera.directory(3))
    assert "a dock saw 9 lines of the audit log, 7 can be believed here" in reasons(judged(camera.path, root))
    (camera.path / "anchor.jws").unlink()
    volume = judged(camera.path, root)
    assert not volume.problems
    assert any("nothing is missing at the end" in row for row in volume.not_proven)


@pytest.mark.parametrize("name", ["00000001.jwsl", "00000002.jwsl"])
def test_removed_audit_file(camera: Camera, root: Path, name: str) -> None:
    """A boot's file that is gone breaks the chain, unless it is the last; then the recordings it opened are unknown."""
    camera.boot()
    camera.record(SMALL)
    (camera.path / "audit" / name).unlink()
    assert judged(camera.path, root).problems or judged(camera.path, root).recordings[-1].problems


def test_no_audit_log(camera: Camera, root: Path) -> None:
    """A volume without its log is not whole."""
    shutil.rmtree(camera.path / "audit")
    assert "audit: " in reasons(judged(camera.path, root))
    (camera.path / "audit").mkdir()
    assert "holds no audit log" in reasons(judged(camera.path, root))
    (camera.path / "audit" / "1.jwsl").touch()
    assert "audit/1.jwsl: is no file of the audit log" in reasons(judged(camera.path, root))


def test_torn_audit_log(camera: Camera, root: Path) -> None:
    """A torn line, in the last boot or an earlier one, is what a power cut leaves."""
    for _ in range(2):
        with (camera.path / "audit" / f"{camera.boots:08d}.jwsl").open("ab") as file:
            file.write(b"eyJhbG")
        volume = judged(camera.path, root)
        assert not volume.problems
        assert any("torn line" in row for row in volume.facts)
        camera.boot()


ANCHORS: dict[str, tuple[dict[str, Any], str]] = {
    "another volume": ({"volume": "8" * 32}, "volume is not"),
    "another device": ({"device": "cam-1"}, "device is not"),
    "another head": ({"audit": {"line": 3, "head": "1" * 64}}, "another line 3 of this audit log"),
    "more recordings": ({"number": 9}, "a dock saw recording 9, the audit log ends with 3"),
    "a minted dock": ({"signer": issue("dock", "dock-1", Authority().device("cam-0042"), "minted")}, "chain has 3"),
    "another authority's dock": ({"signer": Authority("other").dock}, "not issued by"),
    "another dock's name": ({"dock": "dock-7"}, "certificate is dock-1's"),
}


@pytest.mark.parametrize("case", ANCHORS)
def test_wrong_anchor(camera: Camera, root: Path, case: str) -> None:
    """An anchor that is not of a dock of ours, or not of this log, is refused."""
    forged, reason = ANCHORS[case]
    camera.countersign(**forged)
    report = judged(camera.path, root)
    assert {each.file for each in report.problems} == {"anchor.jws"}
    assert reason in reasons(report)


def test_broken_chain_of_openings(tmp_path: Path, root: Path) -> None:
    """An opening that does not follow the one before it is refused, with the log and by the recordings alone."""
    camera = Camera(tmp_path / "card", forge=forging("lapel.opening.1", 1, lambda old: {**old, "previous": "1" * 64}))
    camera.record(SMALL)
    camera.record(SMALL)
    reason = "00000002/journal.jwsl: the recording 1 that is known here is not the one before it"
    assert reason in reasons(judged(camera.path, root))
    shutil.rmtree(camera.path / "audit")
    assert reason in reasons(judged(camera.path, root, Place.DOCK))


def test_resumes_an_unknown_recording(tmp_path: Path, root: Path) -> None:
    """A recording that claims to resume another than the one here is refused."""
    camera = Camera(tmp_path / "card")
    camera.record(SMALL)
    ended = camera.recorders[1].clock(0)
    camera.record(Plan(segments=1, before=0, continues={"number": 1, "opening": "1" * 64, "ended": ended}))
    assert "it resumes another recording" in reasons(judged(camera.path, root))


def test_removed_papers(camera: Camera, root: Path) -> None:
    """What the audit log knows of a recording has to lie there: manifest, receipt, ``volume.jws``."""
    (camera.directory(2) / "receipt.jws").unlink()
    (camera.directory(3) / "manifest.jws").unlink()
    (camera.path / "volume.jws").unlink()
    text = reasons(judged(camera.path, root))
    assert "00000002/journal.jwsl: the audit log knows of a receipt, and there is none here" in text
    assert "00000003/journal.jwsl: the audit log says that it was sealed, and the manifest is missing" in text
    assert "volume.jws: is missing" in text


def test_another_receipt(camera: Camera, root: Path, tmp_path: Path) -> None:
    """A receipt that a dock signed again after a cut is good at the dock; on the card it is not the one that was
    logged."""
    target = camera.offload(tmp_path / "store")
    logged = camera.lines, camera.head
    camera.receipt(1, nonce="6" * 32)
    camera.lines, camera.head = logged
    shutil.copy(camera.directory(1) / "receipt.jws", target / "recordings" / "00000001" / "receipt.jws")
    assert not reasons(judged(target, root))
    rewrite(camera.path / "audit" / "00000001.jwsl", lambda lines: lines[:-1])
    assert "the audit log knows of another receipt" in reasons(judged(camera.path, root))


def test_what_a_dock_sets_aside(camera: Camera, root: Path, tmp_path: Path) -> None:
    """What read badly and was fetched again is told; what claims the place of other evidence is wrong."""
    target = camera.offload(tmp_path / "store")
    (target / "recordings" / "00000001.damaged-1").mkdir()
    volume = judged(target, root)
    assert not volume.problems
    assert any("00000001.damaged-1 is what the dock found damaged" in row for row in volume.facts)
    assert "is no recording" in reasons(judged(target, root, Place.CAMERA))
    (target / "recordings" / "00000001.conflict-0123abcd").mkdir()
    assert "two cameras with one identity" in reasons(judged(target, root))


def test_linked_folders(camera: Camera, root: Path) -> None:
    """Parts of a volume that are links to elsewhere are refused."""
    for name in ("audit", "recordings", "erasing"):
        (camera.path / name).mkdir(exist_ok=True)
        (camera.path / name).rename(camera.path.parent / name)
        (camera.path / name).symlink_to(camera.path.parent / name)
    text = reasons(judged(camera.path, root))
    for name in ("audit", "recordings", "erasing"):
        assert f"{name}: is a symbolic link" in text


def test_sealed_just_before_a_cut(camera: Camera, root: Path) -> None:
    """A manifest that is durable before its closing line is in order."""
    recorder = camera.open(SMALL)
    recorder.record(SMALL)
    recorder.seal(SMALL)
    volume = judged(camera.path, root)
    assert not volume.problems
    assert any("recording 4 has a manifest of which" in row for row in volume.facts)


@pytest.mark.parametrize("change", ["cam-0043", "8" * 32])
def test_wrong_folder_in_the_store(camera: Camera, root: Path, tmp_path: Path, change: str) -> None:
    """A volume in the folder of another device, or under another id, is refused."""
    target = camera.offload(tmp_path / "store")
    moved = target.with_name(change) if len(change) == 32 else tmp_path / "store" / change / target.name
    moved.parent.mkdir(exist_ok=True)
    target.rename(moved)
    assert "does not belong into this folder" in reasons(verify_path(tmp_path / "store", root))


def test_volume_of_another_device(camera: Camera, root: Path, tmp_path: Path) -> None:
    """The papers of another camera's volume do not fit."""
    other = Camera(tmp_path / "other", name="cam-0043", volume=camera.volume)
    shutil.copy(other.path / "volume.jws", camera.path / "volume.jws")
    assert "audit: device is not that of volume.jws" in reasons(judged(camera.path, root))


def test_two_cameras_with_one_name(camera: Camera, root: Path, tmp_path: Path) -> None:
    """Two device keys under one name are told."""
    camera.offload(tmp_path / "store")
    Camera(tmp_path / "twin", authority=_Twins(), volume="8" * 32).offload(tmp_path / "store")
    assert any("more than one device key" in row for row in verify_path(tmp_path / "store", root).facts)


class _Twins(Authority):
    """Issues the same name on another key."""

    def device(self, name: str, **forged: Any) -> Identity:
        return issue("device", name, self.device_ca, "a twin", **forged)


def test_foreign_things_in_a_store(camera: Camera, root: Path, tmp_path: Path) -> None:
    """What is no volume is named; a link is refused."""
    camera.offload(tmp_path / "store")
    (tmp_path / "store" / "register.db").touch()
    (tmp_path / "store" / "cam-0042" / "old").mkdir()
    (tmp_path / "store" / "link").symlink_to(tmp_path)
    (tmp_path / "store" / "cam-0042" / "link").symlink_to(tmp_path)
    report = verify_path(tmp_path / "store", root)
    assert {each.file for each in report.problems} == {"link", "cam-0042/link"}
    assert {row.split(" ")[0] for row in report.facts} == {"register.db", "cam-0042/old"}


def test_nothing_to_judge(tmp_path: Path, root: Path) -> None:
    """A path that holds no evidence is wrong usage."""
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere", root):
        with pytest.raises(Refused):
            verify_path(path, root)
