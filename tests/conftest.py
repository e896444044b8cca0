"""What all tests share.  How a run closes is in tests/reporting.py."""

from __future__ import annotations

pytest_plugins = ["tests.reporting", "tests.outcomes", "pytester"]
