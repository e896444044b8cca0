"""What all tests share.  How a run closes is in tests/reporting.py."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["tests.reporting", "tests.outcomes", "pytester"]

HERE = Path(__file__).parent
WATCHED = (
    *("unit/core", "unit/dock", "unit/evidence", "unit/media", "unit/runtime", "unit/test_settings.py"),
    *(f"sim/test_guards_{what}.py" for what in ("chores", "custody", "evidence", "log", "vault", "writer")),
    *(f"sim/test_{what}.py" for what in ("hands", "process", "recording", "recovery", "settings_from_docks")),
    *(f"sim/test_{what}.py" for what in ("rack_policies", "sensors", "shelf", "threads", "vital")),
)
"""Where coverage is measured: together these run all of firmware/ but a hundredth, and the floor is held by them alone.  To watch which lines run
makes a camera two to three times as slow, so that the others, which run the same lines over and over, are not watched; nor is, here, what
is marked ``no_cover``.  A part of firmware/ that only another file's tests reach needs that file in this table."""
LONGEST = (
    *(
        "unit/tools/test_dock_keystone.py",
        "sim/test_shift.py",
        "hostile/test_docking_model.py",
        "hostile/test_docks.py",
    ),
    *("fault/power/test_cuts.py", "fault/storage/test_errors.py", "sim/test_policies.py", "hostile/test_lines.py"),
    *(
        "unit/tools/test_bench_dock.py",
        "unit/tools/test_dock_object_stores.py",
        "sim/test_kill.py",
        "sim/test_trace.py",
    ),
)
"""The files that take longest: a run on several cores begins with them, so that none of them is left over at its end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, and measure coverage only where that tells something."""
    ranks = {HERE / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))
    watched = {HERE / name for name in WATCHED}
    for item in items:
        if watched.isdisjoint((item.path, *item.path.parents)):
            item.add_marker(pytest.mark.no_cover)
