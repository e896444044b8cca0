"""The report says what came of each step, and never more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hil import page
from tests.hil.report import FAILED, IMPOSSIBLE, PASSED, SKIPPED, UNTRIED, Report, Result, facts, told


@pytest.mark.parametrize(
    ("came", "whole"),
    [
        ([], UNTRIED),
        ([PASSED], PASSED),
        ([PASSED, SKIPPED], SKIPPED),
        ([PASSED, IMPOSSIBLE], IMPOSSIBLE),
        ([IMPOSSIBLE, SKIPPED], SKIPPED),
        ([SKIPPED, UNTRIED], UNTRIED),
        ([PASSED, FAILED, UNTRIED], FAILED),
    ],
)
def test_a_step_is_what_its_worst_test_is(came: list[str], whole: str) -> None:
    """One that was left out in part has not passed."""
    assert Report("d", {}, [Result(1, "t", outcome) for outcome in came]).outcome(1) == whole


@pytest.mark.parametrize(
    ("outcome", "why", "said"),
    [
        (SKIPPED, "not possible here: no lens", (IMPOSSIBLE, "no lens")),
        (SKIPPED, "not tried: it stands on step 2", (UNTRIED, "it stands on step 2")),
        (SKIPPED, "needs a person", (SKIPPED, "needs a person")),
        (FAILED, "not possible here: no lens", (FAILED, "not possible here: no lens")),
    ],
)
def test_skips_are_told_apart_by_their_reason(outcome: str, why: str, said: tuple[str, str]) -> None:
    """A failure never becomes a skip."""
    assert told(outcome, why) == said


def test_tests_of_a_step_that_differ_are_counted() -> None:
    """So that what was done is seen beside what was left out."""
    report = Report(
        "d", {}, [Result(8, name, outcome) for name, outcome in zip("abc", [PASSED, IMPOSSIBLE, PASSED], strict=True)]
    )
    assert report.summary(8) == "1 not possible here, 2 passed"
    assert report.outcome(8) == IMPOSSIBLE
    assert report.summary(9) == UNTRIED


def test_both_reports_name_board_outcomes_and_what_to_look_at(tmp_path: Path) -> None:
    """For people, and the same for machines."""
    steps = page.steps()
    about = facts({"model": "M", "kernel": "K", "firmware": ""}, "pi4", "pi@board")
    results = [
        Result(1, "test_a", PASSED, "", ("a line",), 1.0),
        Result(2, "test_b", FAILED, "it was dark\nand more", (), 2.0),
        Result(4, "test_c", IMPOSSIBLE, "no lens"),
    ]
    people, machines = Report("2000-01-01", about, results).write(tmp_path / "new", steps)
    text = people.read_text()
    assert "| model | M |" in text
    assert "| firmware | unknown |" in text
    assert f"| 2 | {steps[1].title} | **failed** |" in text
    assert f"| 3 | {steps[2].title} | **not tried** |" in text
    assert "- test_b (2.0 s): **failed**: it was dark\n" in text
    assert steps[1].trouble[0] in text
    assert steps[0].trouble[0] not in text
    read = json.loads(machines.read_text())
    assert [step["outcome"] for step in read["steps"][:4]] == [PASSED, FAILED, UNTRIED, IMPOSSIBLE]
    assert read["steps"][0]["tests"][0]["notes"] == ["a line"]
    assert read["board"]["kernel"] == "K"
