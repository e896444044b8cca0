"""One service a camera."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from firmware.runtime.alone import TakenError, take

if TYPE_CHECKING:
    from pathlib import Path


def test_the_second_is_refused_until_the_first_has_gone(tmp_path: Path) -> None:
    """And told what of the camera is taken; what it got by then it gives back."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with take([tmp_path / "b"]):
        with pytest.raises(TakenError, match=f"it has {tmp_path / 'b'}"):
            take([tmp_path / "a", tmp_path / "b"])
        take([tmp_path / "a"]).close()
    take([tmp_path / "a", tmp_path / "b"]).close()


def test_a_process_that_dies_holds_nothing(tmp_path: Path) -> None:
    """However it ends: the lock is the kernel's."""
    program = "import sys, os; from pathlib import Path; from firmware.runtime.alone import take; held = take([Path(sys.argv[1])]); print('has it', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "has it\n"
        with pytest.raises(TakenError):
            take([tmp_path])
        process.kill()
        process.wait()
    take([tmp_path]).close()


def test_nothing_is_written_and_what_is_missing_is_nobodys(tmp_path: Path) -> None:
    """A directory that is not there is left out; one that is no directory is an error."""
    (tmp_path / "file").write_text("")
    with take([tmp_path, tmp_path / "no-such"]):
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
    with pytest.raises(NotADirectoryError):
        take([tmp_path / "file"])
