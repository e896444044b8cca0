"""What keeps ``make test`` short: which files it begins with, and where it measures coverage.  Paths below ``tests/``."""

from __future__ import annotations

import functools
import os
from pathlib import Path

HERE = Path(__file__).parent
WATCHED = (
    *("unit/core", "unit/dock", "unit/evidence", "unit/media", "unit/runtime", "unit/test_settings.py"),
    *("sim", "pi/test_missing.py"),
)
"""Where coverage of firmware/ is measured.  To watch which lines run makes a camera two to three times as slow: who runs the same lines over and
over, or none of firmware/, is not watched; nor is, here, a test that is marked ``no_cover``."""
AGAIN = frozenset(
    (
        *("unit/core/test_indications.py", "unit/core/test_motion.py", "unit/dock/test_vectors.py"),
        *("unit/evidence/test_two_tables.py", "unit/runtime/test_bundles_model.py"),
        *(
            f"sim/test_{what}.py"
            for what in (
                *(
                    "battery",
                    "button",
                    "caption",
                    "clock_jumps",
                    "dock_cuts",
                    "firmware_from_docks",
                    "flags",
                    "forgotten_keys",
                ),
                *(
                    "guards_evidence",
                    "hands",
                    "kill",
                    "log_keeping",
                    "long_log",
                    "max_length",
                    "memory",
                    "no_policy_ends",
                ),
                *(
                    "order",
                    "overlap",
                    "parts",
                    "place",
                    "policies",
                    "post_event",
                    "post_quantum",
                    "privacy",
                    "readiness",
                ),
                *("resume", "settings_from_docks", "shift", "shifts", "signed_export", "signed_picture", "slow_signer"),
                *("sound", "storage_life", "time_from_docks", "trace", "trouble", "two_links", "undock", "waiting"),
                "watchdog",
            )
        ),
    )
)
"""Files among them that live through hours of a camera's life, or through the same minute many times, or weigh the same few lines over and over:
next to all that they run, the others run.  Without all of these together half a branch in a hundred goes unseen."""
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
    "unit/tools/test_bench_judge.py",
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


def processes(cores: int) -> int:
    """How many processes run the tests on so many cores: of three seconds that a test takes, one is spent waiting, for a disk, for a line that is as
    slow as lines are, or for what runs in real time.  Another process uses it."""
    return cores + (cores + 1) // 2


def cores() -> int:
    """How many this run may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
