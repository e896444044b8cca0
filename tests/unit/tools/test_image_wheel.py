"""The service on a board: this repository's wheel, file by file, without what no camera has."""

from __future__ import annotations

import csv
import hashlib
import shutil
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from tools.image.__main__ import main
from tools.image.trouble import ROOT
from tools.vm.rootfs import NOT_ON_A_CAMERA

SOURCES = ("firmware", "hal", "tools", "pyproject.toml", "README.md", "LICENSE", "NOTICE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as images build it, with what is installed here in place of an index."""
    place = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source, copy = ROOT / name, place / "source" / name
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        place,
        place / "source",
    ]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = place.glob("lapel-*.whl")
    return made


def test_a_board_has_the_wheel_without_the_desk_and_the_simulation(wheel: Path, tmp_path: Path) -> None:
    """Each file that is installed has the hash of the wheel's own list, none of the list is missing but for those, and those are not there."""
    assert main(["lay-out", str(wheel), str(tmp_path)]) == 0
    with zipfile.ZipFile(wheel) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        rows = list(csv.reader(archive.read(record).decode().splitlines()))
    wanted = {name: digest for name, digest, _ in rows if not name.startswith(NOT_ON_A_CAMERA) and name != record}
    installed = {
        str(path.relative_to(tmp_path)): "sha256="
        + urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).decode().rstrip("=")
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name != "RECORD"
    }
    assert installed == wanted
    assert {"firmware/camera.py", "hal/interface.py", "hal/pi/boards/pi4.toml"} <= installed.keys()
    assert not (tmp_path / "tools").exists()
    assert not (tmp_path / "hal/sim").exists()
    assert any(
        name.startswith("hal/sim/") for name, _, _ in rows
    )  # the wheel has them: what keeps them out is the layout


def test_the_service_needs_none_of_them(wheel: Path, tmp_path: Path) -> None:
    """Nothing that a camera imports when it starts is among what it lacks."""
    assert main(["lay-out", str(wheel), str(tmp_path)]) == 0
    code = "import sys, firmware.__main__ as it; print(it.__file__, *sorted(sys.modules), sep='\\n')"
    told = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    where, *modules = told.stdout.splitlines()
    assert where == str(tmp_path / "firmware/__main__.py")
    assert [name for name in modules if name == "tools" or name.startswith(("tools.", "hal.sim"))] == []
