"""A pytest plugin: how a run closes.

* A table of outside oracles that were missing, with the package that brings each.
* With ``--allowed-skips FILE``: the run fails when a test was skipped that is not in the file, one test id a line, each with
  its reason behind a ``#``.  A test id may be a pattern (``fnmatch``).
* All of this holds for a run on several cores too (``-n``): the processes that run the tests tell what they left out.
* Property tests draw the same examples in each run; ``--hypothesis-seed N`` draws others, and the header says which.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.terminal import TerminalReporter

from tests import oracles

_SKIPS = pytest.StashKey[dict[str, str]]()
_UNREVIEWED = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--allowed-skips``."""
    parser.getgroup("lapel").addoption(
        "--allowed-skips", type=Path, metavar="FILE", help="fail when a test is skipped that this file does not list"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Draw the same examples in each run, unless a seed was asked for; machines differ, so time limits prove nothing."""
    config.stash[_SKIPS] = {}
    config.stash[_UNREVIEWED] = {}
    fixed = config.getoption("hypothesis_seed") is None
    hypothesis.settings.register_profile("lapel", derandomize=fixed, deadline=None, database=None, print_blob=True)
    hypothesis.settings.load_profile("lapel")


def pytest_report_header(config: pytest.Config) -> str:
    """Which examples the property tests draw."""
    seed = config.getoption("hypothesis_seed")
    drawn = "the same examples in each run; --hypothesis-seed=N for others" if seed is None else f"seed {seed}"
    return f"property tests: {drawn}"


class _Recorder:
    """Collects the skips of a run."""

    def __init__(self, skips: dict[str, str]) -> None:
        self._skips = skips

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A process of a run on several cores has ended: what it left out."""
        self._skips.update(getattr(node, "workeroutput", {}).get("skips", {}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that was skipped, or expected to fail."""
        if report.skipped:
            self._skips[report.nodeid] = _reason(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A whole module that was skipped."""
        if report.skipped:
            self._skips[report.nodeid] = _reason(report)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Watch for skips."""
    session.config.pluginmanager.register(_Recorder(session.config.stash[_SKIPS]), "lapel-recorder")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that passed by leaving out what nobody agreed to leave out."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:  # one process of several: the run as a whole judges
        output["skips"] = session.config.stash[_SKIPS]
        return
    listed: Path | None = session.config.getoption("allowed_skips")
    if listed is None:
        return
    lines = (line.split("#")[0].strip() for line in listed.read_text(encoding="utf-8").splitlines())
    patterns = [line for line in lines if line]
    skips = session.config.stash[_SKIPS]
    unreviewed = {test: why for test, why in skips.items() if not any(fnmatchcase(test, each) for each in patterns)}
    session.config.stash[_UNREVIEWED] = unreviewed
    if unreviewed and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Close with what was left out."""
    unreviewed = config.stash[_UNREVIEWED]
    if unreviewed:
        terminalreporter.section("skipped, and nobody reviewed it", red=True)
        for test, why in unreviewed.items():
            terminalreporter.line(f"{test}: {why}")
    absent = oracles.missing()
    if not absent:
        terminalreporter.line(f"Outside oracles: none of the {len(oracles.ORACLES)} was missing.")
        return
    terminalreporter.section("outside oracles that were missing (make deps installs them)")
    skips = config.stash[_SKIPS].values()
    terminalreporter.line(f"{'command':<12}{'Debian package':<16}{'tests skipped':<15}what it proves")
    for oracle in absent:
        count = sum(f"{oracle.command} is missing" in why for why in skips)
        terminalreporter.line(f"{oracle.command:<12}{oracle.package:<16}{count:<15}{oracle.proves}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if hasattr(report, "wasxfail"):
        return f"expected to fail: {report.wasxfail}"
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
