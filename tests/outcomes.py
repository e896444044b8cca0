"""A pytest plugin: with ``--keep-outcomes`` a run writes what came of the tests that ``docs/validation.toml`` names.

They go to ``docs/validation.json``, from which ``make docs`` draws.  A run of some tests replaces the outcomes of these alone, unless
another machine or Python made the others.
"""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import validation

_KEPT = ("passed", "failed", "skipped")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--keep-outcomes``."""
    parser.getgroup("lapel").addoption(
        "--keep-outcomes",
        type=Path,
        nargs="?",
        const=validation.OUTCOMES,
        metavar="FILE",
        help="keep the outcomes of the tests that docs/validation.toml names",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Listen, in the process that hears of all tests."""
    path: Path | None = config.getoption("keep_outcomes")
    if path is not None and not hasattr(config, "workerinput"):
        named = {test for each in validation.requirements() for test in each.tests}
        config.pluginmanager.register(Keeper(path, named), "lapel-outcomes")


class Keeper:
    """Counts the outcomes of some tests, and writes them when the run ends."""

    def __init__(self, path: Path, named: set[str]) -> None:
        self._path = path
        self._named = named
        self._counts: dict[str, dict[str, int]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of a test: its call counts, and a set-up or a tidying that did not pass."""
        test = report.nodeid.split("[")[0]
        if test in self._named and (report.when == "call" or report.outcome != "passed"):
            self._counts.setdefault(test, dict.fromkeys(_KEPT, 0))[report.outcome] += 1

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        kept = merged(_read(self._path), self._counts, machine(), f"{datetime.now(UTC):%Y-%m-%d}")
        self._path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def merged(kept: dict[str, Any], counts: dict[str, dict[str, int]], where: str, day: str) -> dict[str, Any]:
    """What was kept, with a run's counts in the place of the same tests'."""
    before = kept.get("tests", {}) if kept.get("machine") == where else {}
    return {"machine": where, "tests": {**before, **{test: {**each, "day": day} for test, each in counts.items()}}}


def machine() -> str:
    """On what the run was made, as ``make fault`` says it."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}"


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
