"""Each vector of evidence gets the verdict that its header states, for the reason that it states."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest

from tests.vector_maker.bases import BASES, KEYS, STORIES, base, key_files, make_base
from tests.vector_maker.evidence import FOLDER, parts, read
from tests.vector_maker.readme import README, render_readme
from tests.vector_maker.scenarios import GROUPS
from tests.vector_maker.tree import apply, read_edits, write_folder, write_tar
from tools.verify.findings import Refused
from tools.verify.report import Report
from tools.verify.verifier import verify_path

NAMES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.vector"))


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All bases on disk, each in a folder of its name.  Not to be changed: vectors link to these files."""
    folder = tmp_path_factory.mktemp("bases")
    for name in STORIES:
        write_folder(base(name), folder / name)
    return folder


def lay_out(header: Mapping[str, str], edits: str, folder: Path, unpacked: Path) -> Path:
    """The tree of a vector on disk; what it has from its base is linked, not copied."""
    before = base(header["base"])
    after = apply(before, read_edits(edits))
    for path, data in after.items():
        if data is before.get(path):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(unpacked / header["base"] / path, folder / path)
    write_folder({path: data for path, data in after.items() if data is not before.get(path)}, folder)
    return folder / header["path"]


def judge(header: Mapping[str, str], path: Path, folder: Path) -> Report:
    """The verdict of the independent verifier, with what the header says that it is given."""
    given = {name: KEYS / header[name] if name in header else None for name in ("tsa-root", "pq-root")}
    return verify_path(
        path,
        None if header["root"] == "none" else KEYS / header["root"],
        [KEYS / name for name in parts(header, "keys")],
        tsa_root=given["tsa-root"],
        pq_root=given["pq-root"],
        revoked=folder / header["revoked"] if "revoked" in header else None,
        anchors=[folder / name for name in parts(header, "anchors")],
    )


def told(report: Report, which: str) -> str:
    """All that a report says is (not) proven, of recordings and volumes."""
    return "\n".join(row for each in (*report.every_recording, *report.volumes) for row in getattr(each, which))


@pytest.mark.parametrize("name", NAMES)
def test_verdict(name: str, tmp_path: Path, unpacked: Path) -> None:
    """Verdict, exit status, each problem with its file, and what is said to be proven and not."""
    header, edits = read((FOLDER / name).read_text(encoding="utf-8"))
    path = lay_out(header, edits, tmp_path, unpacked)
    if header["verdict"] == "refused":
        with pytest.raises(Refused) as refusal:
            judge(header, path, tmp_path)
        assert header["exit"] == "2"
        assert all(part.partition(": ")[2] in str(refusal.value) for part in parts(header, "problems"))
        return
    report = judge(header, path, tmp_path)
    problems = [
        (str(PurePosixPath(at, each.file)), each.reason) for at, found in report.every_problem for each in found
    ]
    assert (report.verdict, str(report.exit_code)) == (header["verdict"], header["exit"]), problems
    assert bool(problems) == (report.verdict == "not whole")
    for part in parts(header, "problems"):
        file, _, words = part.partition(": ")
        assert any(f"/{file}/" in f"/{each}/" and words in reason for each, reason in problems if file) or any(
            words in reason for _, reason in problems if not file
        ), (part, problems)
    for part in parts(header, "proven"):
        assert part in told(report, "proven")
    for part in parts(header, "not proven"):
        assert part in told(report, "not_proven")


AGAIN = (
    "whole/second-signature",
    "whole/store",
    "damage/segment-cut",
    "certificates/receipt-by-minted-dock",
    "log/anchor-head",
)


def test_the_maker_makes_the_same(tmp_path: Path) -> None:
    """All keys and bases, and a vector of each way to make one, are byte for byte what the maker makes today."""
    for name in STORIES:
        write_tar(make_base(name), tmp_path / "base.tar")
        assert (tmp_path / "base.tar").read_bytes() == (BASES / f"{name}.tar").read_bytes(), name
    for name, data in key_files().items():
        assert (KEYS / name).read_bytes() == data, name
    made = {f"{group.name}/{each.name}": each for group in GROUPS for each in group.scenarios}
    for name in AGAIN:
        assert (FOLDER / f"{name}.vector").read_text(encoding="utf-8") == made[name].text(), name


def test_all_scenarios_are_there() -> None:
    """The folder holds what the tables say, no more and no less, small enough for a repository; the page lists it."""
    assert sorted(f"{group.name}/{each.name}.vector" for group in GROUPS for each in group.scenarios) == NAMES
    for group in GROUPS:
        for each in group.scenarios:
            assert read((FOLDER / group.name / f"{each.name}.vector").read_text(encoding="utf-8"))[0] == each.header()
    assert len(NAMES) > 600
    assert sum(path.stat().st_size for path in BASES.iterdir()) < 3_000_000
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.vector")) < 6_500_000
    text = README.read_text(encoding="utf-8")
    assert text == render_readme(text)
