"""Tells each test's outcome to whoever is outside, as it comes; a machine that dies half way has told the half."""

from __future__ import annotations

import pytest

from tests.vm.inside import asks
from tests.vm.inside.suites import NOT_HERE


class Report:
    """A plugin of pytest's.  A test that has no line here begins with ``collected`` and never ends."""

    def __init__(self, line: asks.Line) -> None:
        """``line``: to tell it over."""
        self._line = line

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what cannot be run here, and tell what there is."""
        left = [item for item in items if set(getattr(item, "fixturenames", ())) & set(NOT_HERE)]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
        self._line.tell(collected=[item.nodeid for item in items])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be read has no tests to tell of."""
        if report.failed:
            self._line.tell(test=report.nodeid, outcome="failed", seconds=0.0, why=str(report.longrepr))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for a test; another one if it fails while it is cleaned up."""
        if report.when == "call" or report.outcome != "passed":
            why = "" if report.passed else str(report.longrepr)
            outcome = report.outcome if report.when == "call" else f"{report.outcome} in {report.when}"
            self._line.tell(test=report.nodeid, outcome=outcome, seconds=round(report.duration, 3), why=why)
