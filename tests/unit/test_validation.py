"""The threat model and the validation name tests that exist, and outcomes that a run produced."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import outcomes, validation

DOCUMENTS = ("threat-model.md", "validation.md")
PASSED = {"passed": 3, "failed": 0, "skipped": 0, "day": "2026-01-02"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_is_named_exists(document: str) -> None:
    """What a document says is shown is shown by something."""
    named = validation.references((validation.DOCS / document).read_text(encoding="utf-8"))
    assert len(named) > 30
    assert {test for test in named if not validation.exists(test)} == set()


@pytest.mark.parametrize(
    ("test", "there"),
    [
        ("tests/unit/test_validation.py::test_every_test_that_is_named_exists", True),
        ("tests/unit/test_validation.py::test_nobody_wrote_this_one", False),
        ("tests/unit/test_validation.py::PASSED", False),
        ("tests/unit/tools/test_verify_onvif.py::TestSei::test_no_byte_can_be_changed", True),
        ("tests/unit/tools/test_verify_onvif.py::test_no_byte_can_be_changed", False),
        ("tests/hostile/test_docking_model.py::TestWeeks::runTest", True),
        ("tests/hostile/test_docking_model.py::TestDays::runTest", False),
        ("tests/hostile/test_docks.py::TestWeeks::runTest", False),
        ("tests/unit/test_nowhere.py::test_every_test_that_is_named_exists", False),
    ],
)
def test_a_test_that_is_not_there_is_noticed(test: str, *, there: bool) -> None:
    """The check above can fail."""
    assert validation.exists(test) is there


def test_every_claim_of_the_threat_model_names_a_test() -> None:
    """Each row of its tables says what somebody can do, what not, and by which test that is shown."""
    text = (validation.DOCS / "threat-model.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| can ")]
    assert len(rows) > 30
    assert [row for row in rows if row.count(" | ") != 2 or not validation.references(row)] == []
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert len(parts) == 6
    assert all("\nNot covered: " in part for part in parts)


def test_requirements_are_complete() -> None:
    """Each has tests, limits, and a specification that leads to a heading; ids and titles are used once."""
    rows = validation.requirements()
    assert [each.id for each in rows] == [f"R{number}" for number in range(1, len(rows) + 1)]
    assert len({each.title for each in rows}) == len(rows)
    for each in rows:
        assert each.tests, each.id
        assert all((each.need, each.promise, each.risk, each.method, each.acceptance, each.limits)), each.id
        file, _, anchor = each.specification.partition("#")
        headings = re.findall(r"^#+ (.*)$", (validation.DOCS / file).read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, each.id


def test_a_wrong_row_is_refused(tmp_path: Path) -> None:
    """A member that nobody knows, or that is missing, does not get lost."""
    table = tmp_path / "table.toml"
    table.write_text('[[requirement]]\nid = "R1"\ntests = []\n')
    with pytest.raises(TypeError, match="title"):
        validation.requirements(table)


def test_the_page_shows_what_a_run_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes are as a run left them: what failed, was skipped or did not run is never called met."""
    kept = tmp_path / "validation.json"
    monkeypatch.setattr(validation, "OUTCOMES", kept)
    rows = validation.requirements()
    named = sorted({test for each in rows for test in each.tests})
    good = {"machine": "here", "tests": dict.fromkeys(named, PASSED)}
    kept.write_text(json.dumps(good))
    page = validation.page()
    assert page.count("| met |") == len(rows)
    assert f"{len(named)} of these tests passed" in page
    assert "| passed, 3 cases | 2026-01-02 |" in page
    for bad in ({**PASSED, "failed": 1}, {**PASSED, "skipped": 1}, {**PASSED, "passed": 0}, None):
        spoilt = {test: outcome for test in named if (outcome := bad if test == rows[0].tests[0] else PASSED)}
        kept.write_text(json.dumps({"machine": "here", "tests": spoilt}))
        page = validation.page()
        assert page.count("| met |") < len(rows)
        assert f"{len(named) - 1} of these tests passed" in page


def test_a_run_replaces_its_own_outcomes_alone() -> None:
    """What was not run keeps what it had, unless that came from another machine."""
    before = {"machine": "here", "tests": {"a": PASSED, "b": PASSED}}
    counts = {"b": {"passed": 0, "failed": 1, "skipped": 0}}
    after = outcomes.merged(before, counts, "here", "2026-02-03")
    assert after["tests"] == {"a": PASSED, "b": {**counts["b"], "day": "2026-02-03"}}
    assert set(outcomes.merged(before, counts, "elsewhere", "2026-02-03")["tests"]) == {"b"}
    assert outcomes.merged({}, counts, "here", "2026-02-03")["machine"] == "here"


def test_a_run_keeps_outcomes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases of a test are counted together; a test that nobody named is not kept; a broken fixture is no pass."""
    pytester.makepyfile(
        test_x="""
        import pytest

        @pytest.fixture
        def broken():
            raise RuntimeError

        @pytest.mark.parametrize("case", range(3))
        def test_named(case): assert case < 2
        def test_broken(broken): pass
        def test_skipped(): pytest.skip("no")
        def test_other(): pass
        """
    )
    keeper = outcomes.Keeper(
        pytester.path / "kept.json", {f"test_x.py::test_{name}" for name in ("named", "broken", "skipped")}
    )
    pytester.inline_run("-p", "no:lapel-outcomes", plugins=[keeper])
    told = json.loads((pytester.path / "kept.json").read_text())["tests"]
    counted = {
        test.removeprefix("test_x.py::test_"): [each[name] for name in outcomes._KEPT] for test, each in told.items()
    }
    assert counted == {"named": [2, 1, 0], "broken": [0, 1, 0], "skipped": [0, 0, 1]}
