"""What all tests share.  How a run closes is in tests/reporting.py."""

from __future__ import annotations

import pytest

from tests import pace

pytest_plugins = ["tests.reporting", "tests.outcomes", "tests.watching", "pytester"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and measure coverage only where that tells something."""
    items.sort(key=lambda item: pace.rank(item.path))
    for item in items:
        if not pace.watched(item.path):
            item.add_marker(pytest.mark.no_cover)
