"""A pytest plugin: what is marked ``no_cover`` is not watched in a run on several cores either (``-n``), where that would cost most."""

from __future__ import annotations

import coverage
import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In one process of several pytest-cov begins to measure twice, and ``no_cover`` stops the later one alone: go on with that one."""
    if not hasattr(session.config, "workerinput"):
        return
    running: list[coverage.Coverage] = []
    while (latest := coverage.Coverage.current()) is not None:
        latest.stop()
        running.append(latest)
    if running:
        running[0].start()
