"""How a run goes: in order, up to the step that fails, with three ways of not having been done, none of which passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hil import conftest, page
from tests.unit.hil import stand_in

STEP = '''"""{title}.

About.

Wiring:
    {{pins: button}}

When all is well it prints:
    <name> is well
    the key signs: <kind>

When not, look at:
    - the cable of {title}
"""

import pytest
from tests.hil.hands import NoHandsError
from tests.hil.ssh import BoardTroubleError


def test_it(board, note):
    """It."""
    {body}


def test_more(board, note):
    """More."""
    note("more is well")
'''


class Steps:
    """Made-up steps, run on a board that is this machine."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pytester = pytester
        monkeypatch.setattr(page, "PLACE", pytester.path)
        monkeypatch.setattr(page.steps, "__defaults__", (pytester.path,))
        place = pytester.path / "board"
        place.mkdir()
        (place / "evidence").mkdir()
        stand_in.ssh(place)
        for name, value in stand_in.environment(place).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", str(place), prepend=":")
        monkeypatch.setenv("HIL_HANDS", "true")
        self.place = place
        pytester.makeini("[pytest]\naddopts = --import-mode=importlib\n")

    def run(self, *bodies: str, arguments: tuple[str, ...] = ()) -> pytest.RunResult:
        """Run a step for each body."""
        for number, body in enumerate(bodies, 1):
            name = f"test_{number:02d}_{'abcdef'[number - 1]}.py"
            (self._pytester.path / name).write_text(STEP.format(title=f"Step {number}", body=body))
        return self._pytester.runpytest_inprocess("-p", "tests.hil.plugin", "-p", "no:cacheprovider", *arguments)

    def report(self) -> dict[str, list[tuple[str, str]]]:
        """For each step its tests' outcomes and reasons."""
        told = json.loads((self.place / "out" / "report.json").read_text())
        return {step["name"]: [(test["outcome"], test["why"]) for test in step["tests"]] for step in told["steps"]}


@pytest.fixture
def steps(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Made-up steps."""
    return Steps(pytester, monkeypatch)


def test_after_a_step_that_failed_none_is_tried(steps: Steps) -> None:
    """The failing step is done to its end, its help is shown, and the later ones say on what they stand."""
    done = steps.run("note('it is well')", "raise BoardTroubleError('the pin is taken')", "note('it is well')")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    told = steps.report()
    assert [outcome for outcome, _ in told["a"]] == ["passed", "passed"]
    assert told["b"] == [("failed", "the pin is taken"), ("passed", "")]
    assert told["c"] == [("not tried", "it stands on step 2, which failed")] * 2
    done.stdout.fnmatch_lines(["*the cable of Step 2*"])
    done.stdout.no_fnmatch_line("*the cable of Step 1*")
    done.stdout.no_fnmatch_line("*Traceback*")


def test_it_goes_on_where_that_is_wanted(steps: Steps) -> None:
    """``--go-on``."""
    steps.run("assert False, 'it was dark'", "note('it is well')", arguments=("--go-on",))
    assert steps.report() == {
        "a": [("failed", "AssertionError: it was dark\nassert False"), ("passed", "")],
        "b": [("passed", "")] * 2,
    }


def test_what_is_not_done_says_why_and_has_not_passed(
    steps: Steps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody's hands, and what this board cannot have, a whole step or one test."""
    cannot = tmp_path / "cannot.json"
    cannot.write_text(json.dumps({"b": "no lens", "c.test_more": "no meter"}))
    monkeypatch.setenv("HIL_CANNOT", str(cannot))
    done = steps.run("raise NoHandsError('needs a person: look')", "1 / 0", "note('it is well')")
    assert done.ret == pytest.ExitCode.OK
    assert steps.report() == {
        "a": [("skipped", "needs a person: look"), ("passed", "")],
        "b": [("not possible here", "no lens")] * 2,
        "c": [("passed", ""), ("not possible here", "no meter")],
    }
    done.stdout.fnmatch_lines(["01 Step 1: 1 skipped, 1 passed", "02 Step 2: not possible here"])


def test_a_line_that_the_page_does_not_announce_fails_the_step(steps: Steps) -> None:
    """So page and step cannot come to differ."""
    steps.run("note('all is quite well')")
    ((outcome, why), _) = steps.report()["a"]
    assert outcome == "failed"
    assert "does not announce: 'all is quite well'" in why


def test_the_board_is_asked_and_the_report_is_of_it(steps: Steps) -> None:
    """Over the way to the board, with its own Python; the report for machines is printed where that is wanted."""
    body = "note('the key signs: ' + board.ask('sign', part='file', digests=['00' * 32]).text('kind'))"
    done = steps.run(body, arguments=("--json",))
    assert done.ret == pytest.ExitCode.OK
    told = json.loads((steps.place / "out" / "report.json").read_text())
    assert told["board"]["reached at"] == "engineer@board:2222"
    assert told["board"]["board's file"] == "pi5"
    assert told["steps"][0]["tests"][0]["notes"] == ["the key signs: software"]
    assert "the key signs: software" in (steps.place / "out" / "report.md").read_text()
    assert '"name": "a"' in done.stdout.str()
    assert "header pin 29" in done.stdout.str()
    asked = (steps.place / "asked").read_text()
    assert "BatchMode=yes" in asked
    assert " -l engineer -T -- board " in asked


def test_a_board_that_does_not_answer_fails_the_first_step(steps: Steps) -> None:
    """In ssh's words, and nothing of the board is asked again."""
    (steps.place / "gone").touch()
    steps.run("note('it is well')", "note('it is well')")
    told = steps.report()
    assert told["a"][0] == ("failed", "engineer@board:2222: no route to host")
    assert told["b"] == [("not tried", "it stands on step 1, which failed")] * 2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HOST", "", "HOST is not set: make hil HOST=user@name"),
        ("HOST", "-oProxyCommand=x", "HOST: '-oProxyCommand=x' is not of the form"),
        ("HIL_KEY", "/nowhere/key", "HIL_KEY: /nowhere/key is no file"),
        ("HIL_CUTS", "0", "HIL_CUTS: '0' is no number from 1 to 1000"),
        ("HIL_HOURS", "all day", "HIL_HOURS: 'all day' is no number"),
    ],
)
def test_a_variable_that_is_wrong_is_named(
    steps: Steps, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    """Before anything is begun."""
    monkeypatch.setenv(name, value)
    done = steps.run("note('it is well')")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert says in done.stderr.str()


def test_other_runs_find_no_steps(pytestconfig: pytest.Config) -> None:
    """They need a board."""
    ignored = conftest.pytest_ignore_collect
    assert ignored(page.PLACE / "test_01_boot.py", pytestconfig) is True
    assert ignored(page.PLACE / "ssh.py", pytestconfig) is None
    assert ignored(stand_in.ROOT / "tests/unit/hil/test_plugin.py", pytestconfig) is None
