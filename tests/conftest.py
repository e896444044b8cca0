"""What all tests share.  How a run closes is in tests/reporting.py."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["tests.reporting", "tests.outcomes", "pytester"]

HERE = Path(__file__).parent
UNWATCHED = tuple(HERE / name for name in ("browser", "fault", "hostile", "unit/tools"))
"""Where the firmware is run over and over, or not at all: to watch which lines of it run costs a third of the time, and tells nothing new."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage there."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in UNWATCHED):
            item.add_marker(pytest.mark.no_cover)
