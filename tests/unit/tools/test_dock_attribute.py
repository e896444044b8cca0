"""Late attribution: a record of its own beside the recording, by a dock and a custodian together, that changes no verdict."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firmware.evidence.roles import Role
from tests.pki import Holder, Pki
from tests.rig import Rig, pki, settings_line
from tests.sim.docked import bench, dock
from tools.__main__ import main
from tools.dock.shifts.register import Register
from tools.dock.store import Store
from tools.verify.page.document import render_page
from tools.verify.render import render
from tools.verify.report import Report, Verdict
from tools.verify.verifier import verify_path

OFFICER = "Krupke, A."


def papers(folder: Path, name: str, holder: Holder, root: bytes) -> Path:
    """What ``lapel provision`` makes for a dock or a desk."""
    place = folder / name
    place.mkdir(exist_ok=True)
    kind = name.partition("-")[0]
    (place / f"{kind}.crt.pem").write_bytes(holder.pem)
    (place / f"{kind}.key.pem").write_bytes(holder.key_pem)
    (place / "root.crt.pem").write_bytes(root)
    return place


@pytest.fixture(scope="module")
def taken_over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a camera's two recordings, made while nobody was assigned, and the papers of a dock and a custodian."""
    folder = tmp_path_factory.mktemp("late")
    rig = Rig.new().run(4).tap().run(1).stop().run(1).tap().run(1).stop()
    place, _ = bench(folder / "store")
    dock(rig, place, 4)
    papers(folder, "dock-1", pki().dock, pki().root_pem)
    papers(folder, "desk-1", pki().holder(Role.EXPORT), pki().root_pem)
    (folder / "root.pem").write_bytes(pki().root_pem)
    return folder


@pytest.fixture
def folder(taken_over: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(taken_over, tmp_path / "late"))


def recording(folder: Path, number: int = 1) -> Path:
    """Where it lies."""
    (found,) = (folder / "store").glob(f"*/*/recordings/{number:08d}")
    return found


def attribute(folder: Path, *more: str, **places: Path) -> int:
    """The command."""
    given = {"identity": folder / "dock-1", "desk": folder / "desk-1"} | places
    options = [word for name, place in given.items() for word in (f"--{name}", str(place))]
    return main(["dock", "attribute", str(recording(folder)), *options, "--reason", "took the spare", *more])


def verified(folder: Path, path: Path | None = None, **more: Any) -> Report:
    """What the independent verifier says."""
    return verify_path(path or folder / "store", folder / "root.pem", **more)


def told(report: Report) -> list[list[str]]:
    """The shifts that are said of each recording later."""
    return [[each.shift for each in found.attributions] for found in report.every_recording]


def hashes(path: Path) -> dict[str, str]:
    """Every file below."""
    return {
        str(each.relative_to(path)): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in path.rglob("*")
        if each.is_file()
    }


def test_a_record_of_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not a byte of the recording changes, and no verdict; the page, the text and the JSON show it as what it is."""
    before, verdict = hashes(recording(folder)), verified(folder).verdict
    assert attribute(folder, "--officer", OFFICER) == 0
    report = verified(folder)
    assert hashes(recording(folder)) == before
    assert (report.verdict, [each.verdict for each in report.every_recording]) == (verdict, [Verdict.WHOLE] * 2)
    (shift,), nothing = told(report)
    assert nothing == []
    assert Register(folder / "store").officer(shift) == OFFICER
    (entry,) = report.every_recording[0].attributions
    assert (entry.dock, entry.reason) == ("dock-1", "took the spare")
    words = f"to shift {shift}, by dock dock-1 and custodian {entry.desk}"
    assert words in " ".join(render(report).split())
    shown = render_page(report, datetime(2026, 12, 1, tzinfo=UTC))
    assert "Attributed later, which is no part of the recording" in shown
    assert words in shown
    assert report.every_recording[0].proven == verified(folder).every_recording[0].proven
    assert json.dumps(shift) in json.dumps(report.to_json())
    assert shift in capsys.readouterr().out


def test_it_is_shown_of_a_recording_alone_too(folder: Path) -> None:
    """Where it lies in its volume."""
    attribute(folder, "--officer", OFFICER)
    alone = verified(folder, recording(folder))
    assert [len(each) for each in told(alone)] == [1]
    assert alone.verdict is Verdict.WHOLE
    assert [len(each) for each in told(verified(folder, recording(folder, 2)))] == [0]


def test_the_officer_s_name_is_in_the_register_alone(folder: Path) -> None:
    """A store that is copied, or shown to somebody, names nobody."""
    attribute(folder, "--officer", OFFICER)
    holding = [
        path.name for path in (folder / "store").rglob("*") if path.is_file() and OFFICER.encode() in path.read_bytes()
    ]
    assert holding == ["register.jsonl"]


def test_copies_have_it_too(folder: Path) -> None:
    """It goes where the evidence goes."""
    assert attribute(folder, "--officer", OFFICER) == 0
    volume = recording(folder).parent.parent
    copied = Store(folder / "store").volume(volume.parent.name, volume.name).few()
    assert [path for path in copied if path.parent.name == "attributions"] == [*(volume / "attributions").iterdir()]


def test_what_was_said_stays(folder: Path) -> None:
    """A later word stands beside an earlier one."""
    Register(folder / "store").assign("cam-1", "S-77", OFFICER, 1)
    assert attribute(folder, "--officer", OFFICER) == 0
    first = hashes(recording(folder).parent.parent / "attributions")
    assert attribute(folder, "--shift", "S-77") == 0
    assert first.items() <= hashes(recording(folder).parent.parent / "attributions").items()
    shifts = told(verified(folder))[0]
    assert len(shifts) == 2
    assert "S-77" in shifts


def test_who_may_say_it(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dock and a custodian of the camera's authority, neither of them withdrawn; nothing is stored otherwise."""
    other = Pki.create()
    strange_desk = papers(tmp_path, "desk-2", other.holder(Role.EXPORT), other.root_pem)
    strange_dock = papers(tmp_path, "dock-2", other.dock, other.root_pem)
    withdrawn = papers(tmp_path, "dock-3", pki().dock, pki().root_pem)
    line = settings_line({}, serial=2, revoked=(pki().holder(Role.EXPORT).chain.fingerprint,))
    (withdrawn / "settings.jws").write_bytes(line + b"\n")
    for places, why in (
        ({"desk": strange_desk}, "the custodian's certificate"),
        ({"identity": strange_dock}, "device-ca"),
        ({"identity": withdrawn}, "withdrawn"),
        ({"desk": folder / "dock-1"}, "is no desk"),
        ({"identity": folder / "desk-1"}, "dock.crt.pem"),
    ):
        assert attribute(folder, "--officer", OFFICER, **places) == 1
        assert why in capsys.readouterr().err
    assert not (recording(folder).parent.parent / "attributions").exists()
    assert not (folder / "store/register.jsonl").exists()


