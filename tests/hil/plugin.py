"""A pytest plugin: runs the steps of bringing a board up, in order, and reports.

* A step builds on those before it: after the first one that fails no later one is tried, unless ``--go-on``.
* What needs a person where there is none, what a board cannot have (``HIL_CANNOT``), and what was not tried, are three outcomes with their reasons, and none of
  them is ``passed``.
* A step prints only lines that its docstring announces.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime

import pytest
from _pytest.terminal import TerminalReporter

from tests.hil import page
from tests.hil.answers import AnswerError
from tests.hil.bench import Bench, bench
from tests.hil.config import Config, ConfigError
from tests.hil.hands import NoHandsError
from tests.hil.report import FAILED, NOT_POSSIBLE, NOT_TRIED, PASSED, SKIPPED, Report, Result, facts, told
from tests.hil.ssh import BoardTroubleError, UnreachableError

TROUBLE = (BoardTroubleError, UnreachableError, TimeoutError, AnswerError, ConfigError)
Note = Callable[[str], None]
"""Prints a line of the report."""


class Run:
    """One run."""

    def __init__(self, config: Config, report: Report, *, go_on: bool, program: tuple[str, ...] = ("ssh",)) -> None:
        self.config, self.report, self.go_on, self.program = config, report, go_on, program
        self.steps = page.steps()
        self.bench: Bench | None = None
        self._by_file = {step.file: step for step in self.steps}
        self._shown = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Leave out what cannot be, before anything that it needs is begun."""
        step = self.step(item.path.name)
        why = self.why_not(step, getattr(item, "originalname", item.name)) if step else None
        if why is not None:
            pytest.skip(why)

    def step(self, file: str) -> page.Step | None:
        """Which step a file holds."""
        return self._by_file.get(file)

    def why_not(self, step: page.Step, test: str) -> str | None:
        """Why a test is not to be run."""
        failed = [result.step for result in self.report.results if result.outcome == FAILED]
        if failed and step.number > failed[0] and not self.go_on:
            return f"{NOT_TRIED}it stands on step {failed[0]}, which failed"
        for key in (step.name, f"{step.name}.{test}"):
            if key in self.config.cannot:
                return NOT_POSSIBLE + self.config.cannot[key]
        return None

    def introduce(self, step: page.Step) -> str | None:
        """Its instruction, once."""
        if step.number == self._shown or self.bench is None:
            return None
        self._shown = step.number
        return page.plain(step, self.bench.board)


RUN = pytest.StashKey[Run]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two switches."""
    group = parser.getgroup("bring-up")
    group.addoption("--go-on", action="store_true", help="try later steps after one that failed, too")
    group.addoption("--json", action="store_true", help="print the report for machines as well")


def pytest_configure(config: pytest.Config) -> None:
    """Read what the run is told."""
    try:
        told = Config.read()
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from None
    report = Report(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    config.stash[RUN] = Run(told, report, go_on=config.getoption("go_on"))
    config.pluginmanager.register(config.stash[RUN], "bring-up")


@pytest.fixture(scope="session")
def board(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The board on the bench."""
    run = request.config.stash[RUN]
    with bench(run.config, run.program) as reached:
        run.bench = reached
        run.report.facts = facts(reached.facts.facts, reached.board.name, str(run.config.host))
        yield reached


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Prints a line, which the step's docstring has to announce."""
    step = request.config.stash[RUN].step(request.path.name)

    def write(line: str) -> None:
        request.node.user_properties.append(("note", line))
        if step is not None and not step.prints(line):
            pytest.fail(f"the step prints what its docstring does not announce: {line!r}", pytrace=False)

    return write


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """Tell trouble of the board in its own words."""
    yield from _in_words()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Show the step's instruction, and tell what a test meets in words."""
    run = item.config.stash[RUN]
    step = run.step(item.path.name)
    if step is not None and (words := run.introduce(step)):
        _show(item.config, words)
    yield from _in_words()


def _in_words() -> Generator[None, None, None]:
    try:
        yield
    except NoHandsError as error:
        pytest.skip(str(error))
    except TROUBLE as error:
        pytest.fail(str(error), pytrace=False)


def _show(config: pytest.Config, words: str) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if terminal is None or capture is None:
        return
    with capture.global_and_fixture_disabled():
        terminal.write_line("")
        for line in words.splitlines():
            terminal.write_line(f"    {line}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what came of a test."""
    report = yield
    run = item.config.stash[RUN]
    step = run.step(item.path.name)
    if step is not None and (report.when == "call" or report.outcome != PASSED):
        outcome, why = told({"skipped": SKIPPED}.get(report.outcome, report.outcome), _why(report))
        notes = tuple(str(value) for name, value in report.user_properties if name == "note")
        run.report.results.append(Result(step.number, item.name, outcome, why, notes, round(report.duration, 1)))
    return report


def _why(report: pytest.TestReport) -> str:
    """The reason, in a line or some."""
    if report.outcome == PASSED:
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return (str(crash.message) if crash is not None else str(report.longrepr)).removeprefix("Failed: ")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report."""
    run = session.config.stash.get(RUN, None)
    if run is not None and run.report.results:
        run.report.write(run.config.out, run.steps)


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """The steps, what came of each, and what to look at."""
    run = config.stash[RUN]
    if not run.report.results:
        return
    terminalreporter.section("bring-up")
    for step in run.steps:
        mine = [result for result in run.report.results if result.step == step.number]
        if not mine:
            continue
        terminalreporter.line(f"{step.number:02d} {step.title}: {run.report.summary(step.number)}")
        for result in mine:
            for line in result.notes:
                terminalreporter.line(f"     {line}")
            if result.outcome != PASSED:
                terminalreporter.line(
                    f"     {result.test}: {result.outcome}: {result.why.splitlines()[0] if result.why else ''}"
                )
        if run.report.outcome(step.number) == FAILED:
            terminalreporter.line("     look at:")
            for line in step.trouble:
                terminalreporter.line(f"       {line}")
    terminalreporter.line(f"report: {run.config.out / 'report.md'}")
    if config.getoption("json"):
        terminalreporter.line((run.config.out / "report.json").read_text(encoding="utf-8"))
