"""What all tests share.  How a run closes is in tests/reporting.py."""

from __future__ import annotations

import os

import pytest

from tests import pace

pytest_plugins = ["tests.reporting", "tests.outcomes", "tests.watching", "pytester"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and measure coverage only where that tells something."""
    items.sort(key=lambda item: pace.rank(item.path))
    for item in items:
        if not pace.watched(item.path):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """``-n auto``: as many as ``pace`` says.  ``-n logical``: one a core, for what films and plays all the time.  What the
    environment says counts before both."""
    if config.getoption("numprocesses") != "auto" or os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    return pace.processes(pace.cores())
