"""What happens in a process of its own: pytest runs some tests, and tells of each over a pipe what became of it."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage
import hypothesis
import pytest

from tests.mutation.loading import Substitute

MOST_MEMORY = 4 << 30
ARGUMENTS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")


@dataclass(frozen=True, slots=True)
class Order:
    """Which tests to run: whole files, or of those only ``tests``, in that order.  ``watched`` are files whose lines are to be told by the
    test that ran them."""

    files: Sequence[str]
    tests: Sequence[str] = ()
    watched: frozenset[str] = frozenset()


class Reporter:
    """Writes messages, one JSON value a line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(self, **facts: Any) -> None:
        """Send one message."""
        os.write(self._descriptor, json.dumps(facts).encode() + b"\n")


class Watch:
    """Notes the lines of some files that run, test by test, in every thread."""

    def __init__(self, files: frozenset[str]) -> None:
        self._coverage = coverage.Coverage(data_file=None, config_file=False, include=sorted(files))
        self._coverage.set_option("run:disable_warnings", ["no-data-collected"])  # a test may reach none of them
        self._coverage.start()

    def see(self, test: str) -> None:
        """What runs from here on belongs to this test."""
        self._coverage.switch_context(test)

    def lines(self) -> dict[str, dict[str, list[int]]]:
        """Lines by file and test, once all have run."""
        self._coverage.stop()
        data, found = self._coverage.get_data(), dict[str, dict[str, list[int]]]()
        for file in data.measured_files():
            for line, tests in data.contexts_by_lineno(file).items():
                for test in tests:
                    found.setdefault(test, {}).setdefault(file, []).append(line)
        return found


class Plugin:
    """Chooses the tests, and tells what became of each."""

    def __init__(self, order: Order, reporter: Reporter) -> None:
        self._order = order
        self._reporter = reporter
        self._watch = Watch(order.watched) if order.watched else None

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """An example that fails is enough: nobody wants to see the smallest one."""
        ours = hypothesis.settings(
            hypothesis.settings.default, phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate)
        )
        hypothesis.settings.register_profile("mutation", ours)
        hypothesis.settings.load_profile("mutation")

    def pytest_internalerror(self, excrepr: object) -> None:
        """Something that has nothing to do with a test."""
        self._reporter.tell(broken=str(excrepr))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep what was ordered, in that order."""
        if self._order.tests:
            ranks: Mapping[str, int] = {test: rank for rank, test in enumerate(self._order.tests)}
            items[:] = sorted((each for each in items if each.nodeid in ranks), key=lambda each: ranks[each.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, bool, bool]:
        """Say which test runs, and how long it took."""
        self._reporter.tell(start=item.nodeid)
        began = time.process_time()
        if self._watch is not None:
            self._watch.see(item.nodeid)
        try:
            return (yield)
        finally:
            self._reporter.tell(end=item.nodeid, seconds=time.process_time() - began)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails, or whose setup or teardown does."""
        if report.failed:
            self._reporter.tell(failed=report.nodeid, text=report.longreprtext)
        elif report.skipped:
            self._reporter.tell(skipped=report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Which test ran which lines."""
        for test, lines in self._watch.lines().items() if self._watch is not None else ():
            self._reporter.tell(ran=test, lines=lines)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot even be imported."""
        if report.failed:
            self._reporter.tell(failed=report.nodeid, text=report.longreprtext)


def run(order: Order, root: Path, scratch: Path, reporter: Reporter, substitute: Substitute | None) -> None:
    """Run the tests from ``root`` with ``scratch`` as their temporary folder."""
    _confine(root)
    if substitute is not None:
        substitute.install()
    arguments = [*ARGUMENTS, "--rootdir", str(root), "--basetemp", str(scratch), *order.files]
    code = pytest.main(arguments, plugins=[Plugin(order, reporter)])
    reporter.tell(code=int(code), used=substitute is None or substitute.used)


def _confine(root: Path) -> None:
    """No terminal, no input, not all of the memory: a mutant may do anything."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.chdir(root)
