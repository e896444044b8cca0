"""Any one change to any file of a recording is found, and the file is named."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence_maker import Authority, Camera
from tests.evidence_maker.jose import digest
from tests.unit.tools.conftest import Desk
from tools.verify.findings import Refused
from tools.verify.report import RecordingReport, Verdict
from tools.verify.verifier import verify_path

FILES = (
    "000000.mp4.age",
    "000001.mp4.age",
    "000002.mp4.age",
    "journal.jwsl",
    "manifest.jws",
    "private.age",
    "receipt.jws",
)


def judged(desk: Desk, path: Path) -> RecordingReport:
    """The verdict on a recording's directory."""
    return desk.judge(path).recordings[0]


def flip(path: Path, at: int, mask: int = 1) -> None:
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[at] ^= mask
    path.write_bytes(data)


def assert_named(report: RecordingReport, name: str) -> None:
    """Not whole, and the file is named with a reason."""
    assert report.verdict is Verdict.NOT_WHOLE
    assert name in {problem.file for problem in report.problems}
    assert all(problem.reason for problem in report.problems)


def test_whole(made: Desk) -> None:
    """An untouched recording is whole, and what a dock signed is said."""
    report = judged(made, made.recording(1))
    assert (report.verdict, report.problems) == (Verdict.WHOLE, ())
    assert (report.device, report.number, report.seconds) == ("cam-0042", 1, 6.0)
    assert any("dock-1" in row for row in report.proven)
    assert any("no key was given" in row for row in report.not_proven)
    assert not any("dates" in row for row in report.not_proven)


def test_without_receipt_dates_are_not_judged(made: Desk) -> None:
    """Without a trusted time the verdict says that dates were not judged."""
    report = judged(made, made.recording(2))
    assert report.verdict is Verdict.WHOLE
    assert report.priority
    assert any("dates" in row for row in report.not_proven)
    assert any("1 frames that the camera did not deliver" in row for row in report.facts)


def test_recovered(made: Desk) -> None:
    """A recovered recording is never called whole; the bytes that are not signed are counted, the missing buffer is
    named."""
    report = made.judge(made.recording(3))
    assert report.verdict is Verdict.RECOVERED
    assert report.exit_code == 0
    words = " ".join(report.recordings[0].not_proven)
    assert "the last 100.0 kB were present" in words
    assert "segments 0 were not written in full" in words


def test_resumed(made: Desk) -> None:
    """A recording that resumes another says which, and how long the gap is."""
    assert any("resumes recording 3" in row and "16:36" in row for row in judged(made, made.recording(4)).facts)


def test_open(desk: Desk) -> None:
    """A recording that was cut off and not yet recovered is open, and that is no success."""
    (desk.recording(3) / "manifest.jws").unlink()
    report = desk.judge(desk.recording(3))
    assert report.verdict is Verdict.OPEN
    assert report.exit_code == 1
    assert any("not yet recovered" in row for row in report.recordings[0].not_proven)


def with_nothing(camera: Camera, name: str) -> list[dict[str, object]]:
    """What a receipt lists where a file is gone."""
    there = [*camera.directory(1).iterdir()]
    listed = {path.name: path.read_bytes() for path in there} | {name: b""}
    return [{"name": key, "length": len(data), "hash": digest(data)} for key, data in sorted(listed.items())]


@pytest.mark.parametrize("gone", [False, True])
def test_lost_after_it_was_signed(tmp_path: Path, made: Desk, gone: bool) -> None:  # noqa: FBT001
    """Bytes that a card lost after they had been signed are named, though the camera recovered what was left."""
    camera = Camera(tmp_path / "card")
    segment = camera.cut() / "000001.mp4.age"
    if gone:
        segment.unlink()
    else:
        os.truncate(segment, 100_000)
    camera.boot()
    camera.recover(1)
    camera.receipt(1, **({"files": with_nothing(camera, segment.name)} if gone else {}))
    report = judged(made, camera.directory(1))
    assert {problem.file for problem in report.problems} == {"000001.mp4.age"}
    assert ("is missing" if gone else "is cut off: journal line 4") in " ".join(each.reason for each in report.problems)


