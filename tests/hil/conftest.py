"""The steps need a board: they are found only where `make hil` says so (``-p tests.hil.plugin``)."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the steps out of every other run."""
    here = collection_path.parent == Path(__file__).parent and collection_path.name.startswith("test_")
    return True if here and not config.pluginmanager.has_plugin("tests.hil.plugin") else None