def test_what_cannot_be_attributed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A shift that nobody knows, no reason, a recording elsewhere, one that is damaged."""
    assert attribute(folder, "--shift", "S-404") == 1
    assert "no shift that the register knows" in capsys.readouterr().err
    assert attribute(folder, "--officer", OFFICER, "--reason", "") == 1
    assert "reason" in capsys.readouterr().err
    assert attribute(folder, "--officer", " ") == 1
    moved = recording(folder, 2).rename(recording(folder, 2).with_name("00000007"))
    command = ["dock", "attribute", str(moved), "--identity", str(folder / "dock-1"), "--desk", str(folder / "desk-1")]
    assert main([*command, "--officer", OFFICER, "--reason", "x"]) == 1
    assert "does not lie in a store" in capsys.readouterr().err
    manifest = recording(folder) / "manifest.jws"
    manifest.write_bytes(manifest.read_bytes()[:-5] + b"AAAA\n")
    assert attribute(folder, "--officer", OFFICER) == 1
    manifest.unlink()
    assert attribute(folder, "--officer", OFFICER) == 1
    assert "No such file" in capsys.readouterr().err
    assert main(["dock", "attribute", "/", *command[3:], "--officer", OFFICER, "--reason", "x"]) == 1


def test_a_withdrawn_custodian_says_nothing(folder: Path, tmp_path: Path) -> None:
    """Nor does a withdrawn dock: named, and the verdict stays what it was."""
    attribute(folder, "--officer", OFFICER)
    for holder in (pki().holder(Role.EXPORT), pki().dock):
        path = tmp_path / "settings.jws"
        path.write_bytes(settings_line({}, serial=2, revoked=(holder.chain.fingerprint,)) + b"\n")
        report = verified(folder, recording(folder), revoked=path)
        assert told(report) == [[]]
        (refusal,) = [each for each in report.every_recording[0].not_proven if "it is refused" in each]
        assert "was withdrawn from" in refusal
        assert report.every_recording[0].verdict is Verdict.WHOLE


def test_what_lies_there_and_is_none(folder: Path) -> None:
    """Other names, folders, links, records of recordings that are not here: each is named, and no verdict changes."""
    attribute(folder, "--officer", OFFICER)
    place, verdict = recording(folder).parent.parent / "attributions", verified(folder).verdict
    (good,) = place.iterdir()
    (place / "notes.txt").write_text("x")
    (place / f"00000009{good.name[8:]}").write_bytes(good.read_bytes())
    (place / f"00000002-{'0' * 16}.jwsl").mkdir()
    (place / f"00000002-{'1' * 16}.jwsl").symlink_to(good)
    (place / f"00000002-{'2' * 16}.jwsl").write_bytes(b"x" * 200_000)
    report = verified(folder)
    assert report.verdict is verdict
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE] * 2
    assert [len(each) for each in told(report)] == [1, 0]
    rows = [row for each in report.volumes for row in each.not_proven]
    rows += [row for each in report.every_recording for row in each.not_proven]
    refused = [row for row in rows if "it is refused" in row]
    assert len(refused) == 5
    assert any("a recording that is not here" in row for row in refused)
    assert any("longer than" in row for row in refused)


def test_a_folder_that_cannot_be_read(folder: Path) -> None:
    """A link to elsewhere is not followed."""
    (folder / "elsewhere").mkdir()
    (recording(folder).parent.parent / "attributions").symlink_to(folder / "elsewhere")
    report = verified(folder)
    assert any("is a symbolic link" in row for each in report.volumes for row in each.not_proven)
    alone = verified(folder, recording(folder))
    assert any("is a symbolic link" in row for row in alone.every_recording[0].not_proven)
    assert alone.verdict is Verdict.WHOLE
