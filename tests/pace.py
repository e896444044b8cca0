"""What keeps ``make test`` short: which files it begins with, and where it measures coverage.  Paths below ``tests/``."""

from __future__ import annotations

import functools
from pathlib import Path

HERE = Path(__file__).parent
WATCHED = (
    *("unit/core", "unit/dock", "unit/evidence", "unit/media", "unit/runtime", "unit/test_settings.py"),
    *("sim", "pi/test_missing.py"),
)
"""Where coverage of firmware/ is measured.  To watch which lines run makes a camera two to three times as slow: who runs the same lines over and
over, or none of firmware/, is not watched; nor is, here, a test that is marked ``no_cover``."""
AGAIN = frozenset(
    f"sim/test_{what}.py"
    for what in (
        *("battery", "button", "caption", "clock_jumps", "flags", "kill", "max_length", "no_policy_ends", "overlap"),
        *("parts", "policies", "readiness", "shift", "shifts", "sound", "storage_life", "time_from_docks", "trace"),
        *("dock_cuts", "log_keeping", "two_links", "undock"),
    )
)
"""Files among them that live through hours of a camera's life, or through the same minute many times: they run what the others run."""
LONGEST = (
    "unit/tools/test_dock_keystone.py",
    "sim/test_shift.py",
    "hostile/test_docking_model.py",
    "hostile/test_docks.py",
    "fault/power/test_cuts.py",
    "fault/storage/test_errors.py",
    "sim/test_policies.py",
    "hostile/test_lines.py",
    "unit/tools/test_bench_dock.py",
    "unit/tools/test_dock_object_stores.py",
    "sim/test_kill.py",
    "sim/test_trace.py",
)
"""The files that take longest: a run on several cores begins with them, so that none of them is left over at its end."""


@functools.cache
def watched(path: Path) -> bool:
    """Whether coverage is measured in this file."""
    places, again = ({HERE / name for name in names} for names in (WATCHED, AGAIN))
    return path not in again and not places.isdisjoint((path, *path.parents))


@functools.cache
def rank(path: Path) -> int:
    """When this file's turn is: the lowest begins."""
    return {HERE / name: rank for rank, name in enumerate(LONGEST)}.get(path, len(LONGEST))
