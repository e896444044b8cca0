"""A desktop without one driver of a board: everything can be imported, and the service says part by part what is missing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hal.interface import PartName
from tests.architecture import ONE_FILE_A_PACKAGE

ROOT = Path(__file__).parents[2]
DRIVERS = (*ONE_FILE_A_PACKAGE, "av")
BLOCKED = f"""
import sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {DRIVERS!r}:
            raise ImportError(f"there is no {{name}}")

sys.meta_path.insert(0, Nothing())
"""


def test_every_module_can_be_imported() -> None:
    """Of the real camera's parts, and of the service."""
    names = [f"hal.pi.{path.stem}" for path in (ROOT / "hal" / "pi").glob("*.py")] + ["firmware.__main__"]
    program = f"{BLOCKED}\nimport importlib\nfor name in {names!r}: importlib.import_module(name)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.timeout(60)
def test_the_service_runs_and_names_what_is_missing(tmp_path: Path) -> None:
    """Nobody's camera, on a board of which nothing is there: it lives, says so for each part, and ends in good order."""
    places = []
    for name in ("config", "evidence", "run"):
        (tmp_path / name).mkdir()
        places += [f"--{name}", str(tmp_path / name)]
    command = ["--hal", "pi", "--board", "zero2w", "--no-partitions", *places]
    program = f"{BLOCKED}\nfrom firmware.__main__ import main\nsys.exit(main({command!r}))"
    missing: dict[str, str] = {}
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            told = json.loads(line)
            missing |= {told["part"]: told["trouble"]} if told["event"] == "part-missing" else {}
            if told["event"] == "troubles":
                process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    unasked = {PartName.LENS, PartName.SIGNER, PartName.ACCELEROMETER, PartName.CHARGER}  # nobody needs them here
    others = {PartName.CLOCK, PartName.UPDATER, PartName.WATCHDOG}  # a desktop may have these
    expected = set(PartName) - unasked - others
    assert {name.value for name in expected} <= missing.keys()
    assert "no smbus2" in missing["fuel-gauge"]
    assert "gpiozero" in missing["pins"]
    assert "no PyAV" in missing["microphone"]
    assert not list((tmp_path / "evidence").iterdir())
