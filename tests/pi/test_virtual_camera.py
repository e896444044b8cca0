"""The program that puts a clip in the place of a lens: it changes nothing else, and no image has a way to do the same."""

from __future__ import annotations

import runpy
import tomllib
from dataclasses import fields
from pathlib import Path

from firmware.__main__ import _parser
from hal.interface import Hal
from hal.pi import boardfile
from hal.pi.build import PiParts, Places
from hal.sim.sources import SimAudio, SimVideo
from tests.pi_bench import FORMAT

ROOT = Path(__file__).parents[2]
TREE = ROOT / "buildroot"
PROGRAM = TREE / "vm/overlay/usr/lib/lapel/virtual_camera.py"


def test_it_replaces_what_a_machine_cannot_have_and_nothing_else(tmp_path: Path) -> None:
    """Lens, microphone and battery; every other part is the board's."""
    fitted = runpy.run_path(str(PROGRAM))["fitted"]
    for name in ("config", "evidence", "run"):
        (tmp_path / name).mkdir()
    places = Places(tmp_path / "config", tmp_path / "evidence", tmp_path / "run", partitions=False)
    board = boardfile.load(TREE / "vm" / "board.toml")
    hal = PiParts(board, places, paced=False).hal(FORMAT, "1")
    changed = fitted(hal)
    assert isinstance(changed.video, SimVideo)
    assert isinstance(changed.audio, SimAudio)
    assert changed.video.format == FORMAT
    other = {each.name for each in fields(Hal) if getattr(changed, each.name) is not getattr(hal, each.name)}
    assert other == {"video", "audio", "power"}
    assert (changed.power.battery().percent, changed.power.contact(), changed.power.processor()) == (100, False, None)
    now_ns = hal.clock.monotonic_ns()
    assert 0 <= changed.video.drive._clock.monotonic_ns() - now_ns < 1_000_000_000  # type: ignore[attr-defined] # it is Paced
    assert abs(changed.video.drive._clock.utc_ns(now_ns) // 1_000_000 - hal.clock.utc().utc_ms) < 1000  # type: ignore[attr-defined]  # the simulated source has a drive


def test_no_image_has_it() -> None:
    """It lies in the virtual camera's overlay alone; an image has no simulation to take a clip from, and ``--hal pi`` takes no option for one."""
    assert [path for path in TREE.rglob("*.py") if "hal.sim" in path.read_text()] == [PROGRAM]
    assert not [path for path in (TREE / "overlay").rglob("*") if path.is_file() and b"hal.sim" in path.read_bytes()]
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert not any("buildroot" in package for package in wheel["tool"]["setuptools"]["packages"])
    told = {option: action.help or "" for action in _parser()._actions for option in action.option_strings}
    real = {option for option, said in told.items() if said.startswith("pi:")}
    assert real == {"--board", "--config", "--evidence", "--run", "--dock", "--no-partitions"}
    assert told["--source"].startswith("sim:")
    assert told["--replay"].startswith("sim:")
