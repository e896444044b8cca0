"""What `make contract-libcamera` says where nothing can be tried, and what its root is made of; without making one."""

from __future__ import annotations

import os
import platform
import re
import shutil
from pathlib import Path

import pytest

from tests.contract.libcamera import root
from tests.contract.libcamera.__main__ import SUITES, main
from tests.contract.libcamera.scene import BAR, LARGE, PICTURES, VIDEO, left, shown
from tools.vm import lock
from tools.vm.packages import Package, configuration
from tools.vm.trouble import UnreachableError, VmError


def told(trouble: VmError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    """What the command returns where the root cannot be made."""

    def refuse(_: root.Root) -> None:
        raise trouble

    monkeypatch.setattr(root.Root, "build", refuse)
    return main(["--place", str(tmp_path), *more])


def test_what_is_skipped_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mirror that is out of reach fails nobody's run, unless that was asked for; the line says what came of it, and why."""
    away = UnreachableError("the mirror does not answer")
    assert told(away, tmp_path, monkeypatch) == 0
    assert capsys.readouterr().out == "contract-libcamera: SKIPPED, nothing was tried: the mirror does not answer\n"
    assert told(away, tmp_path, monkeypatch, "--must") == 1


def test_what_is_broken_is_no_skip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wheel that is not as the lock has it, say."""
    assert told(VmError("hashes do not match"), tmp_path, monkeypatch) == 2
    heard = capsys.readouterr()
    assert (heard.out, heard.err) == ("", "contract-libcamera: hashes do not match\n")


def test_another_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The root's packages are for one kind."""
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(UnreachableError, match="this is .* on riscv64"):
        root.judge()


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is missing (no Debian)")
def test_a_libcamera_whose_virtual_camera_is_broken_is_not_taken(tmp_path: Path) -> None:
    """Trixie's own is too old; its backports have one that is not."""
    made = root.Root(tmp_path)
    with pytest.raises(UnreachableError, match=r"libcamera 0\.4\.0-7; it takes 0\.7\.1"):
        made._version([Package("python3-libcamera_0.4.0-7_amd64.deb", 1, "SHA256:ab")])
    new = Package("python3-libcamera_0.7.1-1~bpo13+1_amd64.deb", 1, "SHA256:ab")
    assert made._version([new]) == "0.7.1-1~bpo13+1"


def test_backports_are_preferred(tmp_path: Path) -> None:
    """Or apt would take the release's own."""
    assert 'APT::Default-Release "trixie-backports";' in configuration(tmp_path, root.DEBIAN)


def test_all_wheels_are_locked() -> None:
    """And picamera2 is the one that a camera has."""
    chosen = {path.name: lock.choose(path.read_text(encoding="utf-8"), names) for path, names in root.LOCKS.items()}
    (pinned,) = re.findall(r"(?m)^picamera2==(\S+)", chosen["picamera2.txt"])
    assert f"picamera2=={pinned} " in (root.ROOT / "requirements/pi.txt").read_text(encoding="utf-8")


def test_nobody_needs_to_be_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not, changes roots in a namespace of his own."""
    made = root.Root(tmp_path)
    for user, bound, begins in (
        (0, False, ["chroot", str(tmp_path / "root")]),
        (0, True, ["unshare", "--mount"]),
        (1000, False, ["unshare", "--map-root-user", "chroot"]),
        (1000, True, ["unshare", "--map-root-user", "--mount"]),
    ):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        made.bound = bound
        command = made.enter("true")
        assert command[: len(begins)] == begins
        assert command[-1] == "true"
        assert str(tmp_path / "root") in command


def test_the_cameras_file_offers_what_the_tests_ask_for() -> None:
    """Two sizes, one rate, and a bar that no picture cuts off."""
    file = (root.HERE / "virtual.yaml").read_text(encoding="utf-8")
    offered = [
        int(each) for each in re.findall(r"(?m)(?:width|height): (\d+)$|^    - (\d+)$", file) for each in each if each
    ]
    assert offered == [size for each in (VIDEO, LARGE) for size in (each.width, each.height, each.fps)]
    assert left(PICTURES - 1) + BAR <= VIDEO.width
    assert [shown(frame) for frame in (0, 3, 4, 63, 64)] == [0, 0, 1, 15, 0]


def test_each_suite_is_there() -> None:
    """Whoever renames one would try nothing of it."""
    files = {path.stem for path in root.HERE.glob("*.py")} - {"__main__", "conftest", "root", "scene", "stand"}
    assert files == set(SUITES)
