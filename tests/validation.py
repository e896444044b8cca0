"""What ``docs/validation.toml`` asks for, whether the tests that documents name exist, and the page that is drawn from both.

The outcomes on the page are those of a run: ``--keep-outcomes`` (``tests/outcomes.py``) writes them to ``docs/validation.json``.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TABLE = DOCS / "validation.toml"
OUTCOMES = DOCS / "validation.json"

_REFERENCE = re.compile(r"tests/[\w/]+\.py(?:::\w+)+")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row: what is needed and promised, how it is tried, and what is not covered.  ``tests`` are ids without
    parameters, ``runs`` names of parts in ``docs/reliability.json``."""

    id: str
    title: str
    need: str
    promise: str
    specification: str
    risk: str
    method: str
    acceptance: str
    tests: tuple[str, ...]
    limits: str
    runs: tuple[str, ...] = ()


def requirements(path: Path = TABLE) -> tuple[Requirement, ...]:
    """The table; ``TypeError`` names a member that is missing or not known."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["requirement"]
    return tuple(
        Requirement(**{**row, "tests": tuple(row["tests"]), "runs": tuple(row.get("runs", ()))}) for row in rows
    )


def references(text: str) -> list[str]:
    """The tests that a document names."""
    return _REFERENCE.findall(text)


def exists(test: str, root: Path = ROOT) -> bool:
    """Whether a file holds this test: a function, ``Class::test_name`` in a class, or ``TestName::runTest``, a model's ``TestCase``."""
    file, *classes, name = test.split("::")
    path = root / file
    if not path.is_file() or not (name.startswith("test_") or name == "runTest"):
        return False
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    if name == "runTest":
        return any(
            ast.unparse(node).startswith(f"{each} = ") and ast.unparse(node).endswith(".TestCase")
            for node in body
            for each in classes
        )
    for each in classes:
        body = [inner for node in body if isinstance(node, ast.ClassDef) and node.name == each for inner in node.body]
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in body)


def page() -> str:
    """``docs/validation.md``."""
    kept = json.loads(OUTCOMES.read_text(encoding="utf-8"))
    runs = json.loads((DOCS / "reliability.json").read_text(encoding="utf-8"))
    return "\n".join([*_head(kept, runs), *(line for each in requirements() for line in _row(each, kept, runs)), ""])


def _head(kept: Mapping[str, Any], runs: Mapping[str, Any]) -> Iterator[str]:
    rows = requirements()
    cases = [outcome for each in rows for test in each.tests if (outcome := kept["tests"].get(test))]
    named = {test for each in rows for test in each.tests}
    passed = sum(_passed(outcome) for outcome in {test: kept["tests"].get(test) for test in named}.values())
    yield from (
        "# Validation",
        "",
        "Drawn by `make docs` from [validation.toml](validation.toml), and from what runs left in [validation.json](validation.json) and",
        "[reliability.json](reliability.json); no outcome is written by hand.",
        "",
        "It is laid out as a forensic regulator asks for the validation of a method, for instance that of England and Wales: what the user needs, what is specified, what",
        "could go wrong, how it was tried on which material, what had to come out, what did, and what is not covered. It is the developer's own validation of the software. It",
        "claims no compliance with any code or standard, and replaces no laboratory's: who uses Lapel has to show that it works with their cameras, docks, procedures and people.",
        "",
        "**Test material.** Recordings, volumes and stores of the simulated camera, with real H.264 and AAC; of a second writer that was made from",
        "[the evidence format](evidence-format.md) alone; and damaged and forged ones, made from both by the tests. All keys and people in them are made up.",
        "",
        "**To repeat it.** `make test`, `make fault` and `make mutate`, on any machine; each test stands where its name says. The outcomes here are kept with",
        "`make test PYTEST_ARGS=--keep-outcomes`, the same with `make browser` and `make demo-check`, those of faults with `make fault FAULT_ARGS=--keep`.",
        "",
        f"**Outcome.** {len(rows)} requirements, {len(named)} tests of them; {passed} of these tests passed in the run that was kept, {len(named) - passed} did not, or were not run.",
        f"Tests ran on {kept['machine']}; faults ({runs['day']}) on {runs['machine']}."
        if cases
        else "No run was kept.",
        "",
        "**Not covered at all.** [SECURITY.md](../SECURITY.md) and [the threat model](threat-model.md) say what is not defended. Nothing has run on a real camera yet.",
        "",
        "| | requirement | tests | outcome |",
        "|---|---|---|---|",
    )
    for each in rows:
        yield f"| {each.id} | [{each.title}](#{_anchor(each)}) | {len(each.tests)} | {_summary(each, kept, runs)} |"


def _row(each: Requirement, kept: Mapping[str, Any], runs: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"## {each.id}: {each.title}", "", "| | |", "|---|---|")
    for title, text in (
        ("Need", each.need),
        ("Requirement", each.promise),
        ("Specification", f"[{each.specification}]({each.specification})"),
        ("Risk", each.risk),
        ("Method", each.method),
        ("Acceptance", each.acceptance),
        ("Known limits", each.limits),
    ):
        yield f"| {title} | {text} |"
    yield from ("", "| test | outcome | |", "|---|---|---|")
    for test in each.tests:
        outcome = kept["tests"].get(test)
        yield f"| `{test}` | {_told(outcome)} | {outcome['day'] if outcome else ''} |"
    for run in each.runs:
        figures = runs["parts"].get(run)
        told = "not run" if figures is None else f"{figures['violations']} violations in {_size(figures):,} cases"
        yield f"| `make fault`, {run} | {told} | {runs['day']} |"


def _summary(each: Requirement, kept: Mapping[str, Any], runs: Mapping[str, Any]) -> str:
    passed = sum(_passed(kept["tests"].get(test)) for test in each.tests)
    clean = all(runs["parts"].get(run, {}).get("violations") == 0 for run in each.runs)
    if passed == len(each.tests) and clean:
        return "met"
    return f"{passed} of {len(each.tests)} passed" + ("" if clean else ", faults not met")


def _passed(outcome: Mapping[str, Any] | None) -> bool:
    return outcome is not None and outcome["passed"] > 0 and not outcome["failed"] and not outcome["skipped"]


def _told(outcome: Mapping[str, Any] | None) -> str:
    if outcome is None:
        return "not run"
    counts = {name: outcome[name] for name in ("passed", "failed", "skipped") if outcome[name]}
    if list(counts) == ["passed"]:
        return "passed" if outcome["passed"] == 1 else f"passed, {outcome['passed']:,} cases"
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _size(figures: Mapping[str, Any]) -> int:
    return int(figures.get("distinct states") or figures.get("cases") or 0)


def _anchor(each: Requirement) -> str:
    """As code hosts make it of the heading."""
    heading = f"{each.id}: {each.title}".lower()
    return re.sub(r"[^\w -]", "", heading).replace(" ", "-")