@pytest.mark.parametrize("name", FILES)
def test_any_flipped_byte(desk: Desk, name: str) -> None:
    """Any one byte changed in any file is found, and the file is named."""
    path = desk.recording(1) / name
    length = path.stat().st_size
    chosen = random.Random(name)
    for at in {0, 1, length // 2, length - 2, length - 1, *(chosen.randrange(length) for _ in range(25))}:
        mask = 1 << chosen.randrange(8)
        flip(path, at, mask)
        assert_named(judged(desk, desk.recording(1)), name)
        flip(path, at, mask)
    assert judged(desk, desk.recording(1)).verdict is Verdict.WHOLE


@pytest.mark.parametrize("name", ["000001.mp4.age", "journal.jwsl", "manifest.jws", "private.age"])
def test_any_flipped_byte_of_a_recovered_recording(desk: Desk, name: str) -> None:
    """So it is in a recovered recording: its torn and unsigned ends are fixed by the manifest."""
    path = desk.recording(3) / name
    length = path.stat().st_size
    for at in (0, length // 3, length - 70_000, length - 1):
        if at >= 0:
            flip(path, at)
            assert_named(judged(desk, desk.recording(3)), name)
            flip(path, at)


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def _halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


def _lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\n")


def _link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("damage", [_truncate, _halve, _empty, _lengthen, _link, _folder, _pipe])
@pytest.mark.parametrize("name", FILES)
def test_damaged_file(desk: Desk, name: str, damage: Callable[[Path], None]) -> None:
    """A file that is cut, emptied, lengthened, or no file at all is named."""
    damage(desk.recording(1) / name)
    assert_named(judged(desk, desk.recording(1)), name)


@pytest.mark.parametrize("name", FILES)
def test_absurdly_long_file(desk: Desk, name: str) -> None:
    """A file of a terabyte, which costs nothing to make, is refused without reading it."""
    os.truncate(desk.recording(1) / name, 1 << 40)
    assert_named(judged(desk, desk.recording(1)), name)


def test_absurdly_long_file_of_an_open_recording(desk: Desk) -> None:
    """So it is where no manifest says how long it should be."""
    (desk.recording(3) / "manifest.jws").unlink()
    os.truncate(desk.recording(3) / "000001.mp4.age", 1 << 40)
    assert_named(judged(desk, desk.recording(3)), "000001.mp4.age")


@pytest.mark.parametrize("name", [each for each in FILES if each not in ("manifest.jws", "receipt.jws")])
def test_removed_file(desk: Desk, name: str) -> None:
    """A removed file is named."""
    (desk.recording(1) / name).unlink()
    report = judged(desk, desk.recording(1))
    assert_named(report, name)
    assert any(problem.file == name and "is missing" in problem.reason for problem in report.problems)


def test_removed_manifest(desk: Desk) -> None:
    """Without its manifest a receipted recording is not whole, another is open; never whole."""
    (desk.recording(1) / "manifest.jws").unlink()
    assert_named(judged(desk, desk.recording(1)), "receipt.jws")
    (desk.recording(2) / "manifest.jws").unlink()
    assert judged(desk, desk.recording(2)).verdict is Verdict.OPEN


@pytest.mark.parametrize("name", FILES[:-1])
def test_swapped_file(desk: Desk, name: str) -> None:
    """The file of the same name of another recording of the same camera is refused."""
    shutil.copy(desk.recording(2) / name, desk.recording(1) / name)
    assert_named(judged(desk, desk.recording(1)), name)


def test_swapped_segments(desk: Desk) -> None:
    """Two segments that changed places are both named."""
    first, second = (desk.recording(1) / name for name in FILES[:2])
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)
    report = judged(desk, desk.recording(1))
    assert_named(report, first.name)
    assert_named(report, second.name)


@pytest.mark.parametrize("name", FILES)
def test_foreign_file(desk: Desk, tmp_path: Path, name: str) -> None:
    """A file of another camera of the same authority, same number, is refused."""
    other = Camera(tmp_path / "other", name="cam-0043", volume="7" * 32)
    other.record()
    other.receipt(1)
    shutil.copy(other.directory(1) / name, desk.recording(1) / name)
    assert_named(judged(desk, desk.recording(1)), name)


@pytest.mark.parametrize(
    "name", ["000003.mp4.age", "notes.txt", "000000.mp4.age~", ".hidden", "0.mp4.age", "receipt.jws.bak", "a\x1b[31mb"]
)
def test_extra_file(desk: Desk, name: str) -> None:
    """A file that was added is named, without what it would do to a terminal."""
    (desk.recording(1) / name).write_bytes(b"x")
    assert_named(judged(desk, desk.recording(1)), name.replace("\x1b", "\\x1b"))


def test_extra_segment_of_the_same_key(desk: Desk) -> None:
    """A copy of a segment under a new name is no part of the recording."""
    shutil.copy(desk.recording(1) / FILES[0], desk.recording(1) / "000007.mp4.age")
    assert_named(judged(desk, desk.recording(1)), "000007.mp4.age")


def test_renumbered_directory(desk: Desk) -> None:
    """A recording under another number's name is not whole."""
    desk.recording(1).rename(desk.card / "recordings" / "00000009")
    assert_named(judged(desk, desk.card / "recordings" / "00000009"), ".")


def test_copied_under_a_free_name(desk: Desk) -> None:
    """A copy of a directory may be called anything that is no number."""
    shutil.copytree(desk.recording(1), desk.path / "exhibit-A")
    assert judged(desk, desk.path / "exhibit-A").verdict is Verdict.WHOLE


def test_other_authority(desk: Desk) -> None:
    """Nothing is whole under another root."""
    desk.root.write_bytes(Authority("somebody else").root_pem)
    report = judged(desk, desk.recording(1))
    assert {problem.file for problem in report.problems} >= {"journal.jwsl", "manifest.jws", "receipt.jws"}


def test_without_a_root(desk: Desk) -> None:
    """Without a root everything else is judged, and it is said that nobody vouches for the camera."""
    report = verify_path(desk.recording(1), None)
    assert report.verdict is Verdict.WHOLE
    assert any("no root was given" in row for row in report.recordings[0].not_proven)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\n", b"\0" * 70_000])
def test_unusable_root(desk: Desk, content: bytes) -> None:
    """A root file that holds no root is refused by name."""
    desk.root.write_bytes(content)
    with pytest.raises(Refused, match=r"root\.crt\.pem"):
        desk.judge(desk.recording(1))


def test_unreadable_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that fails while it is read is a finding, not a crash."""
    real = os.open

    def failing(path: str | Path, *arguments: int) -> int:
        if str(path).endswith("000001.mp4.age"):
            raise OSError(5, "Input/output error")
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", failing)
    report = judged(desk, desk.recording(1))
    assert_named(report, "000001.mp4.age")
    assert any("Input/output error" in problem.reason for problem in report.problems)


def test_progress(made: Desk) -> None:
    """Whoever asks hears of every byte of the evidence files once."""
    heard: list[int] = []
    verify_path(made.recording(1), made.root, progress=heard.append)
    assert sum(heard) == sum(each.stat().st_size for each in made.recording(1).glob("*.age"))
