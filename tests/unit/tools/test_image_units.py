"""The cameras' units, as systemd itself reads them."""

from __future__ import annotations

import configparser
import subprocess
from pathlib import Path

import pytest

from tests.oracles import needs
from tools.image.trouble import TREE

UNITS = TREE / "overlay/usr/lib/systemd/system"


@needs("systemd-analyze")
@pytest.mark.parametrize(("unit", "most"), [("lapel.service", 27), ("lapel-usb.service", 20)])
def test_the_walls_around_a_unit_stand(unit: str, most: int) -> None:
    """Systemd's own measure of what a unit may do, in tenths from 0 to 100: what opens a wall shows here.  Newer ones know of more."""
    command: list[str | Path] = ["systemd-analyze", "security", "--offline=true", "--no-pager", UNITS / unit]
    told = subprocess.run([*command, f"--threshold={most}"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
    tighter = subprocess.run([*command, "--threshold=5"], capture_output=True, check=False)
    assert tighter.returncode != 0  # the measure measures


@needs("systemd-analyze")
def test_no_unit_waits_for_itself(tmp_path: Path) -> None:
    """Systemd finds nothing to say of them: no key that it does not know, no cycle."""
    place = tmp_path / "usr/lib/systemd/system"
    place.mkdir(parents=True)
    for source in (UNITS, TREE / "board/overlay/usr/lib/systemd/system"):
        for path in source.glob("*.*"):
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                for program in ("/usr/bin/python3", "/usr/lib/lapel/usb-gadget", "/usr/lib/lapel/slot"):
                    text = text.replace(f"={program}", "=/bin/true")  # what is not on this machine
                (place / path.name).write_text(text)
    units = sorted(str(path) for path in place.iterdir() if path.name.startswith("lapel"))
    told = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", *units], capture_output=True, text=True, check=False
    )
    assert [line for line in told.stderr.splitlines() if "lapel" in line] == []


def test_the_boards_watchdog_cuts_off_what_hangs() -> None:
    """Within what a BCM2835 can count, and after the service's own, which systemd keeps: first the service starts anew, then the board."""
    told = configparser.ConfigParser(interpolation=None)
    told.optionxform = str  # type: ignore[assignment,method-assign] # keys are as systemd writes them
    told.read(TREE / "board/overlay/usr/lib/systemd/system.conf.d/lapel.conf", encoding="utf-8")
    manager = told["Manager"]
    assert 0 < int(manager["RuntimeWatchdogSec"]) <= 15
    assert (manager["DumpCore"], manager["DefaultLimitCORE"], manager["CrashAction"]) == ("no", "0", "reboot")
    unit = (UNITS / "lapel.service").read_text(encoding="utf-8")
    assert "\nWatchdogSec=15\n" in unit
    assert "\nType=notify\n" in unit
